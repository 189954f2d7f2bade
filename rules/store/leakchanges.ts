import type { TokenDigest } from "../digest.ts";
import type { EntryDraft, Facts } from "../journal.ts";
import {
  amendLeak,
  checkLeakInput,
  type Leak,
  type LeakDetails,
  type LeakInput,
  type WarningCounts,
} from "../leak.ts";
import { InputRefused } from "../refusal.ts";
import {
  amend,
  type By,
  type Changed,
  changedFacts,
  checkActor,
  commit,
  expectLeak,
  journal,
  journalFacts,
  saidFacts,
  unchanged,
  writeLeak,
} from "./changes.ts";
import { factsWith, hold, numbered } from "./duplicates.ts";
import { type Appended, inSlices, planAppend } from "./pages.ts";
import { ruleOf } from "./rulebook.ts";
import { type Tables, takeId } from "./tables.ts";
import { checkTokens, noPage, noticesOf, type TokenNotice, tokensFact, writePages } from "./tokenchanges.ts";

export type { By, Changed } from "./changes.ts";
export type { DecideOptions } from "./decisions.ts";

/** A new leak, and what people should know of its tokens. */
export interface Registered extends Changed {
  readonly notices: readonly TokenNotice[];
}

/** The fields to change; absent ones stay. */
export type LeakPatch = { readonly [Field in keyof LeakInput]?: LeakInput[Field] | undefined };

export async function register(
  tables: Tables,
  by: By,
  input: LeakInput & { readonly tokens: readonly TokenDigest[] },
): Promise<Registered> {
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

/**
 * Stores a new leak, opened, with what was planned for its tokens; only inside a write transaction. `warnings` are those
 * that its tokens had before they came here; `more` writes what else there is of it, and says it in the journal.
 */
export function enrol(
  tables: Tables,
  by: By,
  facts: LeakDetails,
  appended: Appended,
  draft: Pick<EntryDraft, "action" | "origin">,
  warnings: WarningCounts = {},
  more: (seq: number) => Facts = () => ({}),
): Registered {
  const seq = takeId(tables, "leak");
  writePages(tables, seq, 1, appended);
  const met = hold(tables, seq, numbered(1, appended.tokens));
  const leak: Leak = {
    id: `leak-${seq}`,
    seq,
    ...facts,
    status: "opened",
    tokenCount: appended.count,
    tokensClosed: 0,
    tokensFalse: appended.falseCount,
    ...factsWith({ warnings, regressionOf: [] }, appended.tokens, met),
    version: 1,
    createdAt: by.at,
    updatedAt: by.at,
  };
  writeLeak(tables, null, { leak, tokensEver: appended.count, kinds: appended.kinds });
  const revision = journal(tables, {
    ...by,
    ...draft,
    subject: leak.id,
    before: null,
    after: { ...saidFacts(journalFacts(leak, null)), ...more(seq) },
    tokens: tokensFact(1, appended),
  });
  return { leak, rule: null, revision, notices: noticesOf(1, appended.tokens, met) };
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

/** The fields that people write, as the patch leaves them. */
function patched(leak: Leak, patch: LeakPatch): LeakDetails {
  const given = Object.entries(patch).filter(([, value]) => value !== undefined);
  return { ...leak, ...Object.fromEntries(given) };
}
