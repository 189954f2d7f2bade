import { DecisionRefused, InputRefused } from "./refusal.ts";
import type { RuleId } from "./rule.ts";

export type LeakId = `leak-${number}`;
export type LeakStatus = "opened" | "patched" | "closed" | "marked_false";
export type Decision = "vpatch" | "mark_false" | "close" | "reopen";
export type RiskLevel = "high" | "medium" | "low";

/** In the order in which a listing sorted by status shows them. */
export const leakStatuses: readonly LeakStatus[] = ["opened", "patched", "closed", "marked_false"];
export const decisions: readonly Decision[] = ["vpatch", "mark_false", "close", "reopen"];

export const leakLimits = { nameChars: 128, descriptionChars: 255, sourceChars: 32, riskMax: 10 } as const;

/** What a leak is whatever its status; times are milliseconds since 1970. */
export interface LeakFacts {
  readonly id: LeakId;
  /** The number in the id, in the order of registration. */
  readonly seq: number;
  readonly name: string;
  readonly description: string;
  /** 1 (lowest) to 10. */
  readonly risk: number;
  readonly source: string;
  /** Tokens that are in the set now; removed ones do not count. */
  readonly tokenCount: number;
  /** Counts the changes of this leak from 1; the ETag of the API. */
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Only a patched leak has a rule: a closed one has no field in which it could stand. */
export type Leak = LeakFacts &
  (
    | { readonly status: "opened" }
    | { readonly status: "patched"; readonly rule: RuleId }
    | { readonly status: "closed" | "marked_false" }
  );

/** The fields of a leak that people write. */
export interface LeakInput {
  readonly name: string;
  readonly description: string;
  readonly risk: number;
  readonly source: string;
}

/** The lifecycle. Closing or marking false removes the rule; reopening does not bring it back, on purpose. */
const lifecycle: Record<LeakStatus, Partial<Record<Decision, LeakStatus>>> = {
  opened: { vpatch: "patched", mark_false: "marked_false", close: "closed" },
  // A vpatch of a patched leak changes the mode or scope of the rule it has.
  patched: { vpatch: "patched", mark_false: "marked_false", close: "closed" },
  closed: { reopen: "opened" },
  marked_false: { reopen: "opened" },
};

/**
 * The leak after a person's decision at `at` (ms). `nextRule` is asked for an id only when a leak without a rule is
 * patched. Throws DecisionRefused when the lifecycle does not allow the decision.
 */
export function decideLeak(leak: Leak, decision: Decision, nextRule: () => RuleId, at: number): Leak {
  const status = lifecycle[leak.status][decision];
  if (status === undefined) throw new DecisionRefused(leak.id, decision, leak.status);
  const facts = { ...factsOf(leak), version: leak.version + 1, updatedAt: at };
  if (status !== "patched") return { ...facts, status };
  return { ...facts, status, rule: leak.status === "patched" ? leak.rule : nextRule() };
}

/** The leak with other facts and the same status, one version on. */
export function amendLeak(leak: Leak, facts: Partial<LeakInput> & { tokenCount?: number }, at: number): Leak {
  return { ...leak, ...facts, version: leak.version + 1, updatedAt: at };
}

/** The rule that is in force for the leak, if any. */
export function ruleIdOf(leak: Leak): RuleId | null {
  return leak.status === "patched" ? leak.rule : null;
}

export function riskLevel(risk: number): RiskLevel {
  return risk >= 8 ? "high" : risk >= 4 ? "medium" : "low";
}

/** Checks the limits of each field; blanks around name and description are dropped. Throws InputRefused. */
export function checkLeakInput(input: LeakInput): LeakInput {
  const name = checkText("name", input.name, leakLimits.nameChars);
  if (name === "") throw new InputRefused("name", "is empty");
  const description = checkText("description", input.description, leakLimits.descriptionChars);
  if (!Number.isInteger(input.risk) || input.risk < 1 || input.risk > leakLimits.riskMax)
    throw new InputRefused("risk", `is not a whole number from 1 to ${leakLimits.riskMax}`);
  if (input.source.length > leakLimits.sourceChars || !/^[a-z0-9_-]+$/.test(input.source))
    throw new InputRefused("source", `is not 1 to ${leakLimits.sourceChars} of the characters a-z 0-9 _ -`);
  return { name, description, risk: input.risk, source: input.source };
}

/** One line of well-formed text of at most `max` UTF-16 units, or InputRefused. */
export function checkText(field: string, text: string, max: number): string {
  if (text.length > max) throw new InputRefused(field, `is longer than ${max} characters`);
  // Lone surrogates have no UTF-8 form: they would come back from the disk as something else.
  if (/[\p{Cc}\p{Cs}]/u.test(text)) throw new InputRefused(field, "holds control characters or broken text");
  return text.trim();
}

function factsOf(leak: Leak): LeakFacts {
  return {
    id: leak.id,
    seq: leak.seq,
    name: leak.name,
    description: leak.description,
    risk: leak.risk,
    source: leak.source,
    tokenCount: leak.tokenCount,
    version: leak.version,
    createdAt: leak.createdAt,
    updatedAt: leak.updatedAt,
  };
}
