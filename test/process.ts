import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { until } from "./support.ts";

/** The same built file, seen from the sources and from what was built. */
const built = import.meta.url.endsWith(".ts") ? "../dist/cli/main.js" : "../cli/main.js";
const main = fileURLToPath(new URL(built, import.meta.url));
/** Above the drain deadline and the supervisor's grace; what runs longer hangs. */
const STOP_WITHIN_MS = 20_000;
/** A start on a busy machine: four processes, each of which loads Node. */
const START_WITHIN_MS = 30_000;

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
}

/** One JSON line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string; readonly pid: number };

/** What `GET /status` says of a worker. */
export interface WorkerStatus {
  readonly worker: number;
  readonly pid: number;
  readonly alive: boolean;
  readonly ready: boolean;
  readonly revision: number;
  readonly counters: Readonly<Record<string, number>>;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** A call's answer, its JSON read; the tests name the fields they look at. */
export interface Called<T> {
  readonly status: number;
  readonly body: T;
}

/** The environment without settings of the machine that runs the tests. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("LEAKGATE_")));
}

/** Runs a `leakgate` command that ends by itself, with these bytes on standard input. */
export function leakgate(args: readonly string[], input = "", cwd?: string): Promise<Ended> {
  return new Promise((resolve) => {
    const options = {
      cwd,
      env: cleanEnvironment(),
      timeout: START_WITHIN_MS,
      killSignal: "SIGKILL",
    } as const;
    const child = execFile(process.execPath, [main, ...args], options, (_, out, err) =>
      resolve({ code: child.exitCode, signal: child.signalCode, out, err }),
    );
    child.stdin!.on("error", () => {});
    child.stdin!.end(input);
  });
}

/** Whether the process does anything still; one that ended and was not waited for yet does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/^[0-9]+ \(.*\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    // No /proc on this system: then there is no more to know. On Linux it has just gone.
    return process.platform !== "linux";
  }
}

export interface GatewayOptions {
  readonly upstream: string;
  readonly data: string;
  readonly workers?: number;
  readonly listen?: string;
  readonly admin?: string;
  /** More words of the command line. */
  readonly args?: readonly string[];
  /** An administrator's key of an earlier start. */
  readonly key?: string;
  /** In a process group of its own, as a shell gives it to a command. */
  readonly detached?: boolean;
}

/** `leakgate serve` as its users run it: processes, ports, signals. */
export class GatewayProcess {
  readonly pid: number;
  /** Standard output and standard error so far. */
  out = "";
  err = "";
  proxyPort = 0;
  adminPort = 0;
  /** The administrator's key: printed by this start, else the one given; "" without either. */
  key = "";
  readonly ended: Promise<Ended>;
  hasEnded = false;
  private readonly child: ChildProcessByStdio<null, Readable, Readable>;

  private constructor(options: GatewayOptions) {
    const { upstream, data, workers = 2, listen = "127.0.0.1:0", admin = "127.0.0.1:0", args = [] } = options;
    const given = ["--upstream", upstream, "--listen", listen, "--admin", admin, "--data", data];
    this.child = spawn(process.execPath, [main, "serve", ...given, "--workers", String(workers), ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: cleanEnvironment(),
      detached: options.detached ?? false,
    });
    this.pid = this.child.pid!;
    this.child.stdout.on("data", (chunk: Buffer) => {
      this.out += chunk.toString();
    });
    this.child.stderr.on("data", (chunk: Buffer) => {
      this.err += chunk.toString();
    });
    this.ended = new Promise((resolve) => {
      // Not `close`: a process that outlives the supervisor would hold the pipes open.
      this.child.once("exit", (code, signal) => {
        this.hasEnded = true;
        resolve({ code, signal, out: this.out, err: this.err });
      });
    });
  }

  /** Resolves once it says that it listens; rejects with what it said instead. */
  static async start(options: GatewayOptions): Promise<GatewayProcess> {
    const gateway = new GatewayProcess(options);
    try {
      await until(
        "the gateway listens",
        () => gateway.hasEnded || gateway.logged("listening").length > 0,
        START_WITHIN_MS,
      );
      const [line] = gateway.logged("listening");
      if (line === undefined) throw new Error("it ended at its start");
      await until("the banner is whole", () => gateway.out.includes("403\n"));
      gateway.proxyPort = portIn(gateway.out, /stands at http:\/\/127\.0\.0\.1:([0-9]+) before/);
      gateway.adminPort = portIn(gateway.out, /admin API is at http:\/\/127\.0\.0\.1:([0-9]+)\/api/);
      gateway.key = /^ {2}(lgk_[0-9A-Za-z_]+)$/m.exec(gateway.out)?.[1] ?? options.key ?? "";
      return gateway;
    } catch (error) {
      await gateway.stop();
      throw new Error(`${(error as Error).message}\n${gateway.out}${gateway.err}`);
    }
  }

  /** For a start that is to fail: how it ended. */
  static async startToFail(options: GatewayOptions): Promise<Ended> {
    const gateway = new GatewayProcess(options);
    try {
      await until("the gateway ends", () => gateway.hasEnded, START_WITHIN_MS);
      return await gateway.ended;
    } finally {
      await gateway.stop();
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.proxyPort}`;
  }

  /** The log's lines with this message. */
  logged(msg: string): LogLine[] {
    return this.err
      .split("\n")
      .slice(0, -1)
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as LogLine)
      .filter((line) => line.msg === msg);
  }

  /** A call of the admin API; an `input` is sent as JSON by POST. */
  async call<T = Record<string, unknown>>(
    path: string,
    input?: object,
    method = input === undefined ? "GET" : "POST",
  ): Promise<Called<T>> {
    const body = input === undefined ? "" : JSON.stringify(input);
    const headers = { authorization: `Bearer ${this.key}`, "content-type": "application/json" };
    const answer = await send(this.adminPort, `/api/v1${path}`, {
      method,
      headers,
      body,
    });
    return { status: answer.status, body: JSON.parse(answer.body) as T };
  }

  /** Registers a leak of these tokens through the API; answers its id. */
  async register(...tokens: string[]): Promise<string> {
    const { status, body } = await this.call<{ id: string }>("/leaks", {
      name: "test leak",
      risk: 5,
      tokens,
    });
    if (status !== 201) throw new Error(`could not register: ${status} ${JSON.stringify(body)}`);
    return body.id;
  }

  /** Decides through the API and waits until every live worker enforces it. */
  async decide(leak: string, decision: "vpatch" | "close" | "reopen"): Promise<void> {
    const { status, body } = await this.call(`/leaks/${leak}/${decision}?wait=enforced`, {});
    if (status !== 200) throw new Error(`could not ${decision}: ${status} ${JSON.stringify(body)}`);
  }

  /** The workers that live, as `GET /status` shows them. */
  async workers(): Promise<WorkerStatus[]> {
    const { body } = await this.call<{ workers: WorkerStatus[] }>("/status");
    return body.workers.filter(({ alive }) => alive);
  }

  /** The process of the admin that answers now: it writes a line for each call. */
  async adminPid(): Promise<number> {
    const before = this.logged("admin call").length;
    await this.call("/status");
    await until("the admin's line is logged", () => this.logged("admin call").length > before);
    return this.logged("admin call").at(-1)!.pid;
  }

  /** One request through the proxy, on a connection of its own. */
  get(token: string | null = null, path = "/"): Promise<Answer> {
    const headers = token === null ? {} : { authorization: `Bearer ${token}` };
    return send(this.proxyPort, path, { method: "GET", headers, body: "" });
  }

  /** The status codes of so many requests at once, each on a connection of its own. */
  async statuses(count: number, token: string | null = null): Promise<number[]> {
    const answers = await Promise.all(Array.from({ length: count }, () => this.get(token)));
    return answers.map(({ status }) => status);
  }

  /**
   * Sends the token until each of so many workers has taken some of it, and answers the status codes that came, each
   * once. Who takes a connection is the kernel's choice: so it is asked often, and the workers' own counts decide.
   */
  async statusesOnEveryWorker(token: string | null = null, workers = 2): Promise<number[]> {
    const counted = async () =>
      new Map((await this.workers()).map((each) => [each.pid, each.counters.requests ?? 0]));
    const before = await counted();
    const seen = new Set<number>();
    await until(
      `${workers} workers have taken requests`,
      async () => {
        for (const status of await this.statuses(40, token)) seen.add(status);
        const now = [...(await counted())];
        return now.filter(([pid, requests]) => requests > (before.get(pid) ?? 0)).length >= workers;
      },
      30_000,
    );
    return [...seen].sort();
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** To the whole process group, as Ctrl-C does; for a detached one. */
  killGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal);
  }

  /** Asks it to stop and waits for its end; one that hangs is killed, which ends its parts too. */
  async stop(): Promise<Ended> {
    if (!this.hasEnded) {
      this.child.kill("SIGTERM");
      const deadline = setTimeout(() => this.child.kill("SIGKILL"), STOP_WITHIN_MS);
      await this.ended;
      clearTimeout(deadline);
    }
    this.child.stdout.destroy();
    this.child.stderr.destroy();
    return this.ended;
  }
}

function portIn(text: string, pattern: RegExp): number {
  const port = Number(pattern.exec(text)?.[1]);
  if (!(port > 0)) throw new Error(`the banner names no port: ${pattern}`);
  return port;
}

function send(
  port: number,
  path: string,
  { method, headers, body }: { method: string; headers: Record<string, string>; body: string },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ port, host: "127.0.0.1", path, method, headers, agent: false }, (incoming) => {
      let text = "";
      incoming.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      incoming.on("error", reject);
      incoming.on("end", () => resolve({ status: incoming.statusCode!, body: text }));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** Whether a new connection is refused. */
export function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", () => resolve(true));
  });
}
