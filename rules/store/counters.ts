import { type Leak, type LeakStatus, leakLimits, leakStatuses, type RiskLevel, riskLevel } from "../leak.ts";
import { readSettings } from "./settingschanges.ts";
import type { Tables } from "./tables.ts";

/** Counts over all leaks; `tokens` are those in their sets now. */
export interface Counts {
  readonly byStatus: Record<LeakStatus, number>;
  readonly byRiskLevel: Record<RiskLevel, number>;
  readonly bySource: Record<string, number>;
  readonly leaks: number;
  readonly tokens: number;
}

const sourcePrefix = "source ";

/** Changes of counters that wait for the end of `countTogether`. */
const waiting = new WeakMap<Tables, Map<string, number>>();

/** Writes the counters once for all that `work` changes; only inside a write transaction, around all of its changes. */
export function countTogether<T>(tables: Tables, work: () => T): T {
  const changes = new Map<string, number>();
  waiting.set(tables, changes);
  try {
    const done = work();
    writeCounters(tables, changes);
    return done;
  } finally {
    waiting.delete(tables);
  }
}

/** Moves the counters from one state of a leak to the next; only inside a write transaction. */
export function recount(tables: Tables, before: Leak | null, after: Leak): void {
  const together = waiting.get(tables);
  const changes = together ?? new Map<string, number>();
  const move = (name: string, by: number) => changes.set(name, (changes.get(name) ?? 0) + by);
  if (before !== null) for (const [name, amount] of shares(before)) move(name, -amount);
  for (const [name, amount] of shares(after)) move(name, amount);
  if (together === undefined) writeCounters(tables, changes);
}

function writeCounters(tables: Tables, changes: ReadonlyMap<string, number>): void {
  for (const [name, by] of changes) {
    if (by !== 0) tables.counters.put(name, (tables.counters.get(name) ?? 0) + by);
  }
}

/** What one leak adds to each counter. */
export function shares(leak: Leak): [string, number][] {
  return [
    ["leaks", 1],
    ["tokens", leak.tokenCount],
    [`status ${leak.status}`, 1],
    [`risk ${leak.risk}`, 1],
    [sourcePrefix + leak.source, 1],
  ];
}

export function readCounts(tables: Tables): Counts {
  const count = (name: string) => tables.counters.get(name) ?? 0;
  const byStatus = Object.fromEntries(leakStatuses.map((status) => [status, count(`status ${status}`)]));
  const { levels } = readSettings(tables);
  const byRiskLevel: Record<RiskLevel, number> = { high: 0, medium: 0, low: 0 };
  for (let risk = 1; risk <= leakLimits.riskMax; risk++)
    byRiskLevel[riskLevel(risk, levels)] += count(`risk ${risk}`);
  // Every source sorts before "~": it is made of a-z 0-9 _ -.
  const sources = [...tables.counters.getRange({ start: sourcePrefix, end: `${sourcePrefix}~` })];
  return {
    byStatus: byStatus as Record<LeakStatus, number>,
    byRiskLevel,
    // fromEntries, because `__proto__` is a valid source.
    bySource: Object.fromEntries(
      sources
        .filter(({ value }) => value > 0)
        .map(({ key, value }) => [key.slice(sourcePrefix.length), value]),
    ),
    leaks: count("leaks"),
    tokens: count("tokens"),
  };
}
