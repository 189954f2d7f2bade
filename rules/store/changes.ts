import { canonicalJson, type EntryDraft, type Facts, type Json, sealEntry } from "../journal.ts";
import { detailsOf, type Leak, timeBoxOf, watchOf } from "../leak.ts";
import { LeakUnknown, Refusal, StoreFailed, VersionConflict } from "../refusal.ts";
import type { Rule } from "../rule.ts";
import { checkText } from "../text.ts";
import { recount } from "./counters.ts";
import { reindex } from "./listing.ts";
import { ruleOf } from "./rulebook.ts";
import { numberOf, readHead, type StoredLeak, type Tables } from "./tables.ts";

const actorCharsMax = 200;

/** Rows of the index that name the entries with a comment: [commented, subject, revision]. */
export const commented = "said";

/**
 * Runs `work` in one write transaction and resolves once it is on the disk (see `overlappingSync` in tables.ts).
 * When `work` throws, or the disk refuses, nothing of it is stored. Refusals pass through; anything else that the
 * disk says becomes StoreFailed.
 */
export async function commit<T>(tables: Tables, work: () => T): Promise<T> {
  try {
    // A plain `transaction` would keep what `work` wrote before it threw; a child transaction is taken back.
    return await tables.gate.share(() => tables.root.childTransaction(work));
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new StoreFailed("store the change", await causeOf(error));
  }
}

/** lmdb-js rejects with a wrapper whose `commitError` is a promise that rejects with the real cause. */
async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !("commitError" in error)) return error;
  try {
    return (await error.commitError) ?? error;
  } catch (cause) {
    return cause;
  }
}

/** Appends the entry to the journal and answers its revision; only inside a write transaction. */
export function journal(tables: Tables, draft: EntryDraft): number {
  const entry = sealEntry(draft, readHead(tables));
  tables.journal.put(entry.revision, canonicalJson(entry));
  tables.history.put([entry.subject, entry.revision], 0);
  if (entry.comment !== undefined) tables.index.put([commented, entry.subject, entry.revision], "");
  tables.meta.put("head", { revision: entry.revision, hash: entry.hash });
  return entry.revision;
}

/** An entry alone, in a transaction of its own; answers its revision. */
export function note(tables: Tables, draft: EntryDraft): Promise<number> {
  checkActor(draft.actor);
  return commit(tables, () => journal(tables, draft));
}

/** Stores a leak with its index rows and counters; only inside a write transaction. */
export function writeLeak(tables: Tables, before: StoredLeak | null, after: StoredLeak): void {
  tables.leaks.put(after.leak.seq, after);
  reindex(tables, before?.leak ?? null, after.leak);
  recount(tables, before?.leak ?? null, after.leak);
}

/** The leak as stored. Throws LeakUnknown, and VersionConflict when it is not at `ifVersion`. */
export function expectLeak(tables: Tables, id: string, ifVersion?: number | undefined): StoredLeak {
  const seq = numberOf("leak", id);
  const stored = seq === null ? undefined : tables.leaks.get(seq);
  if (stored === undefined) throw new LeakUnknown(id);
  if (ifVersion !== undefined && stored.leak.version !== ifVersion)
    throw new VersionConflict(id, ifVersion, stored.leak.version);
  return stored;
}

/** What the journal says of a leak and its rule. */
export function journalFacts(leak: Leak, rule: Rule | null): Facts {
  return {
    ...detailsOf(leak),
    status: leak.status,
    tokenCount: leak.tokenCount,
    tokensClosed: leak.tokensClosed,
    tokensFalse: leak.tokensFalse,
    warnings: leak.warnings as { [field: string]: Json },
    regressionOf: leak.regressionOf,
    until: timeBoxOf(leak)?.until ?? null,
    watch: watchFacts(leak),
    version: leak.version,
    rule:
      rule === null ? null : { id: rule.id, mode: rule.mode, scope: rule.scope as { [field: string]: Json } },
  };
}

/** What a leak is while nobody said otherwise; entries of a registration, and of older versions, leave it out. */
export const unsaidFacts: Facts = {
  sourceUrl: null,
  sourceAuthor: null,
  sourceAt: null,
  target: null,
  assignee: null,
  notApplicable: null,
  tokensClosed: 0,
  tokensFalse: 0,
  warnings: {},
  regressionOf: [],
  until: null,
  watch: null,
};

function watchFacts(leak: Leak): Json {
  const watch = watchOf(leak);
  return watch ? { until: watch.until } : null;
}

/** The facts without those that need not be said. */
export function saidFacts(facts: Facts): Facts {
  const said = Object.entries(facts).filter(
    ([field, value]) =>
      value !== unsaidFacts[field] && canonicalJson(unsaidFacts[field]) !== canonicalJson(value),
  );
  return Object.fromEntries(said);
}

/** The fields in which two states differ, so that entries stay small and say what changed. */
export function changedFacts(before: Facts, after: Facts): { before: Facts; after: Facts } {
  const changed = Object.keys(after).filter(
    (field) => canonicalJson(before[field]) !== canonicalJson(after[field]),
  );
  const pick = (facts: Facts) => Object.fromEntries(changed.map((field) => [field, facts[field]]));
  return { before: pick(before), after: pick(after) };
}

/** Writes the leak's next state and its journal entry, and answers the revision; only inside a write transaction. */
export function amend(
  tables: Tables,
  before: StoredLeak,
  after: StoredLeak,
  draft: Omit<EntryDraft, "subject" | "before" | "after">,
  ruleAfter = ruleOf(tables, after.leak),
  ruleBefore = ruleOf(tables, before.leak),
): number {
  writeLeak(tables, before, after);
  const facts = changedFacts(journalFacts(before.leak, ruleBefore), journalFacts(after.leak, ruleAfter));
  return journal(tables, { ...draft, subject: after.leak.id, ...facts });
}

/** A leak after a change. `revision` is the change's, or the newest when nothing had to change. */
export interface Changed {
  readonly leak: Leak;
  readonly rule: Rule | null;
  readonly revision: number;
}

/** Who changes what, when: handed to every change. */
export interface By {
  readonly actor: string;
  /** An address. */
  readonly from?: string;
  readonly at: number;
  /** The policy of the intake that decides for the actor. */
  readonly policy?: string;
}

export function unchanged(tables: Tables, leak: Leak): Changed {
  return { leak, rule: ruleOf(tables, leak), revision: readHead(tables).revision };
}

/** Throws InputRefused for an actor that could not stand in a journal line. */
export function checkActor(actor: string): string {
  return checkText("actor", actor, actorCharsMax);
}
