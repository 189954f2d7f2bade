import { Random } from "./random.ts";
import { type Spread, spread } from "./spread.ts";

/** A median with where it lies in 95 of 100 repetitions, as far as the rounds can tell. */
export interface Estimate extends Spread {
  readonly low: number;
  readonly high: number;
  /** How many rounds it rests on. */
  readonly rounds: number;
}

const RESAMPLES = 2_000;
const SEED = "bootstrap";

/**
 * The 95 % confidence interval of the median. It always gives the same for the same values. With five rounds it is
 * little more than their range, which is honest.
 */
export function bootstrap(values: readonly number[]): { readonly low: number; readonly high: number } {
  const { low, high } = medianInterval(values, RESAMPLES, 0.95, Random.of(SEED));
  return { low, high };
}

/** Median, range and interval; null when there is nothing to estimate from. */
export function estimate(values: readonly number[]): Estimate | null {
  if (values.length === 0) return null;
  return { ...spread(values), ...bootstrap(values), rounds: values.length };
}

/** One over the other, round by round; a round in which one is missing, or nothing was below, counts for neither. */
export function paired(above: readonly (number | null)[], below: readonly (number | null)[]): number[] {
  return above.flatMap((value, round) => {
    const other = below[round];
    return value === null || other === null || other === undefined || other <= 0 ? [] : [value / other];
  });
}

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
