import { z } from "zod";
import { hookKinds } from "../../rules/hook.ts";

const time = z.iso.datetime();
const count = z.int().min(0);

const triggerAnswer = z
  .object({
    type: z.enum(["new_leak", "undecided", "first_attempt", "attempts", "regression", "decision"]),
    riskMin: z.int().optional(),
    hours: z.int().optional(),
    count: z.int().optional(),
    minutes: z.int().optional(),
  })
  .meta({ id: "Trigger" });

const fields = {
  id: z.string(),
  name: z.string(),
  kind: z.enum(hookKinds as [string, ...string[]]),
  url: z.string().nullable().describe("Of a webhook. That of Slack is a secret, and not shown."),
  host: z.string().nullable().describe("Of Slack."),
  to: z.array(z.string()).nullable().describe("Of e-mail."),
  enabled: z.boolean(),
  disabledBecause: z.enum(["gone"]).nullable().describe("`gone`: the receiver answered 410."),
  triggers: z.array(triggerAnswer),
  previousSecretUntil: time.nullable().describe("Until then the secret before this one signs as well."),
  waiting: count.describe("Messages that wait to be sent."),
  version: z.int().min(1).describe("Its ETag."),
  createdAt: time,
  createdBy: z.string(),
  updatedAt: time,
};
const secret = z.string().nullable().describe("The signing secret of a webhook, shown this once.");

export const hookAnswer = z.strictObject(fields).meta({ id: "Destination" });
export const hookMade = z.strictObject({ ...fields, secret });
export const hookList = z.strictObject({ notifications: z.array(hookAnswer), mail: z.boolean() });

export const testAnswer = z.strictObject({
  delivered: z.boolean(),
  status: z.int().nullable().describe("What the receiver answered: of HTTP, or of SMTP."),
  ms: count,
  error: z.string().nullable(),
});

export const deliveryAnswer = z
  .strictObject({
    id: z.string(),
    destination: z.string(),
    messageId: z.string(),
    message: z.record(z.string(), z.unknown()),
    status: z.enum(["queued", "delivered", "dead"]),
    attempts: count,
    createdAt: time,
    nextAt: time.nullable(),
    lastAt: time.nullable(),
    lastStatus: z.int().nullable(),
    lastMs: count.nullable(),
    lastError: z.string().nullable(),
  })
  .meta({ id: "Delivery" });
export const deliveryList = z.strictObject({ deliveries: z.array(deliveryAnswer) });
export const deadLetterList = z.strictObject({
  deadLetters: z.array(deliveryAnswer),
  total: count,
  next: z.string().nullable(),
});
export const retried = z.strictObject({ retried: count });
