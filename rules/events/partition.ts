import { readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Database } from "lmdb";
import { openEnvironment } from "../environment.ts";
import type { VpatchEvent } from "../events.ts";
import type { EventKey } from "./key.ts";

/** The stretch of time that one environment holds, and that is dropped at once. */
export const PARTITION_MS = 6 * 3_600_000;

/** A partition on disk: the stretch it covers and the space it takes. */
export interface PartitionOnDisk {
  readonly start: number;
  readonly end: number;
  readonly bytes: number;
}

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
    const bytes = fileOf(folder, start)?.size ?? 0;
    found.push({ start, end: start + PARTITION_MS, bytes });
  }
  return found.sort((a, b) => a.start - b.start);
}

/** Removes the files; processes that have them open keep reading and writing what nobody else sees, till they look. */
export function unlinkPartition(folder: string, start: number): void {
  const path = join(folder, partitionName(start));
  // The lock goes first: who opens now must not share a new lock file with a process that still has the old data.
  for (const file of ["lock.mdb", "data.mdb"]) rmSync(join(path, file), { force: true });
  try {
    rmdirSync(path);
  } catch (error) {
    // Somebody is making it anew, or was faster.
    if (!["ENOTEMPTY", "EEXIST", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

function fileOf(folder: string, start: number): { readonly size: number; readonly ino: number } | undefined {
  return statSync(join(folder, partitionName(start), "data.mdb"), { throwIfNoEntry: false });
}

/** One open partition. Several processes may have the same one open, to write and to read. */
export class Partition {
  /** When it was last asked for, by `performance.now`. */
  usedAt = performance.now();
  private readonly folder: string;
  private readonly start: number;
  private readonly database: Database<VpatchEvent, number[]>;
  private readonly inode: number | undefined;

  private constructor(folder: string, start: number, spareBytes: number) {
    this.folder = folder;
    this.start = start;
    // On disk in order, though not at once: a power cut may cost the last events, not the partition.
    this.database = openEnvironment(join(folder, partitionName(start)), "ordered", spareBytes);
    this.inode = fileOf(folder, start)?.ino;
  }

  /** Null where it is absent and not to be made. Throws StoreFailed. Only inside the gate, as everything but reading. */
  static open(folder: string, start: number, make: boolean, spareBytes: number): Partition | null {
    if (!make && fileOf(folder, start) === undefined) return null;
    return new Partition(folder, start, spareBytes);
  }

  /** It was not dropped meanwhile, nor dropped and made anew. */
  isThere(): boolean {
    return fileOf(this.folder, this.start)?.ino === this.inode;
  }

  /** Resolves when readers see it. What was put since the last commit commits together. */
  put(key: EventKey, event: VpatchEvent): Promise<boolean> {
    return this.database.put([...key], event);
  }

  /** At most `limit` events before the key and not before the time, newest first. */
  before(key: EventKey, from: number, limit: number): VpatchEvent[] {
    this.database.resetReadTxn();
    const range = this.database.getRange({
      start: [...key],
      exclusiveStart: true,
      end: [from],
      reverse: true,
      limit,
    });
    return Array.from(range, (entry) => entry.value);
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    await this.database.close();
  }
}
