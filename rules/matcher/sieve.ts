import { IS_WORD } from "../word.ts";
import { ANCHOR_BYTES, anchorAt, WINDOW_BYTES } from "./keyed.ts";
import {
  ANCHORS_AT,
  ENDS_AT,
  SIEVE_MODULE,
  SIEVE_WINDOW_BYTES,
  SIGNS_AT,
  Sign,
  WORDS_AT,
} from "./sieveprogram.ts";

export { LEAST_MAX, Sign } from "./sieveprogram.ts";

/** Nothing is known of the bytes: they may show any sign. */
export const ANY_SIGN = Object.values(Sign).reduce((all, sign) => all | sign, 0);

/**
 * What a byte is to the scan. Bit 0: no word character `[A-Za-z0-9_-]`, so that a token may end before it (a token
 * followed by a word character is another token). The bits above, all set or all clear: neither blank nor control, so
 * that it may stand in a token (token.ts refuses those).
 */
export const BYTE_CLASS = Int8Array.from(IS_WORD, (isWord) => -1 - isWord);
for (let byte = 0; byte <= 0x20; byte++) BYTE_CLASS[byte] = 1;
BYTE_CLASS[0x7f] = 1;
/** Bytes of a run that may stand in a token are counted by twos, above bit 0. */
export const SOLID = 2;

/**
 * The window in which bytes are looked at, and the notes of the places in it where a token may end. One for all
 * matchers of a process: each scan fills it anew, and none begins within another.
 */
export interface Sieve {
  readonly window: Buffer;
  readonly ends: Uint16Array;
  /** The anchors of `ends`, under the words that were last handed to `use`. */
  readonly anchors: Int32Array;
  /** Whose words (see Keyed) the next notes are made with. */
  use(words: Int32Array): void;
  /**
   * Notes every place in `[from, to)` of the window before which `least` bytes (6 to LEAST_MAX) stand that are neither
   * blank nor control, and at which no word character does; answers how many.
   */
  note(from: number, to: number, least: number): number;
  /** The signs of spellings that the bytes of the last `note` show, as bits: perhaps more, never fewer. */
  signs(): number;
}

/** In plain JavaScript. */
export class PlainSieve implements Sieve {
  readonly window = Buffer.alloc(SIEVE_WINDOW_BYTES);
  readonly ends = new Uint16Array(WINDOW_BYTES + 1);
  readonly anchors = new Int32Array(WINDOW_BYTES + 1);
  private words: Int32Array = new Int32Array(256);

  use(words: Int32Array): void {
    this.words = words;
  }

  signs(): number {
    return ANY_SIGN;
  }

  /**
   * It has no branch to mispredict: a head seldom looks like the one before, and with branches here it took 4 us of a
   * proxied request and 0.9 us in the micro-benchmark, which scans the same head again and again.
   */
  note(from: number, to: number, least: number): number {
    const { window, ends } = this;
    const enough = SOLID * (least - 1);
    let solid = 0;
    for (let before = Math.max(0, from - least); before < from; before++)
      solid = (solid + SOLID) & BYTE_CLASS[window[before]!]!;
    let count = 0;
    let end = from;
    // Four bytes a step, for which the engine checks the arrays once (bench/matcher.ts, bodies).
    for (; end + 3 < to; end += 4) {
      const first = BYTE_CLASS[window[end]!]!;
      ends[count] = end;
      count += first & ((enough - solid) >>> 31);
      solid = (solid + SOLID) & first;
      const second = BYTE_CLASS[window[end + 1]!]!;
      ends[count] = end + 1;
      count += second & ((enough - solid) >>> 31);
      solid = (solid + SOLID) & second;
      const third = BYTE_CLASS[window[end + 2]!]!;
      ends[count] = end + 2;
      count += third & ((enough - solid) >>> 31);
      solid = (solid + SOLID) & third;
      const fourth = BYTE_CLASS[window[end + 3]!]!;
      ends[count] = end + 3;
      count += fourth & ((enough - solid) >>> 31);
      solid = (solid + SOLID) & fourth;
    }
    for (; end < to; end++) {
      const only = BYTE_CLASS[window[end]!]!;
      ends[count] = end;
      count += only & ((enough - solid) >>> 31);
      solid = (solid + SOLID) & only;
    }
    for (let index = 0; index < count; index++)
      this.anchors[index] = anchorAt(this.words, window, ends[index]!);
    return count;
  }
}

interface Program {
  readonly memory: WebAssembly.Memory;
  readonly note: (from: number, to: number, free: number, least: number) => number;
}

/** In WebAssembly with SIMD, sixteen bytes at once: bodies in a tenth of the time (bench/matcher.ts). */
export class SimdSieve implements Sieve {
  readonly window: Buffer;
  readonly ends: Uint16Array;
  readonly anchors: Int32Array;
  private readonly words: Int32Array;
  private wordsInUse: Int32Array | null = null;
  private readonly signWord: Int32Array;
  private readonly noteInto: Program["note"];

  constructor() {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(SIEVE_MODULE), {});
    const { memory, note } = exports as unknown as Program;
    this.noteInto = note;
    this.window = Buffer.from(memory.buffer, 0, SIEVE_WINDOW_BYTES);
    this.ends = new Uint16Array(memory.buffer, ENDS_AT, WINDOW_BYTES + 1);
    this.anchors = new Int32Array(memory.buffer, ANCHORS_AT, WINDOW_BYTES + 1);
    this.words = new Int32Array(memory.buffer, WORDS_AT, 256);
    this.signWord = new Int32Array(memory.buffer, SIGNS_AT, 1);
  }

  use(words: Int32Array): void {
    if (this.wordsInUse === words) return;
    this.words.set(words);
    this.wordsInUse = words;
  }

  note(from: number, to: number, least: number): number {
    let before = from;
    const first = Math.max(0, from - least);
    while (before > first && BYTE_CLASS[this.window[before - 1]!] !== 1) before--;
    return this.noteInto(from, to, before + least, least);
  }

  signs(): number {
    return this.signWord[0]!;
  }
}

export const sieve: Sieve = newSieve();

/** WebAssembly may be missing, or its SIMD. */
function newSieve(): Sieve {
  try {
    return new SimdSieve();
  } catch {
    return new PlainSieve();
  }
}

/** As few solid bytes as there are in the shortest token. */
export function leastSolid(shortest: number, most: number): number {
  return Math.max(ANCHOR_BYTES, Math.min(shortest, most));
}
