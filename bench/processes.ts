import { type ChildProcess, fork, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { statOf, treeOf } from "./cpu.ts";

/** What a forked entry says once it listens. */
export interface Listening {
  readonly port: number;
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const;
const START_MS = 15_000;
/** Longer than a gateway's drain. */
const STOP_MS = 15_000;

/** Everything a benchmark starts, in a temporary folder of its own, and stopped by pid at the end whatever happened. */
export class Processes {
  readonly folder = mkdtempSync(join(tmpdir(), "leakgate-bench-"));
  private readonly running = new Map<ChildProcess, string>();
  private isStopping = false;
  private readonly onSignal = () => void this.stop().finally(() => process.exit(130));
  private readonly onExit = () => {
    for (const child of this.running.keys()) child.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  };

  constructor() {
    for (const signal of SIGNALS) process.once(signal, this.onSignal);
    process.once("exit", this.onExit);
  }

  /** Forks one of our own entries (a compiled file), with the arguments it reads. */
  fork(entry: URL, args: readonly string[]): ChildProcess {
    const log = this.log(args.join("-") || "entry");
    const child = fork(fileURLToPath(entry), args, {
      stdio: ["ignore", log.file, log.file, "ipc"],
      cwd: this.folder,
      env: cleanEnvironment(),
    });
    return this.watch(child, log);
  }

  /** Starts a program that stays in the foreground. */
  spawn(command: string, args: readonly string[], name: string): ChildProcess {
    const log = this.log(name);
    const child = spawn(command, args, {
      stdio: ["ignore", log.file, log.file],
      cwd: this.folder,
      env: cleanEnvironment(),
    });
    return this.watch(child, log);
  }

  /** Runs a program to its end; resolves with what it wrote to standard output, rejects when it fails or is late. */
  async run(command: string, args: readonly string[], withinMs: number): Promise<string> {
    const log = this.log("run");
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", log.file],
      cwd: this.folder,
      env: cleanEnvironment(),
    });
    this.watch(child, log);
    let said = "";
    child.stdout!.setEncoding("utf8");
    child.stdout!.on("data", (text: string) => {
      said += text;
    });
    const ended = new Promise<void>((resolve) => child.once("close", (code) => code === 0 && resolve()));
    await this.orEnd(child, ended, withinMs, true);
    return said;
  }

  /** Resolves with the next message of a forked entry; rejects when it ends before, or says nothing in time. */
  nextMessage<T>(child: ChildProcess, withinMs = START_MS): Promise<T> {
    const message = new Promise<T>((resolve) => child.once("message", (said) => resolve(said as T)));
    return this.orEnd(child, message, withinMs);
  }

  /** Resolves once `check` answers true; rejects when the process ends before, or after `withinMs`. */
  async until(child: ChildProcess, check: () => Promise<boolean>, withinMs = START_MS): Promise<void> {
    let isOver = false;
    const polling = (async () => {
      while (!isOver && !(await check())) await new Promise((resolve) => setTimeout(resolve, 20));
    })();
    try {
      await this.orEnd(child, polling, withinMs);
    } finally {
      isOver = true;
    }
  }

  /** Stops one: asks, waits, then kills what is left of it and of its descendants. */
  async stopOne(child: ChildProcess): Promise<void> {
    if (child.pid === undefined || !this.running.has(child)) return;
    const tree = treeOf(child.pid);
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGTERM");
    const deadline = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await gone;
    clearTimeout(deadline);
    for (const { pid, startTime } of tree) {
      if (statOf(pid)?.startTime === startTime) process.kill(pid, "SIGKILL");
    }
  }

  /** Stops everything; further calls wait for nothing. */
  async stop(): Promise<void> {
    if (this.isStopping) return;
    this.isStopping = true;
    await Promise.all([...this.running.keys()].map((child) => this.stopOne(child)));
    rmSync(this.folder, { recursive: true, force: true });
    for (const signal of SIGNALS) process.off(signal, this.onSignal);
    process.off("exit", this.onExit);
  }

  private log(name: string): { readonly file: number; readonly path: string } {
    const path = join(this.folder, `${name.replaceAll(/[^A-Za-z0-9-]/g, "_").slice(0, 64)}.log`);
    return { file: openSync(path, "a"), path };
  }

  private watch(child: ChildProcess, log: { readonly file: number; readonly path: string }): ChildProcess {
    closeSync(log.file);
    this.running.set(child, log.path);
    child.once("exit", () => this.running.delete(child));
    // A program that is not there emits this and never exits.
    child.once("error", () => this.running.delete(child));
    return child;
  }

  private orEnd<T>(child: ChildProcess, wanted: Promise<T>, withinMs = START_MS, mayEnd = false): Promise<T> {
    const path = this.running.get(child);
    return new Promise<T>((resolve, reject) => {
      const fail = (why: string) => {
        // What ends because we stop it is no failure; after a signal the exit code is the signal's.
        if (this.isStopping) return;
        reject(new Error(`${child.spawnargs.join(" ")} ${why}\n${tail(path)}`.trimEnd()));
      };
      const onExit = (code: number | null, signal: string | null) => {
        if (!mayEnd || code !== 0) fail(`ended (${code ?? signal})`);
      };
      const onError = (error: Error) => fail(`could not be started: ${error.message}`);
      const deadline = setTimeout(() => fail(`was not ready within ${withinMs} ms`), withinMs);
      child.once("exit", onExit);
      child.once("error", onError);
      wanted.then(resolve, reject).finally(() => {
        clearTimeout(deadline);
        child.off("exit", onExit);
        child.off("error", onError);
      });
    });
  }
}

/** A port of the loopback that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** Whether something listens there. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** Settings of whoever runs the benchmark must not reach what is measured. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith("LEAKGATE_") && name !== "NODE_OPTIONS",
  );
  return { ...Object.fromEntries(kept), NODE_ENV: "production" };
}

function tail(path: string | undefined): string {
  try {
    return readFileSync(path ?? "", "utf8").slice(-1_000);
  } catch {
    return "";
  }
}
