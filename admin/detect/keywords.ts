/** A word to be found: as it stands, or in any case of its ASCII letters. */
export interface Keyword {
  /** At least two bytes, in Latin-1. */
  readonly text: string;
  readonly isAnyCase: boolean;
}

/** What the trigram table is asked with. Setting bit 5 folds the case of letters, and some marks, which the comparison tells apart. */
const FOLD = 0x20;
const TRIGRAM = 0xff_ffff;
const COMMON = "etaoinsrhldcum";
const LOWER = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte,
);

interface Entry {
  readonly keyword: number;
  readonly bytes: Uint8Array;
  readonly isAnyCase: boolean;
  /** Where in the word the trigram stands that it is found by. */
  readonly offset: number;
}

/**
 * Finds all places of many words in one pass over bytes. Each byte costs one look into a table of trigrams, by a hash that
 * no two trigrams of the words share, however many words there are. Measured (bench/detection.ts) that is several times
 * as fast as an automaton, which waits for each state before the next; `Buffer.indexOf` would read the bytes once a word.
 */
export class Keywords {
  /** After `find`: where words begin, and which. */
  places = new Int32Array(256);
  found = new Uint16Array(256);
  private readonly chains = new Map<number, Entry[]>();
  private readonly table: Int32Array;
  private readonly factor: number;
  private readonly shift: number;
  private readonly offsetMax: number;

  constructor(words: readonly Keyword[]) {
    let offsetMax = 0;
    for (const [keyword, { text, isAnyCase }] of words.entries()) {
      const bytes = Buffer.from(isAnyCase ? lowered(text) : text, "latin1");
      if (bytes.length < 2) throw new RangeError("a keyword has at least two bytes");
      const offset = rarestTrigram(bytes);
      offsetMax = Math.max(offsetMax, offset);
      const entry = { keyword, bytes, isAnyCase, offset };
      for (const trigram of trigramsAt(bytes, offset)) {
        const chain = this.chains.get(trigram);
        if (chain === undefined) this.chains.set(trigram, [entry]);
        else chain.push(entry);
      }
    }
    const { table, factor, shift } = tableOf([...this.chains.keys()]);
    this.table = table;
    this.factor = factor;
    this.shift = shift;
    this.offsetMax = offsetMax;
  }

  /** Finds the words that begin in `bytes[from, to)`, wherever they end; answers how many. Nearly in order of their places. */
  find(bytes: Uint8Array, from: number, to: number): number {
    const { table, factor, shift } = this;
    const end = Math.min(to + this.offsetMax, bytes.length);
    const safe = Math.min(end, bytes.length - 2);
    let count = 0;
    let last = (((bytes[from] ?? 0) | FOLD) << 8) | (bytes[from + 1] ?? 0) | FOLD;
    let at = from;
    // Four bytes a step: half as long again as one by one.
    for (; at + 3 < safe; at += 4) {
      const first = ((last << 8) | bytes[at + 2]! | FOLD) & TRIGRAM;
      const second = ((first << 8) | bytes[at + 3]! | FOLD) & TRIGRAM;
      const third = ((second << 8) | bytes[at + 4]! | FOLD) & TRIGRAM;
      last = ((third << 8) | bytes[at + 5]! | FOLD) & TRIGRAM;
      if (table[Math.imul(first, factor) >>> shift] === first)
        count = this.note(bytes, at, from, to, first, count);
      if (table[Math.imul(second, factor) >>> shift] === second)
        count = this.note(bytes, at + 1, from, to, second, count);
      if (table[Math.imul(third, factor) >>> shift] === third)
        count = this.note(bytes, at + 2, from, to, third, count);
      if (table[Math.imul(last, factor) >>> shift] === last)
        count = this.note(bytes, at + 3, from, to, last, count);
    }
    for (; at < end; at++) {
      // A word of two bytes may end where the bytes do.
      last = ((last << 8) | (bytes[at + 2] ?? 0) | FOLD) & TRIGRAM;
      if (table[Math.imul(last, factor) >>> shift] === last)
        count = this.note(bytes, at, from, to, last, count);
    }
    return count;
  }

  /** Notes which words with a trigram stand around `at`, and begin in `[from, to)`. */
  private note(
    bytes: Uint8Array,
    at: number,
    from: number,
    to: number,
    trigram: number,
    known: number,
  ): number {
    let count = known;
    for (const { keyword, bytes: word, isAnyCase, offset } of this.chains.get(trigram)!) {
      const start = at - offset;
      if (start < from || start >= to || start + word.length > bytes.length) continue;
      if (!standsAt(bytes, start, word, isAnyCase)) continue;
      if (count === this.places.length) this.grow();
      this.places[count] = start;
      this.found[count++] = keyword;
    }
    return count;
  }

  private grow(): void {
    const places = new Int32Array(this.places.length * 2);
    places.set(this.places);
    this.places = places;
    const found = new Uint16Array(this.found.length * 2);
    found.set(this.found);
    this.found = found;
  }
}

/** ASCII letters in lower case, all else as it is. */
export function lowered(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function standsAt(bytes: Uint8Array, start: number, word: Uint8Array, isAnyCase: boolean): boolean {
  for (let index = 0; index < word.length; index++) {
    const byte = bytes[start + index]!;
    if ((isAnyCase ? LOWER[byte] : byte) !== word[index]) return false;
  }
  return true;
}

/**
 * A table with each trigram where its hash says, and no two in one place (multiplicative hashing, Knuth, vol. 3, 6.4): the
 * first factor that does so is taken, or a larger table.
 */
function tableOf(trigrams: readonly number[]): { table: Int32Array; factor: number; shift: number } {
  for (let bits = 32 - Math.clz32(trigrams.length * 16); ; bits++) {
    const shift = 32 - bits;
    for (let attempt = 0; attempt < 200; attempt++) {
      const factor = (0x9e37_79b1 + Math.imul(attempt, 0x61c8_8646)) | 1;
      const places = new Set(trigrams.map((trigram) => Math.imul(trigram, factor) >>> shift));
      if (places.size < trigrams.length) continue;
      const table = new Int32Array(1 << bits);
      for (const trigram of trigrams) table[Math.imul(trigram, factor) >>> shift] = trigram;
      return { table, factor, shift };
    }
  }
}

/** The place in a word of the three bytes that ordinary text has least. */
function rarestTrigram(word: Uint8Array): number {
  let best = 0;
  let most = -1;
  for (let at = 0; at + 3 <= word.length; at++) {
    let score = 0;
    for (let index = at; index < at + 3; index++) score += rarity(word[index]!);
    if (score > most) {
      most = score;
      best = at;
    }
  }
  return best;
}

function rarity(byte: number): number {
  const letter = String.fromCharCode(byte).toLowerCase();
  if (/[a-z]/.test(letter)) return COMMON.includes(letter) ? 0 : 2;
  return /[ -.:/"]/.test(letter) ? 1 : 3;
}

/** As the table knows them; of a word of two bytes, one for each byte that may follow. */
function trigramsAt(word: Uint8Array, offset: number): number[] {
  const start = ((word[offset]! | FOLD) << 16) | ((word[offset + 1]! | FOLD) << 8);
  if (word.length > 2) return [start | word[offset + 2]! | FOLD];
  const thirds = new Set(Array.from({ length: 256 }, (_, byte) => byte | FOLD));
  return [...thirds].map((third) => start | third);
}
