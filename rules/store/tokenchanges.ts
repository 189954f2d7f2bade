import { checkGrounds, type Grounds } from "../decision.ts";
import type { TokenDigest, TokenWarning } from "../digest.ts";
import type { JournalEntry } from "../journal.ts";
import { amendLeak, type Decision, type LeakId } from "../leak.ts";
import { DecisionRefused, InputRefused, TokenUnknown } from "../refusal.ts";
import { amend, type By, type Changed, checkActor, commit, expectLeak, unchanged } from "./changes.ts";
import { factsWith, hold, letGoOf, type Met, numbered } from "./duplicates.ts";
import {
  type AloneStatus,
  type Appended,
  type AppendTo,
  atOnce,
  inSlices,
  pageOf,
  placeOf,
  planAppend,
  TokenPage,
  tokensPerLeakMax,
  withAlone,
  withRemoved,
} from "./pages.ts";
import { ruleOf } from "./rulebook.ts";
import type { StoredLeak, Tables } from "./tables.ts";

/** What people should know of a token that was given. */
export interface TokenNotice {
  readonly warning: TokenWarning;
  /** Whether it was given as a hash, and where it stood in its list, from 1; null where nobody knows. */
  readonly isHash: boolean;
  readonly line: number | null;
  /** `already_known`: the leaks that hold it. */
  readonly leaks: readonly LeakId[];
}

/** Of more nobody reads; how many there are in all, the leak's counts say. */
export const noticesMax = 1_000;

export interface TokensAdded extends Changed {
  readonly added: number;
  /** Tokens that the leak held already, or that stood twice in the list. */
  readonly already: number;
  readonly notices: readonly TokenNotice[];
}

/** What may be decided of one token alone. */
export type TokenDecision = Exclude<Decision, "vpatch">;

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
    if (appended.count === 0) return { ...unchanged(tables, stored.leak), ...counts, notices: [] };
    const first = stored.tokensEver + 1;
    writePages(tables, stored.leak.seq, first, appended);
    const met = hold(tables, stored.leak.seq, numbered(first, appended.tokens));
    const facts = {
      tokenCount: stored.leak.tokenCount + appended.count,
      tokensFalse: stored.leak.tokensFalse + appended.falseCount,
      ...factsWith(stored.leak, appended.tokens, met),
    };
    const leak = amendLeak(stored.leak, facts, by.at);
    const after = { leak, tokensEver: stored.tokensEver + appended.count, kinds: appended.kinds };
    const draft = { ...by, action: "tokens.add" as const, tokens: tokensFact(first, appended) };
    const revision = amend(tables, stored, after, draft);
    const notices = noticesOf(first, appended.tokens, met);
    return { leak, rule: ruleOf(tables, leak), revision, ...counts, notices };
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
    const { bytes, page, place } = liveToken(tables, stored, number);
    const { seq } = stored.leak;
    letGoOf(tables, seq, number, page.digestAt(place));
    tables.expiries.remove([seq, number]);
    tables.tokens.put([seq, pageOf(number)], withRemoved(bytes, place, by.at));
    const alone = countsWithout(stored, page.aloneAt(place));
    const leak = amendLeak(stored.leak, { ...alone, tokenCount: stored.leak.tokenCount - 1 }, by.at);
    const draft = { ...by, action: "token.remove" as const, token: number };
    const revision = amend(tables, stored, { ...stored, leak }, draft);
    return { leak, rule: ruleOf(tables, leak), revision };
  });
}

/**
 * Decides about one token alone, of a leak that is opened or patched: closed or marked false it is not enforced any
 * more; reopened it is again as its leak is.
 */
export async function decideToken(
  tables: Tables,
  by: By,
  id: string,
  number: number,
  decision: TokenDecision,
  options: Grounds & { readonly ifVersion?: number | undefined },
): Promise<Changed> {
  checkActor(by.actor);
  const grounds = checkGrounds(decision, options);
  return commit(tables, () => {
    const stored = expectLeak(tables, id, options.ifVersion);
    const { bytes, page, place } = liveToken(tables, stored, number);
    const before = page.aloneAt(place);
    const { seq, status } = stored.leak;
    if (status !== "opened" && status !== "patched") throw new DecisionRefused(id, decision, status);
    if ((before === null) === (decision === "reopen"))
      throw new DecisionRefused(`${id}, token ${number}`, decision, before ?? status);
    const after = decision === "reopen" ? null : decision === "close" ? "closed" : "marked_false";
    tables.tokens.put([seq, pageOf(number)], withAlone(bytes, place, after));
    const counts = countsWithout(stored, before);
    if (after === "closed") counts.tokensClosed++;
    if (after === "marked_false") counts.tokensFalse++;
    const leak = amendLeak(stored.leak, counts, by.at);
    const draft = { ...by, ...grounds, action: `token.${decision}` as const, token: number };
    const revision = amend(tables, stored, { ...stored, leak }, draft);
    return { leak, rule: ruleOf(tables, leak), revision };
  });
}

function countsWithout(
  { leak }: StoredLeak,
  alone: AloneStatus | null,
): { tokensClosed: number; tokensFalse: number } {
  return {
    tokensClosed: leak.tokensClosed - (alone === "closed" ? 1 : 0),
    tokensFalse: leak.tokensFalse - (alone === "marked_false" ? 1 : 0),
  };
}

/** Throws TokenUnknown. */
function liveToken(
  tables: Tables,
  { leak, tokensEver, kinds }: StoredLeak,
  number: number,
): { readonly bytes: Buffer; readonly page: TokenPage; readonly place: number } {
  const isKnown = Number.isInteger(number) && number >= 1 && number <= tokensEver;
  const bytes = isKnown ? tables.tokens.get([leak.seq, pageOf(number)]) : undefined;
  const page = bytes && new TokenPage(bytes, pageOf(number), kinds);
  if (bytes === undefined || page === undefined || page.removedAt(placeOf(number)))
    throw new TokenUnknown(leak.id, number);
  return { bytes, page, place: placeOf(number) };
}

/** The warnings of new tokens, at most `noticesMax`. */
export function noticesOf(first: number, tokens: readonly TokenDigest[], { known }: Met): TokenNotice[] {
  const notices: TokenNotice[] = [];
  for (const token of tokens) {
    if (notices.length >= noticesMax) return notices;
    for (const warning of token.warnings ?? []) notices.push(noticeOf(token, warning, []));
  }
  for (const { number, holders } of known) {
    if (notices.length >= noticesMax) break;
    const leaks = holders.slice(0, 10).map(({ seq }): LeakId => `leak-${seq}`);
    notices.push(noticeOf(tokens[number - first]!, "already_known", leaks));
  }
  return notices;
}

function noticeOf(token: TokenDigest, warning: TokenWarning, leaks: readonly LeakId[]): TokenNotice {
  return { warning, isHash: token.hash !== undefined, line: token.line ?? null, leaks };
}

/** What the journal says of new tokens. */
export function tokensFact(first: number, appended: Appended): NonNullable<JournalEntry["tokens"]> {
  const { count, falseCount, tokens } = appended;
  if (falseCount === 0) return { first, count };
  const caught: { [rule: string]: number } = {};
  for (const { caughtBy } of tokens.slice(count - falseCount))
    if (caughtBy !== undefined) caught[caughtBy] = (caught[caughtBy] ?? 0) + 1;
  return { first, count, falseCount, ...(Object.keys(caught).length > 0 && { caught }) };
}

function appendTo(tables: Tables, stored: StoredLeak): AppendTo {
  return {
    tokensEver: stored.tokensEver,
    kinds: stored.kinds,
    readPage: (page) => tables.tokens.get([stored.leak.seq, page]) ?? noPage(),
  };
}

/** The records, numbered from `first`, and when they expire. */
export function writePages(tables: Tables, seq: number, first: number, appended: Appended): void {
  for (const { page, bytes } of appended.pages) tables.tokens.put([seq, page], bytes);
  if (appended.tokens.some(({ hash }) => hash !== undefined)) noteHashes(tables);
  for (const [index, { expiresAt }] of appended.tokens.entries())
    if (typeof expiresAt === "number") tables.expiries.put([seq, first + index], expiresAt);
}

/** There are tokens, or were, of which only a hash is known; only inside a write transaction. */
export function noteHashes(tables: Tables): void {
  if (tables.meta.get("hashes") !== true) tables.meta.put("hashes", true);
}

/** Throws InputRefused. */
export function checkTokens(tokens: readonly TokenDigest[], tokensEver: number): void {
  if (tokensEver + tokens.length > tokensPerLeakMax)
    throw new InputRefused("tokens", `would make more than ${tokensPerLeakMax} tokens in one leak`);
  if (tokens.some((token) => token.digest.length !== 32))
    throw new InputRefused("tokens", "holds a broken digest");
}

export function noPage(): never {
  throw new Error("a page of tokens is missing from the store");
}
