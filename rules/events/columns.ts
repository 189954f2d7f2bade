import { Codes, Dictionary, grown, type SavedDictionary } from "./dictionary.ts";
import type { VpatchEvent } from "./event.ts";
import { type EventKey, keyOf } from "./key.ts";

/** Fields that are kept as codes of a dictionary; `query` as its names joined with `&`, which no name holds. */
export const codedFields = [
  "type",
  "leak",
  "rule",
  "action",
  "point",
  "method",
  "host",
  "path",
  "query",
  "userAgent",
  "ip",
] as const;
export type CodedField = (typeof codedFields)[number];

/** Different values that one field may have in a partition before the rest is looked up in the records. */
const DISTINCT_MAX = 2 ** 18;

/** What is saved of columns, for `v8.serialize`. */
export interface SavedColumns {
  readonly rows: number;
  readonly at: Float64Array;
  readonly sequence: Float64Array;
  readonly worker: Uint32Array;
  readonly count: Uint32Array;
  readonly lasted: Uint32Array;
  readonly requests: Uint32Array;
  readonly coded: Readonly<Record<CodedField, { cells: Codes["cells"]; dictionary: SavedDictionary }>>;
}

/**
 * All events of a partition, field by field in typed arrays and in the order of their keys: any condition is looked up
 * in a field's dictionary once, and then costs a few nanoseconds a row. About 50 bytes a row, and the dictionaries.
 */
export class Columns {
  rows: number;
  at: Float64Array;
  sequence: Float64Array;
  worker: Uint32Array;
  count: Uint32Array;
  /** From the first attempt to the last, in milliseconds. */
  lasted: Uint32Array;
  /** Hashes of the request ids, of which hardly two are alike. */
  requests: Uint32Array;
  readonly codes: Readonly<Record<CodedField, Codes>>;
  readonly dictionaries: Readonly<Record<CodedField, Dictionary>>;

  constructor(saved?: SavedColumns, distinctMax = DISTINCT_MAX) {
    this.rows = saved?.rows ?? 0;
    this.at = saved?.at ?? new Float64Array(0);
    this.sequence = saved?.sequence ?? new Float64Array(0);
    this.worker = saved?.worker ?? new Uint32Array(0);
    this.count = saved?.count ?? new Uint32Array(0);
    this.lasted = saved?.lasted ?? new Uint32Array(0);
    this.requests = saved?.requests ?? new Uint32Array(0);
    this.codes = each((field) => new Codes(saved?.coded[field].cells));
    this.dictionaries = each(
      (field) => new Dictionary(distinctMax, field === "ip", saved?.coded[field].dictionary),
    );
  }

  /** Roughly, in memory. */
  get bytes(): number {
    let bytes = this.at.length * (8 + 8 + 4 * 4);
    for (const field of codedFields)
      bytes += this.codes[field].cells.byteLength + this.dictionaries[field].bytes;
    return bytes;
  }

  /** Takes events in, whose counts overwrite those of rows that are here already; any number, in any order. */
  take(events: readonly VpatchEvent[]): void {
    const fresh = new Map<string, VpatchEvent>();
    for (const event of events) {
      const row = this.rowOf(keyOf(event));
      if (row >= 0) this.setCount(row, event);
      else fresh.set(event.id, event);
    }
    const added = [...fresh.values()].map((event) => ({ event, key: keyOf(event) }));
    added.sort((a, b) => compare(a.key, b.key));
    this.reserve(this.rows + added.length);
    // From behind: a row that lies after the new ones makes room for them; mostly none does.
    let old = this.rows - 1;
    let fresher = added.length - 1;
    for (let row = this.rows + added.length - 1; fresher >= 0; row--) {
      if (old >= 0 && this.compareAt(old, added[fresher]!.key) > 0) this.move(old--, row);
      else this.write(row, added[fresher]!.key, added[fresher--]!.event);
    }
    this.rows += added.length;
  }

  keyAt(row: number): EventKey {
    return [this.at[row]!, this.worker[row]!, this.sequence[row]!];
  }

  /** The first row that is not before the key; the number of rows where none is. */
  firstFrom(key: EventKey): number {
    let [low, high] = [0, this.rows];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.compareAt(middle, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** What to give to the constructor. It shares the arrays. */
  saved(): SavedColumns {
    const { rows, at, sequence, worker, count, lasted, requests } = this;
    const coded = each((field) => ({
      cells: this.codes[field].cells.slice(0, rows),
      dictionary: this.dictionaries[field].saved(),
    }));
    return {
      rows,
      at: at.slice(0, rows),
      sequence: sequence.slice(0, rows),
      worker: worker.slice(0, rows),
      count: count.slice(0, rows),
      lasted: lasted.slice(0, rows),
      requests: requests.slice(0, rows),
      coded,
    };
  }

  private rowOf(key: EventKey): number {
    const row = this.firstFrom(key);
    return row < this.rows && this.compareAt(row, key) === 0 ? row : -1;
  }

  private compareAt(row: number, key: EventKey): number {
    return this.at[row]! - key[0] || this.worker[row]! - key[1] || this.sequence[row]! - key[2];
  }

  private reserve(rows: number): void {
    this.at = grown(this.at, rows);
    this.sequence = grown(this.sequence, rows);
    this.worker = grown(this.worker, rows);
    this.count = grown(this.count, rows);
    this.lasted = grown(this.lasted, rows);
    this.requests = grown(this.requests, rows);
    for (const field of codedFields) this.codes[field].reserve(rows);
  }

  private move(from: number, to: number): void {
    this.at[to] = this.at[from]!;
    this.sequence[to] = this.sequence[from]!;
    this.worker[to] = this.worker[from]!;
    this.count[to] = this.count[from]!;
    this.lasted[to] = this.lasted[from]!;
    this.requests[to] = this.requests[from]!;
    for (const field of codedFields) {
      const { cells } = this.codes[field];
      cells[to] = cells[from]!;
    }
  }

  private write(row: number, key: EventKey, event: VpatchEvent): void {
    [this.at[row], this.worker[row], this.sequence[row]] = key;
    this.setCount(row, event);
    this.requests[row] = hash(event.requestId);
    for (const field of codedFields)
      this.codes[field].set(row, this.dictionaries[field].codeFor(codedText(event, field)));
  }

  private setCount(row: number, { at, lastAt, count }: VpatchEvent): void {
    this.count[row] = count;
    this.lasted[row] = Math.max(0, lastAt - at);
  }
}

/** What stands for the event in the field's dictionary. */
export function codedText(event: VpatchEvent, field: CodedField): string | null {
  return field === "query" ? event.query.join("&") : event[field];
}

/** The names that `codedText` joined. */
export function queryNames(text: string | null): string[] {
  return text === null || text === "" ? [] : text.split("&");
}

/** FNV-1a, 32 bits: whoever can choose the texts gains a look at a record, no more. */
export function hash(text: string): number {
  let found = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) found = Math.imul(found ^ text.charCodeAt(i), 0x01000193);
  return found >>> 0;
}

function compare(a: EventKey, b: EventKey): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

function each<Value>(make: (field: CodedField) => Value): Record<CodedField, Value> {
  return Object.fromEntries(codedFields.map((field) => [field, make(field)])) as Record<CodedField, Value>;
}
