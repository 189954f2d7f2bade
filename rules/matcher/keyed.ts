import type { Pepper } from "../pepper.ts";

/** Bytes that are looked at together: what is kept of a stream's past, and a slice of what is new. */
export const WINDOW_BYTES = 16_384;
/** The anchor is over so many bytes at the end of a token. */
export const ANCHOR_BYTES = 6;
/**
 * The largest prime at least 2^13 below 2^31: below 2^31 so that residues are small integers, and far enough below
 * that a quotient which floating point got wrong by one still leaves a remainder of 32 bits.
 */
export const PRIME = 2_147_475_439;
const INVERSE = 1 / PRIME;

/** a * b modulo PRIME for a, b in [0, PRIME), exact: the quotient from floating point, the remainder modulo 2^32. */
export function multiply(a: number, b: number): number {
  const quotient = (a * b * INVERSE) | 0;
  const remainder = (Math.imul(a, b) - Math.imul(quotient, PRIME)) | 0;
  if (remainder < 0) return remainder + PRIME;
  return remainder >= PRIME ? remainder - PRIME : remainder;
}

/** A whole number below 2^53 modulo PRIME. */
export function reduce(sum: number): number {
  // The quotient is below 2^22 and the product below 2^53: both exact.
  const remainder = sum - ((sum * INVERSE) | 0) * PRIME;
  if (remainder < 0) return remainder + PRIME;
  return remainder >= PRIME ? remainder - PRIME : remainder;
}

/** The anchor of the six bytes before `end`, signed. */
export function anchorAt(words: Int32Array, bytes: Uint8Array, end: number): number {
  const fifth = words[bytes[end - 2]!]!;
  const fourth = words[bytes[end - 3]!]!;
  const third = words[bytes[end - 4]!]!;
  const second = words[bytes[end - 5]!]!;
  const first = words[bytes[end - 6]!]!;
  return (
    words[bytes[end - 1]!]! ^
    ((fifth << 5) | (fifth >>> 27)) ^
    ((fourth << 10) | (fourth >>> 22)) ^
    ((third << 15) | (third >>> 17)) ^
    ((second << 20) | (second >>> 12)) ^
    ((first << 25) | (first >>> 7))
  );
}

/** Stands for the byte that leaves where none does yet. */
export const NO_BYTE = -1;

/** The anchor moved on by one byte: `next` comes, `gone` leaves, the sixth before it (or NO_BYTE). */
export function rolled(words: Int32Array, anchor: number, next: number, gone: number): number {
  const turned = (anchor << 5) | (anchor >>> 27);
  const left = gone === NO_BYTE ? 0 : words[gone]!;
  return turned ^ words[next]! ^ ((left << 30) | (left >>> 2));
}

/** Marks are 1 to so many: a byte, in which 0 is left for "any". */
const MARKS = 255;

/**
 * The mark of a stretch that starts at `start`: 1 to 255, keyed, over its first two bytes. An ending alone, sent
 * again and again, is let go by it before any fingerprint is made (bench/matcher.ts, endings).
 */
export function markAt(words: Int32Array, bytes: Uint8Array, start: number): number {
  const second = words[bytes[start + 1]!]!;
  const mixed = words[bytes[start]!]! ^ ((second << 5) | (second >>> 27));
  return 1 + (Math.imul(mixed >>> 16, MARKS) >>> 16);
}

/** The keyed tables of one pepper: without it nobody can make bytes that look like a token to the cheap stages. */
export class Keyed {
  /**
   * 256 random words; the anchor turns one for each byte and adds them without carry (a cyclic polynomial, Cohen 1997).
   * One table of 1 KiB and not six: between two requests the kernel has emptied the nearest cache.
   */
  readonly words: Int32Array;
  /**
   * B^0 .. B^WINDOW_BYTES (and three more, for steps of four) modulo PRIME. A byte times a power is below 2^39 and a window has 2^14 bytes, so prefix
   * sums of their products stay exact below 2^53 without a reduction per byte (Karp & Rabin 1987; Lemire & Kaser 2010).
   */
  readonly powers: Float64Array;

  constructor(pepper: Pepper) {
    const random = pepper.derive("anchor", 256 * 4);
    this.words = new Int32Array(256);
    for (let at = 0; at < 256; at++) this.words[at] = random.readInt32LE(at * 4);
    // Above 2^16, so that neighbouring powers differ in all their bits.
    const base = 65_537 + (pepper.derive("fingerprint", 6).readUIntLE(0, 6) % (PRIME - 65_537));
    this.powers = new Float64Array(WINDOW_BYTES + 4);
    this.powers[0] = 1;
    for (let at = 1; at < this.powers.length; at++) this.powers[at] = multiply(this.powers[at - 1]!, base);
  }

  /** Unsigned 32 bits over the six bytes before `end`. */
  anchorOf(bytes: Uint8Array, end: number): number {
    return anchorAt(this.words, bytes, end) >>> 0;
  }

  /** 1 to 255 over the first two bytes. */
  markOf(bytes: Uint8Array): number {
    return markAt(this.words, bytes, 0);
  }

  /** The keyed polynomial over all bytes (at most WINDOW_BYTES), in [0, PRIME): the same wherever in a window they stand. */
  fingerprintOf(bytes: Uint8Array): number {
    return this.fingerprintIn(bytes, 0, bytes.length);
  }

  /** The same over `bytes[start, end)`. */
  fingerprintIn(bytes: Uint8Array, start: number, end: number): number {
    const { powers } = this;
    let even = 0;
    let odd = 0;
    let at = start;
    // Two sums, since each addition waits for the one before: half the time (bench/seen.ts).
    for (; at + 1 < end; at += 2) {
      even += bytes[at]! * powers[at - start]!;
      odd += bytes[at + 1]! * powers[at + 1 - start]!;
    }
    if (at < end) even += bytes[at]! * powers[at - start]!;
    return multiply(reduce(even + odd), powers[WINDOW_BYTES]!);
  }
}
