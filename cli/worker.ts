import cluster from "node:cluster";
import pino from "pino";
import { Gateway } from "../proxy/gateway.ts";
import { Hunter } from "../proxy/hunter.ts";
import { Policy } from "../proxy/policy.ts";
import { Recorder } from "../proxy/record.ts";
import type { Plane } from "../proxy/route.ts";
import { SeenValues } from "../proxy/seen.ts";
import { EventLog } from "../rules/events.ts";
import { Matcher } from "../rules/matcher.ts";
import { Runtime, type TenantReport } from "../rules/runtime.ts";
import { RulesStore } from "../rules/store.ts";
import { defaultTenant, tenantFolder, tenantPepper } from "../rules/tenants.ts";
import type { Config } from "./config.ts";
import { ExitCode, exitCodeOf } from "./exit.ts";
import { endAtOnce, logUncaught } from "./lastresort.ts";

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

/** What a worker holds of one tenant, opened. */
interface WorkerTenant extends Plane {
  readonly store: RulesStore;
  readonly events: EventLog;
}

/** One proxy worker: composes stores, policies, recorders and gateway, and tells how far it has come. */
export class ProxyWorker {
  readonly gateway: Gateway;
  private readonly number: number;
  private readonly logger: pino.Logger;
  private readonly tenants: readonly WorkerTenant[];
  private readonly runtime: Runtime;
  private readonly hunter: Hunter;
  private readonly startedAt = Date.now();
  private heartbeat: NodeJS.Timeout | null = null;
  private progress: NodeJS.Timeout | null = null;
  private isReady = false;
  /** A report is on its way; another that is asked for meanwhile follows it, once. */
  private isReporting = false;
  private isStale = false;

  private constructor(
    config: Config,
    number: number,
    logger: pino.Logger,
    tenants: readonly WorkerTenant[],
    runtime: Runtime,
  ) {
    this.number = number;
    this.logger = logger;
    this.tenants = tenants;
    this.runtime = runtime;
    const grounds = tenants.map(({ tenant, store, seen, policy: { matcher } }) => ({
      tenant,
      store,
      seen,
      matcher,
    }));
    this.hunter = new Hunter(runtime, number, grounds, logger);
    this.gateway = new Gateway({ config: config.proxy, planes: tenants, logger, worker: number });
  }

  /** Rejects with the refusals of the stores and of the peppers. */
  static async open(config: Config, number: number): Promise<ProxyWorker> {
    const destination = pino.destination({ fd: 2, sync: false, minLength: 4_096 });
    setInterval(() => destination.flush(), 200).unref();
    const logger = pino({ level: config.log.level, base: { pid: process.pid, worker: number } }, destination);
    logUncaught(logger, () => {
      destination.flushSync();
      endAtOnce();
    });
    const tenants: WorkerTenant[] = [];
    for (const name of tenantsOf(config)) tenants.push(await openTenant(config, name, logger));
    return new ProxyWorker(config, number, logger, tenants, await Runtime.open(config.data));
  }

  /** Loads the rules, then listens: no request is taken before every rule is in force. */
  async start(): Promise<{ readonly port: number; readonly tokens: number }> {
    const began = performance.now();
    const onProgress = () => {
      this.progress ??= setTimeout(() => {
        this.progress = null;
        this.report();
      }, PROGRESS_MS);
    };
    for (const { policy } of this.tenants) policy.onProgress = onProgress;
    this.heartbeat = setInterval(() => this.report(), HEARTBEAT_MS);
    this.report();
    for (const { policy } of this.tenants) await policy.start();
    const { address, port } = await this.gateway.listen();
    this.isReady = true;
    this.hunter.start();
    this.report();
    const tokens = this.tenants.reduce((sum, { policy }) => sum + policy.tokenCount, 0);
    const loadedMs = Math.round(performance.now() - began);
    const revisions = Object.fromEntries(
      this.tenants.map(({ tenant, policy }) => [tenant, policy.enforcedRevision]),
    );
    this.logger.info({ address, port, tokens, loadedMs, revisions }, "worker ready");
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
    this.hunter.close();
    await Promise.all(this.tenants.map(closeTenant));
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
    const counters: Record<string, number> = { ...this.gateway.counters };
    const tenants: Record<string, TenantReport> = {};
    for (const { tenant, policy, recorder, budgetByLeak } of this.tenants) {
      const { enforcedRevision: revision, tokenCount: tokens } = policy;
      tenants[tenant] = { revision, tokens, budgetExhausted: Object.fromEntries(budgetByLeak) };
      for (const [name, count] of Object.entries(recorder.counters))
        counters[`events.${name}`] = (counters[`events.${name}`] ?? 0) + count;
    }
    return this.runtime.publish({
      worker: this.number,
      pid: process.pid,
      startedAt: this.startedAt,
      heartbeatAt: Date.now(),
      ready: this.isReady,
      tenants,
      counters,
    });
  }
}

/** Whose requests are taken. */
export function tenantsOf({ proxy }: Config): string[] {
  const named = proxy.routes.map(({ tenant }) => tenant);
  return [...new Set(proxy.upstream === null ? named : [defaultTenant, ...named])];
}

async function openTenant(config: Config, name: string, logger: pino.Logger): Promise<WorkerTenant> {
  const folder = tenantFolder(config.data, name);
  const pepper = tenantPepper(config.data, name);
  const store = await RulesStore.open(folder, pepper.id, { readOnly: true });
  const events = EventLog.open(folder);
  // A line of the default tenant looks as it does where there are no others.
  const named = name === defaultTenant ? logger : logger.child({ tenant: name });
  const { values } = config.proxy.inspect.seen;
  return {
    tenant: name,
    store,
    events,
    policy: new Policy(store, new Matcher(pepper), named),
    recorder: new Recorder(events, named, config.proxy.record),
    budgetByLeak: new Map(),
    seen: values === 0 ? null : new SeenValues(pepper, values, Date.now()),
  };
}

async function closeTenant({ policy, recorder, events, store }: WorkerTenant): Promise<void> {
  policy.onProgress = () => {};
  policy.close();
  await recorder.close();
  await events.close();
  await store.close();
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
