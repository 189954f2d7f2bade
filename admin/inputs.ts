import type { Context } from "hono";
import { z } from "zod";
import { type LeakStatus, leakLimits, leakStatuses, riskLevel } from "../rules/leak.ts";
import { ruleModes } from "../rules/rule.ts";
import { leakSorts } from "../rules/store/listing.ts";
import { invalid, Problem } from "./problem.ts";

const name = z.string().trim().min(1).max(leakLimits.nameChars);
const description = z.string().max(leakLimits.descriptionChars);
const risk = z.int().min(1).max(leakLimits.riskMax);
const source = z.string().regex(/^[a-z0-9_-]{1,32}$/, "must be 1 to 32 of a-z, 0-9, _ and -");
const tokens = z.array(z.string()).min(1).max(1_000_000);
const cursor = z.string().max(1_024).optional();
const limit = (max: number, otherwise: number) => z.coerce.number().int().min(1).max(max).default(otherwise);

/** Milliseconds since 1970, or an ISO 8601 time. */
const time = z.string().transform((text, context): number => {
  const at = /^[0-9]{1,16}$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(at))
    context.addIssue({ code: "custom", message: "must be an ISO 8601 time or milliseconds since 1970" });
  return at;
});

/** One value or several with commas. */
const list = <T extends string>(values: readonly T[]) =>
  z
    .string()
    .transform((text) => text.split(","))
    .pipe(
      z
        .array(z.enum(values as [T, ...T[]]))
        .min(1)
        .max(16),
    );

/** `8`, `8-10`, `high`, or several with commas, as the set of risks they mean. */
const risks = z.string().transform((text, context): number[] => {
  const found = new Set<number>();
  for (const part of text.split(",")) {
    const range = /^([0-9]{1,2})(?:-([0-9]{1,2}))?$/.exec(part);
    const from = Number(range?.[1]);
    const to = Number(range?.[2] ?? range?.[1]);
    for (let each = 1; each <= leakLimits.riskMax; each++) {
      if (range === null ? riskLevel(each) === part : each >= from && each <= to) found.add(each);
    }
    const isKnown =
      range === null
        ? /^(?:high|medium|low)$/.test(part)
        : from >= 1 && to <= leakLimits.riskMax && from <= to;
    if (!isKnown)
      context.addIssue({ code: "custom", message: "must be 1 to 10, a range as 8-10, or high, medium, low" });
  }
  return [...found];
});

export const inputs = {
  register: z.strictObject({
    name,
    description: description.default(""),
    risk,
    source: source.default("custom"),
    tokens,
  }),
  amend: z
    .strictObject({ name, description, risk, source })
    .partial()
    .refine((given) => Object.keys(given).length > 0, "must name a field to change"),
  vpatch: z.strictObject({
    mode: z.enum(ruleModes as ["block", "monitor"]).optional(),
    scope: z
      .strictObject({ hosts: z.array(z.string()).optional(), methods: z.array(z.string()).optional() })
      .optional(),
  }),
  nothing: z.strictObject({}),
  tokens: z.strictObject({ tokens }),
  key: z.strictObject({ name: z.string().trim().min(1).max(64), role: z.enum(["administrator", "analyst"]) }),
};

export const parameters = {
  leaks: z.strictObject({
    status: list<LeakStatus>(leakStatuses).optional(),
    risk: risks.optional(),
    source: z
      .string()
      .transform((text) => text.split(","))
      .optional(),
    q: z.string().min(1).max(255).optional(),
    sort: z
      .string()
      .regex(
        new RegExp(`^-?(?:${leakSorts.join("|")})$`),
        `must be one of ${leakSorts.join(", ")}, with - before it for descending`,
      )
      .default("-created"),
    limit: limit(200, 50),
    cursor,
  }),
  tokens: z.strictObject({ limit: limit(1_000, 100), cursor: z.coerce.number().int().min(0).optional() }),
  rules: z.strictObject({ limit: limit(200, 50), cursor }),
  events: z.strictObject({
    type: z.literal("vpatch").optional(),
    leak: z.string().optional(),
    rule: z.string().optional(),
    ip: z.string().optional(),
    point: z.string().optional(),
    action: z.enum(["blocked", "monitored"]).optional(),
    from: time.optional(),
    to: time.optional(),
    limit: limit(200, 50),
    cursor,
  }),
  stats: z.strictObject({
    from: time.optional(),
    to: time.optional(),
    buckets: z.coerce.number().int().min(1).max(1_000).default(24),
  }),
  change: z.strictObject({ wait: z.literal("enforced").optional() }),
  none: z.strictObject({}),
};

/** The query parameters, checked; each may stand once. Throws Problem. */
export function query<S extends z.ZodType>(context: Context, schema: S): z.infer<S> {
  const given: Record<string, string> = {};
  for (const [each, values] of Object.entries(context.req.queries())) {
    if (values.length > 1)
      throw new Problem(400, "A parameter stands more than once.", [
        { pointer: each, detail: "may stand once" },
      ]);
    given[each] = values[0]!;
  }
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw invalid(parsed.error, "?");
  return parsed.data;
}

/** The JSON body, checked; an empty one is `{}` where every field may be left out. Throws Problem. */
export async function body<S extends z.ZodType>(context: Context, schema: S): Promise<z.infer<S>> {
  const text = await context.req.text();
  const type = context.req.header("content-type");
  if (text !== "" && !/^application\/(?:[a-z0-9.+-]+\+)?json(?:\s*;|$)/i.test(type ?? "")) {
    throw new Problem(415, "The body must be JSON, with content-type application/json.");
  }
  let value: unknown;
  try {
    value = text === "" ? {} : JSON.parse(text);
  } catch {
    // The parser's own words would repeat a piece of the body, and the body holds tokens.
    throw new Problem(400, "The body is not JSON.");
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalid(parsed.error, "#");
  return parsed.data;
}

/** The version that `If-Match` names; undefined without one or with `*` (RFC 9110 section 13.1.1). */
export function ifMatch(context: Context): number | undefined {
  const given = context.req.header("if-match");
  if (given === undefined || given.trim() === "*") return undefined;
  const match = /^"([0-9]{1,15})"$/.exec(given.trim());
  if (match === null) throw new Problem(400, 'If-Match must be an ETag this API gave out, as "3", or *.');
  return Number(match[1]);
}
