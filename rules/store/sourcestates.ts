import type { Json } from "../journal.ts";
import type { Source, SourceId, SourceRecord } from "../source.ts";
import { commit } from "./changes.ts";
import { numberOf, type Tables } from "./tables.ts";

/*
 * Rows of `sources`: ["state", number] -> SourceState; ["due", time, number] -> 0, by which those that are due are found among
 * thousands that are not.
 */

/** What one look at a source came to. */
export interface SourceLook {
  readonly texts: number;
  readonly bytes: number;
  readonly findings: number;
  /** Registered by it. */
  readonly leaks: number;
  /** What was left out, by why. */
  readonly skipped: { readonly [reason: string]: number };
  /** `limit`, `time`: it ended before the source did. */
  readonly end: "whole" | "limit" | "time";
}

/** Where the looks at a source are. Times are milliseconds since 1970. */
export interface SourceState {
  /** Up to where it was read, in its reader's words; null: the next look sees all of it. */
  readonly mark: { readonly [name: string]: Json } | null;
  /** What was looked for up to there, as a digest; with another one all of it is read again. */
  readonly lookedBy?: string | null;
  /** When the look under way began. Where nobody looks, the process ended in the middle of it. */
  readonly runningSince: number | null;
  readonly lastRunAt: number | null;
  readonly lastOkAt: number | null;
  /** Null: not by itself. */
  readonly nextRunAt: number | null;
  /** In a row. */
  readonly failures: number;
  /** In our words: neither a token nor what opens the source. */
  readonly lastError: string | null;
  /** It cannot succeed as it is: a person has to change it, or ask for a look. */
  readonly isPaused: boolean;
  /** The last that came to its end. */
  readonly last: SourceLook | null;
}

export const freshState: SourceState = {
  mark: null,
  runningSince: null,
  lastRunAt: null,
  lastOkAt: null,
  nextRunAt: null,
  failures: 0,
  lastError: null,
  isPaused: false,
  last: null,
};

/** The states of sources, apart from the journal: what is written here is no decision of anybody. */
export class SourceStates {
  readonly #look: () => Tables;
  readonly #change: () => Tables;

  constructor(look: () => Tables, change: () => Tables) {
    this.#look = look;
    this.#change = change;
  }

  get(id: SourceId): SourceState {
    return this.of(this.#look(), numberOf("source", id) ?? 0);
  }

  /** How many are waiting for their next look, failing and tried again, paused, or none of these. */
  counts(): {
    readonly waiting: number;
    readonly failing: number;
    readonly paused: number;
    readonly idle: number;
  } {
    const counts = { waiting: 0, failing: 0, paused: 0, idle: 0 };
    const rows = this.#look().sources.getRange({
      start: ["state", 0],
      end: ["state", Number.MAX_SAFE_INTEGER],
    });
    for (const { value } of rows) {
      const { isPaused, failures, nextRunAt } = value as SourceState;
      counts[isPaused ? "paused" : failures > 0 ? "failing" : nextRunAt === null ? "idle" : "waiting"]++;
    }
    return counts;
  }

  /** By the number of a source, also inside a write transaction. */
  of(tables: Tables, number: number): SourceState {
    return (tables.sources.get(["state", number]) as SourceState | undefined) ?? freshState;
  }

  /** What is due at `now` (ms), the one that waits longest first. */
  due(now: number, limit: number): SourceId[] {
    const tables = this.#look();
    // What was planned a moment ago must not be due still.
    tables.root.resetReadTxn();
    const keys = tables.sources.getKeys({ start: ["due", 0, 0], end: ["due", now + 1, 0], limit });
    return [...keys].map((key): SourceId => `source-${(key as [string, number, number])[2]}`);
  }

  /**
   * Changes what is given. Null, and nothing is stored, where the source was taken away meanwhile or has another address:
   * what was read is not its own any more. One that is switched off is due never.
   */
  async write(
    { id, address }: Pick<Source, "id" | "address">,
    patch: Partial<SourceState>,
  ): Promise<SourceState | null> {
    const tables = this.#change();
    const number = numberOf("source", id) ?? 0;
    return commit(tables, () => {
      const source = tables.sources.get(["source", number]) as SourceRecord | undefined;
      if (source === undefined || source.removedAt !== null || source.address !== address) return null;
      const before = this.of(tables, number);
      const merged = { ...before, ...patch };
      const after = source.enabled ? merged : { ...merged, nextRunAt: null };
      placeState(tables, number, before, after);
      return after;
    });
  }
}

/** Stores a state with its row by time, or takes both away; only inside a write transaction. */
export function placeState(
  tables: Tables,
  number: number,
  before: SourceState | null,
  after: SourceState | null,
): void {
  const [from, to] = [before?.nextRunAt ?? null, after?.nextRunAt ?? null];
  if (from !== null && from !== to) tables.sources.remove(["due", from, number]);
  if (to !== null && from !== to) tables.sources.put(["due", to, number], 0);
  if (after === null) tables.sources.remove(["state", number]);
  else tables.sources.put(["state", number], after);
}
