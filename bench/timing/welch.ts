import { studentTails } from "./tails.ts";

/** Welch's test of two means. */
export interface Welch {
  readonly t: number;
  readonly freedom: number;
  /** Of both sides. */
  readonly p: number;
}

/** Whether two samples have one mean, whatever their variances (Welch 1947); of each at least two values. */
export function welch(a: readonly number[], b: readonly number[]): Welch {
  const one = moments(a);
  const other = moments(b);
  const share = one.variance / a.length;
  const otherShare = other.variance / b.length;
  const variance = share + otherShare;
  if (variance === 0) {
    const isSame = one.mean === other.mean;
    return { t: isSame ? 0 : Number.POSITIVE_INFINITY, freedom: a.length + b.length - 2, p: isSame ? 1 : 0 };
  }
  const t = (one.mean - other.mean) / Math.sqrt(variance);
  const freedom = variance ** 2 / (share ** 2 / (a.length - 1) + otherShare ** 2 / (b.length - 1));
  return { t, freedom, p: studentTails(t, freedom) };
}

/**
 * Both samples without what lies above a percentile of both together: a mean is drawn by the few values in which the
 * machine did something else. As dudect does (Reparaz, Balasch & Verbauwhede 2017).
 */
export function cropped(
  a: readonly number[],
  b: readonly number[],
  percentile: number,
): readonly [number[], number[]] {
  const both = [...a, ...b].sort((one, other) => one - other);
  const max = both[Math.min(both.length - 1, Math.floor((both.length * percentile) / 100))]!;
  return [a.filter((each) => each <= max), b.filter((each) => each <= max)];
}

function moments(values: readonly number[]): { readonly mean: number; readonly variance: number } {
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
  const squares = values.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  return { mean, variance: squares / (values.length - 1) };
}
