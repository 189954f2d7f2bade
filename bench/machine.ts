import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { which } from "./contenders.ts";

/** The repository, seen from `dist/bench`. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

const PACKAGES = ["autocannon", "http-proxy", "fast-proxy", "hdr-histogram-js", "undici", "lmdb"];

/** What the figures depend on besides the code. */
export function machine(): Record<string, string | number> {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryMiB: Math.round(totalmem() / 1024 ** 2),
    kernel: release(),
    node: process.version,
  };
}

/** Versions of Leakgate and of all it is measured with; `commit` where git is there, with `+` when files differ from it. */
export function versions(): Record<string, string> {
  const found: Record<string, string> = { leakgate: versionIn(join(root, "package.json")), commit: commit() };
  for (const name of PACKAGES) found[name] = versionIn(join(root, "node_modules", name, "package.json"));
  // nginx says it on standard error.
  found.haproxy = said("haproxy", "-v", /version (\S+)/);
  found.nginx = said("nginx", "-v", /nginx\/(\S+)/);
  return found;
}

function versionIn(path: string): string {
  try {
    return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
  } catch {
    return "unknown";
  }
}

function commit(): string {
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    return git("rev-parse", "HEAD") + (git("status", "--porcelain") === "" ? "" : "+");
  } catch {
    return "unknown";
  }
}

function said(program: string, flag: string, shape: RegExp): string {
  const path = which(program);
  if (path === null) return "not installed";
  const { stdout, stderr } = spawnSync(path, [flag], { encoding: "utf8", timeout: 5_000 });
  return shape.exec(`${stdout}${stderr}`)?.[1] ?? "unknown";
}
