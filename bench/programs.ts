import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The path of a program, or null. Daemons stand in folders that are not in everybody's PATH. */
export function which(program: string): string | null {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path)) ?? null;
}

/** What a program says when asked with this flag, on either output; empty when it is not there. */
export function saidBy(program: string, flag: string): string {
  const path = which(program);
  if (path === null) return "";
  const { stdout, stderr } = spawnSync(path, [flag], { encoding: "utf8", timeout: 5_000 });
  return `${stdout}${stderr}`;
}
