import { commit } from "./changes.ts";
import { numberOf, type Tables } from "./tables.ts";

/** Attempts with the tokens of one leak, of all time; what is known of them outlives the events. */
export interface AttemptsKnown {
  /** Of the first and the last attempt (ms). */
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

/** Null where there was none that was taken in yet. */
export function attemptsOf(tables: Tables, leakId: string): AttemptsKnown | null {
  const seq = numberOf("leak", leakId);
  return seq === null ? null : (tables.attempts.get(seq) ?? null);
}

/** Events before this time (ms) were taken in. */
export function attemptsUntil(tables: Tables): number {
  return Number(tables.meta.get("attemptsUntil") ?? 0);
}

/**
 * Takes in the attempts of a stretch of time, by leak; not in the journal, since nobody decided anything. Nothing is
 * done where the stretch does not begin where the one before ended: another process was faster.
 */
export function takeAttempts(
  tables: Tables,
  from: number,
  until: number,
  byLeak: ReadonlyMap<string, AttemptsKnown>,
): Promise<boolean> {
  return commit(tables, () => {
    if (attemptsUntil(tables) !== from) return false;
    tables.meta.put("attemptsUntil", until);
    for (const [leak, more] of byLeak) {
      const seq = numberOf("leak", leak);
      if (seq === null || tables.leaks.get(seq) === undefined) continue;
      tables.attempts.put(seq, joined(tables.attempts.get(seq) ?? null, more));
    }
    return true;
  });
}

/** Both stretches as one. */
export function joined(one: AttemptsKnown | null, other: AttemptsKnown): AttemptsKnown {
  if (one === null) return other;
  return {
    first: Math.min(one.first, other.first),
    last: Math.max(one.last, other.last),
    count: one.count + other.count,
  };
}
