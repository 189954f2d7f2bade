import { randomInt } from "node:crypto";
import { join } from "node:path";
import { ensureSpace } from "./environment.ts";
import type { VpatchEvent } from "./events/event.ts";
import type { EventFilter } from "./events/filter.ts";
import { PartitionFolder } from "./events/folder.ts";
import { Count, type GroupField, Groups, Histogram, type Sums } from "./events/groups.ts";
import { Indexes } from "./events/indexes.ts";
import { cursorOf, keyOf, keyOfCursor, keyOfId } from "./events/key.ts";
import { ENTRY, type Partition, partitionStart } from "./events/partition.ts";
import { Scan } from "./events/scan.ts";
import { Tail, type TailOrder, type Told } from "./events/tail.ts";
import { nextTurn } from "./events/turn.ts";
import { StoreFailed } from "./refusal.ts";

export type { EventAction, EventType, VpatchEvent } from "./events/event.ts";
export type { EventFilter } from "./events/filter.ts";
export { EventCursorInvalid, eventId } from "./events/key.ts";

export interface EventPage {
  readonly events: VpatchEvent[];
  /** Where to go on, or null at the end. */
  readonly next: string | null;
}

export interface LookOrder {
  /** Default newest first. */
  readonly isOldestFirst?: boolean | undefined;
  /** Where to go on, in either order and with any filter: an event's place. */
  readonly cursor?: string | undefined;
  /** Looking ends with its reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface EventLogOptions {
  /** Nothing is written while less is free, so that attempts never fill the disk that the rules are on. */
  readonly spareBytes?: number;
  /** What the columns of partitions may take in memory; those used least are let go beyond it, and read again. */
  readonly indexBytes?: number;
  /** Different values of one field in one partition that are kept in memory; of more, records are looked at. */
  readonly distinctMax?: number;
}

/** Records written in one turn of the event loop: about a millisecond; fewer a turn and a flood overtakes them. */
const WRITTEN_A_TURN = 500;
const SPARE_BYTES = 64 * 2 ** 20;
const INDEX_BYTES = 512 * 2 ** 20;
const EXPORTED_AT_ONCE = 500;

/**
 * The log of attempts under `<data>/events`: one LMDB environment per stretch of time, written by the workers and
 * dropped whole. Who writes leaves a feed beside the records; who looks makes columns of both (see indexes.ts), in
 * which any condition is found.
 */
export class EventLog {
  private readonly folder: PartitionFolder;
  private readonly indexes: Indexes;
  /** Tells this log's entries in the feed from those of others that write at the same time. */
  private readonly writer = randomInt(1, 2 ** 47);
  /** Entries so far, by partition. */
  private readonly entries = new Map<number, number>();
  /** Under way. */
  private readonly appends = new Set<Promise<void>>();

  private constructor(
    path: string,
    options: Required<Omit<EventLogOptions, "distinctMax">> & EventLogOptions,
  ) {
    this.folder = new PartitionFolder(path, options.spareBytes);
    this.indexes = new Indexes(this.folder, options.indexBytes, options.distinctMax);
  }

  /** Makes the folder (0700) where it is absent. Throws StoreFailed. */
  static open(dataDir: string, options: EventLogOptions = {}): EventLog {
    return new EventLog(join(dataDir, "events"), {
      spareBytes: SPARE_BYTES,
      indexBytes: INDEX_BYTES,
      ...options,
    });
  }

  /**
   * Writes or overwrites (same id), a few hundred a turn of the event loop and off its thread; resolves when readers
   * see all of it. Rejects with StoreFailed, then perhaps with a part written; the same batch may be given again.
   * `isAgain` says which events were stored before, and now have a higher count; a tail tells those apart.
   */
  append(batch: readonly VpatchEvent[], isAgain: (index: number) => boolean = () => false): Promise<void> {
    const appended = this.appendInside(batch, isAgain).finally(() => this.appends.delete(appended));
    this.appends.add(appended);
    return appended;
  }

  private async appendInside(
    batch: readonly VpatchEvent[],
    isAgain: (index: number) => boolean,
  ): Promise<void> {
    const { folder } = this;
    const starts = [...new Set(batch.map((event) => partitionStart(keyOf(event)[0])))];
    const areOpen = () => starts.every((start) => folder.opened(start) !== null);
    // One may be closed or dropped while we wait; to open it again, the gate must be ours alone.
    const isWritten =
      areOpen() && (await folder.gate.share(() => areOpen() && this.write(starts, batch, isAgain)));
    if (!isWritten) await folder.gate.alone(() => this.write(starts, batch, isAgain));
  }

  /** At most `limit`, newest first or as the order says. Rejects with EventCursorInvalid, StoreFailed. */
  async query(filter: EventFilter, limit: number, { cursor, ...order }: LookOrder = {}): Promise<EventPage> {
    const after = cursor === undefined ? null : keyOfCursor(cursor);
    const events: VpatchEvent[] = [];
    const scan = new Scan(this.folder, this.indexes, filter, order.signal);
    for await (const some of scan.events(limit + 1, { ...order, after })) {
      events.push(...some);
      if (events.length > limit)
        return { events: events.slice(0, limit), next: cursorOf(events[limit - 1]!) };
    }
    return { events, next: null };
  }

  /** All of them, some hundreds at a time; no more is read than is asked for. Rejects as `query` does. */
  async *each(filter: EventFilter, { cursor, ...order }: LookOrder = {}): AsyncGenerator<VpatchEvent[]> {
    const after = cursor === undefined ? null : keyOfCursor(cursor);
    const scan = new Scan(this.folder, this.indexes, filter, order.signal);
    yield* scan.events(EXPORTED_AT_ONCE, { ...order, after });
  }

  /** Null where there is none of this id. Rejects with StoreFailed. */
  async get(id: string): Promise<VpatchEvent | null> {
    const key = keyOfId(id);
    const start = key === null ? 0 : partitionStart(key[0]);
    if (key === null || !this.folder.list().some((each) => each.start === start)) return null;
    const partition = await this.folder.toRead(start);
    partition?.refresh();
    return partition?.get(key) ?? null;
  }

  /** How many records and attempts there are, exactly. Rejects with StoreFailed, and as the signal says. */
  async count(filter: EventFilter, signal?: AbortSignal): Promise<Sums> {
    const count = new Count();
    await new Scan(this.folder, this.indexes, filter, signal).fold(count);
    return count.sum;
  }

  /** The same by the values of a field. */
  async groups(filter: EventFilter, field: GroupField, signal?: AbortSignal): Promise<Groups> {
    const groups = new Groups(field);
    await new Scan(this.folder, this.indexes, filter, signal).fold(groups);
    return groups;
  }

  /** The same in equal stretches of `[from, to)`. */
  async overTime(
    filter: EventFilter,
    from: number,
    to: number,
    buckets: number,
    signal?: AbortSignal,
  ): Promise<Histogram> {
    const histogram = new Histogram(from, to, buckets);
    const bounded = {
      ...filter,
      from: Math.max(from, filter.from ?? 0),
      to: Math.min(to, filter.to ?? Number.POSITIVE_INFINITY),
    };
    await new Scan(this.folder, this.indexes, bounded, signal).fold(histogram);
    return histogram;
  }

  /** What is stored from this call on, or since a place told before. Rejects with TailPositionInvalid. */
  async tail(filter: EventFilter, order: TailOrder = {}): Promise<AsyncGenerator<Told>> {
    const tail = await Tail.open(this.folder, order.after, Date.now());
    return tail.follow(filter, order);
  }

  /** Makes the columns of all partitions ready, as far as memory goes, so that no later look waits for it. */
  async index(signal?: AbortSignal): Promise<void> {
    await this.indexes.prepare(signal);
  }

  /** Unlinks every partition that ended before `time`; answers how many. The newest stays. */
  async dropOlderThan(time: number): Promise<number> {
    const partitions = this.folder.list().slice(0, -1);
    return this.drop(partitions.filter((each) => each.end <= time).map((each) => each.start));
  }

  /** Unlinks the oldest partitions until the rest take at most `bytes`; answers how many. The newest stays. */
  async keepBytes(bytes: number): Promise<number> {
    const partitions = this.folder.list();
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
    await Promise.allSettled(this.appends);
    this.indexes.save(null);
    await this.folder.close();
  }

  /** Inside the gate, and alone there unless all partitions are open. Resolves to true. */
  private async write(
    starts: readonly number[],
    batch: readonly VpatchEvent[],
    isAgain: (index: number) => boolean,
  ): Promise<true> {
    const outcomes: Promise<Error | null>[] = [];
    try {
      const partitions = new Map(starts.map((start) => [start, this.folder.toWrite(start)]));
      for (let from = 0; from < batch.length; from += WRITTEN_A_TURN) {
        if (from > 0) await nextTurn();
        ensureSpace(this.folder.path, this.folder.spareBytes);
        const some = batch.slice(from, from + WRITTEN_A_TURN);
        this.tellFeed(partitions, some, (index) => isAgain(from + index), outcomes);
        put(partitions, some, outcomes);
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

  /** A row of the feed for each partition. */
  private tellFeed(
    partitions: ReadonlyMap<number, Partition>,
    batch: readonly VpatchEvent[],
    isAgain: (index: number) => boolean,
    outcomes: Promise<Error | null>[],
  ): void {
    const rows = new Map<number, number[]>();
    for (const [index, event] of batch.entries()) {
      const key = keyOf(event);
      const start = partitionStart(key[0]);
      let row = rows.get(start);
      if (row === undefined) {
        row = [];
        rows.set(start, row);
      }
      row.push(...key, isAgain(index) ? 1 : 0);
    }
    for (const [start, entries] of rows) {
      const last = (this.entries.get(start) ?? 0) + entries.length / ENTRY;
      this.entries.set(start, last);
      outcomes.push(
        partitions
          .get(start)!
          .putFeed(this.writer, { last, entries })
          .then(() => null, failureOf),
      );
    }
  }

  private async drop(starts: readonly number[]): Promise<number> {
    for (const start of starts) {
      this.entries.delete(start);
      await this.folder.drop(start);
    }
    return starts.length;
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

/** lmdb-js tells the reason in a second promise, whose rejection must not stay unheard. */
function failureOf(error: Error & { commitError?: Promise<unknown> }): Error {
  error.commitError?.catch(() => {});
  return error;
}
