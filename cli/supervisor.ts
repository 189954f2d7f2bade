import { type ChildProcess, fork } from "node:child_process";
import cluster, { type Worker } from "node:cluster";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import { Runtime } from "../rules/runtime.ts";
import type { FromAdmin, ToAdmin } from "./admin-process.ts";
import type { Config } from "./config.ts";
import type { FromWorker, ToWorker } from "./worker.ts";

const BACKOFF_MS = [100, 200, 500, 1_000, 2_000, 5_000] as const;
/** A process that ran for so long starts its backoff anew. */
const HEALTHY_MS = 10_000;
/** Beyond the drain deadline: time to write events and close the store. */
const STOP_GRACE_MS = 3_000;

/** Where the parts listen, once all of them do. */
export interface Listening {
  readonly proxyPort: number;
  readonly adminPort: number | null;
  readonly tokens: number;
}

/** Why `start` gave up. */
export class SupervisorFailed extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

interface Part {
  readonly name: string;
  readonly number: number;
  process: ChildProcess | null;
  worker: Worker | null;
  startedAt: number;
  failures: number;
  isReady: boolean;
}

/**
 * Keeps N proxy workers and, where asked, one admin process running: each is started again after it fell, later and
 * later while it keeps falling. The admin's fall does not touch the traffic.
 */
export class Supervisor {
  private readonly config: Config;
  private readonly logger: Logger;
  private readonly runtime: Runtime;
  private readonly parts: Part[] = [];
  private readonly listening: { proxyPort: number; adminPort: number | null; tokens: number } = {
    proxyPort: 0,
    adminPort: null,
    tokens: 0,
  };
  private isStopping = false;
  private settle: { resolve: (listening: Listening) => void; reject: (error: Error) => void } | null = null;

  private constructor(config: Config, logger: Logger, withAdmin: boolean, runtime: Runtime) {
    this.config = config;
    this.logger = logger;
    this.runtime = runtime;
    // The set-up freezes it.
    cluster.schedulingPolicy = config.workers.accept === "shared" ? cluster.SCHED_NONE : cluster.SCHED_RR;
    cluster.setupPrimary({
      exec: fileURLToPath(new URL("./worker.js", import.meta.url)),
      args: [],
      silent: false,
    });
    for (let number = 1; number <= config.workers.count; number++)
      this.parts.push(part(`worker ${number}`, number));
    if (withAdmin) this.parts.push(part("admin", 0));
  }

  static async open(config: Config, logger: Logger, withAdmin: boolean): Promise<Supervisor> {
    return new Supervisor(config, logger, withAdmin, await Runtime.open(config.data));
  }

  /** Starts all parts; resolves once each of them is ready, rejects with SupervisorFailed when one cannot run. */
  async start(): Promise<Listening> {
    // Reports of an earlier run are no workers of ours.
    for (const report of this.runtime.workers(Date.now()))
      if (!report.alive) await this.runtime.forget(report.worker);
    return new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
      for (const each of this.parts) this.launch(each);
    });
  }

  /** Drains the workers, then stops the admin; what does not stop in time is killed. */
  async stop(): Promise<void> {
    this.isStopping = true;
    const workers = this.parts.filter((each) => each.number > 0);
    const admins = this.parts.filter((each) => each.number === 0);
    await this.stopAll(workers, this.config.proxy.drainMs + STOP_GRACE_MS);
    await this.stopAll(admins, STOP_GRACE_MS);
    await this.runtime.close();
  }

  private async stopAll(parts: readonly Part[], withinMs: number): Promise<void> {
    const running = parts.flatMap((each) => (each.process === null ? [] : [each.process]));
    const gone = running.map((child) => new Promise<void>((resolve) => child.once("exit", () => resolve())));
    for (const child of running) {
      if (child.connected) child.send({ kind: "drain" } satisfies ToWorker);
    }
    const deadline = setTimeout(() => {
      for (const child of running) child.kill("SIGKILL");
    }, withinMs);
    await Promise.all(gone);
    clearTimeout(deadline);
  }

  private launch(each: Part): void {
    if (this.isStopping) return;
    each.startedAt = performance.now();
    each.isReady = false;
    // A part that has just died cannot be written to: its exit tells the rest.
    const onError = ({ message }: Error) =>
      this.logger.error({ part: each.name, reason: message }, "could not talk to a part");
    if (each.number > 0) {
      const worker = cluster.fork();
      each.worker = worker;
      each.process = worker.process;
      // Not on its process: cluster passes errors on to the worker, where an unheard one would end us.
      worker.on("error", onError);
      worker.on("message", (message: FromWorker) => this.heard(each, message));
    } else {
      const child = fork(fileURLToPath(new URL("./admin-process.js", import.meta.url)), [], {
        stdio: ["ignore", "inherit", "inherit", "ipc"],
      });
      each.process = child;
      child.on("error", onError);
      child.on("message", (message: FromAdmin) => this.heard(each, message));
    }
    each.process.once("exit", (code, signal) => this.fell(each, code, signal));
  }

  private heard(each: Part, message: FromWorker | FromAdmin): void {
    if (message.kind === "up") {
      const start: ToWorker & ToAdmin = { kind: "start", config: this.configOf(each), worker: each.number };
      each.process?.send(start);
      return;
    }
    if (message.kind === "failed") {
      // Only a start is given up. Later the other parts go on with what they have, and this one is tried again.
      if (this.settle === null) {
        if (!this.isStopping)
          this.logger.error({ part: each.name, reason: message.message }, "a part could not start");
        return;
      }
      this.settle.reject(new SupervisorFailed(message.message, message.code));
      this.settle = null;
      return;
    }
    each.isReady = true;
    if (each.number > 0) {
      this.listening.proxyPort = (message as { port: number }).port;
      this.listening.tokens = (message as { tokens: number }).tokens;
    } else {
      this.listening.adminPort = message.port;
    }
    if (this.settle === null || !this.parts.every((other) => other.isReady)) return;
    this.settle.resolve({ ...this.listening });
    this.settle = null;
  }

  private fell(each: Part, code: number | null, signal: string | null): void {
    const pid = each.process?.pid;
    each.process = null;
    each.worker = null;
    each.isReady = false;
    if (each.number > 0) void this.runtime.forget(each.number);
    if (this.isStopping) return;
    const ranMs = performance.now() - each.startedAt;
    each.failures = ranMs > HEALTHY_MS ? 0 : each.failures + 1;
    const againInMs = BACKOFF_MS[Math.min(each.failures, BACKOFF_MS.length - 1)]!;
    this.logger.error({ part: each.name, pid, code, signal, againInMs }, "a part fell and is started again");
    setTimeout(() => this.launch(each), againInMs);
  }

  /** A port that the system chose is kept: whoever was told of it finds the admin there again. */
  private configOf(each: Part): Config {
    const { config } = this;
    const { adminPort } = this.listening;
    if (each.number > 0 || adminPort === null) return config;
    return { ...config, admin: { ...config.admin, listen: { ...config.admin.listen, port: adminPort } } };
  }
}

function part(name: string, number: number): Part {
  return { name, number, process: null, worker: null, startedAt: 0, failures: 0, isReady: false };
}
