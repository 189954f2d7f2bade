import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Where a program is, looked for where servers live too; null where it is absent. */
export function programOf(name: string): string | null {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  for (const folder of folders.filter((each) => each !== "")) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // Not there.
    }
  }
  return null;
}
