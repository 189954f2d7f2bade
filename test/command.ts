import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));

/** How a command ended, and what it said. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the built `leakgate` on a data folder, in `cwd`, without the variables of whoever runs the tests. */
export function leakgate(
  cwd: string,
  args: readonly string[],
  { input = "", env = {} }: { readonly input?: string | Buffer; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Ended> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("LEAKGATE_"));
  return new Promise((resolve) => {
    const options = { cwd, env: { ...Object.fromEntries(own), ...env }, maxBuffer: 256 * 2 ** 20 };
    const child = execFile(process.execPath, [main, ...args], options, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
    // A command that refuses early does not read its input.
    child.stdin!.on("error", () => {});
    child.stdin!.end(input);
  });
}
