import { type Bytes, entryBytesMax, ReportBroken } from "./report.ts";

/**
 * Where in a JSON text the elements lie, from its root: the name of an object's field, `*` for any field, `[]` for each
 * entry of a list. `["results", "*", "[]"]` is each entry of each list in `results`.
 */
export type Place = readonly string[];

export interface Element {
  /** Parsed; undefined where it is larger than `entryBytesMax`. */
  readonly value: unknown;
  /** From 1. */
  readonly number: number;
  /** The name that `*` stood for. */
  readonly key: string | null;
}

/** Names of fields longer than this are none that a place names. */
const KEY_BYTES_MAX = 4_096;
const DEPTH_MAX = 256;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** With which some programs begin a text in UTF-8; RFC 8259 section 8.1 lets us pass over it. */
const MARK = [0xef, 0xbb, 0xbf];
const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
const isBlank = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
/** What numbers and the words `true`, `false` and `null` are made of. */
const isWord = (byte: number) =>
  (byte >= 0x30 && byte <= 0x39) ||
  (byte >= 0x61 && byte <= 0x7a) ||
  byte === 0x2b ||
  byte === 0x2d ||
  byte === 0x2e ||
  byte === 0x45;

/** An object or a list that is not closed yet. */
interface Container {
  readonly isList: boolean;
  /** How many names of the place lead here; -1 where others do. */
  readonly matched: number;
}

type Next = "value" | "value or end" | "key" | "key or end" | "colon" | "comma or end";

/**
 * Cuts the elements out of a JSON text (RFC 8259) that comes in pieces, and parses each by itself: the text may be of any
 * size. What lies outside of them is passed over, with its structure checked. Several texts may follow one another, as
 * pages of a listing do. Throws ReportBroken with the byte, or the element, where it is no JSON.
 */
export async function* elementsOf(bytes: Bytes, place: Place): AsyncGenerator<Element> {
  const cutter = new Cutter(place);
  for await (const chunk of bytes) {
    try {
      cutter.take(chunk);
    } finally {
      // Those before a fault too: they were read well.
      yield* cutter.elements();
    }
  }
  cutter.end();
  yield* cutter.elements();
}

class Cutter {
  private readonly place: Place;
  private readonly open: Container[] = [];
  private readonly done: Element[] = [];
  private next: Next = "value";
  /** Bytes before the piece at hand. */
  private before = 0;
  private number = 0;
  private isFound = false;
  /** Inside a string, which is the name of a field where `key` is there. */
  private inString = false;
  private isEscaped = false;
  private key: number[] | null = null;
  /** The name of the field whose value comes next. */
  private name: string | null = null;
  /** The last name that `*` stood for. */
  private starred: string | null = null;
  /** Inside a number or a word. */
  private inWord = false;
  /** Of the element at hand: its pieces, size, first byte, and how deep in it we are; null outside of any. */
  private cut: { pieces: Uint8Array[]; bytes: number; readonly at: number; depth: number } | null = null;

  constructor(place: Place) {
    this.place = place;
  }

  /** What was cut since the last call. */
  elements(): Element[] {
    return this.done.splice(0);
  }

  take(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && chunk[at] === MARK[this.before + at]) at++;
    while (at < chunk.length) at = this.cut === null ? this.outside(chunk, at) : this.inside(chunk, at);
    this.before += chunk.length;
  }

  end(): void {
    if (this.cut !== null && this.cut.depth === 0 && this.inWord) this.close(new Uint8Array(), 0, 0);
    if (this.cut !== null || this.open.length > 0 || this.inString)
      throw new ReportBroken(`the report ends at byte ${this.before}, before its end`);
    if (!this.isFound)
      throw new ReportBroken(`the report has no ${this.place.join(".")}: it is of another format`);
  }

  /** Reads on in an element, to its end or that of the piece; answers where to go on. */
  private inside(chunk: Uint8Array, from: number): number {
    const cut = this.cut!;
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (this.inString) {
        if (this.isEscaped) this.isEscaped = false;
        else if (byte === BACKSLASH) this.isEscaped = true;
        else if (byte === QUOTE) {
          this.inString = false;
          if (cut.depth === 0) return this.close(chunk, from, at + 1);
        }
      } else if (this.inWord) {
        if (!isWord(byte)) return this.close(chunk, from, at);
      } else if (byte === QUOTE) this.inString = true;
      else if (byte === OPEN_OBJECT || byte === OPEN_LIST) cut.depth++;
      else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
        if (--cut.depth === 0) return this.close(chunk, from, at + 1);
      } else if (cut.depth === 0) this.inWord = true;
    }
    this.keep(chunk.subarray(from));
    return chunk.length;
  }

  private keep(piece: Uint8Array): void {
    const cut = this.cut!;
    cut.bytes += piece.length;
    // A copy (the slice of a Buffer is none): who gave the piece overwrites it.
    if (cut.bytes <= entryBytesMax) cut.pieces.push(new Uint8Array(piece));
    else cut.pieces = [];
  }

  private close(chunk: Uint8Array, from: number, to: number): number {
    this.keep(chunk.subarray(from, to));
    const { pieces, bytes, at } = this.cut!;
    this.cut = null;
    this.inWord = false;
    this.number++;
    this.done.push({
      value: bytes > entryBytesMax ? undefined : this.parsed(pieces, at),
      number: this.number,
      key: this.starred,
    });
    this.next = "comma or end";
    return to;
  }

  private parsed(pieces: readonly Uint8Array[], at: number): unknown {
    try {
      return JSON.parse(utf8.decode(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)));
    } catch {
      throw new ReportBroken(`entry ${this.number}, at byte ${at}, is not JSON in UTF-8`);
    }
  }

  /** Takes one byte outside of all elements; answers where to go on. */
  private outside(chunk: Uint8Array, at: number): number {
    const byte = chunk[at]!;
    if (this.inString) return this.string(byte, at);
    if (this.inWord) {
      if (isWord(byte)) return at + 1;
      this.inWord = false;
    }
    if (isBlank(byte)) return at + 1;
    const parent = this.open.at(-1);
    switch (this.next) {
      case "colon":
        if (byte !== COLON) this.fail(at);
        this.next = "value";
        return at + 1;
      case "comma or end":
        if (parent !== undefined && byte === COMMA) {
          this.next = parent.isList ? "value" : "key";
          return at + 1;
        }
        if (parent !== undefined) return this.shut(parent, byte, at);
        // The next text begins.
        this.next = "value";
        return at;
      case "key":
      case "key or end":
        if (byte !== QUOTE) {
          if (this.next === "key") this.fail(at);
          return this.shut(parent!, byte, at);
        }
        this.inString = true;
        this.key = [];
        return at + 1;
      default:
        if (this.next === "value or end" && byte === CLOSE_LIST) return this.shut(parent!, byte, at);
        return this.value(parent, byte, at);
    }
  }

  private string(byte: number, at: number): number {
    const isEnd = byte === QUOTE && !this.isEscaped;
    this.isEscaped = byte === BACKSLASH && !this.isEscaped;
    if (!isEnd) {
      if (this.key !== null && this.key.length <= KEY_BYTES_MAX) this.key.push(byte);
      return at + 1;
    }
    this.inString = false;
    if (this.key === null) this.next = "comma or end";
    else {
      this.name = nameOf(this.key);
      this.key = null;
      this.next = "colon";
    }
    return at + 1;
  }

  /** A value begins: an element, or what may hold one. */
  private value(parent: Container | undefined, byte: number, at: number): number {
    const isText = byte === QUOTE;
    const isContainer = byte === OPEN_OBJECT || byte === OPEN_LIST;
    if (!isText && !isContainer && !isWord(byte)) this.fail(at);
    const matched = this.matchedBy(parent);
    if (matched === this.place.length) {
      this.cut = { pieces: [], bytes: 0, at: this.before + at, depth: 0 };
      return at;
    }
    this.next = "comma or end";
    if (isText) this.inString = true;
    else if (!isContainer) this.inWord = true;
    else {
      const isList = byte === OPEN_LIST;
      if (this.open.length >= DEPTH_MAX) this.fail(at, "is nested too deep");
      if (matched >= 0 && isList === (this.place[matched] === "[]"))
        this.isFound ||= matched > 0 || this.place.length === 1;
      this.open.push({ isList, matched });
      this.next = isList ? "value or end" : "key or end";
    }
    return at + 1;
  }

  /** How many names of the place lead to the value that begins; -1 where others do. */
  private matchedBy(parent: Container | undefined): number {
    if (parent === undefined) return 0;
    const { matched, isList } = parent;
    if (matched < 0) return -1;
    const wanted = this.place[matched];
    if (wanted === "*" && !isList) this.starred = this.name;
    return (isList ? wanted === "[]" : wanted === "*" || wanted === this.name) ? matched + 1 : -1;
  }

  private shut(parent: Container, byte: number, at: number): number {
    if (byte !== (parent.isList ? CLOSE_LIST : CLOSE_OBJECT)) this.fail(at);
    this.open.pop();
    this.next = "comma or end";
    return at + 1;
  }

  private fail(at: number, why = "is not JSON"): never {
    const after = this.number === 0 ? "" : `, after entry ${this.number},`;
    throw new ReportBroken(`the report ${why} at byte ${this.before + at}${after}`.replace(/,$/, ""));
  }
}

function nameOf(bytes: readonly number[]): string | null {
  if (bytes.length > KEY_BYTES_MAX) return null;
  const text = Buffer.from(bytes).toString("utf8");
  if (!text.includes("\\")) return text;
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return null;
  }
}
