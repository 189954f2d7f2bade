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

/** The keyed tables of one pepper: without it nobody can make bytes that look like a token to the cheap stages. */
export class Keyed {
  /** Six tables of 256 random words, the last byte's first (tabulation hashing, Zobrist 1970). */
  readonly anchors: Uint32Array;
  /**
   * B^0 .. B^WINDOW_BYTES (and three more, for steps of four) modulo PRIME. A byte times a power is below 2^39 and a window has 2^14 bytes, so prefix
   * sums of their products stay exact below 2^53 without a reduction per byte (Karp & Rabin 1987; Lemire & Kaser 2010).
   */
  readonly powers: Float64Array;

  constructor(pepper: Pepper) {
    const words = pepper.derive("anchor", ANCHOR_BYTES * 256 * 4);
    this.anchors = new Uint32Array(ANCHOR_BYTES * 256);
    for (let at = 0; at < this.anchors.length; at++) this.anchors[at] = words.readUInt32LE(at * 4);
    // Above 2^16, so that neighbouring powers differ in all their bits.
    const base = 65_537 + (pepper.derive("fingerprint", 6).readUIntLE(0, 6) % (PRIME - 65_537));
    this.powers = new Float64Array(WINDOW_BYTES + 4);
    this.powers[0] = 1;
    for (let at = 1; at < this.powers.length; at++) this.powers[at] = multiply(this.powers[at - 1]!, base);
  }

  /** Unsigned 32 bits over the six bytes before `end`. */
  anchorOf(bytes: Uint8Array, end: number): number {
    const { anchors } = this;
    return (
      (anchors[bytes[end - 1]!]! ^
        anchors[256 + bytes[end - 2]!]! ^
        anchors[512 + bytes[end - 3]!]! ^
        anchors[768 + bytes[end - 4]!]! ^
        anchors[1024 + bytes[end - 5]!]! ^
        anchors[1280 + bytes[end - 6]!]!) >>>
      0
    );
  }

  /** The keyed polynomial over all bytes (at most WINDOW_BYTES), in [0, PRIME): the same wherever in a window they stand. */
  fingerprintOf(bytes: Uint8Array): number {
    let sum = 0;
    for (let at = 0; at < bytes.length; at++) sum += bytes[at]! * this.powers[at]!;
    return multiply(reduce(sum), this.powers[WINDOW_BYTES]!);
  }
}
