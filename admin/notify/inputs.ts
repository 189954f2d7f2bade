import { z } from "zod";
import { hookLimits } from "../../rules/hook.ts";
import { leakLimits } from "../../rules/leak.ts";
import { strict, text, whole } from "../inputs.ts";

const riskMin = z.int().min(1).max(leakLimits.riskMax);
const count = (max: number) => z.int().min(1).max(max);

const trigger = z.discriminatedUnion("type", [
  strict({ type: z.literal("new_leak"), riskMin: riskMin.default(1) }),
  strict({
    type: z.literal("undecided"),
    hours: count(hookLimits.hours),
    riskMin: riskMin.default(8),
  }),
  strict({ type: z.literal("first_attempt") }),
  strict({
    type: z.literal("attempts"),
    count: count(hookLimits.attempts),
    minutes: count(hookLimits.minutes),
  }),
  strict({ type: z.literal("regression") }),
  strict({ type: z.literal("decision") }),
]);

const name = text.trim().min(1).max(hookLimits.nameChars);
const url = text.min(1).max(hookLimits.urlChars);
const to = z.array(text.max(hookLimits.recipientChars)).min(1).max(hookLimits.recipients);
const triggers = z.array(trigger).max(hookLimits.triggers);
const common = { name, enabled: z.boolean().default(true), triggers: triggers.default([]) };

const example = {
  kind: "webhook",
  name: "on call",
  url: "https://hooks.example/leakgate",
  triggers: [
    { type: "new_leak", riskMin: 8 },
    { type: "attempts", count: 100, minutes: 5 },
  ],
};

/** The JSON bodies of the calls about notifications. */
export const hookBodies = {
  create: z
    .discriminatedUnion("kind", [
      strict({ kind: z.literal("webhook"), url, ...common }),
      strict({ kind: z.literal("slack"), url, ...common }),
      strict({ kind: z.literal("email"), to, ...common }),
    ])
    .meta({ examples: [example] }),
  update: strict({
    name: name.optional(),
    enabled: z.boolean().optional(),
    triggers: triggers.optional(),
    url: url.optional(),
    to: to.optional(),
  })
    .refine((given) => Object.keys(given).length > 0, "must name a field to change")
    .meta({ examples: [{ enabled: false }] }),
};

/** Their query parameters. */
export const hookParameters = {
  deliveries: strict({ limit: whole(1, 100).default(50) }),
  deadLetters: strict({
    limit: whole(1, 200).default(50),
    cursor: whole(1, Number.MAX_SAFE_INTEGER).optional(),
  }),
};
