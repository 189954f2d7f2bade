/** Entries of a page of columns: growth adds a page and copies nothing. */
export const PAGE = 16_384;
const PAGE_BITS = 14;
/** Of a digest's 256 bits, 128 are kept in memory; the store keeps all. */
export const DIGEST_BYTES = 16;
const LOAD_MAX = 0.75;
const FILTER_BITS_PER_ENTRY = 16;

/** An open-addressing index from a hash to entry numbers: linear probing, load at most 0.75, a power of two of places. */
export class OpenIndex {
  /** Entry number + 1 at each place; 0 is free. */
  places: Uint32Array;
  count = 0;
  /** A hash's place is its top bits: `hash >>> shift`. */
  shift: number;
  private readonly hashOf: (entry: number) => number;

  constructor(hashOf: (entry: number) => number) {
    this.hashOf = hashOf;
    this.places = new Uint32Array(1024);
    this.shift = 22;
  }

  /** Puts an entry, whose hash is at hand. */
  insert(entry: number, hash: number): void {
    if (this.count + 1 > this.places.length * LOAD_MAX) this.reserve(1);
    this.put(entry, hash);
    this.count++;
  }

  /** Makes room for so many more at once: each doubling puts everything anew. */
  reserve(more: number): void {
    let size = this.places.length;
    let { shift } = this;
    while (this.count + more > size * LOAD_MAX) {
      size *= 2;
      shift--;
    }
    if (size > this.places.length) this.resize(size, shift);
  }

  /** Puts another entry of the same hash where `entry` stood. */
  replace(entry: number, by: number): void {
    this.places[this.placeOf(entry)] = by + 1;
  }

  /** Takes an entry out and closes the gap, so that no tombstones build up (Knuth, vol. 3, 6.4 algorithm R). */
  remove(entry: number): void {
    const { places } = this;
    const mask = places.length - 1;
    let gap = this.placeOf(entry);
    for (let at = (gap + 1) & mask; places[at] !== 0; at = (at + 1) & mask) {
      const home = this.hashOf(places[at]! - 1) >>> this.shift;
      if (((at - home) & mask) >= ((at - gap) & mask)) {
        places[gap] = places[at]!;
        gap = at;
      }
    }
    places[gap] = 0;
    this.count--;
  }

  private placeOf(entry: number): number {
    const mask = this.places.length - 1;
    let at = this.hashOf(entry) >>> this.shift;
    while (this.places[at] !== entry + 1) at = (at + 1) & mask;
    return at;
  }

  private put(entry: number, hash: number): void {
    const { places } = this;
    const mask = places.length - 1;
    let at = hash >>> this.shift;
    while (places[at] !== 0) at = (at + 1) & mask;
    places[at] = entry + 1;
  }

  private resize(size: number, shift: number): void {
    const old = this.places;
    this.places = new Uint32Array(size);
    this.shift = shift;
    for (let at = 0; at < old.length; at++) {
      const place = old[at]!;
      if (place !== 0) this.put(place - 1, this.hashOf(place - 1));
    }
  }
}

/** A bit a hash: says no for most that are absent, at the price of one look at a small table. */
export class BitFilter {
  words = new Uint32Array(512);
  /** A hash's bit is its top bits: `hash >>> shift`. */
  shift = 18;
  private set = 0;
  private readonly bitsPerEntry: number;

  constructor(bitsPerEntry: number = FILTER_BITS_PER_ENTRY) {
    this.bitsPerEntry = bitsPerEntry;
  }

  add(hash: number): void {
    const bit = hash >>> this.shift;
    this.words[bit >>> 5]! |= 1 << (bit & 31);
    this.set++;
  }

  has(hash: number): boolean {
    const bit = hash >>> this.shift;
    return (this.words[bit >>> 5]! & (1 << (bit & 31))) !== 0;
  }

  /** Whether so many live entries want it made anew: it has become too full of them, or of removed ones. */
  isWorn(live: number): boolean {
    return this.isSmallFor(this.set) && (this.set > live * 2 || this.isSmallFor(live));
  }

  /** Whether so many entries want more bits than there are. */
  isSmallFor(entries: number): boolean {
    return entries * this.bitsPerEntry > this.words.length * 32;
  }

  /** Empties it, at a size for so many entries; where they are not far fewer than before, others are about to come. */
  reset(entries: number): void {
    let bits = 16_384;
    let shift = 18;
    const before = this.words.length * 32;
    const wanted = Math.max(
      entries * this.bitsPerEntry,
      entries * this.bitsPerEntry * 8 > before ? before : 0,
    );
    while (bits < wanted) {
      bits *= 2;
      shift--;
    }
    this.words = new Uint32Array(bits / 32);
    this.shift = shift;
    this.set = 0;
  }
}

/** One page of each column of tokens: 32 bytes a token. */
export class TokenPage {
  readonly pair = new Uint32Array(PAGE);
  readonly fingerprint = new Uint32Array(PAGE);
  readonly slot = new Uint32Array(PAGE);
  /** The next token + 1 with the same pair and fingerprint, or the next free one; 0 ends the chain. */
  readonly next = new Uint32Array(PAGE);
  readonly digest = new Uint8Array(PAGE * DIGEST_BYTES);
}

/** One page of each column of pairs, a pair being an anchor and a length that some token has: 11 bytes a pair. */
export class PairPage {
  /** Signed. */
  readonly anchor = new Int32Array(PAGE);
  readonly length = new Uint16Array(PAGE);
  /** The mark that all its tokens share, or 0. */
  readonly mark = new Uint8Array(PAGE);
  /** Tokens that have it; for a free pair, the next free one + 1. */
  readonly count = new Uint32Array(PAGE);
}

export const TOKEN_PAGE_BYTES = PAGE * (16 + DIGEST_BYTES);
export const PAIR_PAGE_BYTES = PAGE * 11;

export function pageOf(entry: number): number {
  return entry >>> PAGE_BITS;
}

export function placeIn(entry: number): number {
  return entry & (PAGE - 1);
}
