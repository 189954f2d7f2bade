import { createHash } from "node:crypto";

/** Random numbers that a seed repeats: xoshiro128** (Blackman & Vigna 2018). Nothing secret is made of them. */
export class Random {
  private readonly state: Uint32Array;

  constructor(state: Uint32Array) {
    this.state = state;
  }

  /** A stream of its own for each text. */
  static of(seed: string): Random {
    const digest = createHash("sha256").update(seed).digest();
    return new Random(Uint32Array.from([0, 4, 8, 12], (at) => digest.readUInt32LE(at)));
  }

  /** 32 bits, unsigned. */
  next(): number {
    const { state } = this;
    const result = Math.imul(rotated(Math.imul(state[1]!, 5), 7), 9) >>> 0;
    const shifted = state[1]! << 9;
    state[2]! ^= state[0]!;
    state[3]! ^= state[1]!;
    state[1]! ^= state[2]!;
    state[0]! ^= state[3]!;
    state[2]! ^= shifted;
    state[3] = rotated(state[3]!, 11);
    return result;
  }

  /** A whole number from 0, below `end`. */
  below(end: number): number {
    return Math.floor((this.next() / 2 ** 32) * end);
  }

  /** Puts the entries in a random order, in place (Fisher & Yates). */
  shuffle<T>(entries: T[]): T[] {
    for (let last = entries.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      const kept = entries[last]!;
      entries[last] = entries[other]!;
      entries[other] = kept;
    }
    return entries;
  }
}

function rotated(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}
