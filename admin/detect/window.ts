import { IS_WORD } from "../../rules/word.ts";

/** Bytes in which findings begin, of one window: a blob of any size is looked at in such pieces. */
export const CORE_BYTES = 64 * 1024;
/** What is kept before them: a token of the inventory may begin there, and names stand before values. */
export const BEFORE_BYTES = 4352;
/** What is known after them: no token that is found is longer, with what must stand around it. */
export const AFTER_BYTES = 8192;

const BACKSLASH = 0x5c;
const PERCENT = 0x25;

/** A piece of a blob, with what stands around it. */
export class Window {
  readonly bytes: Buffer;
  /** Where in the blob its first byte stands. */
  readonly base: number;
  /** Findings that begin in `[from, to)` are this window's; places in `bytes`. */
  readonly from: number;
  readonly to: number;
  private latin1: string | null = null;

  constructor(bytes: Buffer, base: number, from: number, to: number) {
    this.bytes = bytes;
    this.base = base;
    this.from = from;
    this.to = to;
  }

  /** A character for each byte: places in it are places in the bytes. Made when it is asked for. */
  get text(): string {
    this.latin1 ??= this.bytes.latin1Slice(0, this.bytes.length);
    return this.latin1;
  }

  holds(place: number): boolean {
    return place >= this.from && place < this.to;
  }

  /**
   * May a token begin here? No letter, digit or `_` stands before, unless it belongs to an escape: `\nghp_...`,
   * `%3Dghp_...`, `\u003dghp_...`.
   */
  mayBegin(place: number): boolean {
    const { bytes } = this;
    if (place === 0) return true;
    const before = bytes[place - 1]!;
    if (IS_WORD[before] === 0 || before === 0x2d) return true;
    if (place >= 2 && bytes[place - 2] === BACKSLASH) return /[nrtbf]/.test(String.fromCharCode(before));
    if (place >= 3 && bytes[place - 3] === PERCENT) return isHex(bytes, place - 2, 2);
    return (
      place >= 6 && bytes[place - 6] === BACKSLASH && bytes[place - 5] === 0x75 && isHex(bytes, place - 4, 4)
    );
  }

  /** As the matcher has it: a token that a word character `[A-Za-z0-9_-]` follows is another token. */
  mayEnd(place: number): boolean {
    return place >= this.bytes.length || IS_WORD[this.bytes[place]!] === 0;
  }

  /** The line that holds `[start, end)`, no further than the window goes, and at most 2,000 bytes each way. */
  lineAround(start: number, end: number): string {
    const { text } = this;
    const from = Math.max(text.lastIndexOf("\n", start - 1) + 1, start - 2000);
    const next = text.indexOf("\n", end);
    return text.slice(start === 0 ? 0 : from, Math.min(next < 0 ? text.length : next, end + 2000));
  }
}

function isHex(bytes: Uint8Array, from: number, count: number): boolean {
  for (let at = from; at < from + count; at++)
    if (!/[0-9A-Fa-f]/.test(String.fromCharCode(bytes[at]!))) return false;
  return true;
}
