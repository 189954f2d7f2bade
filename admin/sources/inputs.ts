import { z } from "zod";
import { leakLimits } from "../../rules/leak.ts";
import { sourceKinds, sourceLimits } from "../../rules/source.ts";
import { urlCharsMax } from "../../rules/text.ts";
import { cursor, limit, strict, text } from "../inputs.ts";

const SECRET_CHARS_MAX = 4_096;
const TOKENS_PER_CALL = 100_000;

const address = text.trim().min(1).max(urlCharsMax);
const schedule = text
  .trim()
  .min(1)
  .max(sourceLimits.scheduleChars)
  .nullable()
  .describe("A cron expression of five fields, or @hourly and the like, in UTC; null: by hand alone.");
const credential = z
  .union([
    strict({
      secret: z
        .string()
        .regex(/^[\x20-\x7e]*$/, "holds other characters than ASCII")
        .min(1)
        .max(SECRET_CHARS_MAX)
        .describe("A token, or `user:password`. Never shown."),
    }),
    strict({ name: text.max(sourceLimits.nameChars).describe("Of `scan.credentials`.") }),
  ])
  .nullable();
const risk = z.int().min(1).max(leakLimits.riskMax).nullable();
const rules = text.max(sourceLimits.nameChars).nullable();
const assignments = z.boolean();

/** The JSON bodies of the calls about sources and the inventory. */
export const sourceBodies = {
  create: strict({
    kind: z.enum(sourceKinds),
    address: address.describe(
      "A URL without user name and password, an absolute path, or the name of a package.",
    ),
    schedule: schedule.default("0 3 * * *"),
    enabled: z.boolean().default(true),
    credential: credential.default(null),
    risk: risk.default(null).describe("Of leaks that come of it; null: as each finding is."),
    rules: rules.default(null).describe("One of `scan.rules`; null: all of them."),
    assignments: assignments
      .default(false)
      .describe("Also values of names that sound secret: many are none."),
  }).meta({ examples: [{ kind: "feed", address: "https://pastes.example/new.xml", schedule: "@hourly" }] }),
  update: strict({
    address: address.optional(),
    schedule: schedule.optional(),
    enabled: z.boolean().optional(),
    credential: credential.optional().describe("null takes it away. Another address loses it."),
    risk: risk.optional(),
    rules: rules.optional(),
    assignments: assignments.optional(),
  })
    .refine((given) => Object.keys(given).length > 0, "must name a field to change")
    .meta({ examples: [{ schedule: "@daily" }] }),
  inventory: strict({
    name: text.max(sourceLimits.nameChars).describe("Whose they are: an owner, a service. a-z 0-9 -."),
    tokens: z.array(text).min(1).max(TOKENS_PER_CALL).describe("In clear; only digests are kept."),
  }).meta({ examples: [{ name: "billing", tokens: ["made-up-token-0001"] }] }),
};

/** Their query parameters. */
export const sourceParameters = { list: strict({ limit: limit(), cursor }) };
