import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Database, open } from "lmdb";
import type { VpatchEvent } from "../events.ts";
import type { EventKey } from "./key.ts";

/** The stretch of time that one environment holds, and that is dropped at once. */
export const PARTITION_MS = 6 * 3_600_000;

/** A partition on disk: its name, the stretch it covers and the space it takes. */
export interface PartitionOnDisk {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly bytes: number;
}

/** `20261124T1200Z` for the stretch that holds the time. */
export function partitionName(at: number): string {
  const start = new Date(Math.floor(at / PARTITION_MS) * PARTITION_MS).toISOString();
  return `${start.slice(0, 16).replaceAll(/[-:]/g, "")}Z`;
}

/** All partitions there are, oldest first. */
export function listPartitions(folder: string): PartitionOnDisk[] {
  const found: PartitionOnDisk[] = [];
  for (const name of readdirSync(folder)) {
    const match = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})Z$/.exec(name);
    if (match === null) continue;
    const [, year, month, day, hour, minute] = match.map(Number);
    const start = Date.UTC(year!, month! - 1, day!, hour!, minute!);
    const bytes = statSync(join(folder, name, "data.mdb"), { throwIfNoEntry: false })?.size ?? 0;
    found.push({ name, start, end: start + PARTITION_MS, bytes });
  }
  return found.sort((a, b) => a.start - b.start);
}

/** One open partition. Several processes may have the same one open, to write and to read. */
export class Partition {
  private readonly path: string;
  private readonly database: Database<VpatchEvent, number[]>;

  private constructor(path: string) {
    this.path = path;
    // A lost tail of events after a power cut is bearable, a wait for the disk with every batch is not.
    // Without `eventTurnBatching: false` a full disk ends the process by a rejection that nobody holds.
    this.database = open<VpatchEvent, number[]>({
      path,
      maxReaders: 512,
      noSync: true,
      eventTurnBatching: false,
    });
  }

  /** Null where it is absent and not to be made. */
  static open(folder: string, name: string, make: boolean): Partition | null {
    const path = join(folder, name);
    if (!existsSync(join(path, "data.mdb"))) {
      if (!make) return null;
      mkdirSync(path, { recursive: true, mode: 0o700 });
    }
    return new Partition(path);
  }

  static unlink(folder: string, name: string): void {
    rmSync(join(folder, name), { recursive: true, force: true });
  }

  exists(): boolean {
    return existsSync(this.path);
  }

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

  async close(): Promise<void> {
    await this.database.close();
  }
}
