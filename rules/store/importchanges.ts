import type { TokenDigest } from "../digest.ts";
import type { JournalEntry, Origin } from "../journal.ts";
import { checkLeakInput, type LeakId, type LeakInput, type WarningCounts } from "../leak.ts";
import { InputRefused } from "../refusal.ts";
import { checkActor, commit } from "./changes.ts";
import { type By, type Changed, enrol, planFirst } from "./leakchanges.ts";
import type { Tables } from "./tables.ts";

/** What became of a leak from elsewhere. */
export interface ImportState {
  readonly leak: LeakId;
  /** All its tokens are in, and what was decided there is decided here; a later import passes it over. */
  readonly isComplete: boolean;
}

/** The leak that an origin became, whether by import or because it was registered here; null where there is none. */
export function importState(tables: Tables, origin: Origin): ImportState | null {
  const known = tables.meta.get(keyOf(origin)) as ImportState | undefined;
  if (known !== undefined) return known;
  const isOwn = registration(tables, origin.leak)?.hash === origin.hash;
  return isOwn ? { leak: origin.leak as LeakId, isComplete: true } : null;
}

/** The entry by which a leak came into this store; null for an unknown one. */
export function registration(tables: Tables, leakId: string): JournalEntry | null {
  const [first] = tables.history.getKeys({
    start: [leakId],
    end: [leakId, Number.MAX_SAFE_INTEGER],
    limit: 1,
  });
  if (first === undefined) return null;
  return JSON.parse(tables.journal.get((first as [string, number])[1]) ?? "null") as JournalEntry | null;
}

/** A leak as it was registered elsewhere. */
export interface ImportedLeak extends LeakInput {
  readonly tokens: readonly TokenDigest[];
  readonly warnings: WarningCounts;
}

/** Makes a leak of what was registered elsewhere, with the first of its tokens. Throws InputRefused. */
export async function beginImport(
  tables: Tables,
  by: By,
  origin: Origin,
  input: ImportedLeak,
): Promise<Changed> {
  checkActor(by.actor);
  const facts = checkLeakInput(input);
  const appended = await planFirst(input.tokens, by.at);
  return commit(tables, () => {
    // Counted anew: that depends on what else is here.
    const { already_known: _, ...warnings } = input.warnings;
    if (importState(tables, origin) !== null)
      throw new InputRefused(origin.leak, "is being imported by somebody else");
    const changed = enrol(tables, by, facts, appended, { action: "leak.import", origin }, warnings);
    const state: ImportState = { leak: changed.leak.id, isComplete: false };
    tables.meta.put(keyOf(origin), state);
    return changed;
  });
}

/** From now on an import passes over this origin, whatever is decided of the leak. */
export function endImport(tables: Tables, origin: Origin, leak: LeakId): Promise<void> {
  return commit(tables, () => {
    const state: ImportState = { leak, isComplete: true };
    tables.meta.put(keyOf(origin), state);
  });
}

function keyOf({ hash }: Origin): string {
  return `import ${hash}`;
}
