import type { VpatchEvent } from "./event.ts";
import type { EventKey } from "./key.ts";
import { ENTRY, type FeedRow, type Partition } from "./partition.ts";

/** How far each writer's entries are read. */
export type FeedPosition = ReadonlyMap<number, number>;

/** One time that an event was stored. */
export interface Stored {
  readonly event: VpatchEvent;
  /** It was stored before, and now with a higher count. */
  readonly isAgain: boolean;
  readonly writer: number;
  readonly number: number;
}

/** An entry whose event does not show is waited for so long: its commit follows at once, or its process is gone. */
const WAITED_MS = 2_000;
const ROWS_AT_ONCE = 8;

/** Reads what was stored in a partition since the last time, each writer's in its order. */
export class FeedReader {
  private readonly read = new Map<number, number>();
  /** Entries that are waited for, and since when by `performance.now`. */
  private readonly waiting = new Map<number, { readonly number: number; readonly since: number }>();

  constructor(position: FeedPosition = new Map()) {
    for (const [writer, number] of position) this.read.set(writer, number);
  }

  get position(): FeedPosition {
    return this.read;
  }

  /** Everything up to now counts as read; with `safely` short of what may not show yet. */
  skip(partition: Partition, safely: boolean): void {
    for (const writer of partition.writers()) {
      const row = partition.lastOfFeed(writer);
      if (row === undefined) continue;
      const unseen = safely ? 0 : entriesOf(row).findIndex(({ key }) => partition.get(key) === undefined);
      this.read.set(writer, unseen < 0 ? row.last : firstOf(row) + unseen - 1);
    }
  }

  /** At most `limit` entries; fewer where that is all there is at this moment. The partition is refreshed. */
  next(partition: Partition, limit: number): Stored[] {
    partition.refresh();
    const found: Stored[] = [];
    for (const writer of partition.writers())
      while (found.length < limit && this.nextOf(partition, writer, found, limit));
    return found;
  }

  /** Some rows of one writer; answers whether there may be more. */
  private nextOf(partition: Partition, writer: number, found: Stored[], limit: number): boolean {
    const rows = partition.feedAfter(writer, this.read.get(writer) ?? 0, ROWS_AT_ONCE);
    const mayBeMore = rows.length === ROWS_AT_ONCE;
    for (const [index, row] of rows.entries()) {
      const read = this.read.get(writer) ?? 0;
      const isNewest = index === rows.length - 1 && !mayBeMore;
      for (const { key, isAgain, number } of entriesOf(row)) {
        if (number <= read) continue;
        if (found.length >= limit) return true;
        const event = partition.get(key);
        // What a writer puts later commits later: behind a newer row nothing of this one is still to come.
        if (event === undefined && isNewest && this.isWaitedFor(writer, number)) return false;
        this.read.set(writer, number);
        if (event !== undefined) found.push({ event, isAgain, writer, number });
      }
    }
    return mayBeMore;
  }

  private isWaitedFor(writer: number, number: number): boolean {
    const now = performance.now();
    const known = this.waiting.get(writer);
    if (known?.number === number) return now - known.since < WAITED_MS;
    this.waiting.set(writer, { number, since: now });
    return true;
  }
}

interface Entry {
  readonly key: EventKey;
  readonly isAgain: boolean;
  readonly number: number;
}

function entriesOf(row: FeedRow): Entry[] {
  const { entries } = row;
  const found: Entry[] = [];
  for (let at = 0, number = firstOf(row); at < entries.length; at += ENTRY, number++) {
    const key: EventKey = [entries[at]!, entries[at + 1]!, entries[at + 2]!];
    found.push({ key, isAgain: entries[at + 3] === 1, number });
  }
  return found;
}

function firstOf({ last, entries }: FeedRow): number {
  return last - entries.length / ENTRY + 1;
}
