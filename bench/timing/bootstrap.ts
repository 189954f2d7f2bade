import type { Random } from "./random.ts";

/** A median, and between what it lies as far as the sample can tell. */
export interface MedianInterval {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The percentile interval of a median (Efron 1979): so many samples are drawn from the sample, and the middle share
 * `confidence` of their medians is the interval. The median of a draw is found by counting, not by sorting.
 */
export function medianInterval(
  values: readonly number[],
  draws: number,
  confidence: number,
  random: Random,
): MedianInterval {
  const sorted = Float64Array.from(values).sort();
  const counts = new Uint32Array(sorted.length);
  const medians = new Float64Array(draws);
  for (let draw = 0; draw < draws; draw++) {
    counts.fill(0);
    for (let each = 0; each < sorted.length; each++) counts[random.below(sorted.length)]!++;
    medians[draw] = middleOf(sorted, counts);
  }
  medians.sort();
  const outside = Math.floor(((1 - confidence) / 2) * draws);
  return {
    median: middleOf(sorted, counts.fill(1)),
    low: medians[outside]!,
    high: medians[draws - 1 - outside]!,
  };
}

export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return middleOf(sorted, new Uint32Array(sorted.length).fill(1));
}

/** The median of sorted values that stand so many times each, as many in all as there are values. */
function middleOf(sorted: Float64Array, counts: Uint32Array): number {
  const upper = sorted.length >> 1;
  const lower = sorted.length % 2 === 0 ? upper - 1 : upper;
  let first = Number.NaN;
  for (let index = 0, passed = 0; index < sorted.length; index++) {
    passed += counts[index]!;
    if (Number.isNaN(first) && passed > lower) first = sorted[index]!;
    if (passed > upper) return (first + sorted[index]!) / 2;
  }
  return Number.NaN;
}
