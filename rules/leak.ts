import type { TokenWarning } from "./digest.ts";
import { DecisionRefused, InputRefused } from "./refusal.ts";
import type { RuleId } from "./rule.ts";
import { defaultLevels, type RiskLevels } from "./settings.ts";
import { checkOptional, checkText, checkUrl } from "./text.ts";

export { checkText } from "./text.ts";

export type LeakId = `leak-${number}`;
export type LeakStatus = "opened" | "patched" | "closed" | "marked_false";
export type Decision = "vpatch" | "mark_false" | "close" | "reopen";
export type RiskLevel = "high" | "medium" | "low";

/** In the order in which a listing sorted by status shows them. */
export const leakStatuses: readonly LeakStatus[] = ["opened", "patched", "closed", "marked_false"];
export const decisions: readonly Decision[] = ["vpatch", "mark_false", "close", "reopen"];

export const leakLimits = {
  nameChars: 128,
  descriptionChars: 255,
  sourceChars: 32,
  sourceAuthorChars: 128,
  targetChars: 128,
  assigneeChars: 64,
  notApplicableChars: 255,
  riskMax: 10,
} as const;

/** Whether the tokens are kept off: `applied` while a rule is in force; `not_applicable` is a person's word. */
export type Remediation = "none" | "applied" | "not_applicable";
export const remediations: readonly Remediation[] = ["none", "applied", "not_applicable"];

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
  /** Where it was found, who put it there, and when it leaked (ms). */
  readonly sourceUrl: string | null;
  readonly sourceAuthor: string | null;
  readonly sourceAt: number | null;
  /** The API or system that the tokens open. */
  readonly target: string | null;
  /** Who looks after it. */
  readonly assignee: string | null;
  /** Why no remediation applies, as a person said; null where nobody did, and while a rule is in force. */
  readonly notApplicable: string | null;
  /** Tokens that are in the set now; removed ones do not count. */
  readonly tokenCount: number;
  /** How many of these were closed or marked false alone, and so are not enforced. */
  readonly tokensClosed: number;
  readonly tokensFalse: number;
  /** How many tokens came with which warning, removed ones included. */
  readonly warnings: WarningCounts;
  /** Leaks, closed at that time, whose tokens came again with this one; at most `regressionsMax`. */
  readonly regressionOf: readonly LeakId[];
  /** Counts the changes of this leak from 1; the ETag of the API. */
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export type WarningCounts = { readonly [Warning in TokenWarning]?: number };
export const regressionsMax = 100;

/** A decision that ends at a time its maker chose: the leak is then opened, without a rule. */
export interface TimeBox {
  /** When it ends (ms). */
  readonly until: number;
  /** Who decided so, in which revision. */
  readonly by: string;
  readonly revision: number;
}

/** Attempts with the tokens of a leak that is over are recorded, and pass; with an end where one was chosen. */
export interface Watch {
  readonly until: number | null;
  readonly by: string;
  readonly revision: number;
}

/** Only a patched leak has a rule: a closed one has no field in which it could stand. Only one that is over is watched. */
export type Leak = LeakFacts &
  (
    | { readonly status: "opened" }
    | { readonly status: "patched"; readonly rule: RuleId; readonly timeBox: TimeBox | null }
    | {
        readonly status: "closed" | "marked_false";
        readonly timeBox: TimeBox | null;
        readonly watch: Watch | null;
      }
  );

/** The fields of a leak that people write. */
export type LeakDetails = Pick<
  LeakFacts,
  | "name"
  | "description"
  | "risk"
  | "source"
  | "sourceUrl"
  | "sourceAuthor"
  | "sourceAt"
  | "target"
  | "assignee"
  | "notApplicable"
>;

/** The same as they are given: what may be null may be left out. */
export type LeakInput = Pick<LeakDetails, "name" | "description" | "risk" | "source"> & {
  readonly [Field in "sourceUrl" | "sourceAuthor" | "sourceAt" | "target" | "assignee" | "notApplicable"]?:
    | LeakDetails[Field]
    | undefined;
};

/** The lifecycle. Closing or marking false removes the rule; reopening does not bring it back, on purpose. */
const lifecycle: Record<LeakStatus, Partial<Record<Decision, LeakStatus>>> = {
  opened: { vpatch: "patched", mark_false: "marked_false", close: "closed" },
  // A vpatch of a patched leak changes the mode or scope of the rule it has.
  patched: { vpatch: "patched", mark_false: "marked_false", close: "closed" },
  closed: { reopen: "opened" },
  marked_false: { reopen: "opened" },
};

/** Whether the lifecycle knows this decision for a leak of this status. */
export function allows(status: LeakStatus, decision: Decision): boolean {
  return lifecycle[status][decision] !== undefined;
}

/**
 * The leak after a person's decision at `at` (ms), which ends by itself with `timeBox`. `nextRule` is asked for an id
 * only when a leak without a rule is patched. Throws DecisionRefused when the lifecycle does not allow the decision.
 */
export function decideLeak(
  leak: Leak,
  decision: Decision,
  nextRule: () => RuleId,
  at: number,
  timeBox: TimeBox | null = null,
): Leak {
  const status = lifecycle[leak.status][decision];
  if (status === undefined) throw new DecisionRefused(leak.id, decision, leak.status);
  const facts = { ...factsOf(leak), version: leak.version + 1, updatedAt: at };
  if (status === "opened") return { ...facts, status };
  if (status !== "patched") return { ...facts, status, timeBox, watch: null };
  const rule = leak.status === "patched" ? leak.rule : nextRule();
  return { ...facts, notApplicable: null, status, rule, timeBox };
}

/** The leak once its time box is over: opened, without a rule. */
export function expireLeak(leak: Leak, at: number): Leak {
  return { ...factsOf(leak), version: leak.version + 1, updatedAt: at, status: "opened" };
}

/** The leak watched, or no longer. Throws DecisionRefused unless it is closed or marked false. */
export function watchLeak(leak: Leak, watch: Watch | null, at: number): Leak {
  if (leak.status !== "closed" && leak.status !== "marked_false")
    throw new DecisionRefused(leak.id, "watch", leak.status);
  return { ...leak, watch, version: leak.version + 1, updatedAt: at };
}

export function timeBoxOf(leak: Leak): TimeBox | null {
  return leak.status === "opened" ? null : leak.timeBox;
}

export function watchOf(leak: Leak): Watch | null {
  return leak.status === "closed" || leak.status === "marked_false" ? leak.watch : null;
}

/** The leak with other facts and the same status, one version on. */
export function amendLeak(leak: Leak, facts: Partial<LeakFacts>, at: number): Leak {
  return { ...leak, ...facts, version: leak.version + 1, updatedAt: at };
}

/** The rule that is in force for the leak, if any. */
export function ruleIdOf(leak: Leak): RuleId | null {
  return leak.status === "patched" ? leak.rule : null;
}

export function remediationOf(leak: Leak): Remediation {
  if (leak.status === "patched") return "applied";
  return leak.notApplicable === null ? "none" : "not_applicable";
}

export function riskLevel(risk: number, levels: RiskLevels = defaultLevels): RiskLevel {
  return risk >= levels.high ? "high" : risk >= levels.medium ? "medium" : "low";
}

/** Checks the limits of each field; blanks around texts are dropped, and empty ones are null. Throws InputRefused. */
export function checkLeakInput(input: LeakInput): LeakDetails {
  const name = checkText("name", input.name, leakLimits.nameChars);
  if (name === "") throw new InputRefused("name", "is empty");
  const description = checkText("description", input.description, leakLimits.descriptionChars);
  if (!Number.isInteger(input.risk) || input.risk < 1 || input.risk > leakLimits.riskMax)
    throw new InputRefused("risk", `is not a whole number from 1 to ${leakLimits.riskMax}`);
  if (input.source.length > leakLimits.sourceChars || !/^[a-z0-9_-]+$/.test(input.source))
    throw new InputRefused("source", `is not 1 to ${leakLimits.sourceChars} of the characters a-z 0-9 _ -`);
  const sourceAt = input.sourceAt ?? null;
  if (sourceAt !== null && !isTime(sourceAt)) throw new InputRefused("sourceAt", "is not a time");
  return {
    name,
    description,
    risk: input.risk,
    source: input.source,
    sourceUrl: checkUrl("sourceUrl", input.sourceUrl),
    sourceAuthor: checkOptional("sourceAuthor", input.sourceAuthor, leakLimits.sourceAuthorChars),
    sourceAt,
    target: checkOptional("target", input.target, leakLimits.targetChars),
    assignee: checkOptional("assignee", input.assignee, leakLimits.assigneeChars),
    notApplicable: checkOptional("remediationReason", input.notApplicable, leakLimits.notApplicableChars),
  };
}

/** Milliseconds since 1970, to the end of the year 9999: later times have no ISO 8601 form of four digits. */
export function isTime(at: number): boolean {
  return Number.isInteger(at) && at >= 0 && at <= 253_402_300_799_999;
}

/** What people write of a leak, and nothing else of it. */
export function detailsOf(leak: LeakDetails): LeakDetails {
  return {
    name: leak.name,
    description: leak.description,
    risk: leak.risk,
    source: leak.source,
    sourceUrl: leak.sourceUrl,
    sourceAuthor: leak.sourceAuthor,
    sourceAt: leak.sourceAt,
    target: leak.target,
    assignee: leak.assignee,
    notApplicable: leak.notApplicable,
  };
}

function factsOf(leak: Leak): LeakFacts {
  return {
    id: leak.id,
    seq: leak.seq,
    ...detailsOf(leak),
    tokenCount: leak.tokenCount,
    tokensClosed: leak.tokensClosed,
    tokensFalse: leak.tokensFalse,
    warnings: leak.warnings,
    regressionOf: leak.regressionOf,
    version: leak.version,
    createdAt: leak.createdAt,
    updatedAt: leak.updatedAt,
  };
}
