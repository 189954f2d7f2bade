import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import { type EventLog, eventId, type VpatchEvent } from "../rules/events.ts";

/** One attempt, its fields already cleared of tokens. `at` in milliseconds since the epoch. */
export type Attempt = Omit<VpatchEvent, "id" | "lastAt" | "count">;

export interface RecorderLimits {
  /** Open windows; beyond it the oldest ends early. */
  readonly windowsMax: number;
  /** Records that wait to be stored, and lines that wait to be logged. */
  readonly outboxMax: number;
  readonly flushMs: number;
}

/** Identical attempts within so long are one record. */
const WINDOW_MS = 1_000;
/** Records given to the store at once. */
const BATCH_MAX = 2_000;
/** Log lines made in one turn of the event loop: about a millisecond. */
const LINES_A_TURN = 250;
/** The process id keeps ids apart from those of a worker of the same number before a restart. */
const FIRST_SEQUENCE = process.pid * 2 ** 20;
const SEQUENCE_MASK = 2 ** 20 - 1;
const CLOSE_MS = 2_000;
const COMPLAIN_EVERY_MS = 60_000;
const MESSAGES = { vpatch: "vpatch attempt", undecoded: "a body passed whose content coding was not undone" };

/** Identical attempts of a second, and how many they are. */
class Window {
  readonly first: Attempt;
  /** Tells records of one worker and millisecond apart. */
  readonly sequence: number;
  count = 1;
  lastAt: number;
  isOpen = true;
  isWaiting = false;
  /** How many of them the stored record tells of. */
  stored = 0;

  constructor(first: Attempt, sequence: number) {
    this.first = first;
    this.sequence = sequence;
    this.lastAt = first.at;
  }
}

/**
 * record: takes attempts on the request path at the price of a map look-up, and stores them off it. The first of a
 * window is stored at the next flush, so that it shows at once; the count is stored over it when the window ends.
 */
export class Recorder {
  readonly counters = {
    /** Windows, and so records. */
    recorded: 0,
    /** Attempts that joined the window of an earlier one. */
    folded: 0,
    /** Attempts of which no stored record tells. */
    dropped: 0,
    /** Batches that the store refused; they are tried again. */
    failed: 0,
    /** Windows without a log line. */
    unlogged: 0,
  };
  private readonly log: EventLog;
  private readonly logger: Logger;
  private readonly limits: RecorderLimits;
  private readonly windows: LRUCache<string, Window>;
  /** The windows that attempts have joined, by what stands for each attempt before it is cleaned (see `signOf`). */
  private readonly known = new Map<string, Window>();
  /** Windows to store; those of the batch in flight stay in front until it is stored. */
  private outbox: Window[] = [];
  /** Windows that are over and not yet logged. */
  private over: Window[] = [];
  private storing: Promise<void> | null = null;
  private isLogging = false;
  private readonly timer: NodeJS.Timeout;
  private sequence = 0;
  private complainedAt = Number.NEGATIVE_INFINITY;
  /** Where each line of the logger names the worker already, a second field of that name would make it ambiguous. */
  private readonly isWorkerNamed: boolean;

  constructor(log: EventLog, logger: Logger, limits: RecorderLimits) {
    this.log = log;
    this.logger = logger;
    this.limits = limits;
    this.isWorkerNamed = "worker" in logger.bindings();
    this.windows = new LRUCache({ max: limits.windowsMax, dispose: (window) => this.end(window) });
    this.timer = setInterval(() => this.tick(), limits.flushMs);
    this.timer.unref();
  }

  /** Counts the attempt where one with the same sign has an open window; answers whether it has, else `record` it. */
  join(sign: string, at: number): boolean {
    const window = this.known.get(sign);
    if (window === undefined || !window.isOpen || !isWithin(window, at)) return false;
    this.fold(window, at);
    return true;
  }

  /** Counts the attempt, and knows its sign from now on. No store, JSON or log call happens on the caller's turn. */
  record(attempt: Attempt, sign: string | null = null): void {
    const name = foldKey(attempt);
    // Not `get`: windows stay in the order in which they began, so that the ends are found at one end of the list.
    let window = this.windows.peek(name);
    if (window !== undefined && isWithin(window, attempt.at)) this.fold(window, attempt.at);
    else window = this.open(name, attempt);
    if (sign === null) return;
    // Any number of signs may lead to one window. Whoever is forgotten here is cleaned once more.
    if (this.known.size >= this.limits.windowsMax) this.known.clear();
    this.known.set(sign, window);
  }

  /** Ends what is over and stores what waits; resolves when that is stored, or was refused and waits on. */
  async flush(): Promise<void> {
    this.endOld(Date.now());
    this.logSome();
    while (this.storing !== null) await this.storing;
    if (this.outbox.length === 0) return;
    this.storing = this.store();
    await this.storing;
  }

  /** Ends all windows, stores and logs everything; within two seconds, after which what waits is dropped. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    this.windows.clear();
    const deadline = performance.now() + CLOSE_MS;
    let timer: NodeJS.Timeout | undefined;
    const expired = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS);
    });
    await Promise.race([this.drain(deadline), expired]);
    clearTimeout(timer);
    for (const window of this.outbox) this.counters.dropped += window.count - window.stored;
    this.outbox = [];
    this.counters.unlogged += this.over.length;
    this.over = [];
  }

  private fold(window: Window, at: number): void {
    window.count++;
    if (at > window.lastAt) window.lastAt = at;
    this.counters.folded++;
  }

  private open(name: string, attempt: Attempt): Window {
    const opened = new Window(attempt, FIRST_SEQUENCE + (this.sequence++ & SEQUENCE_MASK));
    this.counters.recorded++;
    this.post(opened);
    // This disposes of an older window of the same name, and of the oldest of all where there are too many.
    this.windows.set(name, opened);
    return opened;
  }

  private async drain(deadline: number): Promise<void> {
    for (;;) {
      await this.flush();
      if ((this.outbox.length === 0 && this.over.length === 0) || performance.now() >= deadline) return;
      await new Promise((resolve) => setTimeout(resolve, this.outbox.length === 0 ? 0 : this.limits.flushMs));
    }
  }

  private tick(): void {
    this.endOld(Date.now());
    this.logSome();
    if (this.storing === null && this.outbox.length > 0) this.storing = this.store();
  }

  /** Stores what waits at this moment, a batch after the other; never rejects. Must not be called while it runs. */
  private async store(): Promise<void> {
    let left = this.outbox.length;
    try {
      while (left > 0) {
        const batch = this.outbox.slice(0, Math.min(left, BATCH_MAX));
        left -= batch.length;
        const events = batch.map(eventOf);
        await this.log.append(events, (index) => batch[index]!.stored > 0);
        this.settle(batch, events);
      }
    } catch (error) {
      this.counters.failed++;
      this.complain(error as Error);
    }
    this.storing = null;
  }

  /** Takes a stored batch off the outbox, but for windows that ended meanwhile with more than was stored. */
  private settle(batch: readonly Window[], events: readonly VpatchEvent[]): void {
    const again: Window[] = [];
    for (let i = 0; i < batch.length; i++) {
      const window = batch[i]!;
      window.stored = events[i]!.count;
      window.isWaiting = !window.isOpen && window.count > window.stored;
      if (window.isWaiting) again.push(window);
    }
    this.outbox = this.outbox.slice(batch.length).concat(again);
  }

  private complain(error: Error): void {
    if (performance.now() - this.complainedAt < COMPLAIN_EVERY_MS) return;
    this.complainedAt = performance.now();
    const { length: waiting } = this.outbox;
    const { dropped } = this.counters;
    this.logger.error({ reason: error.message, waiting, dropped }, "could not store events; they wait");
  }

  private endOld(now: number): void {
    for (;;) {
      const oldest = this.windows.rvalues().next().value;
      if (oldest === undefined) this.known.clear();
      if (oldest === undefined || isWithin(oldest, now)) return;
      this.windows.pop();
    }
  }

  /** The window is over, perhaps on the request path: what is to be done about it waits for the flush. */
  private end(window: Window): void {
    window.isOpen = false;
    const untold = window.count - window.stored;
    if (untold > 0 && !this.post(window)) this.counters.dropped += untold;
    if (this.over.length >= this.limits.outboxMax) this.counters.unlogged++;
    else this.over.push(window);
  }

  /** Whether it waits to be stored. */
  private post(window: Window): boolean {
    if (!window.isWaiting && this.outbox.length < this.limits.outboxMax) {
      this.outbox.push(window);
      window.isWaiting = true;
    }
    return window.isWaiting;
  }

  /** Logs windows that are over, some in this turn of the event loop and the rest in later ones. */
  private logSome(): void {
    if (this.isLogging || this.over.length === 0) return;
    for (const window of this.over.splice(0, LINES_A_TURN)) this.logOne(window);
    if (this.over.length === 0) return;
    this.isLogging = true;
    setImmediate(() => {
      this.isLogging = false;
      this.logSome();
    });
  }

  private logOne(window: Window): void {
    const { worker, ...fields } = eventOf(window);
    this.logger.info(this.isWorkerNamed ? fields : { ...fields, worker }, MESSAGES[fields.type]);
  }
}

/** A clock that was set back ends a window too. */
function isWithin(window: Window, now: number): boolean {
  const age = now - window.first.at;
  return age >= 0 && age < WINDOW_MS;
}

function eventOf({ first, sequence, count, lastAt }: Window): VpatchEvent {
  return { ...first, id: eventId(first.at, first.worker, sequence), lastAt, count };
}

/** All fields but the time and the request id. No field holds a line feed. */
function foldKey(attempt: Attempt): string {
  const { type, leak, rule, action, point, method, host, path, query, userAgent, ip } = attempt;
  return `${type} ${leak} ${rule}\n${action}\n${point}\n${method}\n${host}\n${path}\n${query.join("&")}\n${userAgent ?? "\n"}\n${ip}`;
}
