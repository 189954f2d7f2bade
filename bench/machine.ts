import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { saidBy, which } from "./programs.ts";

/** The repository, seen from `dist/bench`. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

const PACKAGES = [
  "autocannon",
  "http-proxy",
  "http-proxy-3",
  "httpxy",
  "fast-proxy",
  "@fastify/http-proxy",
  "fastify",
  "hdr-histogram-js",
  "undici",
  "lmdb",
];

/** What the figures depend on besides the code; to be asked before anything is loaded. */
export function machine(): Record<string, string | number> {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryMiB: Math.round(totalmem() / 1024 ** 2),
    kernel: release(),
    node: process.version,
    loadBefore: loadavg()
      .map((each) => each.toFixed(2))
      .join(" "),
  };
}

/** Versions of Leakgate and of all it is measured with; `commit` where git is there, with `+` when files differ from it. */
export function versions(): Record<string, string> {
  const found: Record<string, string> = { leakgate: versionIn(join(root, "package.json")), commit: commit() };
  for (const name of PACKAGES) {
    const version = versionIn(join(root, "node_modules", name, "package.json"));
    if (version !== "unknown") found[name] = version;
  }
  // nginx says it on standard error.
  found.haproxy = said("haproxy", "-v", /version (\S+)/);
  found.nginx = said("nginx", "-v", /nginx\/(\S+)/);
  found.caddy = said("caddy", "version", /v?([0-9]\S*)/);
  found.wrk = said("wrk", "-v", /wrk (\S+)/);
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
  if (which(program) === null) return "not installed";
  return shape.exec(saidBy(program, flag))?.[1] ?? "unknown";
}
