import { z } from "zod";
import { reasonsOf } from "../../rules/decision.ts";
import { digestToken, type TokenDigest } from "../../rules/digest.ts";
import type { IntakeAction } from "../../rules/intake.ts";
import {
  catcherOf,
  checkDraft,
  type FalsePositiveRule,
  intakeActions,
  intakeLimits,
} from "../../rules/intake.ts";
import { InputRefused } from "../../rules/refusal.ts";
import type { Tenant } from "../../rules/tenants.ts";
import { TOKEN_BYTES_MAX, Token, TokenRefused } from "../../rules/token.ts";
import { type Call, call } from "../call.ts";
import { strict, text } from "../inputs.ts";
import { screen } from "../leaks/common.ts";
import { iso, isoOrNull, type View } from "../views.ts";
import { dryRunAnswer, falsePositiveRule, ruleList } from "./answers.ts";
import { tag } from "./tag.ts";

/** Tokens that one dry run looks at, and of which it tells. */
const TOKENS_MAX = 100_000;
const CAUGHT_SHOWN = 1_000;
/** Tokens judged in one turn of the event loop: some milliseconds. */
const TOKENS_A_TURN = 200;

const length = z.int().min(1).max(TOKEN_BYTES_MAX).optional();
const draft = strict({
  value: text.max(TOKEN_BYTES_MAX).optional().describe("This very token; only its digest is kept."),
  kind: z.string().max(intakeLimits.kindChars).optional(),
  prefix: text.max(intakeLimits.prefixChars).optional(),
  lengthMin: length,
  lengthMax: length,
  entropyBelow: z.number().gt(0).max(intakeLimits.entropyMax).optional().describe("Bits a character."),
  glob: text.max(intakeLimits.globChars).optional().describe("Covers the whole token; * is any text."),
  action: z.enum(intakeActions as [IntakeAction, ...IntakeAction[]]),
  reason: z.enum(reasonsOf.mark_false),
}).meta({ examples: [{ prefix: "test_", action: "mark_false", reason: "test_value" }] });
const dryRun = strict({
  tokens: z.array(text).min(1).max(TOKENS_MAX),
  rule: draft.optional().describe("This one instead of those there are."),
}).meta({ examples: [{ tokens: ["made-up-token-0001"] }] });

const path = "/intake/false-positive-rules";

/** `/intake/false-positive-rules`: what at intake is no secret, though it looks like one. */
export const falsePositiveCalls: readonly Call[] = [
  call({
    method: "get",
    path,
    tag,
    summary: "The rules that tell false positives at intake",
    access: "look",
    answers: { 200: { description: "The rules", schema: ruleList } },
    handle: ({ context, tenant: { store } }) =>
      context.json({ rules: store.falsePositiveRules().map(ruleView) }),
  }),
  call({
    method: "post",
    path,
    tag,
    summary: "Make such a rule",
    description:
      "All criteria that are given must hold. It is asked of tokens that come in clear, from now on: what is registered stays as it is.",
    access: "change",
    body: draft,
    answers: { 201: { description: "The rule", schema: falsePositiveRule } },
    handle: async ({ context, tenant, actor, body }) => {
      const { rule } = await tenant.store.addFalsePositiveRule(actor, drafted(tenant, body));
      return context.json(ruleView(rule), 201);
    },
  }),
  call({
    method: "delete",
    path: `${path}/{id}`,
    tag,
    summary: "Take such a rule away",
    access: "change",
    answers: { 200: { description: "The rule", schema: falsePositiveRule } },
    handle: async ({ context, tenant: { store }, actor, part }) => {
      const { rule } = await store.removeFalsePositiveRule(actor, part("id"));
      return context.json(ruleView(rule));
    },
  }),
  call({
    method: "post",
    path: `${path}/dry-run`,
    tag,
    summary: "Which tokens the rules, or one that is still to be made, would catch",
    description: "Registers nothing and keeps nothing.",
    access: "change",
    body: dryRun,
    answers: { 200: { description: "What would be caught", schema: dryRunAnswer } },
    handle: async ({ context, tenant, body: { tokens, rule } }) => {
      const rules =
        rule === undefined ? tenant.store.falsePositiveRules() : [checkDraft(drafted(tenant, rule))];
      const caught: View[] = [];
      let found = 0;
      for (const [index, given] of tokens.entries()) {
        let catcher: (typeof rules)[number] | null = null;
        const digest = digestToken(
          Token.parse(given, index + 1),
          tenant.pepper,
          (token, bytes): TokenDigest => {
            catcher = catcherOf(rules, token, () => bytes.toString("utf8"));
            return token;
          },
        );
        const view = caughtView(index, digest.preview, catcher);
        if (view !== null && ++found <= CAUGHT_SHOWN) caught.push(view);
        if (index % TOKENS_A_TURN === TOKENS_A_TURN - 1) await new Promise((resume) => setImmediate(resume));
      }
      return context.json({ tokens: tokens.length, count: found, caught });
    },
  }),
];

/** The draft as the rules know it: in place of the token its digest. Throws InputRefused. */
function drafted(tenant: Tenant, { value, ...rest }: z.output<typeof draft>) {
  // What is written down in clear must not be a token; what is to be one stands in `value`.
  screen(tenant, { prefix: rest.prefix, glob: rest.glob });
  if (value === undefined) return rest;
  try {
    const { digest } = digestToken(Token.parse(value), tenant.pepper);
    return { ...rest, digest: digest.toString("hex") };
  } catch (error) {
    if (error instanceof TokenRefused) throw new InputRefused("value", `is refused: ${error.message}`);
    throw error;
  }
}

function caughtView(
  index: number,
  preview: string,
  rule: Pick<FalsePositiveRule, "action"> | null,
): View | null {
  if (rule === null) return null;
  const id = "id" in rule ? rule.id : null;
  return { pointer: `#/tokens/${index}`, preview, rule: id, action: rule.action };
}

function ruleView(rule: FalsePositiveRule): View {
  return {
    id: rule.id,
    exact: rule.digest !== undefined,
    kind: rule.kind ?? null,
    prefix: rule.prefix ?? null,
    lengthMin: rule.lengthMin ?? null,
    lengthMax: rule.lengthMax ?? null,
    entropyBelow: rule.entropyBelow ?? null,
    glob: rule.glob ?? null,
    action: rule.action,
    reason: rule.reason,
    createdAt: iso(rule.createdAt),
    createdBy: rule.createdBy,
    removedAt: isoOrNull(rule.removedAt),
  };
}
