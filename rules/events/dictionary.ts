import { parseAddress } from "./address.ts";

/** The code of what the dictionary had no room for: look at the record itself. */
export const OTHER = 0;

/** The least of a cell; a column begins with one byte and widens as its codes grow. */
type Cells = Uint8Array | Uint16Array | Uint32Array;

/** What a saved dictionary holds, for `v8.serialize`. */
export interface SavedDictionary {
  readonly texts: readonly (string | null)[];
  readonly addresses: Uint32Array | null;
}

/**
 * The different values of one field in one partition, numbered from 1 on. Of clients that never send the same twice it
 * takes `most` values; the rest get the code OTHER.
 */
export class Dictionary {
  readonly texts: (string | null)[];
  private readonly codes = new Map<string | null, number>();
  private readonly most: number;
  /** Four words a value, zeros where it is no address; null where no value of the field is meant to be one. */
  addresses: Uint32Array | null;
  /** Roughly, in memory. */
  bytes = 0;

  constructor(most: number, hasAddresses: boolean, saved?: SavedDictionary) {
    this.most = most;
    this.texts = [];
    this.addresses = hasAddresses ? new Uint32Array(4 * 64) : null;
    for (const text of saved?.texts ?? []) this.add(text, saved?.addresses === null);
    if (saved !== undefined) this.addresses = saved.addresses;
  }

  get size(): number {
    return this.texts.length;
  }

  /** Rows may have values that have no code. */
  get isFull(): boolean {
    return this.texts.length >= this.most;
  }

  /** The text's code; a new one where it is new. */
  codeFor(text: string | null): number {
    return this.codes.get(text) ?? (this.texts.length < this.most ? this.add(text, true) : OTHER);
  }

  saved(): SavedDictionary {
    return { texts: this.texts, addresses: this.addresses };
  }

  private add(text: string | null, withAddress: boolean): number {
    this.texts.push(text);
    const code = this.texts.length;
    this.codes.set(text, code);
    this.bytes += 96 + (text?.length ?? 0);
    if (withAddress && this.addresses !== null) this.addAddress(code, text ?? "");
    return code;
  }

  /** Zeros are the unspecified address too, from which no request comes. */
  private addAddress(code: number, text: string): void {
    if (4 * code > this.addresses!.length) {
      const wider = new Uint32Array(2 * this.addresses!.length);
      wider.set(this.addresses!);
      this.addresses = wider;
    }
    const words = parseAddress(text);
    if (words !== null) this.addresses!.set(words, 4 * (code - 1));
  }
}

/** One code a row, in cells as wide as the largest needs. */
export class Codes {
  cells: Cells;

  constructor(cells: Cells = new Uint8Array(1_024)) {
    this.cells = cells;
  }

  set(row: number, code: number): void {
    if (code > 0xff && this.cells.BYTES_PER_ELEMENT === 1) this.cells = Uint16Array.from(this.cells);
    if (code > 0xffff && this.cells.BYTES_PER_ELEMENT === 2) this.cells = Uint32Array.from(this.cells);
    this.cells[row] = code;
  }

  /** Makes room for so many rows. */
  reserve(rows: number): void {
    this.cells = grown(this.cells, rows);
  }
}

/** The cells, or wider ones with the same content, where there is no room for so many. */
export function grown<Array extends Cells | Float64Array>(cells: Array, rows: number): Array {
  if (rows <= cells.length) return cells;
  const larger = new (cells.constructor as new (length: number) => Array)(
    Math.max(rows, Math.ceil(1.5 * cells.length)),
  );
  larger.set(cells as never);
  return larger;
}
