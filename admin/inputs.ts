import { z } from "zod";
import { roles } from "../rules/access.ts";
import type { FilterField } from "../rules/events/filter.ts";
import { groupFields } from "../rules/events/groups.ts";
import { parseSearch, parseTerm, SearchRefused } from "../rules/events/search.ts";
import { isTenantName } from "../rules/tenants.ts";

const KEY_NAME_CHARS = 64;
/** 30 days. */
const GRACE_S_MAX = 2_592_000;
const PAGE_MAX = 200;
const PAGE_DEFAULT = 50;
/** Beyond the year 9999 a time has no ISO 8601 form of four digits. */
const TIME_MAX = 253_402_300_799_999;

/**
 * An object without unknown fields. The refusal names the known ones: the unknown name itself may be a token that was
 * put in the wrong place, and what came in is not repeated.
 */
export function strict<Shape extends z.ZodRawShape>(shape: Shape) {
  const known = Object.keys(shape);
  const message =
    known.length === 0 ? "takes no fields" : `has an unknown field; the known ones are ${known.join(", ")}`;
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? message : undefined),
  });
}

/** Lone surrogates have no UTF-8 form: what would be registered is not what was sent. */
export const text = z.string().regex(/^\P{Cs}*$/u, "holds broken text");
const isoTime = z.union([z.iso.datetime({ offset: true }), z.iso.date()]);

/** Milliseconds since 1970, or an ISO 8601 time. */
export const time = z.string().transform((given, context): number => {
  // In a query a plus that was not percent-encoded arrives as a blank.
  const iso = isoTime.safeParse(given.replace(" ", "+"));
  const at = iso.success ? Date.parse(iso.data) : /^[0-9]{1,15}$/.test(given) ? Number(given) : Number.NaN;
  if (at >= 0 && at <= TIME_MAX) return at;
  context.addIssue({ code: "custom", message: "must be an ISO 8601 time or milliseconds since 1970" });
  return z.NEVER;
});

const keyName = text.trim().min(1).max(KEY_NAME_CHARS);

/** The JSON bodies of the calls. */
export const bodies = {
  key: strict({ name: keyName, role: z.enum(roles), expiresAt: time.nullable().default(null) }).meta({
    examples: [{ name: "dashboard", role: "analyst" }],
  }),
  keyPatch: strict({
    name: keyName.optional(),
    expiresAt: time.nullable().optional(),
    disabled: z.boolean().optional(),
  })
    .refine((given) => Object.keys(given).length > 0, "must name a field to change")
    .meta({ examples: [{ disabled: true }] }),
  rotate: strict({ graceSeconds: z.int().min(0).max(GRACE_S_MAX).default(0) }).meta({
    examples: [{ graceSeconds: 3600 }],
  }),
  session: strict({ key: z.string().min(1).max(255) }).meta({ examples: [{ key: "lgk_made-up" }] }),
  tenant: strict({
    name: z.string().refine(isTenantName, "must be 1 to 32 of a-z, 0-9 and -, not at an end"),
  }).meta({ examples: [{ name: "payments" }] }),
  tenantPatch: strict({ leaksEnabled: z.boolean() }).meta({ examples: [{ leaksEnabled: true }] }),
};

export const cursor = z.string().max(1_024).optional();

export function whole(min: number, max: number) {
  return z
    .string()
    .regex(/^[0-9]{1,15}$/, "must be a whole number")
    .transform(Number)
    .pipe(z.int().min(min).max(max));
}

export const limit = (max = PAGE_MAX, otherwise = PAGE_DEFAULT) => whole(1, max).default(otherwise);

/** One value, or several with commas, each checked by `each`. */
export function list<Each extends z.ZodType<unknown, string>>(each: Each) {
  return z
    .string()
    .transform((given) => given.split(","))
    .pipe(z.array(each).max(64));
}

export const stretch = { from: time.optional(), to: time.optional() };

/** Reads what a search takes; what it refuses stands with its place. */
function searched<Read>(read: (given: string) => Read) {
  return z
    .string()
    .min(1)
    .max(4_096)
    .transform((given, context): Read => {
      try {
        return read(given);
      } catch (error) {
        if (!(error instanceof SearchRefused)) throw error;
        context.addIssue({ code: "custom", message: error.message });
        return z.NEVER;
      }
    });
}

const term = (field: FilterField) => searched((given) => parseTerm(field, given)).optional();

/** What events are looked for; each field takes one value or several with commas, and none of them after a `!`. */
const eventFilter = {
  search: searched((line) => parseSearch(line, Date.now()))
    .optional()
    .describe(
      "A search line, as `ip:10.0.0.0/8 !point:cookie last 7 days`; what the other parameters say holds too",
    ),
  type: term("type"),
  leak: term("leak"),
  rule: term("rule"),
  action: term("action"),
  point: term("point"),
  method: term("method"),
  host: term("host"),
  path: term("path"),
  query: term("query"),
  userAgent: term("userAgent"),
  ip: term("ip"),
  requestId: term("requestId"),
  worker: term("worker"),
  count: term("count"),
  ...stretch,
};

const changeFilter = {
  subject: z
    .string()
    .regex(/^[a-z][a-z0-9 -]{0,63}$/, "must be what was changed, as leak-1")
    .optional(),
  actor: text.min(1).max(200).optional(),
  action: z
    .string()
    .regex(/^[a-z]{1,32}(?:\.[a-z_]{1,32})?$/, "must be an action, as leak.close, or its first word")
    .optional(),
  ...stretch,
};

/** The query parameters of the calls. */
export const parameters = {
  rules: strict({ limit: limit(), cursor }),
  events: strict({ ...eventFilter, sort: z.enum(["at", "-at"]).default("-at"), limit: limit(), cursor }),
  eventCount: strict(eventFilter),
  eventGroups: strict({ ...eventFilter, by: z.enum(groupFields), limit: limit(1_000, 50) }),
  eventHistogram: strict({ ...eventFilter, buckets: whole(1, 1_000).default(24) }),
  eventExport: strict({
    ...eventFilter,
    format: z.enum(["csv", "ndjson"]),
    sort: z.enum(["at", "-at"]).default("-at"),
  }),
  eventTail: strict({ ...eventFilter, after: z.string().max(8_192).optional() }),
  stats: strict({ ...stretch, buckets: whole(1, 1_000).default(24) }),
  preview: strict({ hosts: list(text.min(1).max(255)).optional() }),
  audit: strict({ ...changeFilter, limit: limit(), cursor: whole(0, Number.MAX_SAFE_INTEGER).optional() }),
  auditExport: strict({ ...changeFilter, format: z.enum(["csv", "ndjson"]).default("ndjson") }),
  change: strict({ wait: z.literal("enforced").optional() }),
  /** `global`: in the control store, where the keys and sessions of global roles lie. */
  keys: strict({ scope: z.literal("global").optional() }),
  none: strict({}),
};
