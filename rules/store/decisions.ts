import { checkGrounds, type Grounds } from "../decision.ts";
import {
  type Decision,
  decideLeak,
  expireLeak,
  isTime,
  type TimeBox,
  timeBoxOf,
  watchLeak,
  watchOf,
} from "../leak.ts";
import { InputRefused } from "../refusal.ts";
import type { Rule } from "../rule.ts";
import { amend, type By, type Changed, checkActor, commit, expectLeak, unchanged } from "./changes.ts";
import type { Due } from "./due.ts";
import { nextRuleId, type RuleWish, ruleOf, wishedRule, writeRule } from "./rulebook.ts";
import { readHead, type StoredLeak, type Tables } from "./tables.ts";

export interface DecideOptions extends RuleWish, Grounds {
  /** The version the caller saw (If-Match). */
  readonly ifVersion?: number | undefined;
  /**
   * When the decision ends and the leak is opened again (ms); null is never. Left out, a patched leak keeps the end it
   * has, and another decision has none. Reopening takes none.
   */
  readonly until?: number | null | undefined;
}

export async function decide(
  tables: Tables,
  by: By,
  id: string,
  decision: Decision,
  options: DecideOptions,
): Promise<Changed> {
  checkActor(by.actor);
  const checked = checkOptions(decision, options, by.at);
  return commit(tables, () => decideInside(tables, by, id, decision, checked));
}

/** The options in their one spelling. Throws InputRefused. */
export function checkOptions(decision: Decision, options: DecideOptions, now: number): DecideOptions {
  const { mode, scope, ifVersion, until } = options;
  if (typeof until === "number") {
    if (decision === "reopen") throw new InputRefused("until", "is not taken with this decision");
    checkUntil(until, now);
  }
  return { ...checkGrounds(decision, options), mode, scope, ifVersion, until };
}

/** Only inside a write transaction. */
export function decideInside(
  tables: Tables,
  by: By,
  id: string,
  decision: Decision,
  options: DecideOptions,
): Changed {
  const stored = expectLeak(tables, id, options.ifVersion);
  const current = ruleOf(tables, stored.leak);
  const before = timeBoxOf(stored.leak);
  const keeps = decision === "vpatch" && stored.leak.status === "patched" && options.until === undefined;
  const timeBox = keeps ? before : newTimeBox(tables, by, options.until ?? null);
  const leak = decideLeak(stored.leak, decision, () => nextRuleId(tables), by.at, timeBox);
  const { comment, reason } = options;
  const grounds = { ...(comment !== undefined && { comment }), ...(reason !== undefined && { reason }) };
  const draft = { ...by, ...grounds, action: `leak.${decision}` as const };
  if (leak.status !== "patched") {
    const revision = amend(tables, stored, { ...stored, leak }, draft, null);
    if (current !== null) writeRule(tables, { ...current, removedAt: by.at });
    return { leak, rule: null, revision };
  }
  const wished = wishedRule(current, options);
  // The same vpatch once more (a retry, a double click) is no change.
  if (wished === null && before?.until === timeBox?.until) return unchanged(tables, stored.leak);
  if (wished === null)
    return { leak, rule: current, revision: amend(tables, stored, { ...stored, leak }, draft) };
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
}

export interface WatchOptions {
  readonly on: boolean;
  /** When the watch ends (ms); null or left out is never. */
  readonly until?: number | null | undefined;
  readonly ifVersion?: number | undefined;
}

/** Begins or ends the watch over a leak that is closed or marked false; what already is so is no change. */
export async function watch(
  tables: Tables,
  by: By,
  id: string,
  { on, until = null, ifVersion }: WatchOptions,
): Promise<Changed> {
  checkActor(by.actor);
  if (until !== null && !on) throw new InputRefused("until", "is taken only with on");
  if (until !== null) checkUntil(until, by.at);
  return commit(tables, () => {
    const stored = expectLeak(tables, id, ifVersion);
    const wished = on ? { until, by: by.actor, revision: readHead(tables).revision + 1 } : null;
    const leak = watchLeak(stored.leak, wished, by.at);
    const before = watchOf(stored.leak);
    const isSame = (before === null) === (wished === null) && before?.until === wished?.until;
    if (isSame) return unchanged(tables, stored.leak);
    const revision = amend(tables, stored, { ...stored, leak }, { ...by, action: "leak.watch" });
    return { leak, rule: null, revision };
  });
}

/**
 * Ends what is due, as the person who chose the time decided beforehand: the leak is opened and has no rule, or is
 * watched no longer. Null where there is nothing to end any more.
 */
export function expire(tables: Tables, at: number, { leak: id, what }: Due): Promise<Changed | null> {
  return commit(tables, () => {
    const stored = expectLeak(tables, id);
    const chosen = what === "watch" ? watchOf(stored.leak) : timeBoxOf(stored.leak);
    if (chosen === null || chosen.until === null || chosen.until > at) return null;
    const actor = `system (time box of ${chosen.by.slice(0, 160)})`;
    const draft = { actor, at, decided: chosen.revision };
    if (what === "watch") {
      const leak = watchLeak(stored.leak, null, at);
      const revision = amend(tables, stored, { ...stored, leak }, { ...draft, action: "leak.watch" });
      return { leak, rule: null, revision };
    }
    return end(tables, stored, draft);
  });
}

function end(tables: Tables, stored: StoredLeak, draft: By & { readonly decided: number }): Changed {
  const rule = ruleOf(tables, stored.leak);
  const leak = expireLeak(stored.leak, draft.at);
  const revision = amend(tables, stored, { ...stored, leak }, { ...draft, action: "leak.expire" }, null);
  if (rule !== null) writeRule(tables, { ...rule, removedAt: draft.at });
  return { leak, rule: null, revision };
}

function newTimeBox(tables: Tables, by: By, until: number | null): TimeBox | null {
  return until === null ? null : { until, by: by.actor, revision: readHead(tables).revision + 1 };
}

function checkUntil(until: number, now: number): void {
  if (!isTime(until) || until <= now) throw new InputRefused("until", "is not a time to come");
}
