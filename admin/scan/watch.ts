import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import type { Source, SourceId, SourceRecord } from "../../rules/source.ts";
import type { Tenant, Tenants } from "../../rules/tenants.ts";
import type { TakeInServices } from "../intake/takein.ts";
import { Sealer } from "../notify/seal.ts";
import type { Services } from "../services.ts";
import { limitsOf, type ScanConfig } from "./config.ts";
import { Detectors } from "./detectors.ts";
import { nextAfterFailure, plannedAfter } from "./plan.ts";
import { readerOf } from "./readers.ts";
import { AllowList } from "./remote/allow.ts";
import { RemoteClient } from "./remote/client.ts";
import { type ScanOutcome, scan } from "./scan.ts";
import { SourceFailed } from "./source.ts";

export interface WatchOptions {
  readonly config: ScanConfig;
  readonly services: TakeInServices & Pick<Services, "version">;
  /** The data folder. */
  readonly data: string;
  readonly logger: Logger;
  /** How often there is a look for what is due; null for never but by `wake`. Default a second. */
  readonly everyMs?: number | null;
}

/** How far a look has come: sums so far. */
export interface WatchProgress {
  readonly since: number;
  readonly texts: number;
  readonly bytes: number;
  readonly findings: number;
  /** Of what the source has, where its reader can tell. */
  readonly done: number | null;
  readonly of: number | null;
}

/** A look under way. */
interface Running {
  readonly tenant: Tenant;
  readonly source: Source;
  readonly stop: AbortController;
  progress: WatchProgress;
  /** What is looked for, once that is known. */
  lookedBy: string | null;
}

/** Why a look is stopped; what stops by itself has none. */
type StopReason = "asked" | "closing" | "changed";

const EVERY_MS = 1_000;
/** Of a close: until what does not end is left; it goes on from its mark after the next start. */
const CLOSE_MS = 2_000;

/**
 * Looks at the watched sources of all tenants when they are due, a few at a time, the one that waits longest first and the
 * tenants in turn. One runs per data folder, in the admin process. Whatever ends a look, what was found up to its last mark
 * stays, and the next one goes on from there.
 */
export class Watch {
  readonly counters = { ok: 0, failed: 0, stopped: 0, texts: 0, bytes: 0, findings: 0, leaks: 0 };
  readonly #tenants: Pick<Tenants, "all">;
  readonly #options: WatchOptions;
  readonly #detectors: Detectors;
  readonly #client: RemoteClient;
  readonly #sealers = new WeakMap<Tenant, Sealer>();
  readonly #running = new Map<string, Running>();
  readonly #ends = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout | null;
  #turn = 0;
  #isClosing = false;

  /** Throws where a rules file cannot be used. */
  constructor(tenants: Pick<Tenants, "all">, options: WatchOptions) {
    const { config, logger, everyMs = EVERY_MS } = options;
    this.#tenants = tenants;
    this.#options = options;
    this.#detectors = new Detectors(config);
    this.#client = new RemoteClient({ allow: AllowList.parse(config.allow) });
    for (const problem of this.#detectors.problems)
      logger.warn({ problem }, "a rules file is not used whole");
    this.#timer = everyMs === null || !config.enabled ? null : setInterval(() => this.wake(), everyMs);
    this.#timer?.unref();
  }

  get config(): ScanConfig {
    return this.#options.config;
  }

  /** Sources that are being looked at. */
  get running(): number {
    return this.#running.size;
  }

  sealerOf(tenant: Tenant): Sealer {
    const known = this.#sealers.get(tenant);
    if (known !== undefined) return known;
    const sealer = new Sealer(tenant.pepper, "sources");
    this.#sealers.set(tenant, sealer);
    return sealer;
  }

  /** When a source is due after `after` (ms), as its schedule says. */
  plan({ name }: Tenant, { id, schedule }: Pick<Source, "id" | "schedule">, after: number): number | null {
    return plannedAfter(schedule, after, `${name} ${id}`);
  }

  /** Null where nobody looks at it now. */
  progressOf(tenant: Tenant, id: SourceId): WatchProgress | null {
    return this.#running.get(nameOf(tenant, id))?.progress ?? null;
  }

  /** Ends the look that is under way; false where there is none. */
  stop(tenant: Tenant, id: SourceId, why: StopReason = "asked"): boolean {
    const running = this.#running.get(nameOf(tenant, id));
    running?.stop.abort(why);
    return running !== undefined;
  }

  /** Begins with what is due. Never throws. */
  wake(): void {
    if (this.#isClosing || !this.config.enabled) return;
    try {
      this.#stopChanged();
      while (this.#running.size < this.config.parallel && this.#beginOne()) {}
    } catch (error) {
      this.#options.logger.error(
        { reason: (error as Error).message },
        "could not look for sources that are due",
      );
    }
  }

  /** Resolves when nothing is looked at any more. */
  async settled(): Promise<void> {
    while (this.#ends.size > 0) await Promise.all(this.#ends);
  }

  /** Stops what is under way, within two seconds. */
  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const { stop } of this.#running.values()) stop.abort("closing");
    await Promise.race([this.settled(), pause(CLOSE_MS, undefined, { ref: false })]);
    await this.#client.close();
  }

  /** What was taken away or changed meanwhile, by whichever process, is not to be read on. */
  #stopChanged(): void {
    for (const { tenant, source, stop } of this.#running.values()) {
      const now = tenant.store.sources.get(source.id);
      const isSame = now?.removedAt === null && now.enabled && now.address === source.address;
      if (!isSame) stop.abort("changed");
    }
  }

  /** The next tenant's that waits longest; false where nothing is due. */
  #beginOne(): boolean {
    const tenants = this.#tenants.all.filter(({ store }) => store.settings().leaksEnabled);
    for (let at = 0; at < tenants.length; at++) {
      const tenant = tenants[(this.#turn + at) % tenants.length]!;
      const due = tenant.store.sources.states.due(Date.now(), this.#running.size + 1);
      const id = due.find((each) => !this.#running.has(nameOf(tenant, each)));
      const source = id === undefined ? null : tenant.store.sources.record(id);
      if (source === null) continue;
      this.#turn = (this.#turn + at + 1) % tenants.length;
      this.#begin(tenant, source);
      return true;
    }
    return false;
  }

  #begin(tenant: Tenant, source: SourceRecord): void {
    const name = nameOf(tenant, source.id);
    const progress = { since: Date.now(), texts: 0, bytes: 0, findings: 0, done: null, of: null };
    const stop = new AbortController();
    const running: Running = { tenant, source, stop, progress, lookedBy: null };
    this.#running.set(name, running);
    const end: Promise<void> = this.#look(running, source).then(
      () => this.#isOver(name, end),
      (error: Error) => {
        // Not at once again: a disk that is full stays so for a while.
        this.#isOver(name, end, false);
        const facts = { tenant: tenant.name, source: source.id, reason: error.message };
        this.#options.logger.error(facts, "could not store the state of a source");
      },
    );
    this.#ends.add(end);
  }

  #isOver(name: string, end: Promise<void>, isStored = true): void {
    this.#running.delete(name);
    this.#ends.delete(end);
    if (isStored) this.wake();
  }

  /** One look from its beginning to what is stored of its end. Rejects with StoreFailed. */
  async #look(running: Running, source: SourceRecord): Promise<void> {
    const { tenant, stop } = running;
    const { states } = tenant.store.sources;
    const { id, kind } = source;
    const log = this.#options.logger.child({ tenant: tenant.name, source: id, kind });
    const before = states.get(id);
    if (before.runningSince !== null) {
      // A source that ends the process must not do so again and again.
      return this.#failed(
        running,
        log,
        new SourceFailed("the process ended in the middle of the look before"),
      );
    }
    const began = running.progress.since;
    if ((await states.write(source, { runningSince: began })) === null) return;
    log.info({ isFirst: before.mark === null }, "a look at a source begins");
    let outcome: ScanOutcome;
    try {
      outcome = await this.#scan(running, source);
    } catch (error) {
      if (stop.signal.aborted) return this.#stopped(running, log);
      return this.#failed(running, log, error as Error);
    }
    const { end, mark, texts, bytes, findings, skipped, taken } = outcome;
    this.#count({ texts, bytes, findings, leaks: taken.leaks });
    if (end === "stopped") return this.#stopped(running, log);
    this.counters.ok++;
    const at = Date.now();
    const figures = { texts, bytes, findings, leaks: taken.leaks, skipped };
    log.info({ end, ...figures, sightings: taken.sightings, ms: at - began }, "a look at a source ended");
    await states.write(source, {
      mark,
      lookedBy: running.lookedBy,
      runningSince: null,
      lastRunAt: began,
      lastOkAt: at,
      nextRunAt: this.#nextOf(running, at),
      failures: 0,
      lastError: null,
      isPaused: false,
      last: { ...figures, end },
    });
  }

  async #scan(running: Running, source: SourceRecord): Promise<ScanOutcome> {
    const { services, config, data } = this.#options;
    const { tenant, stop } = running;
    const { states } = tenant.store.sources;
    const reader = readerOf(source, {
      config,
      // Apart by tenants: what the credential of one has fetched is not for the other.
      cache: join(config.cache ?? join(data, "cache", "watched"), tenant.name),
      client: this.#client,
      unseal: ({ id }, sealed) => this.sealerOf(tenant).open(id, sealed),
    });
    const detector = await this.#detectors.of(tenant, source.options);
    const lookedBy = this.#detectors.digestOf(tenant, source.options, services.version);
    running.lookedBy = lookedBy;
    const before = states.get(source.id);
    return scan(services, tenant, `${source.id} (${source.kind})`, reader, detector, {
      mark: before.lookedBy === lookedBy ? before.mark : null,
      limits: limitsOf(config),
      signal: stop.signal,
      risk: source.options.risk,
      onMark: async (mark) => {
        if ((await states.write(source, { mark, lookedBy })) === null) stop.abort("changed");
      },
      onProgress: ({ texts, bytes, findings, done, of }) => {
        running.progress = { since: running.progress.since, texts, bytes, findings, done, of };
      },
    });
  }

  /** What the close cut off stays due; what a person stopped has its turn when the schedule says so. */
  async #stopped(running: Running, log: Logger): Promise<void> {
    const { tenant, source, stop, progress } = running;
    const why = stop.signal.reason as StopReason;
    const at = Date.now();
    this.counters.stopped++;
    log.info({ why, ms: at - progress.since }, "a look at a source was stopped");
    const next = why === "asked" ? { nextRunAt: this.#nextOf(running, at) } : {};
    await tenant.store.sources.states.write(source, { runningSince: null, ...next });
  }

  /** As its schedule says now: it may be another one than at the beginning of the look. */
  #nextOf({ tenant, source }: Running, after: number): number | null {
    return this.plan(tenant, tenant.store.sources.get(source.id) ?? source, after);
  }

  async #failed({ tenant, source, progress }: Running, log: Logger, error: Error): Promise<void> {
    this.counters.failed++;
    const { texts, bytes, findings } = progress;
    this.#count({ texts, bytes, findings, leaks: 0 });
    const { states } = tenant.store.sources;
    const failures = states.get(source.id).failures + 1;
    const isKnown = error instanceof SourceFailed;
    const isPaused = isKnown && error.isLasting;
    const at = Date.now();
    const nextRunAt = isPaused ? null : nextAfterFailure(failures, at, isKnown ? error.retryAfterMs : null);
    const lastError = isKnown ? error.message : "the look failed; the log of the admin process says why";
    // The words of an error that nobody foresaw may repeat what was read.
    const frames = isKnown
      ? undefined
      : error.stack
          ?.split("\n")
          .filter((line) => /^\s+at /.test(line))
          .join("\n");
    const reason = isKnown
      ? error.message
      : `${error.name} ${(error as { code?: string }).code ?? ""}`.trim();
    log.warn(
      { reason, frames, failures, isPaused, nextRunAt, ms: at - progress.since },
      "a look at a source failed",
    );
    const run = { runningSince: null, lastRunAt: progress.since };
    await states.write(source, { ...run, nextRunAt, failures, lastError, isPaused });
  }

  #count(sums: { texts: number; bytes: number; findings: number; leaks: number }): void {
    for (const [name, sum] of Object.entries(sums)) this.counters[name as keyof typeof sums] += sum;
  }
}

function nameOf({ name }: Tenant, id: SourceId): string {
  return `${name} ${id}`;
}
