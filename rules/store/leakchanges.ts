import { checkGrounds, type Grounds } from "../decision.ts";
import type { TokenDigest } from "../digest.ts";
import type { EntryDraft } from "../journal.ts";
import {
  amendLeak,
  checkLeakInput,
  type Decision,
  decideLeak,
  type Leak,
  type LeakDetails,
  type LeakInput,
} from "../leak.ts";
import { InputRefused, TokenUnknown } from "../refusal.ts";
import type { Rule } from "../rule.ts";
import {
  changedFacts,
  checkActor,
  commit,
  expectLeak,
  journal,
  journalFacts,
  saidFacts,
  writeLeak,
} from "./changes.ts";
import {
  type Appended,
  type AppendTo,
  atOnce,
  inSlices,
  pageOf,
  placeOf,
  planAppend,
  recordBytes,
  tokensPerLeakMax,
  withRemoved,
} from "./pages.ts";
import { nextRuleId, type RuleWish, ruleOf, wishedRule, writeRule } from "./rulebook.ts";
import { readHead, type StoredLeak, type Tables, takeId } from "./tables.ts";

/** A leak after a change. `revision` is the change's, or the newest when nothing had to change. */
export interface Changed {
  readonly leak: Leak;
  readonly rule: Rule | null;
  readonly revision: number;
}

export interface TokensAdded extends Changed {
  readonly added: number;
  /** Tokens that the leak held already, or that stood twice in the list. */
  readonly already: number;
}

export interface DecideOptions extends RuleWish, Grounds {
  /** The version the caller saw (If-Match). */
  readonly ifVersion?: number | undefined;
}

/** The fields to change; absent ones stay. */
export type LeakPatch = { readonly [Field in keyof LeakInput]?: LeakInput[Field] | undefined };

/** Who changes what, when: handed to every change. */
export interface By {
  readonly actor: string;
  /** An address. */
  readonly from?: string;
  readonly at: number;
}

export async function register(
  tables: Tables,
  by: By,
  input: LeakInput & { readonly tokens: readonly TokenDigest[] },
): Promise<Changed> {
  checkActor(by.actor);
  const facts = checkLeakInput(input);
  if (input.tokens.length === 0) throw new InputRefused("tokens", "holds no token");
  const appended = await planFirst(input.tokens, by.at);
  return commit(tables, () => enrol(tables, by, facts, appended, { action: "leak.register" }));
}

/** What a leak that is still to be made will hold. Throws InputRefused. */
export function planFirst(tokens: readonly TokenDigest[], at: number): Promise<Appended> {
  checkTokens(tokens, 0);
  return inSlices(planAppend(tokens, { tokensEver: 0, kinds: [], readPage: noPage }, at));
}

/** Stores a new leak, opened, with what was planned for its tokens; only inside a write transaction. */
export function enrol(
  tables: Tables,
  by: By,
  facts: LeakDetails,
  appended: Appended,
  draft: Pick<EntryDraft, "action" | "origin">,
): Changed {
  const seq = takeId(tables, "leak");
  const leak: Leak = {
    id: `leak-${seq}`,
    seq,
    ...facts,
    status: "opened",
    tokenCount: appended.count,
    version: 1,
    createdAt: by.at,
    updatedAt: by.at,
  };
  writePages(tables, seq, appended);
  writeLeak(tables, null, { leak, tokensEver: appended.count, kinds: appended.kinds });
  const revision = journal(tables, {
    ...by,
    ...draft,
    subject: leak.id,
    before: null,
    after: saidFacts(journalFacts(leak, null)),
    tokens: { first: 1, count: appended.count },
  });
  return { leak, rule: null, revision };
}

export async function addTokens(
  tables: Tables,
  by: By,
  id: string,
  tokens: readonly TokenDigest[],
  ifVersion?: number,
): Promise<TokensAdded> {
  checkActor(by.actor);
  // The caller may know a version that another process committed in this very turn.
  tables.root.resetReadTxn();
  const seen = expectLeak(tables, id, ifVersion);
  checkTokens(tokens, seen.tokensEver);
  // The long part, comparing with every token of the leak, is done before the write lock is taken; in the rare case
  // that the leak changed meanwhile it is done again inside.
  const early = await inSlices(planAppend(tokens, appendTo(tables, seen), by.at));
  return commit(tables, () => {
    const stored = expectLeak(tables, id, ifVersion);
    checkTokens(tokens, stored.tokensEver);
    const isCurrent = stored.leak.version === seen.leak.version;
    const appended = isCurrent ? early : atOnce(planAppend(tokens, appendTo(tables, stored), by.at));
    const counts = { added: appended.count, already: appended.already };
    if (appended.count === 0) return { ...unchanged(tables, stored.leak), ...counts };
    const leak = amendLeak(stored.leak, { tokenCount: stored.leak.tokenCount + appended.count }, by.at);
    writePages(tables, leak.seq, appended);
    const after = { leak, tokensEver: stored.tokensEver + appended.count, kinds: appended.kinds };
    const revision = amend(tables, stored, after, {
      ...by,
      action: "tokens.add",
      tokens: { first: stored.tokensEver + 1, count: appended.count },
    });
    return { leak, rule: ruleOf(tables, leak), revision, ...counts };
  });
}

export async function removeToken(
  tables: Tables,
  by: By,
  id: string,
  number: number,
  ifVersion?: number,
): Promise<Changed> {
  checkActor(by.actor);
  return commit(tables, () => {
    const stored = expectLeak(tables, id, ifVersion);
    const key = [stored.leak.seq, pageOf(number)];
    const isKnown = Number.isInteger(number) && number >= 1 && number <= stored.tokensEver;
    const bytes = isKnown ? tables.tokens.get(key) : undefined;
    if (bytes === undefined || isRemoved(bytes, placeOf(number)))
      throw new TokenUnknown(stored.leak.id, number);
    tables.tokens.put(key, withRemoved(bytes, placeOf(number), by.at));
    const leak = amendLeak(stored.leak, { tokenCount: stored.leak.tokenCount - 1 }, by.at);
    const draft = { ...by, action: "token.remove" as const, token: number };
    const revision = amend(tables, stored, { ...stored, leak }, draft);
    return { leak, rule: ruleOf(tables, leak), revision };
  });
}

export async function updateLeak(
  tables: Tables,
  by: By,
  id: string,
  patch: LeakPatch,
  ifVersion?: number,
): Promise<Changed> {
  checkActor(by.actor);
  return commit(tables, () => {
    const stored = expectLeak(tables, id, ifVersion);
    const facts = checkLeakInput(patched(stored.leak, patch));
    if (facts.notApplicable !== null && stored.leak.status === "patched")
      throw new InputRefused("remediation", "is applied for as long as the rule is in force");
    const leak = amendLeak(stored.leak, facts, by.at);
    const rule = ruleOf(tables, leak);
    const { after } = changedFacts(journalFacts(stored.leak, rule), journalFacts(leak, rule));
    if (Object.keys(after).every((field) => field === "version")) return unchanged(tables, stored.leak);
    const revision = amend(tables, stored, { ...stored, leak }, { ...by, action: "leak.update" });
    return { leak, rule, revision };
  });
}

export async function decide(
  tables: Tables,
  by: By,
  id: string,
  decision: Decision,
  options: DecideOptions,
): Promise<Changed> {
  checkActor(by.actor);
  const grounds = checkGrounds(decision, options);
  return commit(tables, () => {
    const stored = expectLeak(tables, id, options.ifVersion);
    const current = ruleOf(tables, stored.leak);
    const leak = decideLeak(stored.leak, decision, () => nextRuleId(tables), by.at);
    const draft = { ...by, ...grounds, action: `leak.${decision}` as const };
    if (leak.status !== "patched") {
      const revision = amend(tables, stored, { ...stored, leak }, draft, null);
      if (current !== null) writeRule(tables, { ...current, removedAt: by.at });
      return { leak, rule: null, revision };
    }
    const wished = wishedRule(current, options);
    // The same vpatch once more (a retry, a double click) is no change.
    if (wished === null) return unchanged(tables, stored.leak);
    const rule: Rule = {
      id: leak.rule,
      leak: leak.id,
      ...wished,
      appliedAt: by.at,
      appliedBy: by.actor,
      revision: readHead(tables).revision + 1,
      removedAt: null,
    };
    writeRule(tables, rule);
    return { leak, rule, revision: amend(tables, stored, { ...stored, leak }, draft, rule, current) };
  });
}

/** The fields that people write, as the patch leaves them. */
function patched(leak: Leak, patch: LeakPatch): LeakDetails {
  const given = Object.entries(patch).filter(([, value]) => value !== undefined);
  return { ...leak, ...Object.fromEntries(given) };
}

/** Writes the leak's next state and its journal entry, and answers the revision. */
function amend(
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

function unchanged(tables: Tables, leak: Leak): Changed {
  return { leak, rule: ruleOf(tables, leak), revision: readHead(tables).revision };
}

function appendTo(tables: Tables, stored: StoredLeak): AppendTo {
  return {
    tokensEver: stored.tokensEver,
    kinds: stored.kinds,
    readPage: (page) => tables.tokens.get([stored.leak.seq, page]) ?? noPage(),
  };
}

function writePages(tables: Tables, seq: number, appended: Appended): void {
  for (const { page, bytes } of appended.pages) tables.tokens.put([seq, page], bytes);
}

function checkTokens(tokens: readonly TokenDigest[], tokensEver: number): void {
  if (tokensEver + tokens.length > tokensPerLeakMax)
    throw new InputRefused("tokens", `would make more than ${tokensPerLeakMax} tokens in one leak`);
  if (tokens.some((token) => token.digest.length !== 32))
    throw new InputRefused("tokens", "holds a broken digest");
}

function isRemoved(bytes: Buffer, place: number): boolean {
  return (bytes[place * recordBytes + 42] & 1) !== 0;
}

function noPage(): never {
  throw new Error("a page of tokens is missing from the store");
}
