import { Refusal } from "../refusal.ts";
import type { VpatchEvent } from "./event.ts";
import { type FeedPosition, FeedReader, type Stored } from "./feed.ts";
import { type EventFilter, eventTest } from "./filter.ts";
import type { PartitionFolder } from "./folder.ts";
import { PARTITION_MS, partitionStart } from "./partition.ts";
import { nextTurn } from "./turn.ts";

/** Partitions looked at: the newest, and the one before it, which late events still go to. */
const FOLLOWED = 2;
const READ_AT_ONCE = 500;
/** Ids told of lately: what a writer stored and, after a failure, stores once more, is told once. */
const TOLD_MAX = 4_096;
const POSITION_CHARS_MAX = 8_192;
const WRITERS_MAX = 512;

/** The place to go on from is none of ours. */
export class TailPositionInvalid extends Refusal {
  readonly code = "CursorInvalid";
  constructor() {
    super("the place to go on from is not one that this API gave out");
  }
}

/** What the tail has to tell. */
export type Told =
  /** Stored since, for the first time. */
  | { readonly kind: "event"; readonly event: VpatchEvent; readonly position: string }
  /** Stored again with a higher count; the event may have been told before, or not have matched then. */
  | { readonly kind: "count"; readonly event: VpatchEvent; readonly position: string }
  /** Nothing came for a while. */
  | { readonly kind: "idle" };

export interface TailOrder {
  /** Where to go on: the position of something told before. Without one, what is stored from now on. */
  readonly after?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** How often is looked, in milliseconds; default 150. */
  readonly everyMs?: number | undefined;
  /** After so long without anything the reader is told that it is idle; default 15 s. */
  readonly idleMs?: number | undefined;
}

/** One partition that is followed: its feed may have been read some entries further than was told. */
class Followed {
  readonly feed: FeedReader;
  readonly told: Map<number, number>;

  constructor(position: FeedPosition = new Map()) {
    this.feed = new FeedReader(position);
    this.told = new Map(position);
  }
}

/** Follows what is stored in a log. Nothing is read ahead of a slow reader: what waits for it waits in the log. */
export class Tail {
  private readonly folder: PartitionFolder;
  /** Partitions that begin earlier are over. */
  private floor: number;
  /** By start of the partition. */
  private readonly followed = new Map<number, Followed>();
  private readonly told = new Set<string>();

  private constructor(folder: PartitionFolder, floor: number) {
    this.folder = folder;
    this.floor = floor;
  }

  /** From `after` on, or from now on. Rejects with TailPositionInvalid. */
  static async open(folder: PartitionFolder, after: string | undefined, now: number): Promise<Tail> {
    if (after !== undefined) {
      const { floor, positions } = parsePosition(after);
      const tail = new Tail(folder, floor);
      for (const [start, position] of positions) tail.followed.set(start, new Followed(position));
      return tail;
    }
    const newest = folder.list().slice(-FOLLOWED);
    const tail = new Tail(folder, newest[0]?.start ?? partitionStart(now) - PARTITION_MS);
    for (const { start } of newest) {
      const partition = await folder.toRead(start);
      if (partition === null) continue;
      const feed = new FeedReader();
      partition.refresh();
      feed.skip(partition, false);
      tail.followed.set(start, new Followed(feed.position));
    }
    return tail;
  }

  /** What was stored since, in the order of each writer; ends when the signal is aborted. Rejects with StoreFailed. */
  async *follow(
    filter: EventFilter,
    { signal, everyMs = 150, idleMs = 15_000 }: TailOrder,
  ): AsyncGenerator<Told> {
    const test = eventTest(filter);
    let toldAt = performance.now();
    const isAborted = () => signal?.aborted === true;
    while (!isAborted()) {
      const { stored, told } = await this.next();
      for (const { event, isAgain, writer, number } of stored) {
        told.set(writer, number);
        if (!test(event) || !(isAgain || this.isNew(event.id))) continue;
        toldAt = performance.now();
        yield { kind: isAgain ? "count" : "event", event, position: this.position() };
        if (isAborted()) return;
      }
      if (performance.now() - toldAt >= idleMs) {
        toldAt = performance.now();
        yield { kind: "idle" };
      }
      await (stored.length > 0 ? nextTurn() : pause(everyMs, signal));
    }
  }

  /** Told up to here, as text: `<floor>~<partition>.<writer>-<number>.<writer>-<number>~...` in base 36. */
  private position(): string {
    const parts = [this.floor.toString(36)];
    for (const [start, { told }] of this.followed) {
      const writers = [...told].map(([writer, number]) => `${writer.toString(36)}-${number.toString(36)}`);
      parts.push([start.toString(36), ...writers].join("."));
    }
    return parts.join("~");
  }

  private isNew(id: string): boolean {
    if (this.told.has(id)) return false;
    this.told.add(id);
    if (this.told.size > TOLD_MAX) this.told.delete(this.told.values().next().value!);
    return true;
  }

  /** What comes next, of one partition; nothing where all is told. */
  private async next(): Promise<{ readonly stored: readonly Stored[]; readonly told: Map<number, number> }> {
    const starts = this.folder.list().map(({ start }) => start);
    for (const start of this.followed.keys()) if (!starts.includes(start)) this.followed.delete(start);
    for (const start of starts) {
      if (start < this.floor) continue;
      const followed = this.followed.get(start) ?? new Followed();
      this.followed.set(start, followed);
      const partition = await this.folder.toRead(start);
      const stored = partition === null ? [] : followed.feed.next(partition, READ_AT_ONCE);
      if (stored.length > 0) return { stored, told: followed.told };
    }
    this.floor = Math.max(this.floor, starts.at(-FOLLOWED) ?? 0);
    for (const start of this.followed.keys()) if (start < this.floor) this.followed.delete(start);
    return { stored: [], told: new Map() };
  }
}

/** Waits so long, or till the signal is aborted. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end, { once: true });
    if (signal?.aborted === true) end();
  });
}

/** Throws TailPositionInvalid. */
function parsePosition(text: string): { floor: number; positions: Map<number, FeedPosition> } {
  if (text.length > POSITION_CHARS_MAX || !/^[0-9a-z]{1,9}(?:~[0-9a-z.-]+)*$/.test(text))
    throw new TailPositionInvalid();
  const [floor, ...parts] = text.split("~");
  const positions = new Map<number, FeedPosition>();
  for (const part of parts) {
    const [start, ...writers] = part.split(".");
    if (!/^[0-9a-z]{1,9}$/.test(start!) || writers.length > WRITERS_MAX) throw new TailPositionInvalid();
    const position = new Map<number, number>();
    for (const each of writers) {
      const match = /^([0-9a-z]{1,10})-([0-9a-z]{1,10})$/.exec(each);
      if (match === null) throw new TailPositionInvalid();
      position.set(Number.parseInt(match[1]!, 36), Number.parseInt(match[2]!, 36));
    }
    positions.set(Number.parseInt(start!, 36), position);
  }
  return { floor: Number.parseInt(floor!, 36), positions };
}
