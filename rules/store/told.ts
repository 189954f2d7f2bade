import type { Tables } from "./tables.ts";

/**
 * What destinations were told of, so that nothing is told twice:
 * `open` a leak that nobody decided about, and since when (ms); `since` the same, by time;
 * `undecided` a destination was told that the leak is still open, per trigger; `first` of a rule's first attempt;
 * `attempts` of many attempts on a leak, per trigger, and when (ms).
 */
export type TellingKey =
  | readonly [kind: "open", leak: number]
  | readonly [kind: "since", at: number, leak: number]
  | readonly [kind: "undecided", leak: number, hook: number, hours: number, riskMin: number]
  | readonly [kind: "first", rule: number]
  | readonly [kind: "attempts", hook: number, leak: number, count: number, minutes: number];

/** Looks at those marks; an advance of the outbox writes them. */
export class Told {
  readonly #tables: () => Tables;

  constructor(tables: () => Tables) {
    this.#tables = tables;
  }

  /** The value of a mark, or null. */
  get(key: TellingKey): number | null {
    return this.#tables().told.get([...key]) ?? null;
  }

  /** Leaks that nobody decided about since before `at` (ms), those that wait longest first, from after the last one seen. */
  openBefore(at: number, after: readonly [since: number, leak: number], limit: number): [number, number][] {
    const start = ["since", after[0], after[1] + 1];
    const keys = this.#tables().told.getKeys({ start, end: ["since", at + 1], limit });
    return [...keys].map((key) => [(key as number[])[1]!, (key as number[])[2]!]);
  }

  /** The marks that say who was told that this leak is undecided. */
  undecidedOf(leak: number): TellingKey[] {
    const range = { start: ["undecided", leak], end: ["undecided", leak + 1] };
    return [...this.#tables().told.getKeys(range)].map((key) => key as unknown as TellingKey);
  }
}

/** Sets a mark, or takes it back where the value is null; only inside a write transaction. */
export function writeTelling(tables: Tables, key: TellingKey, value: number | null): void {
  if (value === null) tables.told.remove([...key]);
  else tables.told.put([...key], value);
}

/** Takes back the marks of a destination; those of undecided leaks go when the leaks are decided about. */
export function forgetTold(tables: Tables, hook: number): void {
  const range = { start: ["attempts", hook], end: ["attempts", hook + 1] };
  for (const key of [...tables.told.getKeys(range)]) tables.told.remove(key);
}
