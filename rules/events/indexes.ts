import { Columns } from "./columns.ts";
import { FeedReader } from "./feed.ts";
import type { PartitionFolder } from "./folder.ts";
import { type EventKey, keyOf } from "./key.ts";
import type { PartitionOnDisk } from "./partition.ts";
import { loadColumns, saveColumns } from "./saved.ts";
import { nextTurn } from "./turn.ts";

/** Records taken in within one turn of the event loop. */
const TAKEN_A_TURN = 500;
/** A file's time is only told in ticks of the clock: a change within one may not show. */
const TICK_MS = 1_000;

interface Index {
  readonly columns: Columns;
  readonly feed: FeedReader;
  readonly inode: number;
  /** The records' file was changed last at this time, when they were taken in. */
  changedAt: number;
  /** When all was taken in, by the clock. */
  lookedAt: number;
  isSaved: boolean;
}

/**
 * The columns of all partitions that were asked for. They are made from the records once, saved beside them, and then
 * follow the feed: a partition that an older Leakgate wrote is indexed like any other. Beyond `bytesMax` those least
 * recently used are let go, and loaded again when asked for.
 */
export class Indexes {
  private readonly folder: PartitionFolder;
  private readonly bytesMax: number;
  private readonly distinctMax: number | undefined;
  /** By start; least recently used first. */
  private readonly known = new Map<number, Index>();
  /** One at a time for each partition. */
  private readonly underWay = new Map<number, Promise<unknown>>();

  constructor(folder: PartitionFolder, bytesMax: number, distinctMax?: number) {
    this.folder = folder;
    this.bytesMax = bytesMax;
    this.distinctMax = distinctMax;
  }

  /**
   * The partition's columns with all that was committed before the call; null where it is gone, or the signal is
   * aborted. Rejects with StoreFailed.
   */
  async current(onDisk: PartitionOnDisk, signal?: AbortSignal): Promise<Columns | null> {
    const { start } = onDisk;
    const before = this.underWay.get(start);
    if (before === undefined && this.isCurrent(onDisk)) return this.known.get(start)!.columns;
    const after = (before ?? Promise.resolve()).catch(() => {}).then(() => this.bringUp(onDisk, signal));
    this.underWay.set(start, after);
    try {
      return await after;
    } finally {
      if (this.underWay.get(start) === after) this.underWay.delete(start);
    }
  }

  /**
   * Makes and saves the columns that are not, and reads as many as fit, those of the newest partitions; ends early when
   * the signal is aborted. Rejects with StoreFailed.
   */
  async prepare(signal?: AbortSignal): Promise<void> {
    const partitions = this.folder.list();
    let bytes = 0;
    const wanted = partitions.toReversed().filter(({ savedAt, changedAt, savedBytes }) => {
      bytes += savedBytes;
      return bytes <= this.bytesMax || savedAt < changedAt;
    });
    // The newest last: they are then those used most recently.
    for (const each of wanted.reverse()) {
      if (signal?.aborted === true) return;
      await this.current(each, signal);
      this.save(partitions.at(-1)!.start);
      await nextTurn();
    }
  }

  /** Saves what is not saved yet, but for one partition. Failures do not matter: what is not there is made anew. */
  save(except: number | null): void {
    if (this.known.size === 0) return;
    const partitions = this.folder.list();
    for (const [start, index] of this.known) {
      const isThere = partitions.some((each) => each.start === start && each.inode === index.inode);
      if (!isThere) this.known.delete(start);
      else if (start !== except) this.saveOne(start, index);
    }
  }

  private isCurrent({ start, inode, changedAt }: PartitionOnDisk): boolean {
    const index = this.known.get(start);
    if (index === undefined || index.inode !== inode || index.changedAt !== changedAt) return false;
    this.known.delete(start);
    this.known.set(start, index);
    return index.lookedAt - changedAt > TICK_MS;
  }

  private async bringUp(onDisk: PartitionOnDisk, signal: AbortSignal | undefined): Promise<Columns | null> {
    const { start, inode } = onDisk;
    if (this.known.get(start)?.inode !== inode) this.known.delete(start);
    const index = this.known.get(start) ?? this.load(onDisk) ?? (await this.make(onDisk, signal));
    if (index === null) return null;
    for (;;) {
      const lookedAt = Date.now();
      const partition = await this.folder.toRead(start);
      if (partition?.inode !== inode) return null;
      const stored = index.feed.next(partition, TAKEN_A_TURN);
      if (stored.length > 0) {
        index.columns.take(stored.map(({ event }) => event));
        index.isSaved = false;
      }
      // Not till there is nothing: writers may be as fast as we are.
      if (stored.length < TAKEN_A_TURN) {
        index.lookedAt = lookedAt;
        index.changedAt = onDisk.changedAt;
        break;
      }
      await nextTurn();
    }
    this.keep(start, index);
    return index.columns;
  }

  private load({ start, inode }: PartitionOnDisk): Index | null {
    const saved = loadColumns(this.folder.path, start, inode);
    if (saved === null) return null;
    const feed = new FeedReader(saved.position);
    return { columns: saved.columns, feed, inode, changedAt: 0, lookedAt: 0, isSaved: true };
  }

  private async make(
    { start, inode }: PartitionOnDisk,
    signal: AbortSignal | undefined,
  ): Promise<Index | null> {
    const columns = new Columns(undefined, this.distinctMax);
    const feed = new FeedReader();
    for (let after: EventKey | null = null, isFirst = true; ; isFirst = false) {
      const partition = await this.folder.toRead(start);
      if (partition?.inode !== inode || signal?.aborted === true) return null;
      partition.refresh();
      // What comes in while we read may lie behind where we are: the feed tells of it.
      if (isFirst) feed.skip(partition, true);
      const events = partition.after(after, TAKEN_A_TURN);
      columns.take(events);
      if (events.length < TAKEN_A_TURN)
        return { columns, feed, inode, changedAt: 0, lookedAt: 0, isSaved: false };
      after = keyOf(events.at(-1)!);
      await nextTurn();
    }
  }

  private keep(start: number, index: Index): void {
    this.known.delete(start);
    this.known.set(start, index);
    let bytes = 0;
    for (const { columns } of this.known.values()) bytes += columns.bytes;
    for (const [oldest, { columns }] of this.known) {
      if (bytes <= this.bytesMax || oldest === start) return;
      bytes -= columns.bytes;
      this.saveOne(oldest, this.known.get(oldest)!);
      this.known.delete(oldest);
    }
  }

  private saveOne(start: number, index: Index): void {
    if (index.isSaved) return;
    try {
      const { columns, feed, inode } = index;
      saveColumns(
        this.folder.path,
        start,
        inode,
        { columns, position: feed.position },
        this.folder.spareBytes,
      );
      index.isSaved = true;
    } catch {
      // A full disk, or a partition that was dropped at this moment.
    }
  }
}
