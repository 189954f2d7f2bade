import { createHash } from "node:crypto";
import type { JournalEntry } from "./journal.ts";
import { decisions, detailsOf, type Leak, timeBoxOf, watchOf } from "./leak.ts";
import { LeakUnknown } from "./refusal.ts";
import type { RulesStore } from "./store.ts";
import { formatKnown, type Header, type LeakRecord, tokenRecord } from "./transfer/records.ts";

export interface ExportOptions {
  readonly version: string;
  readonly tenant: string;
  readonly pepperId: string;
  /** These leaks; all where absent. */
  readonly leaks?: readonly string[] | undefined;
  /** The entries of the journal too, which an import passes over. */
  readonly withHistory?: boolean;
  /** Told how many tokens there were so far. */
  readonly progress?: (tokens: number) => void;
}

const HISTORY_A_TURN = 500;

/**
 * The lines of an export (records.ts): leaks and their rules, and of each live token its digest, never more. Holds a
 * page of tokens at a time; a leak that is changed meanwhile is as it was when its first line was made, or newer.
 * Throws LeakUnknown before the first line.
 */
export function* exportLeaks(store: RulesStore, options: ExportOptions): Generator<string> {
  const unknown = options.leaks?.find((id) => store.leak(id) === null);
  if (unknown !== undefined) throw new LeakUnknown(unknown);
  const sum = createHash("sha256");
  const line = (record: object) => {
    const text = JSON.stringify(record);
    sum.update(`${text}\n`);
    return text;
  };
  yield line(headerOf(store, options));
  let leaks = 0;
  let tokens = 0;
  for (const leak of chosen(store, options.leaks)) {
    yield line({ leak: leakRecord(store, leak) });
    for (const record of liveTokens(store, leak)) {
      yield line({ token: record });
      if (++tokens % 10_000 === 0) options.progress?.(tokens);
    }
    if (options.withHistory) for (const entry of history(store, leak.id)) yield line({ history: entry });
    leaks++;
  }
  yield JSON.stringify({ end: { leaks, tokens, sha256: sum.digest("hex") } });
}

function headerOf(store: RulesStore, { version, tenant, pepperId }: ExportOptions): Header {
  const { revision, hash } = store.head();
  const at = new Date().toISOString();
  return { leakgateExport: formatKnown, version, at, tenant, pepper: pepperId, revision, head: hash };
}

function* chosen(store: RulesStore, ids: readonly string[] | undefined): Generator<Leak> {
  if (ids === undefined) yield* store.leaks();
  else for (const id of new Set(ids)) yield store.leak(id) as Leak;
}

function leakRecord(store: RulesStore, leak: Leak): LeakRecord {
  const { id, status, createdAt, updatedAt } = leak;
  const rule = store.ruleOf(id);
  const watch = watchOf(leak);
  const entry = store.registration(id);
  if (entry === null) throw new Error(`${id} is not in the journal`);
  return {
    id,
    origin: entry.origin ?? { leak: id, hash: entry.hash },
    ...detailsOf(leak),
    status,
    createdAt,
    updatedAt,
    rule: rule === null ? null : { mode: rule.mode, scope: scopeOf(rule.scope) },
    until: timeBoxOf(leak)?.until ?? null,
    watch: watch === null ? null : { until: watch.until },
    warnings: leak.warnings,
    decided: decisionOf(store, id),
  };
}

function decisionOf(store: RulesStore, id: string): LeakRecord["decided"] {
  const isDecision = ({ action }: JournalEntry) =>
    decisions.some((decision) => action === `leak.${decision}`);
  for (const entry of history(store, id)) {
    if (!isDecision(entry)) continue;
    const { actor: by, at, reason, comment } = entry;
    return {
      by,
      at,
      ...(reason === undefined ? {} : { reason }),
      ...(comment === undefined ? {} : { comment }),
    };
  }
  return null;
}

function scopeOf({ hosts, methods }: { hosts?: readonly string[]; methods?: readonly string[] }) {
  return {
    ...(hosts === undefined ? {} : { hosts: [...hosts] }),
    ...(methods === undefined ? {} : { methods: [...methods] }),
  };
}

function* liveTokens(store: RulesStore, leak: Leak) {
  for (let number = 0; number < store.tokenPageCount(leak.id); number++) {
    const page = store.tokenPage(leak.id, number);
    // Taken out at once: the page's bytes are the store's, and may be others by the next turn.
    const live = [];
    for (let place = 0; place < page.count; place++)
      if (!page.removedAt(place)) {
        const expiresAt = store.expiryOf(leak, page.numberAt(place));
        live.push(tokenRecord(page.at(place), page.markAt(place), expiresAt));
      }
    yield* live;
  }
}

/** Newest first. */
function* history(store: RulesStore, id: string): Generator<JournalEntry> {
  for (let before = store.head().revision + 1; ; ) {
    const entries = store.history(id, HISTORY_A_TURN, before);
    yield* entries;
    if (entries.length < HISTORY_A_TURN) return;
    before = entries[entries.length - 1]!.revision;
  }
}
