import { intakeLimits } from "./intake.ts";
import { leakLimits } from "./leak.ts";
import { InputRefused } from "./refusal.ts";
import { normalizeScope, type RuleMode, type RuleScope, ruleModes } from "./rule.ts";

export type IntakePolicyId = `policy-${number}`;
export const policiesMax = 100;

/** What a finding must be for a policy to count; all that is given must hold, and something must be given. */
export interface PolicyCriteria {
  readonly source?: string | undefined;
  /** Of the token, as it was recognized or as the source says. */
  readonly kind?: string | undefined;
  /** The lowest risk, 1 to 10. */
  readonly riskMin?: number | undefined;
  /** The source has tried whether the token works, and says that it does (true) or does not. */
  readonly verified?: boolean | undefined;
}

/** What a person decided beforehand of tokens that nobody knew: their leak is patched as it is registered. */
export interface IntakePolicy extends PolicyCriteria {
  readonly id: IntakePolicyId;
  readonly mode: RuleMode;
  readonly scope: RuleScope;
  readonly enabled: boolean;
  readonly createdAt: number;
  readonly createdBy: string;
  /** When it was taken away (ms); null while it is there. */
  readonly removedAt: number | null;
}

export type PolicyDraft = PolicyCriteria & {
  /** Default `block`. */
  readonly mode?: RuleMode | undefined;
  /** Default everywhere. */
  readonly scope?: RuleScope | undefined;
  /** Default true. */
  readonly enabled?: boolean | undefined;
};

/** The draft in its one spelling, without criteria that are not given. Throws InputRefused. */
export function checkPolicy(draft: PolicyDraft) {
  const { source, kind, riskMin, verified, mode = "block", scope = {}, enabled = true } = draft;
  if (source !== undefined && !(/^[a-z0-9_-]+$/.test(source) && source.length <= leakLimits.sourceChars))
    throw new InputRefused("source", `is not 1 to ${leakLimits.sourceChars} of the characters a-z 0-9 _ -`);
  if (kind !== undefined && !isKind(kind)) throw new InputRefused("kind", KIND_REFUSED);
  if (riskMin !== undefined && !(Number.isInteger(riskMin) && riskMin >= 1 && riskMin <= leakLimits.riskMax))
    throw new InputRefused("riskMin", `is not a whole number from 1 to ${leakLimits.riskMax}`);
  if (!ruleModes.includes(mode)) throw new InputRefused("mode", `is none of ${ruleModes.join(", ")}`);
  const given = Object.entries({ source, kind, riskMin, verified }).filter(
    ([, value]) => value !== undefined,
  );
  if (given.length === 0) throw new InputRefused("source", "or another criterion must be given");
  const criteria: PolicyCriteria = Object.fromEntries(given);
  return { ...criteria, mode, scope: normalizeScope(scope), enabled };
}

/** A kind as a source may say it. */
export function isKind(kind: string): boolean {
  return /^[a-z0-9_-]+$/.test(kind) && kind.length <= intakeLimits.kindChars;
}
export const KIND_REFUSED = `is not 1 to ${intakeLimits.kindChars} of the characters a-z 0-9 _ -`;

/** The first of the policies that counts for the finding, or null. */
export function policyFor(
  policies: readonly IntakePolicy[],
  finding: {
    readonly source: string;
    readonly kind: string;
    readonly risk: number;
    readonly verified: boolean;
  },
): IntakePolicy | null {
  const counts = ({ source, kind, riskMin, verified, enabled, removedAt }: IntakePolicy) =>
    enabled &&
    removedAt === null &&
    (source === undefined || source === finding.source) &&
    (kind === undefined || kind === finding.kind) &&
    (riskMin === undefined || riskMin <= finding.risk) &&
    (verified === undefined || verified === finding.verified);
  return policies.find(counts) ?? null;
}
