import type { Columns } from "./columns.ts";
import type { VpatchEvent } from "./event.ts";
import { type EventFilter, type EventTest, eventTest } from "./filter.ts";
import type { PartitionFolder } from "./folder.ts";
import type { Indexes } from "./indexes.ts";
import type { EventKey } from "./key.ts";
import type { PartitionOnDisk } from "./partition.ts";
import { Found, Selection, UNSURE } from "./selection.ts";
import { nextTurn } from "./turn.ts";

/** Rows looked at at once, and in one turn of the event loop: about a millisecond. */
const BLOCK = 4_096;
const ROWS_A_TURN = 128 * 1_024;
/** Records read in one turn of the event loop. */
const READ_A_TURN = 500;

export interface ScanOrder {
  readonly isOldestFirst?: boolean | undefined;
  /** Goes on behind it, in the order of the scan; the event itself need not be there any more. */
  readonly after?: EventKey | null | undefined;
  /** Rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Adds up what rows of one partition hold. */
export interface RowFold {
  /** False where the row's record must be looked at instead. */
  row(row: number): boolean;
  /** The partition is over. */
  end(): void;
}

/** Adds up events, of which most are only seen as rows of columns. */
export interface Fold {
  begin(columns: Columns): RowFold;
  event(event: VpatchEvent): void;
}

/** Finds events in the columns of all partitions, one after the other, in slices of the event loop's turns. */
export class Scan {
  private readonly folder: PartitionFolder;
  private readonly indexes: Indexes;
  private readonly filter: EventFilter;
  private readonly test: EventTest;
  private readonly found = new Found(BLOCK);
  private readonly signal: AbortSignal | undefined;
  /** Rows that were looked at in this turn. */
  private looked = 0;

  constructor(folder: PartitionFolder, indexes: Indexes, filter: EventFilter, signal?: AbortSignal) {
    this.folder = folder;
    this.indexes = indexes;
    this.filter = filter;
    this.test = eventTest(filter);
    this.signal = signal;
  }

  /** The events in order, about `size` at a time; never none. */
  async *events(
    size: number,
    { isOldestFirst = false, after = null }: ScanOrder,
  ): AsyncGenerator<VpatchEvent[]> {
    for (const onDisk of this.partitions(isOldestFirst, after)) {
      const columns = await this.indexes.current(onDisk);
      if (columns === null) continue;
      const walk = new Walk(columns, this.filter, isOldestFirst, after);
      while (!walk.isOver) {
        const keys: EventKey[] = [];
        const unsure: boolean[] = [];
        this.looked += walk.next(ROWS_A_TURN - this.looked, this.found, (row, mark) => {
          keys.push(columns.keyAt(row));
          unsure.push(mark === UNSURE);
          return keys.length < Math.min(size, READ_A_TURN);
        });
        const events = keys.length === 0 ? [] : await this.records(onDisk.start, keys, unsure);
        if (events.length > 0) yield events;
        if (keys.length === READ_A_TURN) this.looked = ROWS_A_TURN;
        await this.breathe();
      }
    }
  }

  /** Gives every event to the fold, in no order that matters. */
  async fold(fold: Fold): Promise<void> {
    for (const onDisk of this.partitions(true, null)) {
      const columns = await this.indexes.current(onDisk);
      if (columns === null) continue;
      const rows = fold.begin(columns);
      const walk = new Walk(columns, this.filter, true, null);
      while (!walk.isOver) {
        const keys: EventKey[] = [];
        this.looked += walk.next(ROWS_A_TURN - this.looked, this.found, (row, mark) => {
          if (mark === UNSURE || !rows.row(row)) keys.push(columns.keyAt(row));
          return keys.length < READ_A_TURN;
        });
        const unsure = keys.map(() => true);
        if (keys.length > 0)
          for (const event of await this.records(onDisk.start, keys, unsure)) fold.event(event);
        if (keys.length === READ_A_TURN) this.looked = ROWS_A_TURN;
        await this.breathe();
      }
      rows.end();
    }
  }

  private partitions(isOldestFirst: boolean, after: EventKey | null): PartitionOnDisk[] {
    const { from = 0, to = Number.POSITIVE_INFINITY } = this.filter;
    const low = isOldestFirst && after !== null ? Math.max(from, after[0]) : from;
    const high = !isOldestFirst && after !== null ? Math.min(to, after[0] + 1) : to;
    const found = this.folder.list().filter(({ start, end }) => end > low && start < high);
    return isOldestFirst ? found : found.reverse();
  }

  /** The records of the keys that are one of those looked for; none where the partition is gone. */
  private async records(
    start: number,
    keys: readonly EventKey[],
    unsure: readonly boolean[],
  ): Promise<VpatchEvent[]> {
    const partition = await this.folder.toRead(start);
    if (partition === null) return [];
    partition.refresh();
    const found: VpatchEvent[] = [];
    for (const [index, key] of keys.entries()) {
      const event = partition.get(key);
      if (event !== undefined && (!unsure[index] || this.test(event))) found.push(event);
    }
    return found;
  }

  private async breathe(): Promise<void> {
    this.signal?.throwIfAborted();
    if (this.looked < ROWS_A_TURN) return;
    this.looked = 0;
    await nextTurn();
    this.signal?.throwIfAborted();
  }
}

/** Goes through the rows of one partition that a filter looks for. Rows may be added between two steps. */
class Walk {
  isOver = false;
  private readonly columns: Columns;
  private readonly selection: Selection;
  private readonly isOldestFirst: boolean;
  private readonly from: number;
  private readonly to: number;
  /** The key behind which to go on. */
  private after: EventKey | null;

  constructor(columns: Columns, filter: EventFilter, isOldestFirst: boolean, after: EventKey | null) {
    this.columns = columns;
    this.selection = new Selection(columns, filter);
    this.isOldestFirst = isOldestFirst;
    this.from = filter.from ?? 0;
    this.to = filter.to ?? Number.MAX_SAFE_INTEGER;
    this.after = after;
  }

  /** Looks at rows, about `most`, and gives those that may be it to `take` until that answers false; answers how many. */
  next(most: number, found: Found, take: (row: number, mark: number) => boolean): number {
    const [low, high] = this.bounds();
    if (!this.selection.extend() || low >= high) {
      this.isOver = true;
      return 0;
    }
    let looked = 0;
    while (looked < most) {
      const size = Math.min(BLOCK, high - low - looked);
      if (size === 0) {
        this.isOver = true;
        return looked;
      }
      const from = this.isOldestFirst ? low + looked : high - looked - size;
      this.selection.find(from, from + size, found);
      looked += size;
      for (let i = 0; i < found.count; i++) {
        const at = this.isOldestFirst ? i : found.count - 1 - i;
        const row = found.rows[at]!;
        if (take(row, found.marks[at]!)) continue;
        this.after = this.columns.keyAt(row);
        return looked;
      }
      this.after = this.columns.keyAt(this.isOldestFirst ? from + size - 1 : from);
    }
    return looked;
  }

  /** The rows that are left: from the first to before the second. */
  private bounds(): [number, number] {
    const { columns, after, isOldestFirst } = this;
    const low = columns.firstFrom([this.from, -1, -1]);
    const high = columns.firstFrom([this.to, -1, -1]);
    if (after === null) return [low, high];
    const row = columns.firstFrom(after);
    if (!isOldestFirst) return [low, Math.min(high, row)];
    const isThere = row < columns.rows && columns.keyAt(row).every((part, index) => part === after[index]);
    return [Math.max(low, isThere ? row + 1 : row), high];
  }
}
