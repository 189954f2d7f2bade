import { z } from "zod";
import { reasonsOf } from "../../rules/decision.ts";
import { intakeActions } from "../../rules/intake.ts";
import { ruleModes } from "../../rules/rule.ts";
import { ruleAnswer } from "../answers.ts";

const time = z.iso.datetime();
const count = z.int().min(0);
/** A rule of the intake, as the API shows it. */
export const falsePositiveRule = z
  .strictObject({
    id: z.string().meta({ examples: ["fpr-1"] }),
    exact: z.boolean().describe("It is about one very token, which is not shown."),
    kind: z.string().nullable(),
    prefix: z.string().nullable(),
    lengthMin: count.nullable(),
    lengthMax: count.nullable(),
    entropyBelow: z.number().nullable(),
    glob: z.string().nullable(),
    action: z.enum(intakeActions as [string, ...string[]]),
    reason: z.enum(reasonsOf.mark_false),
    createdAt: time,
    createdBy: z.string(),
    removedAt: time.nullable(),
  })
  .meta({ id: "FalsePositiveRule" });
/** All of them. */
export const ruleList = z.strictObject({ rules: z.array(falsePositiveRule) });
/** What a dry run would have caught. */
export const dryRunAnswer = z
  .strictObject({
    tokens: count,
    count: count.describe("Of these, caught."),
    caught: z
      .array(
        z.strictObject({
          pointer: z.string().meta({ examples: ["#/tokens/3"] }),
          preview: z.string(),
          rule: z.string().nullable().describe("Null where it is the rule given."),
          action: z.enum(intakeActions as [string, ...string[]]),
        }),
      )
      .describe("The first 1,000."),
  })
  .meta({ id: "IntakeDryRun" });
/** What became of findings. */
export const takenAnswer = z
  .strictObject({
    findings: count,
    leaks: count.describe("Registered."),
    patched: count.describe("Of these, by a policy."),
    known: count.describe("Tokens that a leak held already."),
    sightings: count.describe("Added."),
    unchanged: count.describe("Findings that said nothing new."),
    refused: z.record(z.string(), count).describe("Findings, by why."),
    refusals: z
      .array(
        z.strictObject({
          pointer: z.string().meta({ examples: ["#/findings/3"] }),
          reason: z.string().meta({ examples: ["too_short"] }),
          detail: z.string(),
        }),
      )
      .describe("The first 1,000."),
    ids: z.array(z.string().meta({ examples: ["leak-1"] })).describe("The first 1,000 leaks registered."),
    revision: count,
  })
  .meta({ id: "TakenIn" });

export const policyAnswer = z
  .strictObject({
    id: z.string().meta({ examples: ["policy-1"] }),
    source: z.string().nullable(),
    kind: z.string().nullable(),
    riskMin: z.int().nullable(),
    verified: z.boolean().nullable(),
    mode: z.enum(ruleModes),
    scope: ruleAnswer.shape.scope,
    enabled: z.boolean(),
    createdAt: time,
    createdBy: z.string().meta({ examples: ["key-1 (Ann)"] }),
    removedAt: time.nullable(),
  })
  .meta({ id: "IntakePolicy" });
