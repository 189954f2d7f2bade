import type { Key } from "lmdb";
import {
  canonicalJson,
  type Facts,
  type JournalEntry,
  type JournalHead,
  type JournalRecords,
  type JournalSource,
  type JournalVerdict,
} from "../journal.ts";
import { type Leak, ruleIdOf } from "../leak.ts";
import { defaultSettings } from "../settings.ts";
import { commented, journalFacts, unsaidFacts } from "./changes.ts";
import { shares } from "./counters.ts";
import { holderTrouble } from "./holderaudit.ts";
import { hookFacts } from "./hooks.ts";
import { intakeFacts, readIntake } from "./intakechanges.ts";
import { keyFacts, withoutNulls } from "./keychanges.ts";
import { byPart, partsOf } from "./keyring.ts";
import { indexRows } from "./listing.ts";
import { type AloneStatus, pagesFor, TokenPage } from "./pages.ts";
import { policyFacts, readPolicies } from "./policychanges.ts";
import { inForce, readRule, ruleOf } from "./rulebook.ts";
import { listSessions, sessionFacts } from "./sessions.ts";
import { readSettings, settingsFacts, settingsSubject } from "./settingschanges.ts";
import { sightingTrouble } from "./sightingaudit.ts";
import { inventoryTrouble, sourceTrouble } from "./sourceaudit.ts";
import { readNextIds, type StoredLeak, type Tables } from "./tables.ts";

/** What the journal says of one leak, access key or session. */
interface Replayed {
  facts: Facts;
  createdAt: number;
  updatedAt: number;
  tokensEver: number;
  readonly removed: Set<number>;
  /** What was decided of tokens alone. */
  readonly alone: Map<number, AloneStatus>;
  /** Ids of the rules it ever had. */
  readonly rules: Set<string>;
  /** Revisions of the entries with a comment. */
  readonly comments: number[];
  revision: number;
}

/** The journal as it lies in the store, for who doubts it. */
export function journalRecords(tables: Tables, store: { head(): JournalHead }): JournalRecords {
  return {
    head: () => store.head(),
    recordsAfter: (revision, limit) =>
      [...tables.journal.getRange({ start: revision + 1, limit })].map(({ key, value }) => ({
        revision: key as number,
        text: value,
      })),
  };
}

/** Replays a journal whose chain holds, and compares every table with the outcome. Works in one turn of the loop. */
export function auditTables(tables: Tables, source: JournalSource): JournalVerdict {
  const { revision } = source.head();
  const replayed = new Map<string, Replayed>();
  for (let done = 0; done < revision; ) {
    const entries = source.entriesAfter(done, 1000);
    for (const entry of entries) replay(replayed, entry);
    done += entries.length;
  }
  const checks = [
    leakTrouble,
    holderTrouble,
    keyTrouble,
    sessionTrouble,
    hookTrouble,
    settingsTrouble,
    intakeTrouble,
    policyTrouble,
    sightingTrouble,
    sourceTrouble,
    inventoryTrouble,
    rowTrouble,
    counterTrouble,
  ];
  for (const check of checks) {
    const why = readable(() => check(tables, replayed));
    if (why !== null) return { ok: false, revision, why };
  }
  const historyRows = tables.history.getKeysCount({});
  if (historyRows !== revision || tables.journal.getCount() !== revision)
    return { ok: false, revision, why: "the history misses entries or has too many" };
  return { ok: true, entries: revision };
}

/** A record of a table may be anything, where somebody wrote into its file. */
function readable(check: () => string | null): string | null {
  try {
    return check();
  } catch {
    return "a record of a table cannot be read";
  }
}

function replay(replayed: Map<string, Replayed>, entry: JournalEntry): void {
  const known = replayed.get(entry.subject);
  const state: Replayed = known ?? {
    facts: {},
    createdAt: entry.at,
    updatedAt: entry.at,
    tokensEver: 0,
    removed: new Set(),
    alone: new Map(),
    rules: new Set(),
    comments: [],
    revision: 0,
  };
  state.facts = { ...state.facts, ...entry.after };
  // Neither a comment nor a sighting changes anything of a leak.
  if (entry.action !== "leak.comment" && entry.action !== "leak.sighted") state.updatedAt = entry.at;
  if (entry.comment !== undefined) state.comments.push(entry.revision);
  state.revision = entry.revision;
  replayTokens(state, entry);
  const { rule } = entry.after;
  if (typeof rule === "object" && rule !== null && "id" in rule) state.rules.add(String(rule.id));
  replayed.set(entry.subject, state);
}

function replayTokens(state: Replayed, { action, token, tokens }: JournalEntry): void {
  if (tokens !== undefined) {
    state.tokensEver = tokens.first + tokens.count - 1;
    for (let i = 0; i < (tokens.falseCount ?? 0); i++) state.alone.set(state.tokensEver - i, "marked_false");
  }
  if (token === undefined) return;
  if (action === "token.remove") state.removed.add(token);
  if (action === "token.close") state.alone.set(token, "closed");
  if (action === "token.mark_false") state.alone.set(token, "marked_false");
  if (action === "token.reopen") state.alone.delete(token);
}

function leakTrouble(tables: Tables, replayed: Map<string, Replayed>): string | null {
  let leaks = 0;
  let rules = 0;
  for (const { value } of tables.leaks.getRange({})) {
    const { leak } = value;
    const said = replayed.get(leak.id);
    if (said === undefined) return `${leak.id} is not in the journal`;
    const { sightings: _, ...facts } = said.facts;
    if (
      canonicalJson({ ...unsaidFacts, ...facts }) !== canonicalJson(journalFacts(leak, ruleOf(tables, leak)))
    )
      return `${leak.id} is not as the journal says`;
    if (said.createdAt !== leak.createdAt || said.updatedAt !== leak.updatedAt)
      return `${leak.id} has other times`;
    const why = tokenTrouble(tables, value, said) ?? ruleTrouble(tables, leak, said);
    if (why !== null) return `${leak.id}: ${why}`;
    leaks++;
    rules += said.rules.size;
  }
  const next = readNextIds(tables);
  if (count(replayed, "leak-") !== leaks || next.leak !== leaks + 1) return "leaks are missing";
  if (tables.rules.getCount() !== rules || next.rule !== rules + 1) return "rules are missing or too many";
  return null;
}

function tokenTrouble(tables: Tables, stored: StoredLeak, said: Replayed): string | null {
  const { leak, kinds, tokensEver } = stored;
  let records = 0;
  let live = 0;
  const alone = { closed: 0, marked_false: 0 };
  const pages = [...tables.tokens.getRange({ start: [leak.seq], end: [leak.seq + 1] })];
  for (const { key, value } of pages) {
    const page = new TokenPage(value, key[1] as number, kinds);
    for (let i = 0; i < page.count; i++) {
      if (page.removedAt(i) !== said.removed.has(page.numberAt(i)))
        return `token ${page.numberAt(i)} is out of step`;
      const status = page.aloneAt(i);
      if (status !== (said.alone.get(page.numberAt(i)) ?? null))
        return `token ${page.numberAt(i)} is not decided as the journal says`;
      if (page.removedAt(i)) continue;
      live++;
      if (status !== null) alone[status]++;
    }
    records += page.count;
  }
  const isWhole =
    records === tokensEver && tokensEver === said.tokensEver && pages.length === pagesFor(tokensEver);
  const isCounted = alone.closed === leak.tokensClosed && alone.marked_false === leak.tokensFalse;
  return isWhole && isCounted && live === leak.tokenCount ? null : "its tokens are not those that were added";
}

function ruleTrouble(tables: Tables, leak: Leak, said: Replayed): string | null {
  for (const id of said.rules) {
    const rule = readRule(tables, id);
    if (rule === null || rule.leak !== leak.id) return `${id} is missing`;
    if ((rule.removedAt === null) !== (ruleIdOf(leak) === id))
      return `${id} is in force without its leak, or not`;
  }
  return null;
}

function keyTrouble(tables: Tables, replayed: Map<string, Replayed>): string | null {
  let keys = 0;
  for (const { value } of tables.keys.getRange({})) {
    const said = replayed.get(value.id)?.facts ?? {};
    if (canonicalJson(withoutNulls(said)) !== canonicalJson(withoutNulls(keyFacts(value))))
      return `${value.id} is not as the journal says`;
    keys++;
  }
  const isWhole = count(replayed, "key-") === keys && readNextIds(tables).key === keys + 1;
  return isWhole ? null : "access keys are missing";
}

function hookTrouble(tables: Tables, replayed: Map<string, Replayed>): string | null {
  let hooks = 0;
  for (const { value } of tables.hooks.getRange({})) {
    if (canonicalJson(replayed.get(value.id)?.facts ?? null) !== canonicalJson(hookFacts(value)))
      return `${value.id} is not as the journal says`;
    hooks++;
  }
  const isDeleted = ([subject, { facts }]: [string, Replayed]) =>
    subject.startsWith("hook-") && facts.deleted === true;
  const deleted = [...replayed].filter(isDeleted).length;
  const ever = count(replayed, "hook-");
  return ever === hooks + deleted && readNextIds(tables).hook === ever + 1
    ? null
    : "destinations are missing";
}

function settingsTrouble(tables: Tables, replayed: Map<string, Replayed>): string | null {
  const said = { ...settingsFacts(defaultSettings), ...replayed.get(settingsSubject)?.facts };
  const isSame = canonicalJson(said) === canonicalJson(settingsFacts(readSettings(tables)));
  return isSame ? null : "the settings are not as the journal says";
}

/** Sessions that are over by themselves may be gone; one that is there must have begun, and not have been ended. */
function sessionTrouble(tables: Tables, replayed: Map<string, Replayed>): string | null {
  const ended = new Set<unknown>();
  for (const [id, { facts }] of replayed) {
    if (!id.startsWith("session-")) continue;
    if (facts.endedAt !== undefined) ended.add(id);
    if (Array.isArray(facts.ends)) for (const each of facts.ends) ended.add(each);
  }
  for (const session of listSessions(tables)) {
    const { ends: _, ...said } = replayed.get(session.id)?.facts ?? {};
    if (canonicalJson(said) !== canonicalJson(sessionFacts(session)) || ended.has(session.id))
      return `${session.id} is not as the journal says`;
  }
  return count(replayed, "session-") + 1 === readNextIds(tables).session ? null : "sessions are missing";
}

function intakeTrouble(tables: Tables, replayed: Map<string, Replayed>): string | null {
  const rules = readIntake(tables);
  for (const rule of rules) {
    if (canonicalJson(replayed.get(rule.id)?.facts ?? null) !== canonicalJson(intakeFacts(rule)))
      return `${rule.id} is not as the journal says`;
  }
  return count(replayed, "fpr-") === rules.length ? null : "rules of the intake are missing";
}

function policyTrouble(tables: Tables, replayed: Map<string, Replayed>): string | null {
  const policies = readPolicies(tables);
  for (const policy of policies) {
    if (canonicalJson(replayed.get(policy.id)?.facts ?? null) !== canonicalJson(policyFacts(policy)))
      return `${policy.id} is not as the journal says`;
  }
  return count(replayed, "policy-") === policies.length ? null : "policies of the intake are missing";
}

function rowTrouble(tables: Tables, replayed: Map<string, Replayed>): string | null {
  let rows = 0;
  const wrong = (key: Key[], value: string) => {
    rows++;
    return tables.index.get(key) !== value;
  };
  for (const { value } of tables.leaks.getRange({})) {
    if (indexRows(value.leak).some(([key, facts]) => wrong(key, facts)))
      return `${value.leak.id} is listed wrongly`;
  }
  for (const { key, value } of tables.rules.getRange({})) {
    if (value.removedAt === null && wrong([inForce, key], "")) return `${value.id} is not listed as in force`;
  }
  for (const { key, value } of tables.keys.getRange({})) {
    if (partsOf(value).some((part) => wrong([byPart, part], String(key))))
      return `${value.id} cannot be found`;
  }
  for (const [subject, { comments }] of replayed) {
    if (comments.some((revision) => wrong([commented, subject, revision], "")))
      return `a comment on ${subject} is not listed`;
  }
  return tables.index.getCount() === rows ? null : "the listings have rows too many";
}

function counterTrouble(tables: Tables): string | null {
  const sums = new Map<string, number>();
  for (const { value } of tables.leaks.getRange({})) {
    for (const [name, amount] of shares(value.leak)) sums.set(name, (sums.get(name) ?? 0) + amount);
  }
  for (const { key, value } of tables.counters.getRange({})) {
    if ((sums.get(key) ?? 0) !== value) return `the counter "${key}" is ${value}, not ${sums.get(key) ?? 0}`;
    sums.delete(key);
  }
  return [...sums.values()].every((sum) => sum === 0) ? null : "counters are missing";
}

function count(replayed: Map<string, Replayed>, prefix: string): number {
  return [...replayed.keys()].filter((subject) => subject.startsWith(prefix)).length;
}
