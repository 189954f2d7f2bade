import { normalTails } from "./tails.ts";

/** Wilcoxon's signed-rank test of paired differences. */
export interface SignedRank {
  /** The sum of the ranks of positive differences; R calls it V. */
  readonly positiveRanks: number;
  readonly z: number;
  /** Of both sides. */
  readonly p: number;
}

/**
 * Whether paired differences lie evenly around 0 (Wilcoxon 1945): by the normal approximation, corrected for continuity
 * and ties; differences of 0 are left out. It asks for ranks alone, so that an outlier counts no more than others.
 */
export function signedRank(differences: readonly number[]): SignedRank {
  const sorted = differences.filter((each) => each !== 0).sort((a, b) => Math.abs(a) - Math.abs(b));
  const count = sorted.length;
  if (count === 0) return { positiveRanks: 0, z: 0, p: 1 };
  let positiveRanks = 0;
  let ties = 0;
  for (let from = 0; from < count; ) {
    let to = from + 1;
    while (to < count && Math.abs(sorted[to]!) === Math.abs(sorted[from]!)) to++;
    // Ranks count from 1; equals share the middle of theirs.
    const rank = (from + 1 + to) / 2;
    for (let index = from; index < to; index++) if (sorted[index]! > 0) positiveRanks += rank;
    const equal = to - from;
    ties += equal ** 3 - equal;
    from = to;
  }
  const expected = (count * (count + 1)) / 4;
  const variance = (count * (count + 1) * (2 * count + 1)) / 24 - ties / 48;
  const distance = positiveRanks - expected;
  const z = (distance - Math.sign(distance) / 2) / Math.sqrt(variance);
  return { positiveRanks, z, p: Math.min(1, normalTails(z)) };
}
