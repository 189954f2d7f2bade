/** Values that share a bucket; which of them makes room is decided among these alone. */
const WAYS = 8;
/** A bucket holds one of these columns after the other, `WAYS` words each: what a look compares lies in one cache line. */
const Column = {
  anchor: 0,
  fingerprint: WAYS,
  /** Length, and above it the score. */
  shape: WAYS * 2,
  /** Requests; 0 where nothing is kept. */
  count: WAYS * 3,
  /** Seconds since the table began. */
  first: WAYS * 4,
  last: WAYS * 5,
  /** Where in a request: the caller's own number. */
  place: WAYS * 6,
  /** A bit for each of 32 groups of addresses. */
  addresses: WAYS * 7,
} as const;
const BUCKET_BITS = 6;
/** What a kept value takes: eight words. */
export const SEEN_BYTES = 32;
const LENGTH_MASK = 0x1fff;
const SCORE_SHIFT = 16;
const SCORE_MAX = 255;
const SCORE_STEP = 1 << SCORE_SHIFT;
/** So many of a bucket may be settled: the rest is for newcomers, however many those are. */
const SETTLED_MAX = 6;
/** Places of one value that are told apart; what comes from others counts for `OTHER_PLACE`. */
const PLACES_MAX = 3;
export const OTHER_PLACE = 0;

/** What is kept of one value at one place. */
export interface SeenAt {
  readonly count: number;
  /** Seconds since the table began. */
  readonly first: number;
  readonly last: number;
  readonly place: number;
  readonly addresses: number;
}

/**
 * Credential values seen, by anchor, fingerprint and length alone, in a fixed amount of memory. A value is new until it
 * is seen a second time, then settled. Where a bucket is full, the new value seen longest ago makes room, so that a flood
 * of values sent once pushes out none that came twice. Among settled ones a score decides: it grows with each sight and
 * falls with each newcomer that wants to settle, so that who is seen more often than newcomers come stays.
 */
export class SeenTable {
  /** Values that were pushed out by others. */
  forgotten = 0;
  private readonly words: Int32Array;
  private readonly shift: number;

  /** Of the capacity, what is no power of two is left out. */
  constructor(values: number) {
    const bits = Math.max(1, Math.floor(Math.log2(values / WAYS)));
    this.words = new Int32Array(1 << (bits + BUCKET_BITS));
    this.shift = 32 - bits;
  }

  /** Values that have room. */
  get capacity(): number {
    return this.words.length / WAYS;
  }

  /** Counts a value that is known at some place; answers whether it was. */
  meet(
    anchor: number,
    fingerprint: number,
    length: number,
    place: number,
    address: number,
    now: number,
  ): boolean {
    const { words } = this;
    const bucket = this.bucketOf(anchor, fingerprint);
    let places = 0;
    let other = -1;
    for (let way = bucket; way < bucket + WAYS; way++) {
      if (words[way] !== anchor || !this.is(way, fingerprint, length)) continue;
      const at = words[way + Column.place]!;
      if (at === place) {
        this.count(bucket, way, address, now);
        return true;
      }
      if (at === OTHER_PLACE) other = way;
      else places++;
    }
    if (places === 0 && other < 0) return false;
    if (places < PLACES_MAX) this.add(bucket, anchor, fingerprint, length, place, address, now);
    else if (other >= 0) this.count(bucket, other, address, now);
    else this.add(bucket, anchor, fingerprint, length, OTHER_PLACE, address, now);
    return true;
  }

  /** Counts a value, known or not. */
  see(
    anchor: number,
    fingerprint: number,
    length: number,
    place: number,
    address: number,
    now: number,
  ): void {
    if (this.meet(anchor, fingerprint, length, place, address, now)) return;
    this.add(this.bucketOf(anchor, fingerprint), anchor, fingerprint, length, place, address, now);
  }

  /** What is kept of a value, place by place; null, without an allocation, where it is not known. */
  of(anchor: number, fingerprint: number, length: number): SeenAt[] | null {
    const { words } = this;
    const bucket = this.bucketOf(anchor, fingerprint);
    let found: SeenAt[] | null = null;
    for (let way = bucket; way < bucket + WAYS; way++) {
      if (words[way] !== anchor || !this.is(way, fingerprint, length)) continue;
      found ??= [];
      found.push({
        count: words[way + Column.count]!,
        first: words[way + Column.first]!,
        last: words[way + Column.last]!,
        place: words[way + Column.place]!,
        addresses: words[way + Column.addresses]!,
      });
    }
    return found;
  }

  /** The places that values are kept for, repeated ones included. */
  *places(): Generator<number> {
    const { words } = this;
    for (let bucket = 0; bucket < words.length; bucket += 1 << BUCKET_BITS)
      for (let way = bucket; way < bucket + WAYS; way++)
        if (words[way + Column.count] !== 0) yield words[way + Column.place]!;
  }

  private bucketOf(anchor: number, fingerprint: number): number {
    // Both are keyed: nobody can choose who meets in a bucket.
    return (Math.imul(anchor ^ fingerprint, 0x9e3779b1) >>> this.shift) << BUCKET_BITS;
  }

  private is(way: number, fingerprint: number, length: number): boolean {
    const { words } = this;
    return (
      words[way + Column.fingerprint] === fingerprint &&
      (words[way + Column.shape]! & LENGTH_MASK) === length &&
      words[way + Column.count] !== 0
    );
  }

  private count(bucket: number, way: number, address: number, now: number): void {
    const { words } = this;
    if (words[way + Column.count]! < 0x7fffffff) words[way + Column.count]!++;
    words[way + Column.last] = now;
    words[way + Column.addresses]! |= address;
    const score = words[way + Column.shape]! >>> SCORE_SHIFT;
    if (score === SCORE_MAX) return;
    if (score > 0 || this.hasRoomToSettle(bucket)) words[way + Column.shape]! += SCORE_STEP;
  }

  /** Where there is none, all who have settled lose a point: who loses the last one is settled no more. */
  private hasRoomToSettle(bucket: number): boolean {
    const { words } = this;
    const first = bucket + Column.shape;
    let settled = 0;
    for (let at = first; at < first + WAYS; at++) if (words[at]! >= SCORE_STEP) settled++;
    if (settled < SETTLED_MAX) return true;
    let left = settled;
    for (let at = first; at < first + WAYS; at++) {
      if (words[at]! < SCORE_STEP) continue;
      words[at]! -= SCORE_STEP;
      if (words[at]! < SCORE_STEP) left--;
    }
    return left < SETTLED_MAX;
  }

  private add(
    bucket: number,
    anchor: number,
    fingerprint: number,
    length: number,
    place: number,
    address: number,
    now: number,
  ): void {
    const { words } = this;
    const way = this.roomIn(bucket);
    if (words[way + Column.count] !== 0) this.forgotten++;
    words[way] = anchor;
    words[way + Column.fingerprint] = fingerprint;
    words[way + Column.shape] = length;
    words[way + Column.count] = 1;
    words[way + Column.first] = now;
    words[way + Column.last] = now;
    words[way + Column.place] = place;
    words[way + Column.addresses] = address;
  }

  /** An empty way, or that of the unsettled value seen longest ago. */
  private roomIn(bucket: number): number {
    const { words } = this;
    let oldest = -1;
    for (let way = bucket; way < bucket + WAYS; way++) {
      if (words[way + Column.count] === 0) return way;
      if (words[way + Column.shape]! >= SCORE_STEP) continue;
      if (oldest < 0 || words[way + Column.last]! < words[oldest + Column.last]!) oldest = way;
    }
    return oldest;
  }
}
