import { mkdirSync } from "node:fs";
import { Gate } from "../gate.ts";
import { listPartitions, Partition, type PartitionOnDisk, unlinkPartition } from "./partition.ts";

/** Partitions kept open. */
const OPEN_MAX = 16;
/** A partition that nobody asked for is closed after so long; one that was dropped, at the next round. */
const IDLE_MS = 60_000;
const ROUND_MS = 10_000;
/** What opening to read may take: the lock file. */
const LOCK_BYTES = 2 ** 20;

/**
 * The partitions of one log, some of them open. Finds those that other processes made, and lets go of those that were
 * dropped: their space is free only when the last process has closed them.
 */
export class PartitionFolder {
  readonly path: string;
  /** One for all partitions. */
  readonly gate: Gate;
  readonly spareBytes: number;
  /** By start; least recently used first. */
  private readonly open = new Map<number, Partition>();
  private readonly round: NodeJS.Timeout;
  private isClosed = false;

  /** Makes the folder (0700) where it is absent. Throws StoreFailed. */
  constructor(path: string, spareBytes: number) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    this.path = path;
    this.gate = Gate.of(path);
    this.spareBytes = spareBytes;
    this.round = setInterval(() => this.letGo(), ROUND_MS);
    this.round.unref();
  }

  /** Oldest first. */
  list(): PartitionOnDisk[] {
    return listPartitions(this.path);
  }

  /** The partition, opened; null where it is gone, and all are after the close. To be asked for anew in each turn of the event loop. */
  async toRead(start: number): Promise<Partition | null> {
    const opened = this.opened(start);
    if (opened !== null) return opened;
    return this.gate.alone(() => {
      if (this.isClosed) return null;
      const partition = this.opened(start) ?? Partition.open(this.path, start, false, LOCK_BYTES);
      return partition && this.keep(start, partition);
    });
  }

  /** The partition, opened, and made where it is absent. Only inside the gate. */
  toWrite(start: number): Partition {
    return this.opened(start) ?? this.keep(start, Partition.open(this.path, start, true, this.spareBytes)!);
  }

  /** The partition if it is open, and still there. */
  opened(start: number): Partition | null {
    const partition = this.open.get(start);
    if (partition === undefined) return null;
    if (partition.isThere()) return this.keep(start, partition);
    void this.shut(start);
    return null;
  }

  async drop(start: number): Promise<void> {
    await this.shut(start);
    await this.gate.alone(() => unlinkPartition(this.path, start));
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.round);
    await Promise.all([...this.open.keys()].map((start) => this.shut(start)));
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
