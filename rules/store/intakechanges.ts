import {
  checkDraft,
  type FalsePositiveDraft,
  type FalsePositiveRule,
  type FalsePositiveRuleId,
  intakeLimits,
} from "../intake.ts";
import type { Facts, Json } from "../journal.ts";
import { FalsePositiveRuleUnknown, InputRefused } from "../refusal.ts";
import { type By, checkActor, commit, journal } from "./changes.ts";
import { readHead, type Tables } from "./tables.ts";

export interface IntakeChanged {
  readonly rule: FalsePositiveRule;
  readonly revision: number;
}

/** All there ever were, in the order of their numbers; those taken away have `removedAt`. */
export function readIntake(tables: Tables): readonly FalsePositiveRule[] {
  return (tables.meta.get("intake") as readonly FalsePositiveRule[] | undefined) ?? [];
}

export async function addIntakeRule(
  tables: Tables,
  by: By,
  draft: FalsePositiveDraft,
): Promise<IntakeChanged> {
  checkActor(by.actor);
  const checked = checkDraft(draft);
  return commit(tables, () => {
    const rules = readIntake(tables);
    if (rules.filter(({ removedAt }) => removedAt === null).length >= intakeLimits.rules)
      throw new InputRefused("rules", `are ${intakeLimits.rules} already: take one away first`);
    const id: FalsePositiveRuleId = `fpr-${rules.length + 1}`;
    const rule = { id, ...checked, createdAt: by.at, createdBy: by.actor, removedAt: null };
    tables.meta.put("intake", [...rules, rule]);
    const draft = { ...by, action: "intake.create" as const, subject: id, before: null };
    return { rule, revision: journal(tables, { ...draft, after: intakeFacts(rule) }) };
  });
}

/** Taking away what was taken away is no change. Throws FalsePositiveRuleUnknown. */
export async function removeIntakeRule(tables: Tables, by: By, id: string): Promise<IntakeChanged> {
  checkActor(by.actor);
  return commit(tables, () => {
    const rules = readIntake(tables);
    const known = rules.find((rule) => rule.id === id);
    if (known === undefined) throw new FalsePositiveRuleUnknown(id);
    if (known.removedAt !== null) return { rule: known, revision: readHead(tables).revision };
    const rule = { ...known, removedAt: by.at };
    tables.meta.put(
      "intake",
      rules.map((each) => (each.id === id ? rule : each)),
    );
    const draft = { ...by, action: "intake.remove" as const, subject: known.id };
    const facts = { before: { removedAt: null }, after: { removedAt: by.at } };
    return { rule, revision: journal(tables, { ...draft, ...facts }) };
  });
}

/** What the journal says of a rule: of an exact token only that it is one, since no digest stands there. */
export function intakeFacts({
  id: _,
  createdAt: __,
  createdBy: ___,
  digest,
  ...rest
}: FalsePositiveRule): Facts {
  const facts = { ...rest, ...(digest !== undefined && { exact: true }) };
  return facts as unknown as { readonly [field: string]: Json };
}
