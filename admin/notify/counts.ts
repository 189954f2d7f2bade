/** Attempts are counted in stretches of so long: a window of minutes is exact to this. */
export const BUCKET_MS = 10_000;
/** Leaks whose attempts are counted; those without attempts for longest are let go. */
const LEAKS_MAX = 10_000;

/** When a stretch begins that holds the time. */
export function bucketOf(at: number): number {
  return Math.floor(at / BUCKET_MS) * BUCKET_MS;
}

/**
 * How many attempts there were on each leak, by stretch. A stretch that is read again replaces what it said before, so
 * that events which are written late, or over, are counted once.
 */
export class AttemptCounts {
  readonly #leaks = new Map<string, Map<number, number>>();

  /** What all stretches from `from` to before `to` (ms, both at the border of one) now hold. */
  replace(from: number, to: number, sums: ReadonlyMap<string, ReadonlyMap<number, number>>): void {
    for (const [leak, fresh] of sums) {
      const kept = this.#leaks.get(leak) ?? new Map<number, number>();
      for (let bucket = from; bucket < to; bucket += BUCKET_MS) kept.delete(bucket);
      for (const [bucket, count] of fresh) kept.set(bucket, count);
      // The one attempted last stands last.
      this.#leaks.delete(leak);
      this.#leaks.set(leak, kept);
    }
    for (const leak of this.#leaks.keys()) {
      if (this.#leaks.size <= LEAKS_MAX) break;
      this.#leaks.delete(leak);
    }
  }

  /** Attempts on a leak after the stretch `after` up to and with the stretch `last`. */
  sum(leak: string, after: number, last: number): number {
    let sum = 0;
    for (const [bucket, count] of this.#leaks.get(leak) ?? []) {
      if (bucket > after && bucket <= last) sum += count;
    }
    return sum;
  }

  /** Forgets what lies before a time. */
  forgetBefore(time: number): void {
    for (const [leak, buckets] of this.#leaks) {
      for (const bucket of buckets.keys()) if (bucket < time) buckets.delete(bucket);
      if (buckets.size === 0) this.#leaks.delete(leak);
    }
  }
}
