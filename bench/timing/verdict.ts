import { type MedianInterval, medianInterval } from "../stats/bootstrap.ts";
import type { Random } from "../stats/random.ts";
import { median } from "../stats/spread.ts";
import type { Comparison, Plan } from "./plan.ts";
import { cropped, type Welch, welch } from "./welch.ts";
import { type SignedRank, signedRank } from "./wilcoxon.ts";

/** What the test says of one comparison. */
export interface Judged extends Comparison {
  /** Medians of the two classes. */
  readonly slowNs: number;
  readonly fastNs: number;
  /** Of the paired differences. */
  readonly differenceNs: MedianInterval;
  readonly wilcoxon: SignedRank;
  readonly welch: Welch;
  /** Both tests find a difference, and all of the interval lies beyond what the control shows. */
  readonly isDetected: boolean;
  /** Of the interval: all within the limit, all beyond it, or neither; null where no limit is set. */
  readonly limit: "kept" | "not kept" | "not shown" | null;
}

/** So unlikely by chance is what counts as a difference. */
export const ALPHA = 0.001;
export const CONFIDENCE = 0.99;
const DRAWS = 2_000;
/** What is slower is left out of Welch's test, and of nothing else. */
const CROP_PERCENTILE = 95;

/** Judges all comparisons of a plan by the figures of its classes; a control stands before those that name it. */
export function judge(
  plan: Plan,
  figures: readonly (readonly number[])[],
  limitNs: number,
  random: Random,
): Judged[] {
  const of = (name: string) => figures[plan.classes.findIndex((each) => each.name === name)]!;
  const judged: Judged[] = [];
  for (const comparison of plan.comparisons) {
    const control = judged.find(({ name }) => name === comparison.control);
    const errorNs = control === undefined ? 0 : farthest(control.differenceNs);
    const pair = [of(comparison.slow), of(comparison.fast)] as const;
    const others = figures.filter((each) => !pair.includes(each));
    judged.push(compare(comparison, pair, driftOf(others), errorNs, limitNs, random));
  }
  return judged;
}

/** What each block took, by the classes that are not compared: Welch's test, which knows of no pairs, is spared it. */
function driftOf(others: readonly (readonly number[])[]): number[] | null {
  if (others.length === 0) return null;
  return others[0]!.map((_, block) => median(others.map((each) => each[block]!)));
}

/** Of a pair of classes, the slower one first. */
export function compare(
  comparison: Comparison,
  [slow, fast]: readonly [readonly number[], readonly number[]],
  drift: readonly number[] | null,
  errorNs: number,
  limitNs: number,
  random: Random,
): Judged {
  const differences = slow.map((each, index) => each - fast[index]!);
  const differenceNs = medianInterval(differences, DRAWS, CONFIDENCE, random);
  const wilcoxon = signedRank(differences);
  const still = (figures: readonly number[]) => figures.map((each, block) => each - (drift?.[block] ?? 0));
  const means = welch(...cropped(still(slow), still(fast), CROP_PERCENTILE));
  const isLimited = comparison.kind === "limit" || comparison.kind === "control";
  return {
    ...comparison,
    slowNs: median(slow),
    fastNs: median(fast),
    differenceNs,
    wilcoxon,
    welch: means,
    isDetected: wilcoxon.p < ALPHA && means.p < ALPHA && nearest(differenceNs) > errorNs,
    limit: isLimited ? withinLimit(differenceNs, limitNs) : null,
  };
}

function withinLimit(interval: MedianInterval, limitNs: number): "kept" | "not kept" | "not shown" {
  if (farthest(interval) <= limitNs) return "kept";
  return nearest(interval) > limitNs ? "not kept" : "not shown";
}

/** The distance from 0 of its end that lies farther away. */
function farthest({ low, high }: MedianInterval): number {
  return Math.max(Math.abs(low), Math.abs(high));
}

/** The distance from 0 of the interval. */
function nearest({ low, high }: MedianInterval): number {
  return low <= 0 && high >= 0 ? 0 : Math.min(Math.abs(low), Math.abs(high));
}
