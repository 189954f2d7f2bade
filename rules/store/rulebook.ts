import { type Leak, ruleIdOf } from "../leak.ts";
import { normalizeScope, type Rule, type RuleMode, type RuleScope, sameScope } from "../rule.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { checkLimit } from "./listing.ts";
import { numberOf, type Tables, takeId } from "./tables.ts";

export interface RuleQuery {
  /** Also rules that were taken out of force; default false. */
  readonly removed?: boolean | undefined;
  /** 1 to 1000, default 50. */
  readonly limit?: number | undefined;
  readonly after?: string | undefined;
}

export interface RuleList {
  readonly rules: Rule[];
  readonly next: string | null;
}

/** What a vpatch asks for; absent fields keep what the rule has, or are `block` and everywhere. */
export interface RuleWish {
  readonly mode?: RuleMode | undefined;
  readonly scope?: RuleScope | undefined;
}

export const inForce = "force";

/** The rule as it stands after a vpatch, or null when it already is as wished. Throws InputRefused. */
export function wishedRule(current: Rule | null, wish: RuleWish): Pick<Rule, "mode" | "scope"> | null {
  const mode = wish.mode ?? current?.mode ?? "block";
  const scope = wish.scope === undefined ? (current?.scope ?? {}) : normalizeScope(wish.scope);
  return current !== null && current.mode === mode && sameScope(current.scope, scope)
    ? null
    : { mode, scope };
}

/** Reads a rule, in force or removed. */
export function readRule(tables: Tables, id: string): Rule | null {
  const number = numberOf("rule", id);
  return number === null ? null : (tables.rules.get(number) ?? null);
}

export function ruleOf(tables: Tables, leak: Leak): Rule | null {
  const id = ruleIdOf(leak);
  return id === null ? null : readRule(tables, id);
}

/** Only inside a write transaction. */
export function nextRuleId(tables: Tables): Rule["id"] {
  return `rule-${takeId(tables, "rule")}`;
}

/** Stores the rule and lists it as in force, or no longer; only inside a write transaction. */
export function writeRule(tables: Tables, rule: Rule): void {
  const number = numberOf("rule", rule.id) as number;
  tables.rules.put(number, rule);
  if (rule.removedAt === null) tables.index.put([inForce, number], "");
  else tables.index.remove([inForce, number]);
}

/** Rules in the order of their numbers. Throws CursorInvalid, InputRefused (limit). */
export function listRules(tables: Tables, query: RuleQuery): RuleList {
  const limit = checkLimit(query.limit);
  const scope = query.removed ? "rules.all" : "rules.force";
  const from = query.after === undefined ? 1 : decodeCursor(scope, query.after).seq + 1;
  const found = query.removed
    ? [...tables.rules.getRange({ start: from, limit: limit + 1 }).map(({ value }) => value)]
    : [...rulesInForce(tables, from, limit + 1)];
  const rules = found.slice(0, limit);
  const last = rules[rules.length - 1];
  if (found.length <= limit) return { rules, next: null };
  return { rules, next: encodeCursor(scope, { value: 0, seq: numberOf("rule", last.id) as number }) };
}

function rulesInForce(tables: Tables, from: number, limit: number): Iterable<Rule> {
  const rows = tables.index.getKeys({ start: [inForce, from], end: [`${inForce}\u0001`], limit });
  return rows.map((key) => tables.rules.get((key as [string, number])[1]) as Rule);
}
