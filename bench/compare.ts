import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Contender } from "./contenders.ts";
import { root } from "./machine.ts";
import type { startLeakgate } from "./peers/leakgate.ts";

/** How a Leakgate that is not of this tree is named. */
const COMMIT_NAME = /^leakgate-[0-9a-f]{9}$/;

/** Whether a contender is of another commit. */
export function isCommit(name: string): boolean {
  return COMMIT_NAME.test(name);
}

/** Another commit of this repository, built in a folder of its own. */
export class OtherCommit {
  private readonly folder: string;
  private readonly name: string;
  private isThere = true;

  private constructor(folder: string, name: string) {
    this.folder = folder;
    this.name = name;
    // Also when a signal ends the run.
    process.once("exit", () => this.remove());
  }

  /** Checks a commit out beside this tree and builds it; throws when there is no such commit or it does not build. */
  static open(commit: string, say: (text: string) => void): OtherCommit {
    const hash = git("rev-parse", "--verify", `${commit}^{commit}`).trim();
    const folder = join(mkdtempSync(join(tmpdir(), "leakgate-compare-")), "tree");
    const other = new OtherCommit(folder, `leakgate-${hash.slice(0, 9)}`);
    try {
      git("worktree", "add", "--detach", folder, hash);
      const lock = (tree: string) => readFileSync(join(tree, "package-lock.json"), "utf8");
      say(`building ${hash.slice(0, 9)}`);
      if (lock(folder) === lock(root)) {
        symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
        run(folder, "npm", "run", "build");
      } else {
        // Builds at its end.
        run(folder, "npm", "ci", "--prefer-offline", "--no-audit", "--no-fund");
      }
      return other;
    } catch (error) {
      other.remove();
      throw error;
    }
  }

  /** That commit's gateway, which its own code prepares and starts. */
  async contender(tokens: number): Promise<Contender> {
    const entry = join(this.folder, "dist/bench/peers/leakgate.js");
    const theirs = (await import(pathToFileURL(entry).href)) as { startLeakgate: typeof startLeakgate };
    return {
      name: this.name,
      family: "leakgate",
      tokens,
      // An earlier commit may look in fewer places; it is held to nothing but the workload.
      looksIn: [],
      lacks: [],
      start: (processes, upstreamPort) =>
        theirs.startLeakgate(processes, upstreamPort, { name: this.name, tokens, workers: 1 }),
    };
  }

  remove(): void {
    if (!this.isThere) return;
    this.isThere = false;
    try {
      git("worktree", "remove", "--force", this.folder);
    } catch {
      // It was not there yet, or git no longer knows it; the folder goes in any case.
    }
    rmSync(join(this.folder, ".."), { recursive: true, force: true });
    git("worktree", "prune");
  }
}

function git(...args: string[]): string {
  return run(root, "git", ...args);
}

/** Throws with what the program said. */
function run(folder: string, program: string, ...args: string[]): string {
  try {
    return execFileSync(program, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(
      `${program} ${args.join(" ")} failed: ${`${stdout ?? ""}${stderr ?? ""}`.trim().slice(-800)}`,
    );
  }
}
