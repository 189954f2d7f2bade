import { z } from "zod";
import { reasonsOf } from "../../rules/decision.ts";
import {
  type Decision,
  decisions,
  type LeakStatus,
  leakLimits,
  leakStatuses,
  type Remediation,
  type RiskLevel,
  remediations,
} from "../../rules/leak.ts";
import { ruleModes, scopeEntriesMax } from "../../rules/rule.ts";
import { type LeakQuery, leakSorts } from "../../rules/store/listing.ts";
import { commentCharsMax, urlCharsMax } from "../../rules/text.ts";
import { cursor, limit, list, strict, text, time, whole } from "../inputs.ts";

const TOKENS_PER_CALL = 1_000_000;
/** Ids that a bulk decision may name one by one. */
const IDS_MAX = 1_000;
const VALUES_MAX = 64;

/** Tokens in clear, and hashes of tokens that nobody has in clear: at least one of either. */
const tokens = {
  tokens: z.array(text).max(TOKENS_PER_CALL).default([]),
  hashes: z.array(text).max(TOKENS_PER_CALL).default([]),
};

function someToken({ tokens, hashes }: { tokens: string[]; hashes: string[] }, context: z.RefinementCtx) {
  if (tokens.length + hashes.length > 0) return;
  const message = "tokens and hashes must hold >=1 entries together";
  context.addIssue({ code: "custom", path: ["tokens"], message });
}

const source = z.string().regex(/^[a-z0-9_-]{1,32}$/, "must be 1 to 32 of a-z, 0-9, _ and -");
const assignee = text.max(leakLimits.assigneeChars);
const target = text.max(leakLimits.targetChars);

const required = {
  name: text.trim().min(1).max(leakLimits.nameChars),
  description: text.max(leakLimits.descriptionChars),
  risk: z.int().min(1).max(leakLimits.riskMax),
  source,
};
const optional = {
  sourceUrl: text
    .max(urlCharsMax)
    .nullable()
    .optional()
    .describe("http, https, git or ssh, without a user name."),
  sourceAuthor: text.max(leakLimits.sourceAuthorChars).nullable().optional(),
  sourceAt: time.nullable().optional().describe("When it leaked."),
  target: target.nullable().optional().describe("The API or system that the tokens open."),
  assignee: assignee.nullable().optional(),
};

const comment = text.max(commentCharsMax).optional().describe("Up to 2,000 characters, of several lines.");
const until = time
  .nullable()
  .optional()
  .describe("When it ends and the leak is opened again; null is never.");
const scope = strict({
  hosts: z.array(text.max(255)).max(scopeEntriesMax).optional(),
  methods: z.array(text.max(32)).max(scopeEntriesMax).optional(),
}).optional();
const mode = z.enum(ruleModes).optional();

const risk = z
  .string()
  .regex(
    /^(?:[0-9]{1,2}(?:-[0-9]{1,2})?|high|medium|low)$/,
    "must be 1 to 10, a range as 8-10, or high, medium, low",
  );

/** `8`, `8-10`, `high`, ... as risks and levels; what a level means, the tenant's settings say. */
const risks = list(risk).transform((parts, context): Pick<LeakQuery, "risk" | "level"> => {
  const level = parts.filter((part): part is RiskLevel => /^[a-z]+$/.test(part));
  const numbers = parts.flatMap((part) => {
    const [, low, high = low] = /^([0-9]+)(?:-([0-9]+))?$/.exec(part) ?? [];
    if (low === undefined) return [];
    if (Number(low) < 1 || Number(low) > Number(high) || Number(high) > leakLimits.riskMax)
      context.addIssue({ code: "custom", message: "must be 1 to 10, a range as 8-10, or high, medium, low" });
    return Array.from({ length: leakLimits.riskMax }, (_, i) => i + 1).filter(
      (each) => each >= Number(low) && each <= Number(high),
    );
  });
  return {
    ...(numbers.length > 0 && { risk: [...new Set(numbers)] }),
    ...(level.length > 0 && { level }),
  };
});

const sort = z
  .string()
  .regex(
    new RegExp(`^-?(?:${leakSorts.join("|")})$`),
    `must be one of ${leakSorts.join(", ")}; - before it turns the order round`,
  );

/** Nobody, or nothing said, is written `none`. */
const orNone = (given: readonly string[]): (string | null)[] =>
  given.map((each) => (each === "none" ? null : each));
const statuses = z.enum(leakStatuses as [LeakStatus, ...LeakStatus[]]);
const remediation = z.enum(remediations as [Remediation, ...Remediation[]]);
const flag = z.enum(["true", "false"]).transform((given) => given === "true");

/** The decisions but the patch, each with its reasons. */
function decisionBody(decision: Exclude<Decision, "vpatch">) {
  const [first, ...more] = reasonsOf[decision];
  const grounds = { comment, reason: z.enum([first, ...more]).optional() };
  const example = { reason: first, comment: "As agreed with the owner" };
  if (decision === "reopen") return strict(grounds).meta({ examples: [example] });
  return strict({ ...grounds, until }).meta({ examples: [example] });
}

const values = <Each extends z.ZodType>(each: Each) => z.array(each).max(VALUES_MAX).optional();

/** Which leaks a bulk decision is about: the same questions as of the list, as JSON. */
const filter = strict({
  ids: z.array(z.string().max(32)).max(IDS_MAX).optional(),
  status: values(statuses),
  risk: values(z.int().min(1).max(leakLimits.riskMax)),
  level: values(z.enum(["high", "medium", "low"])),
  source: values(source),
  assignee: values(assignee.nullable()),
  target: values(target.nullable()),
  remediation: values(remediation),
  regression: z.boolean().optional(),
  watch: z.boolean().optional(),
  createdFrom: time.optional(),
  createdTo: time.optional(),
  updatedFrom: time.optional(),
  updatedTo: time.optional(),
  q: text.min(1).max(255).optional(),
});

export const leakBodies = {
  register: strict({
    ...required,
    description: required.description.default(""),
    source: source.default("custom"),
    ...optional,
    ...tokens,
  })
    .superRefine(someToken)
    .meta({ examples: [{ name: "CI log", risk: 8, source: "github", tokens: ["made-up-token-0001"] }] }),
  amend: strict({
    name: required.name.optional(),
    description: required.description.optional(),
    risk: required.risk.optional(),
    source: source.optional(),
    ...optional,
    remediation: z
      .enum(["none", "not_applicable"])
      .optional()
      .describe("`applied` is what a patch makes it."),
    remediationReason: text
      .max(leakLimits.notApplicableChars)
      .optional()
      .describe("Why no remediation applies; goes with `not_applicable`."),
  })
    .refine((given) => Object.keys(given).length > 0, "must name a field to change")
    .superRefine(({ remediation: asked, remediationReason: reason }, context) => {
      if ((asked === "not_applicable") === ((reason ?? "").trim() !== "")) return;
      const message = "stands with remediation not_applicable, and only there";
      context.addIssue({ code: "custom", path: ["remediationReason"], message });
    })
    .meta({ examples: [{ risk: 9 }] }),
  vpatch: strict({ mode, scope, comment, until }).meta({
    examples: [{ mode: "block", scope: { hosts: ["api.example"] } }],
  }),
  close: decisionBody("close"),
  mark_false: decisionBody("mark_false"),
  reopen: decisionBody("reopen"),
  token: {
    close: strict({ comment, reason: z.enum(reasonsOf.close).optional() }).meta({
      examples: [{ reason: "revoked" }],
    }),
    mark_false: strict({ comment, reason: z.enum(reasonsOf.mark_false).optional() }).meta({
      examples: [{ reason: "test_value" }],
    }),
    reopen: strict({ comment, reason: z.enum(reasonsOf.reopen).optional() }).meta({
      examples: [{ reason: "mistake" }],
    }),
  },
  watch: strict({
    on: z.boolean(),
    until: time.nullable().optional().describe("When it ends; null is never."),
  }).meta({
    examples: [{ on: true }],
  }),
  tokens: strict(tokens)
    .superRefine(someToken)
    .meta({ examples: [{ tokens: ["made-up-token-0002"] }] }),
  comment: strict({ comment: text.min(1).max(commentCharsMax) }).meta({
    examples: [{ comment: "Asked the owner to rotate it" }],
  }),
  bulk: strict({
    filter,
    decision: z.enum(decisions as [Decision, ...Decision[]]),
    comment,
    reason: z.string().max(32).optional().describe("One of those that the decision takes."),
    mode,
    scope,
    until,
    dryRun: z.boolean().default(false).describe("Answers what it would be about, and decides nothing."),
    expect: z
      .int()
      .min(0)
      .optional()
      .describe("The `count` that a dry run answered; 409 when it is another by now."),
    selection: z
      .string()
      .max(64)
      .optional()
      .describe("The `selection` that a dry run answered; 409 when a leak of it changed since."),
  })
    .superRefine(({ dryRun, expect }, context) => {
      if (dryRun || expect !== undefined) return;
      context.addIssue({
        code: "custom",
        path: ["expect"],
        message: "must say the count that a dry run answered",
      });
    })
    .meta({ examples: [{ filter: { status: ["opened"] }, decision: "vpatch", dryRun: true }] }),
};

export const leakParameters = {
  leaks: strict({
    status: list(statuses).optional(),
    risk: risks.optional(),
    source: list(source).optional(),
    assignee: list(assignee).transform(orNone).optional().describe("Names; `none` is nobody."),
    target: list(target).transform(orNone).optional().describe("`none` is nothing said."),
    remediation: list(remediation).optional(),
    regression: flag.optional(),
    watch: flag.optional(),
    createdFrom: time.optional(),
    createdTo: time.optional(),
    updatedFrom: time.optional(),
    updatedTo: time.optional(),
    q: text.min(1).max(255).optional().describe("Text anywhere in what people wrote of a leak."),
    sort: sort.default("-created"),
    limit: limit(),
    cursor,
  }),
  tokens: strict({ limit: limit(1_000, 100), cursor: whole(0, Number.MAX_SAFE_INTEGER).optional() }),
  comments: strict({ limit: limit(), cursor }),
  sightings: strict({
    number: whole(1, Number.MAX_SAFE_INTEGER).optional().describe("Of the token with this id alone."),
    limit: limit(1_000, 100),
    cursor,
  }),
};

/** What the list and the bulk decisions ask the store. */
export function queryOf(
  given: Omit<z.output<typeof filter>, "risk" | "level"> & Pick<LeakQuery, "risk" | "level">,
): LeakQuery {
  const { createdFrom, createdTo, updatedFrom, updatedTo, ...rest } = given;
  return {
    ...rest,
    created: { from: createdFrom, to: createdTo },
    updated: { from: updatedFrom, to: updatedTo },
  };
}

/** An absent list and an empty one both mean everywhere. */
export function scopeOf(given: z.output<typeof scope>): { scope?: { hosts: string[]; methods: string[] } } {
  if (given === undefined) return {};
  return { scope: { hosts: given.hosts ?? [], methods: given.methods ?? [] } };
}
