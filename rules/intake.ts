import { type MarkFalseReason, reasonsOf } from "./decision.ts";
import type { Judge } from "./digest.ts";
import { covers } from "./events/glob.ts";
import { entropyOf } from "./kinds.ts";
import { InputRefused } from "./refusal.ts";
import { checkText } from "./text.ts";
import { TOKEN_BYTES_MAX, TokenRefused } from "./token.ts";

export type FalsePositiveRuleId = `fpr-${number}`;
export type IntakeAction = "refuse" | "mark_false";
export const intakeActions: readonly IntakeAction[] = ["refuse", "mark_false"];
export const intakeLimits = {
  rules: 200,
  prefixChars: 64,
  globChars: 255,
  kindChars: 32,
  entropyMax: 8,
} as const;

/** What a token must be; all that is given must hold, and something must be given. */
export interface IntakeCriteria {
  /** Digest (hex) of this very token. */
  readonly digest?: string | undefined;
  readonly kind?: string | undefined;
  /** What its canonical form begins with. */
  readonly prefix?: string | undefined;
  /** Bytes, inclusive. */
  readonly lengthMin?: number | undefined;
  readonly lengthMax?: number | undefined;
  /** Bits a character. */
  readonly entropyBelow?: number | undefined;
  /** Covers the whole canonical form; `*` is any text, also none. */
  readonly glob?: string | undefined;
}

/** What at intake is no secret, though it looks like one. It says nothing of tokens that are registered already. */
export interface FalsePositiveRule extends IntakeCriteria {
  readonly id: FalsePositiveRuleId;
  /** `refuse` registers nothing of the call; `mark_false` registers the token as false, alone. */
  readonly action: IntakeAction;
  readonly reason: MarkFalseReason;
  readonly createdAt: number;
  readonly createdBy: string;
  /** When it was taken away (ms); null while it counts. */
  readonly removedAt: number | null;
}

export type FalsePositiveDraft = IntakeCriteria & Pick<FalsePositiveRule, "action" | "reason">;

/** The draft in its one spelling, without what is not given. Throws InputRefused. */
export function checkDraft(draft: FalsePositiveDraft): FalsePositiveDraft {
  const { digest, kind, prefix, lengthMin, lengthMax, entropyBelow, glob, action, reason } = draft;
  const criteria = {
    digest: digest === undefined || /^[0-9a-f]{64}$/.test(digest) ? digest : refuse("value", "is no token"),
    kind: kind === undefined ? undefined : some("kind", kind, intakeLimits.kindChars),
    prefix: prefix === undefined ? undefined : some("prefix", prefix, intakeLimits.prefixChars),
    lengthMin: whole("lengthMin", lengthMin),
    lengthMax: whole("lengthMax", lengthMax),
    entropyBelow,
    glob: glob === undefined ? undefined : some("glob", glob, intakeLimits.globChars),
  };
  if (entropyBelow !== undefined && !(entropyBelow > 0 && entropyBelow <= intakeLimits.entropyMax))
    refuse("entropyBelow", `is not above 0 and at most ${intakeLimits.entropyMax}`);
  if (glob !== undefined && /^\*+$/.test(glob)) refuse("glob", "covers every token");
  if (lengthMin !== undefined && lengthMax !== undefined && lengthMin > lengthMax)
    refuse("lengthMin", "is above lengthMax");
  const given = Object.entries(criteria).filter(([, value]) => value !== undefined);
  if (given.length === 0) refuse("kind", "or another criterion must be given");
  if (!intakeActions.includes(action)) refuse("action", `is none of ${intakeActions.join(", ")}`);
  if (!reasonsOf.mark_false.includes(reason))
    refuse("reason", `is none of ${reasonsOf.mark_false.join(", ")}`);
  return { ...Object.fromEntries(given), action, reason };
}

/** The first of the rules that catches the token, or null. */
export function catcherOf<Rule extends IntakeCriteria>(
  rules: readonly Rule[],
  token: { readonly digest: Buffer; readonly kind: string; readonly length: number },
  text: () => string,
): Rule | null {
  return rules.find((rule) => catches(rule, token, text)) ?? null;
}

function catches(
  { digest, kind, prefix, lengthMin = 0, lengthMax = TOKEN_BYTES_MAX, entropyBelow, glob }: IntakeCriteria,
  token: { readonly digest: Buffer; readonly kind: string; readonly length: number },
  text: () => string,
): boolean {
  return (
    (digest === undefined || token.digest.toString("hex") === digest) &&
    (kind === undefined || token.kind === kind) &&
    token.length >= lengthMin &&
    token.length <= lengthMax &&
    (prefix === undefined || text().startsWith(prefix)) &&
    (glob === undefined || covers(glob.split("*"), text())) &&
    (entropyBelow === undefined || entropyOf(text()) < entropyBelow)
  );
}

/** What the rules make of a token at intake; null where there are none. The judge throws TokenRefused. */
export function judgeOf(rules: readonly FalsePositiveRule[]): Judge | null {
  if (rules.length === 0) return null;
  return (token, bytes) => {
    const rule = catcherOf(rules, token, () => bytes.toString("utf8"));
    if (rule === null) return token;
    if (rule.action === "refuse") throw new TokenRefused("false_positive", token.line ?? null, rule.id);
    return { ...token, isFalse: true, caughtBy: rule.id };
  };
}

function some(field: string, text: string, max: number): string {
  const checked = checkText(field, text, max);
  return checked === "" ? refuse(field, "is empty") : checked;
}

function whole(field: string, value: number | undefined): number | undefined {
  if (value === undefined || (Number.isInteger(value) && value >= 1 && value <= TOKEN_BYTES_MAX))
    return value;
  return refuse(field, `is not a whole number from 1 to ${TOKEN_BYTES_MAX}`);
}

function refuse(field: string, why: string): never {
  throw new InputRefused(field, why);
}
