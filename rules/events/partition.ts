import { readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Database, Key } from "lmdb";
import { openEnvironment } from "../environment.ts";
import type { VpatchEvent } from "./event.ts";
import type { EventKey } from "./key.ts";

/** The stretch of time that one environment holds, and that is dropped at once. */
export const PARTITION_MS = 6 * 3_600_000;

/** A partition on disk: the stretch it covers and the space it takes. */
export interface PartitionOnDisk {
  readonly start: number;
  readonly end: number;
  readonly bytes: number;
  /** When it was last written to, in milliseconds; and what tells it from one that was made anew. */
  readonly changedAt: number;
  readonly inode: number;
  /** What is saved of its columns, and when that was; zeros where nothing is. */
  readonly savedBytes: number;
  readonly savedAt: number;
}

/** A row of the feed: what one writer stored, in the order in which it did. */
export interface FeedRow {
  /** The number of its last entry; the writer counts them from 1 on. */
  readonly last: number;
  /** Three numbers of the key and whether it overwrites (0 or 1), for each entry. */
  readonly entries: readonly number[];
}

/** Numbers of an entry in a row of the feed. */
export const ENTRY = 4;
/** Where the feed's rows begin; they lie behind the events, whose keys begin with a number. */
const FEED = "feed";
/** What is saved of the columns, see saved.ts; while it is written, with the process id behind it. */
export const COLUMNS = "columns";

/** Where the stretch begins that holds the time. */
export function partitionStart(at: number): number {
  return Math.floor(at / PARTITION_MS) * PARTITION_MS;
}

/** `20261124T1200Z` */
export function partitionName(start: number): string {
  return `${new Date(start).toISOString().slice(0, 16).replaceAll(/[-:]/g, "")}Z`;
}

/** All partitions there are, oldest first. */
export function listPartitions(folder: string): PartitionOnDisk[] {
  const found: PartitionOnDisk[] = [];
  for (const name of readdirSync(folder)) {
    const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})Z$/.exec(name);
    if (match === null) continue;
    const [, year, month, day, hour, minute] = match.map(Number);
    const start = Date.UTC(year!, month! - 1, day!, hour!, minute!);
    const data = fileOf(folder, start, "data.mdb");
    const saved = fileOf(folder, start, COLUMNS);
    found.push({
      start,
      end: start + PARTITION_MS,
      bytes: (data?.size ?? 0) + (saved?.size ?? 0),
      changedAt: data?.mtimeMs ?? 0,
      inode: data?.ino ?? 0,
      savedBytes: saved?.size ?? 0,
      savedAt: saved?.mtimeMs ?? 0,
    });
  }
  return found.sort((a, b) => a.start - b.start);
}

/** Removes the files; processes that have them open keep reading and writing what nobody else sees, till they look. */
export function unlinkPartition(folder: string, start: number): void {
  const path = join(folder, partitionName(start));
  // The lock goes first: who opens now must not share a new lock file with a process that still has the old data.
  for (const file of ["lock.mdb", "data.mdb"]) rmSync(join(path, file), { force: true });
  try {
    for (const file of readdirSync(path))
      if (file.startsWith(COLUMNS)) rmSync(join(path, file), { force: true });
    rmdirSync(path);
  } catch (error) {
    // Somebody is making it anew, or was faster.
    if (!["ENOTEMPTY", "EEXIST", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

function fileOf(folder: string, start: number, name: string) {
  return statSync(join(folder, partitionName(start), name), { throwIfNoEntry: false });
}

/** One open partition. Several processes may have the same one open, to write and to read. */
export class Partition {
  /** When it was last asked for, by `performance.now`. */
  usedAt = performance.now();
  readonly inode: number | undefined;
  private readonly folder: string;
  private readonly start: number;
  private readonly database: Database<VpatchEvent | readonly number[], Key[]>;

  private constructor(folder: string, start: number, spareBytes: number) {
    this.folder = folder;
    this.start = start;
    // On disk in order, though not at once: a power cut may cost the last events, not the partition.
    this.database = openEnvironment(join(folder, partitionName(start)), "ordered", spareBytes);
    this.inode = fileOf(folder, start, "data.mdb")?.ino;
  }

  /** Null where it is absent and not to be made. Throws StoreFailed. Only inside the gate, as everything but reading. */
  static open(folder: string, start: number, make: boolean, spareBytes: number): Partition | null {
    if (!make && fileOf(folder, start, "data.mdb") === undefined) return null;
    return new Partition(folder, start, spareBytes);
  }

  /** It was not dropped meanwhile, nor dropped and made anew. */
  isThere(): boolean {
    return fileOf(this.folder, this.start, "data.mdb")?.ino === this.inode;
  }

  /** Resolves when readers see it. What was put since the last commit commits together. */
  put(key: EventKey, event: VpatchEvent): Promise<boolean> {
    return this.database.put([...key], event);
  }

  /** To be put before the events that it names: none is ever to be seen that the feed does not tell of. */
  putFeed(writer: number, { last, entries }: FeedRow): Promise<boolean> {
    return this.database.put([FEED, writer, last], entries);
  }

  /** What other processes committed is seen from here on. */
  refresh(): void {
    this.database.resetReadTxn();
  }

  get(key: EventKey): VpatchEvent | undefined {
    return this.database.get([...key]) as VpatchEvent | undefined;
  }

  /** At most `limit` events behind the key, or from the first on, in the order of their keys. */
  after(key: EventKey | null, limit: number): VpatchEvent[] {
    const range = this.database.getRange({
      start: key === null ? [0] : [...key],
      exclusiveStart: true,
      end: [Number.MAX_SAFE_INTEGER],
      limit,
    });
    return Array.from(range, (entry) => entry.value as VpatchEvent);
  }

  /** All that wrote to it since there is a feed. */
  writers(): number[] {
    const found: number[] = [];
    for (let writer = -1; ; ) {
      const start = [FEED, writer, Number.MAX_SAFE_INTEGER];
      const [next] = this.database.getKeys({ start, end: [FEED, Number.MAX_SAFE_INTEGER], limit: 1 });
      if (next === undefined) return found;
      writer = next[1] as number;
      found.push(writer);
    }
  }

  /** Rows that hold entries of the writer behind that number, oldest first. */
  feedAfter(writer: number, last: number, limit: number): FeedRow[] {
    const start = [FEED, writer, last + 1];
    const range = this.database.getRange({ start, end: [FEED, writer, Number.MAX_SAFE_INTEGER], limit });
    return Array.from(range, ({ key, value }) => ({
      last: key[2] as number,
      entries: value as readonly number[],
    }));
  }

  /** The writer's newest row. */
  lastOfFeed(writer: number): FeedRow | undefined {
    const start = [FEED, writer, Number.MAX_SAFE_INTEGER];
    const [found] = this.database.getRange({ start, end: [FEED, writer], reverse: true, limit: 1 });
    return found && { last: found.key[2] as number, entries: found.value as readonly number[] };
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    await this.database.close();
  }
}
