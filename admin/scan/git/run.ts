import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { Cursor } from "../bounds.ts";
import { printable } from "../given.ts";
import { SourceFailed } from "../source.ts";

/** Of what git says of its failure. */
const SAID_BYTES_MAX = 4 * 1024;
const IDS_AT_ONCE = 500;
/** Of git's own: it holds all changes of a commit before it writes the first one. */
const MEMORY_KIB_MAX = 2 * 1024 * 1024;
const MEMORY_WATCH_MS = 250;
/** For taking away what it was writing. */
const GRACE_MS = 1_000;

/**
 * Whatever a repository, a user or the machine has configured, none of it starts a program: no hook, monitor, pager, signature
 * check, or helper. What a repository cannot be kept from configuring, the environment below overrules.
 */
const SETTINGS: readonly string[] = [
  "core.hooksPath=/dev/null",
  "core.fsmonitor=false",
  "core.askPass=",
  "core.sshCommand=ssh -oBatchMode=yes -oProxyCommand=none",
  "core.gitProxy=",
  "credential.helper=",
  "credential.interactive=never",
  "log.showSignature=false",
  "log.mailmap=false",
  "http.followRedirects=false",
  "transfer.bundleURI=false",
  "fetch.recurseSubmodules=false",
  "fetch.writeCommitGraph=false",
  "submodule.recurse=false",
  "gc.autoDetach=false",
  "maintenance.autoDetach=false",
  "uploadpack.packObjectsHook=",
  "advice.graftFileDeprecated=false",
];

export interface GitOptions {
  /** The repository. It is named outright, so that none is looked for, and whoever owns it. */
  readonly gitDir: string;
  /** Protocols over which something may be fetched; none for reading. */
  readonly protocols?: readonly string[] | undefined;
  /** Settings more, each `name=value`; a secret among them goes in `secrets`. */
  readonly settings?: readonly string[] | undefined;
  /** The same, where no list of processes shows them. */
  readonly secrets?: readonly (readonly [name: string, value: string])[] | undefined;
  readonly signal: AbortSignal;
}

/** A git command under way: fixed arguments, no shell, nothing to ask. */
export class Git {
  readonly out: Cursor;
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly what: string;
  private readonly ended: Promise<number | null>;
  private failure: NodeJS.ErrnoException | null = null;
  private isTooLarge = false;
  private isOver = false;
  private grace: NodeJS.Timeout | null = null;
  private said = "";

  constructor(what: string, args: readonly string[], options: GitOptions) {
    this.what = what;
    const { gitDir, settings = [], signal } = options;
    const set = [...SETTINGS, ...settings].flatMap((each) => ["-c", each]);
    const all = ["--no-pager", "--no-replace-objects", `--git-dir=${gitDir}`, ...set, ...args];
    // A group of its own: git starts programs that fetch, and whoever ends it ends them.
    this.child = spawn("git", all, { env: environment(options), detached: true, cwd: "/" });
    signal.addEventListener("abort", this.kill, { once: true });
    if (signal.aborted) this.kill();
    this.child.on("error", (error) => {
      this.failure = error;
    });
    this.child.stdin.on("error", () => {});
    this.child.stderr.on("data", (bytes: Buffer) => {
      if (this.said.length < SAID_BYTES_MAX) this.said += bytes.toString("utf8");
    });
    this.ended = once(this.child, "close").then(
      ([code]) => code as number | null,
      () => null,
    );
    const watch = setInterval(() => void this.watchMemory(), MEMORY_WATCH_MS);
    this.ended.finally(() => {
      clearInterval(watch);
      this.isOver = true;
      if (this.grace !== null) clearTimeout(this.grace);
      signal.removeEventListener("abort", this.kill);
    });
    this.out = new Cursor(this.child.stdout);
  }

  /** Resolves when git has taken it. */
  async write(text: string): Promise<void> {
    if (!this.child.stdin.write(text)) await Promise.race([once(this.child.stdin, "drain"), this.ended]);
  }

  /** Tells it, for `--stdin`, what to begin from, and what not to go behind. Nothing more is written. */
  async revisions(starts: readonly string[], known: readonly string[]): Promise<void> {
    for (const [sign, ids] of [
      ["", starts],
      ["^", known],
    ] as const)
      for (let at = 0; at < ids.length; at += IDS_AT_ONCE)
        await this.write(
          ids
            .slice(at, at + IDS_AT_ONCE)
            .map((id) => `${sign}${id}\n`)
            .join(""),
        );
    this.close();
  }

  /** Nothing more is written. */
  close(): void {
    this.child.stdin.end();
  }

  /** Resolves when it has ended well, else rejects with SourceFailed. What it still writes must have been read. */
  async end(): Promise<void> {
    this.close();
    if ((await this.ended) !== 0) throw this.failed();
  }

  /** All it writes, up to `max` bytes, once it has ended well. */
  async text(max: number): Promise<string> {
    this.close();
    const parts: Buffer[] = [];
    let length = 0;
    for await (const part of this.out.rest()) {
      length += part.length;
      if (length > max) {
        this.kill();
        throw new SourceFailed(`git ${this.what}: the answer is longer than ${max} bytes`);
      }
      parts.push(part);
    }
    await this.end();
    return Buffer.concat(parts).toString("utf8");
  }

  /** What it said went wrong, without what opens an address, the server's own words, and what may be a token. */
  failed(): SourceFailed {
    if (this.failure?.code === "ENOENT")
      return new SourceFailed("git is not installed, or not on the PATH: install it to scan repositories", {
        isLasting: true,
        cause: this.failure,
      });
    if (this.isTooLarge)
      return new SourceFailed(`git ${this.what}: it needs more memory than it may have`, { isLasting: true });
    const said = this.said
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line !== "" && !line.startsWith("remote:"))
      .at(-1);
    const why = printable(said ?? "it ended before its time")
      .replaceAll(/\/\/[^/@\s]*@/g, "//")
      .replaceAll(/\brefs\/[^\s'"]+/g, "...")
      .replaceAll(/[A-Za-z0-9_-]{20,}/g, "...");
    return new SourceFailed(`git ${this.what}: ${why.slice(0, 300)}`);
  }

  /** Where the system tells (Linux): ends it before the machine has no memory left. */
  private async watchMemory(): Promise<void> {
    const status = await readFile(`/proc/${this.child.pid}/status`, "latin1").catch(() => "");
    if (Number(/^RssAnon:\s+([0-9]+) kB$/m.exec(status)?.[1] ?? 0) <= MEMORY_KIB_MAX) return;
    this.isTooLarge = true;
    this.tell("SIGKILL");
  }

  /** Resolves once nothing of it runs any more, however it ended. */
  async gone(): Promise<void> {
    await this.ended;
  }

  /** Ends it, wherever it is, with all it started: it may take away what it was writing, and has a second for that. */
  readonly kill = (): void => {
    this.tell("SIGTERM");
    this.grace ??= setTimeout(() => this.tell("SIGKILL"), GRACE_MS).unref();
    this.child.stdout.destroy();
  };

  private tell(signal: NodeJS.Signals): void {
    const { pid } = this.child;
    if (pid === undefined || this.isOver) return;
    try {
      // Also where git itself has ended: what it started may run on, and holds the group's number.
      process.kill(-pid, signal);
    } catch {
      // It has ended in this moment.
    }
  }
}

/** What git is given of our environment: where programs lie, whose keys SSH takes, whom TLS trusts. */
const KEPT = [
  "PATH",
  "HOME",
  "SSH_AUTH_SOCK",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "GIT_SSL_CAINFO",
  "SYSTEMROOT",
];

function environment({ protocols = [], secrets = [] }: GitOptions): NodeJS.ProcessEnv {
  const kept = KEPT.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]));
  const numbered = secrets.flatMap(([name, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, name],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return {
    ...Object.fromEntries([...kept, ...numbered]),
    GIT_CONFIG_COUNT: String(secrets.length),
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_SYSTEM: "/dev/null",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ASKPASS: "true",
    SSH_ASKPASS: "true",
    SSH_ASKPASS_REQUIRE: "never",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_NO_LAZY_FETCH: "1",
    GIT_GRAFT_FILE: "/dev/null",
    GIT_LFS_SKIP_SMUDGE: "1",
    // Overrules `protocol.*.allow`, also a repository's own, by which a missing object could be fetched over ext::sh.
    GIT_ALLOW_PROTOCOL: protocols.length === 0 ? "none" : protocols.join(":"),
    LC_ALL: "C",
  };
}
