import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { cursorOf, type EventKey, keyOf, keyOfCursor } from "./events/key.ts";
import { listPartitions, Partition, partitionName } from "./events/partition.ts";

export { EventCursorInvalid, eventId } from "./events/key.ts";

/** The record of an attempt, or of identical attempts within a second. Never holds a token. */
export interface VpatchEvent {
  readonly type: "vpatch";
  /** Unique, and sorts by time within a worker. */
  readonly id: string;
  /** Milliseconds since the epoch: the first attempt, and the last. */
  readonly at: number;
  readonly lastAt: number;
  readonly count: number;
  readonly leak: string;
  readonly rule: string;
  readonly action: "blocked" | "monitored";
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
  readonly type?: "vpatch" | undefined;
  readonly leak?: string | undefined;
  readonly rule?: string | undefined;
  readonly ip?: string | undefined;
  /** The whole point (`header x-api-key`) or its first word (`header`). */
  readonly point?: string | undefined;
  readonly action?: "blocked" | "monitored" | undefined;
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

/** Records one query looks at before it hands back what it has with a cursor. */
const LOOKED_MAX = 200_000;
/** Records read in one turn of the event loop. */
const TURN = 1_000;
/** Partitions kept open; older ones are closed when not in use. */
const OPEN_MAX = 16;

/**
 * The log of attempts under `<data>/events`: one LMDB environment per stretch of time, written by the workers and
 * dropped whole. Readers find partitions that other processes made, and let go of those that were dropped.
 */
export class EventLog {
  private readonly folder: string;
  private readonly open = new Map<string, Partition>();

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Makes the folder (0700) where it is absent. */
  static open(dataDir: string): EventLog {
    const folder = join(dataDir, "events");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return new EventLog(folder);
  }

  /** Writes or overwrites (same id) in one asynchronous batch; resolves when readers see it. Rejects on a full disk. */
  async append(batch: readonly VpatchEvent[]): Promise<void> {
    const written: Promise<unknown>[] = [];
    for (const event of batch)
      written.push(this.partition(partitionName(event.at), true)!.put(keyOf(event), event));
    await Promise.all(written);
  }

  /** Newest first, at most `limit`; rejects with EventCursorInvalid. */
  async query(filter: EventFilter, limit: number, cursor?: string): Promise<EventPage> {
    const events: VpatchEvent[] = [];
    let looked = 0;
    let last: EventKey | null = null;
    const before = cursor === undefined ? null : keyOfCursor(cursor);
    for await (const event of this.backwards(filter, before)) {
      last = keyOf(event);
      if (matches(filter, event)) events.push(event);
      if (events.length === limit || ++looked === LOOKED_MAX) return { events, next: cursorOf(last) };
    }
    return { events, next: null };
  }

  /** Sums of counts in `buckets` equal stretches of `[from, to)`. */
  async attemptsOverTime(from: number, to: number, buckets: number): Promise<Attempts> {
    const blocked = new Array<number>(buckets).fill(0);
    const monitored = new Array<number>(buckets).fill(0);
    const width = (to - from) / buckets;
    let looked = 0;
    for await (const event of this.backwards({ from, to }, null)) {
      const bucket = Math.min(buckets - 1, Math.floor((event.at - from) / width));
      (event.action === "blocked" ? blocked : monitored)[bucket]! += event.count;
      if (++looked === LOOKED_MAX) return { blocked, monitored, partial: true };
    }
    return { blocked, monitored, partial: false };
  }

  /** Unlinks every partition that ended before `time`; answers how many. The newest stays. */
  async dropOlderThan(time: number): Promise<number> {
    const partitions = listPartitions(this.folder).slice(0, -1);
    return this.drop(partitions.filter((each) => each.end <= time).map((each) => each.name));
  }

  /** Unlinks the oldest partitions until the rest take at most `bytes`; answers how many. The newest stays. */
  async keepBytes(bytes: number): Promise<number> {
    const partitions = listPartitions(this.folder);
    let total = partitions.reduce((sum, each) => sum + each.bytes, 0);
    const dropped: string[] = [];
    for (const each of partitions.slice(0, -1)) {
      if (total <= bytes) break;
      total -= each.bytes;
      dropped.push(each.name);
    }
    return this.drop(dropped);
  }

  async close(): Promise<void> {
    const partitions = [...this.open.values()];
    this.open.clear();
    await Promise.all(partitions.map((each) => each.close()));
  }

  private async drop(names: readonly string[]): Promise<number> {
    for (const name of names) {
      await this.open.get(name)?.close();
      this.open.delete(name);
      Partition.unlink(this.folder, name);
    }
    return names.length;
  }

  private async *backwards(filter: EventFilter, before: EventKey | null): AsyncGenerator<VpatchEvent> {
    const from = filter.from ?? 0;
    const to = Math.min(
      filter.to ?? Number.MAX_SAFE_INTEGER,
      before === null ? Number.MAX_SAFE_INTEGER : before[0] + 1,
    );
    const partitions = listPartitions(this.folder).filter((each) => each.end > from && each.start < to);
    for (const { name } of partitions.reverse()) {
      let until: EventKey = before ?? [to, -1, -1];
      for (;;) {
        const page = this.partition(name, false)?.before(until, from, TURN) ?? [];
        yield* page;
        if (page.length < TURN) break;
        until = keyOf(page[page.length - 1]!);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  /** The partition, opened; null where it is gone and not to be made. */
  private partition(name: string, make: boolean): Partition | null {
    const known = this.open.get(name);
    if (known !== undefined) {
      if (known.exists()) return known;
      this.open.delete(name);
      void known.close();
    }
    const partition = Partition.open(this.folder, name, make);
    if (partition === null) return null;
    this.open.set(name, partition);
    if (this.open.size > OPEN_MAX) {
      const [oldest, first] = this.open.entries().next().value!;
      this.open.delete(oldest);
      void first.close();
    }
    return partition;
  }
}

function matches(filter: EventFilter, event: VpatchEvent): boolean {
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
