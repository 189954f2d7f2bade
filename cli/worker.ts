import cluster from "node:cluster";
import pino from "pino";
import { Gateway } from "../proxy/gateway.ts";
import { Policy } from "../proxy/policy.ts";
import { Recorder } from "../proxy/record.ts";
import { EventLog } from "../rules/events.ts";
import { Matcher } from "../rules/matcher.ts";
import { Pepper } from "../rules/pepper.ts";
import { Runtime } from "../rules/runtime.ts";
import { RulesStore } from "../rules/store.ts";
import { defaultTenant } from "../rules/tenants.ts";
import type { Config } from "./config.ts";
import { ExitCode, exitCodeOf } from "./exit.ts";

/** What the supervisor says to a worker, and the worker to it. */
export type ToWorker =
  | { readonly kind: "start"; readonly config: Config; readonly worker: number }
  | { readonly kind: "drain" };
export type FromWorker =
  /** The process listens to messages; one sent before would be lost. */
  | { readonly kind: "up" }
  | { readonly kind: "ready"; readonly port: number; readonly tokens: number }
  | { readonly kind: "failed"; readonly message: string; readonly code: number };

const HEARTBEAT_MS = 1_000;
/** How soon a newly enforced revision is told; progress in between is told once. */
const PROGRESS_MS = 1;

/** One proxy worker: composes store, policy, recorder and gateway, and tells how far it has come. */
export class ProxyWorker {
  readonly gateway: Gateway;
  private readonly number: number;
  private readonly logger: pino.Logger;
  private readonly store: RulesStore;
  private readonly events: EventLog;
  private readonly runtime: Runtime;
  private readonly policy: Policy;
  private readonly recorder: Recorder;
  private readonly startedAt = Date.now();
  private heartbeat: NodeJS.Timeout | null = null;
  private progress: NodeJS.Timeout | null = null;
  private isReady = false;
  /** A report is on its way; another that is asked for meanwhile follows it, once. */
  private isReporting = false;
  private isStale = false;

  private constructor(config: Config, number: number, pepper: Pepper, store: RulesStore, runtime: Runtime) {
    const destination = pino.destination({ fd: 2, sync: false, minLength: 4_096 });
    setInterval(() => destination.flush(), 200).unref();
    this.logger = pino({ level: config.log.level, base: { pid: process.pid, worker: number } }, destination);
    this.number = number;
    this.store = store;
    this.events = EventLog.open(config.data);
    this.runtime = runtime;
    this.policy = new Policy(this.store, new Matcher(pepper), this.logger);
    this.recorder = new Recorder(this.events, this.logger, config.proxy.record);
    this.gateway = new Gateway({
      config: config.proxy,
      policy: this.policy,
      recorder: this.recorder,
      logger: this.logger,
      worker: number,
    });
  }

  /** Rejects with the refusals of the store and of the pepper. */
  static async open(config: Config, number: number): Promise<ProxyWorker> {
    const pepper = Pepper.load(config.data);
    const store = await RulesStore.open(config.data, pepper.id, { readOnly: true });
    return new ProxyWorker(config, number, pepper, store, await Runtime.open(config.data));
  }

  /** Loads the rules, then listens: no request is taken before every rule is in force. */
  async start(): Promise<{ readonly port: number; readonly tokens: number }> {
    const began = performance.now();
    this.policy.onProgress = () => {
      this.progress ??= setTimeout(() => {
        this.progress = null;
        this.report();
      }, PROGRESS_MS);
    };
    this.heartbeat = setInterval(() => this.report(), HEARTBEAT_MS);
    this.report();
    await this.policy.start();
    const { address, port } = await this.gateway.listen();
    this.isReady = true;
    this.report();
    const tokens = this.policy.tokenCount;
    const loadedMs = Math.round(performance.now() - began);
    this.logger.info(
      { address, port, tokens, loadedMs, revision: this.policy.enforcedRevision },
      "worker ready",
    );
    return { port, tokens };
  }

  /** Finishes what is in flight, writes what waits to be written, and closes the store. */
  async drain(): Promise<void> {
    this.isReady = false;
    this.report();
    await this.gateway.drain();
    if (this.heartbeat !== null) clearInterval(this.heartbeat);
    this.heartbeat = null;
    if (this.progress !== null) clearTimeout(this.progress);
    this.policy.onProgress = () => {};
    this.policy.close();
    await this.recorder.close();
    await this.events.close();
    await this.store.close();
    await this.runtime.forget(this.number);
    await this.runtime.close();
    this.logger.info("worker drained");
    this.logger.flush();
  }

  private report(): void {
    if (this.isReporting) {
      this.isStale = true;
      return;
    }
    this.isReporting = true;
    void this.publish().then(() => {
      // Once drained, the worker is forgotten and says no more.
      if (this.heartbeat === null) return;
      this.isReporting = false;
      if (!this.isStale) return;
      this.isStale = false;
      this.report();
    });
  }

  private publish(): Promise<void> {
    const { gateway, recorder } = this;
    const counters: Record<string, number> = { ...gateway.counters };
    for (const [name, count] of Object.entries(recorder.counters)) counters[`events.${name}`] = count;
    const { enforcedRevision: revision, tokenCount: tokens } = this.policy;
    const budgetExhausted = Object.fromEntries(gateway.budgetByLeak);
    return this.runtime.publish({
      worker: this.number,
      pid: process.pid,
      startedAt: this.startedAt,
      heartbeatAt: Date.now(),
      ready: this.isReady,
      tenants: { [defaultTenant]: { revision, tokens, budgetExhausted } },
      counters,
    });
  }
}

/** The entry of a worker process under the supervisor: started, drained and outlived by it alone. */
function main(): void {
  let worker: ProxyWorker | null = null;
  let isDraining = false;
  const send = (message: FromWorker) => process.send?.(message);
  // A signal to the whole group (Ctrl-C) reaches the supervisor too, which drains us.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => {});
  process.on("disconnect", () => process.exit(ExitCode.failed));
  process.on("message", async (message: ToWorker) => {
    try {
      if (message.kind === "start") {
        worker = await ProxyWorker.open(message.config, message.worker);
        send({ kind: "ready", ...(await worker.start()) });
      } else if (!isDraining) {
        isDraining = true;
        await worker?.drain();
        process.exit(ExitCode.ok);
      }
    } catch (error) {
      const code = exitCodeOf(error);
      process.send?.({ kind: "failed", message: (error as Error).message, code } satisfies FromWorker, () =>
        process.exit(code),
      );
    }
  });
  send({ kind: "up" });
}

if (cluster.isWorker) main();
