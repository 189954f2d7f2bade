import { seeded } from "./random.ts";
import { median, type Spread, spread } from "./spread.ts";

/** A median with where it lies in 95 of 100 repetitions, as far as the rounds can tell. */
export interface Estimate extends Spread {
  readonly low: number;
  readonly high: number;
  /** How many rounds it rests on. */
  readonly rounds: number;
}

const RESAMPLES = 2_000;
const SEED = 20_260_101;

/**
 * The 95 % confidence interval of the median by the percentile bootstrap (Efron 1979). It always gives the same for
 * the same values. With five rounds it is little more than their range, which is honest.
 */
export function bootstrap(values: readonly number[]): { readonly low: number; readonly high: number } {
  const random = seeded(SEED);
  const medians = Array.from({ length: RESAMPLES }, () =>
    median(values.map(() => values[Math.floor(random() * values.length)]!)),
  ).sort((a, b) => a - b);
  const at = (share: number) => medians[Math.round(share * (RESAMPLES - 1))] ?? 0;
  return { low: at(0.025), high: at(0.975) };
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
