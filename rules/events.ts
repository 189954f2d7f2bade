import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ensureSpace } from "./environment.ts";
import { cursorOf, type EventKey, keyOf, keyOfCursor } from "./events/key.ts";
import { listPartitions, Partition, partitionStart, unlinkPartition } from "./events/partition.ts";
import { Gate } from "./gate.ts";
import { StoreFailed } from "./refusal.ts";

export { EventCursorInvalid, eventId } from "./events/key.ts";

/** `vpatch`: an attempt. `undecoded`: a body passed, as configured, though its content coding was not undone. */
export type EventType = "vpatch" | "undecoded";
export type EventAction = "blocked" | "monitored" | "passed";

/** The record of an attempt, or of identical attempts within a second. Never holds a token. */
export interface VpatchEvent {
  readonly type: EventType;
  /** Unique, and sorts by time within a worker; made by `eventId` from `at`. */
  readonly id: string;
  /** Milliseconds since the epoch: the first attempt, and the last. */
  readonly at: number;
  readonly lastAt: number;
  readonly count: number;
  /** Null, like the rule, where it is no attempt. */
  readonly leak: string | null;
  readonly rule: string | null;
  readonly action: EventAction;
  readonly point: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** Names of the query parameters, never their values. */
  readonly query: readonly string[];
  readonly userAgent: string | null;
  readonly ip: string;
  readonly requestId: string;
  readonly worker: number;
}

/** What to look for; a field left out matches all. Times in milliseconds, `from` inclusive, `to` exclusive. */
export interface EventFilter {
  readonly type?: EventType | undefined;
  readonly leak?: string | undefined;
  readonly rule?: string | undefined;
  readonly ip?: string | undefined;
  /** The whole point (`header x-api-key`) or its first word (`header`). */
  readonly point?: string | undefined;
  readonly action?: EventAction | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

export interface EventPage {
  /** Newest first. */
  readonly events: VpatchEvent[];
  /** Where to go on, or null at the end; also set when the limit of records looked at was reached. */
  readonly next: string | null;
}

/** Attempts between two times, in equal buckets, oldest first. */
export interface Attempts {
  readonly blocked: number[];
  readonly monitored: number[];
  /** Not all records of the stretch could be looked at; the oldest buckets fall short. */
  readonly partial: boolean;
}

export interface EventLogOptions {
  /** Nothing is written while less is free, so that attempts never fill the disk that the rules are on. */
  readonly spareBytes?: number;
}

/** Records one query looks at before it hands back what it has with a cursor. */
const LOOKED_MAX = 200_000;
/** Records read in one turn of the event loop, and how many a query begins with. */
const READ_A_TURN = 1_000;
const READ_FIRST = 64;
/** Records written in one turn of the event loop: about a millisecond; fewer a turn and a flood overtakes them. */
const WRITTEN_A_TURN = 500;
/** Partitions kept open. */
const OPEN_MAX = 16;
/** A partition that nobody asked for is closed after so long; one that was dropped, at the next round. */
const IDLE_MS = 60_000;
const ROUND_MS = 10_000;
const SPARE_BYTES = 64 * 2 ** 20;
/** What opening to read may take: the lock file. */
const LOCK_BYTES = 2 ** 20;

/**
 * The log of attempts under `<data>/events`: one LMDB environment per stretch of time, written by the workers and
 * dropped whole. Readers find partitions that other processes made, and let go of those that were dropped.
 */
export class EventLog {
  private readonly folder: string;
  /** One for all partitions. */
  private readonly gate: Gate;
  private readonly spareBytes: number;
  /** By start; least recently used first. */
  private readonly open = new Map<number, Partition>();
  private readonly round: NodeJS.Timeout;
  /** Under way. */
  private readonly appends = new Set<Promise<void>>();

  private constructor(folder: string, spareBytes: number) {
    this.folder = folder;
    this.gate = Gate.of(folder);
    this.spareBytes = spareBytes;
    // The space of a dropped partition is free only when the last process has let go of it.
    this.round = setInterval(() => this.letGo(), ROUND_MS);
    this.round.unref();
  }

  /** Makes the folder (0700) where it is absent. Throws StoreFailed. */
  static open(dataDir: string, { spareBytes = SPARE_BYTES }: EventLogOptions = {}): EventLog {
    const folder = join(dataDir, "events");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return new EventLog(folder, spareBytes);
  }

  /**
   * Writes or overwrites (same id), a few hundred a turn of the event loop and off its thread; resolves when readers
   * see all of it. Rejects with StoreFailed, then perhaps with a part written; the same batch may be given again.
   */
  append(batch: readonly VpatchEvent[]): Promise<void> {
    const appended = this.appendInside(batch).finally(() => this.appends.delete(appended));
    this.appends.add(appended);
    return appended;
  }

  private async appendInside(batch: readonly VpatchEvent[]): Promise<void> {
    const starts = [...new Set(batch.map((event) => partitionStart(keyOf(event)[0])))];
    const areOpen = () => starts.every((start) => this.opened(start) !== null);
    // One may be closed or dropped while we wait; to open it again, the gate must be ours alone.
    const isWritten = areOpen() && (await this.gate.share(() => areOpen() && this.write(starts, batch)));
    if (!isWritten) await this.gate.alone(() => this.write(starts, batch));
  }

  /** Newest first, at most `limit`; rejects with EventCursorInvalid. Later calls go on before what was given out. */
  async query(filter: EventFilter, limit: number, cursor?: string): Promise<EventPage> {
    const events: VpatchEvent[] = [];
    const before = cursor === undefined ? null : keyOfCursor(cursor);
    let looked = 0;
    for await (const { page, isLast } of this.backwards(filter, before)) {
      for (const event of page) {
        if (matches(filter, event)) events.push(event);
        if (events.length < limit && ++looked < LOOKED_MAX) continue;
        const isEnd = isLast && event === page[page.length - 1];
        return { events, next: isEnd ? null : cursorOf(event) };
      }
    }
    return { events, next: null };
  }

  /** Sums of counts in `buckets` equal stretches of `[from, to)`. */
  async attemptsOverTime(from: number, to: number, buckets: number): Promise<Attempts> {
    const blocked = new Array<number>(buckets).fill(0);
    const monitored = new Array<number>(buckets).fill(0);
    const width = (to - from) / buckets;
    let looked = 0;
    for await (const { page } of this.backwards({ from, to }, null)) {
      for (const event of page) {
        if (++looked > LOOKED_MAX) return { blocked, monitored, partial: true };
        if (event.type !== "vpatch") continue;
        const bucket = Math.min(buckets - 1, Math.floor((event.at - from) / width));
        (event.action === "blocked" ? blocked : monitored)[bucket]! += event.count;
      }
    }
    return { blocked, monitored, partial: false };
  }

  /** Unlinks every partition that ended before `time`; answers how many. The newest stays. */
  async dropOlderThan(time: number): Promise<number> {
    const partitions = listPartitions(this.folder).slice(0, -1);
    return this.drop(partitions.filter((each) => each.end <= time).map((each) => each.start));
  }

  /** Unlinks the oldest partitions until the rest take at most `bytes`; answers how many. The newest stays. */
  async keepBytes(bytes: number): Promise<number> {
    const partitions = listPartitions(this.folder);
    let total = partitions.reduce((sum, each) => sum + each.bytes, 0);
    const dropped: number[] = [];
    for (const each of partitions.slice(0, -1)) {
      if (total <= bytes) break;
      total -= each.bytes;
      dropped.push(each.start);
    }
    return this.drop(dropped);
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    clearInterval(this.round);
    await Promise.allSettled(this.appends);
    await Promise.all([...this.open.keys()].map((start) => this.shut(start)));
  }

  /** Inside the gate, and alone there unless all partitions are open. Resolves to true. */
  private async write(starts: readonly number[], batch: readonly VpatchEvent[]): Promise<true> {
    const outcomes: Promise<Error | null>[] = [];
    try {
      const partitions = new Map(starts.map((start) => [start, this.toWrite(start)]));
      for (let from = 0; from < batch.length; from += WRITTEN_A_TURN) {
        if (from > 0) await nextTurn();
        ensureSpace(this.folder, this.spareBytes);
        put(partitions, batch.slice(from, from + WRITTEN_A_TURN), outcomes);
      }
    } catch (error) {
      // What was put before commits all the same, and must do so inside the gate.
      await Promise.all(outcomes);
      throw error instanceof StoreFailed ? error : new StoreFailed("store events", error);
    }
    const failed = (await Promise.all(outcomes)).find((outcome) => outcome !== null);
    if (failed !== undefined) throw new StoreFailed("store events", failed);
    return true;
  }

  private async drop(starts: readonly number[]): Promise<number> {
    for (const start of starts) {
      await this.shut(start);
      await this.gate.alone(() => unlinkPartition(this.folder, start));
    }
    return starts.length;
  }

  /** Pages of events before the key and before `filter.to`, not before `filter.from`, newest first. */
  private async *backwards(
    filter: Pick<EventFilter, "from" | "to">,
    before: EventKey | null,
  ): AsyncGenerator<{ readonly page: VpatchEvent[]; readonly isLast: boolean }> {
    const from = filter.from ?? 0;
    const to = Math.min(filter.to ?? Number.MAX_SAFE_INTEGER, (before?.[0] ?? Number.MAX_SAFE_INTEGER) + 1);
    const partitions = listPartitions(this.folder).filter((each) => each.end > from && each.start < to);
    let size = READ_FIRST;
    for (const { start } of partitions.reverse()) {
      const isOldest = start === partitions[partitions.length - 1]!.start;
      let until: EventKey = before ?? [to, -1, -1];
      for (let isOver = false; !isOver; ) {
        // Asked for anew at each turn: meanwhile it may have been dropped, or closed for another.
        const page = (await this.toRead(start))?.before(until, from, size) ?? [];
        isOver = page.length < size;
        yield { page, isLast: isOldest && isOver };
        if (page.length > 0) until = keyOf(page[page.length - 1]!);
        size = Math.min(READ_A_TURN, size * 2);
        await nextTurn();
      }
    }
  }

  /** The partition, opened; null where it is gone. */
  private async toRead(start: number): Promise<Partition | null> {
    const opened = this.opened(start);
    if (opened !== null) return opened;
    return this.gate.alone(() => {
      const partition = this.opened(start) ?? Partition.open(this.folder, start, false, LOCK_BYTES);
      return partition && this.keep(start, partition);
    });
  }

  /** The partition, opened, and made where it is absent. */
  private toWrite(start: number): Partition {
    return this.opened(start) ?? this.keep(start, Partition.open(this.folder, start, true, this.spareBytes)!);
  }

  /** The partition if it is open, and still there. */
  private opened(start: number): Partition | null {
    const partition = this.open.get(start);
    if (partition === undefined) return null;
    if (partition.isThere()) return this.keep(start, partition);
    void this.shut(start);
    return null;
  }

  private keep(start: number, partition: Partition): Partition {
    partition.usedAt = performance.now();
    this.open.delete(start);
    this.open.set(start, partition);
    if (this.open.size > OPEN_MAX) void this.shut(this.open.keys().next().value!);
    return partition;
  }

  private letGo(): void {
    const before = performance.now() - IDLE_MS;
    for (const [start, partition] of this.open)
      if (partition.usedAt < before || !partition.isThere()) void this.shut(start);
  }

  private async shut(start: number): Promise<void> {
    const partition = this.open.get(start);
    this.open.delete(start);
    if (partition !== undefined) await this.gate.alone(() => partition.close());
  }
}

/** Puts and does not wait: each outcome is an error or null, and never rejects. */
function put(
  partitions: ReadonlyMap<number, Partition>,
  batch: readonly VpatchEvent[],
  outcomes: Promise<Error | null>[],
): void {
  let last: Promise<unknown> | null = null;
  for (const event of batch) {
    const key = keyOf(event);
    const committed = partitions.get(partitionStart(key[0]))!.put(key, event);
    // Puts that commit together share a promise.
    if (committed !== last) outcomes.push(committed.then(() => null, failureOf));
    last = committed;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** lmdb-js tells the reason in a second promise, whose rejection must not stay unheard. */
function failureOf(error: Error & { commitError?: Promise<unknown> }): Error {
  error.commitError?.catch(() => {});
  return error;
}

function matches(filter: EventFilter, event: VpatchEvent): boolean {
  if (filter.type !== undefined && event.type !== filter.type) return false;
  if (filter.leak !== undefined && event.leak !== filter.leak) return false;
  if (filter.rule !== undefined && event.rule !== filter.rule) return false;
  if (filter.ip !== undefined && event.ip !== filter.ip) return false;
  if (filter.action !== undefined && event.action !== filter.action) return false;
  if (filter.from !== undefined && event.at < filter.from) return false;
  if (filter.to !== undefined && event.at >= filter.to) return false;
  return (
    filter.point === undefined || event.point === filter.point || event.point.startsWith(`${filter.point} `)
  );
}
