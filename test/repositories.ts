import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";

/** Git in a folder, with nothing of the machine's configuration; answers what it writes. */
export function git(cwd: string, ...args: string[]): string {
  return gitGiven(cwd, "", ...args);
}

/** The same, with something to read. */
export function gitGiven(cwd: string, input: string, ...args: string[]): string {
  const env = {
    PATH: process.env.PATH,
    HOME: cwd,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_AUTHOR_NAME: "Ann Made-Up",
    GIT_AUTHOR_EMAIL: "ann@example.com",
    GIT_COMMITTER_NAME: "Ann Made-Up",
    GIT_COMMITTER_EMAIL: "ann@example.com",
    GIT_AUTHOR_DATE: "2026-01-02T03:04:05Z",
    GIT_COMMITTER_DATE: "2026-01-02T03:04:05Z",
  };
  return execFileSync("git", args, { cwd, env, input, encoding: "utf8", stdio: "pipe" }).trim();
}

/** A new repository with the branch `main`. */
export function newRepository(folder: string): string {
  mkdirSync(folder, { recursive: true });
  git(folder, "init", "--quiet", "--initial-branch=main");
  return folder;
}

/** Makes a bare repository of so many commits, each of which changes a file of a few hundred; `textOf` is what it then holds. */
export async function manyCommits(
  folder: string,
  count: number,
  textOf: (commit: number) => string,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  git(folder, "init", "--quiet", "--bare", "--initial-branch=main");
  const child = spawn("git", ["fast-import", "--quiet"], {
    cwd: folder,
    stdio: ["pipe", "ignore", "ignore"],
  });
  const ended = once(child, "close");
  const pieces: string[] = [];
  for (let commit = 1; commit <= count; commit++) {
    const text = textOf(commit);
    const message = `change ${commit}`;
    pieces.push(
      `commit refs/heads/main\ncommitter Ann Made-Up <ann@example.com> ${1_767_000_000 + commit} +0000\n` +
        `data ${Buffer.byteLength(message)}\n${message}\n` +
        `M 100644 inline folder-${commit % 20}/file-${commit % 300}.txt\n` +
        `data ${Buffer.byteLength(text)}\n${text}\n`,
    );
  }
  child.stdin.end(pieces.join(""));
  const [code] = await ended;
  if (code !== 0) throw new Error(`git fast-import ended with ${code}`);
}
