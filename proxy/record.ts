import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import { type EventLog, eventId, type VpatchEvent } from "../rules/events.ts";

/** One attempt, its fields already cleared of tokens. `at` in milliseconds since the epoch. */
export type Attempt = Omit<VpatchEvent, "id" | "lastAt" | "count">;

export interface RecorderLimits {
  readonly windowsMax: number;
  readonly outboxMax: number;
  readonly flushMs: number;
}

/** Identical attempts within so long are one record. */
const WINDOW_MS = 1_000;
const BATCH_MAX = 2_000;
const CLOSE_MS = 2_000;
const LOG_EVERY_MS = 60_000;

/** Identical attempts of the last second, and how many they are. */
class Window {
  readonly event: VpatchEvent;
  count = 1;
  lastAt: number;
  isOpen = true;

  constructor(event: VpatchEvent) {
    this.event = event;
    this.lastAt = event.at;
  }
}

/**
 * record: takes attempts on the request path at the price of a map look-up, and stores them off it. The first of a
 * window is stored at the next flush, so that it shows at once; the count is stored over it when the window ends.
 */
export class Recorder {
  readonly counters = { recorded: 0, folded: 0, dropped: 0, failed: 0 };
  private readonly log: EventLog;
  private readonly logger: Logger;
  private readonly limits: RecorderLimits;
  private readonly windows: LRUCache<string, Window>;
  private outbox: VpatchEvent[] = [];
  /** Windows that are over and not yet told of. */
  private over: Window[] = [];
  private flushing: Promise<void> | null = null;
  private readonly timer: NodeJS.Timeout;
  private sequence = 0;
  private loggedAt = Number.NEGATIVE_INFINITY;

  constructor(log: EventLog, logger: Logger, limits: RecorderLimits) {
    this.log = log;
    this.logger = logger;
    this.limits = limits;
    this.windows = new LRUCache({ max: limits.windowsMax, dispose: (window) => this.end(window) });
    this.timer = setInterval(() => void this.flush(), limits.flushMs);
    this.timer.unref();
  }

  /** Counts the attempt. No store, JSON or log call happens on the caller's turn. */
  record(attempt: Attempt): void {
    const name = foldKey(attempt);
    const window = this.windows.get(name);
    if (window !== undefined && attempt.at - window.event.at < WINDOW_MS) {
      window.count++;
      window.lastAt = attempt.at;
      this.counters.folded++;
      return;
    }
    // The process id keeps ids apart from those of a worker of the same number before a restart.
    const sequence = process.pid * 2 ** 20 + (this.sequence++ & 0xf_ffff);
    const event = {
      ...attempt,
      id: eventId(attempt.at, attempt.worker, sequence),
      lastAt: attempt.at,
      count: 1,
    };
    // Replacing an old window disposes of it, which stores its count.
    this.windows.set(name, new Window(event));
    this.counters.recorded++;
    this.post(event);
  }

  /** Stores what waits; resolves when it is stored, or given up. One batch at a time. */
  async flush(): Promise<void> {
    while (this.flushing !== null) await this.flushing;
    this.endOld(Date.now() - WINDOW_MS);
    this.tellOver();
    if (this.outbox.length === 0) return;
    this.flushing = this.store();
    await this.flushing;
  }

  /** Ends all windows and stores everything, within two seconds. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    this.windows.clear();
    const deadline = performance.now() + CLOSE_MS;
    do await this.flush();
    while (this.outbox.length > 0 && performance.now() < deadline);
    this.counters.dropped += this.outbox.length;
  }

  private async store(): Promise<void> {
    const batch = this.outbox.slice(0, BATCH_MAX);
    try {
      await this.log.append(batch);
      this.outbox = this.outbox.slice(batch.length);
    } catch (error) {
      this.counters.failed++;
      if (performance.now() - this.loggedAt > LOG_EVERY_MS) {
        this.loggedAt = performance.now();
        this.logger.error(
          { reason: (error as Error).message, waiting: this.outbox.length },
          "could not store events; they wait",
        );
      }
    }
    this.flushing = null;
  }

  private endOld(before: number): void {
    // Windows are in the order of their use, not of their start: all are looked at, and there are at most windowsMax.
    for (const [name, window] of this.windows.entries()) {
      if (window.event.at <= before) this.windows.delete(name);
    }
  }

  /** The window is over, perhaps on the request path: what is to be done about it waits for the flush. */
  private end(window: Window): void {
    if (!window.isOpen) return;
    window.isOpen = false;
    if (this.over.length >= this.limits.outboxMax) this.counters.dropped++;
    else this.over.push(window);
  }

  /** Stores the counts of windows that are over on top of their first attempt's record, and logs them. */
  private tellOver(): void {
    const over = this.over;
    this.over = [];
    for (const window of over) {
      const event = { ...window.event, count: window.count, lastAt: window.lastAt };
      if (window.count > 1) this.post(event);
      this.logger.info(event, "vpatch attempt");
    }
  }

  private post(event: VpatchEvent): void {
    if (this.outbox.length >= this.limits.outboxMax) this.counters.dropped++;
    else this.outbox.push(event);
  }
}

function foldKey(attempt: Attempt): string {
  const { rule, action, point, method, host, path, query, userAgent, ip } = attempt;
  return `${rule}\n${action}\n${point}\n${method}\n${host}\n${path}\n${query.join("&")}\n${userAgent}\n${ip}`;
}
