import { z } from "zod";
import { tokenWarnings } from "../rules/digest.ts";
import { eventActions, eventTypes } from "../rules/events/event.ts";
import { groupFields } from "../rules/events/groups.ts";
import { leakStatuses, remediations } from "../rules/leak.ts";
import { ruleModes } from "../rules/rule.ts";

/** What the answers of the API hold: documentation for the OpenAPI document, and what the tests hold each answer to. */

const time = z.iso.datetime();
const count = z.int().min(0);
/** A text, with what it looks like in the document. */
const like = (example: string) => z.string().meta({ examples: [example] });
const leakId = like("leak-1");
const actor = like("key-1 (Ann)");
const next = z.string().nullable().describe("The `cursor` of the next page, or null at the end.");

export const ruleAnswer = z
  .strictObject({
    id: like("rule-1"),
    leak: leakId,
    mode: z.enum(ruleModes),
    scope: z.strictObject({
      hosts: z.array(like("api.example")).optional(),
      methods: z.array(like("POST")).optional(),
    }),
    appliedAt: time,
    appliedBy: actor,
    revision: count,
    removedAt: time.nullable(),
  })
  .meta({ id: "Rule" });

export const tokenAnswer = z
  .strictObject({
    id: like("1").describe("Of the leak; never given out again."),
    preview: like("made****(18)").describe("At most four leading characters, and the length."),
    kind: like("opaque"),
    length: z.int().nullable().describe("Bytes; null where only a hash is known."),
    addedAt: time,
    status: z
      .enum(["closed", "marked_false"])
      .nullable()
      .describe("What was decided of it alone; null where it is as its leak is."),
    checksum: z
      .enum(["valid", "invalid", "none"])
      .describe("`none` where its format has none that can be told."),
    expiresAt: time.nullable().describe("Of a JWT that says so."),
    alsoIn: z.array(leakId).describe("Other leaks that hold it, at most 100."),
    sightings: count.describe("Places where it was seen."),
  })
  .meta({ id: "Token" });

export const historyAnswer = z
  .strictObject({
    revision: count,
    at: time,
    actor,
    from: z.string().optional().describe("The address, as the admin saw it."),
    action: like("leak.update"),
    before: z.record(z.string(), z.unknown()).nullable(),
    after: z.record(z.string(), z.unknown()),
    token: like("1").optional(),
    tokens: z
      .strictObject({
        first: count,
        count,
        falseCount: count.optional(),
        caught: z.record(z.string(), count).optional(),
      })
      .optional(),
    reason: z.string().optional(),
    comment: z.string().optional(),
    policy: like("policy-1").optional().describe("The policy of the intake by which it was decided."),
    decided: count.optional().describe("What a time box ended: the revision of the decision that had it."),
  })
  .meta({ id: "HistoryEntry" });

export const changeAnswer = z
  .strictObject({
    ...historyAnswer.shape,
    subject: like("leak-1").describe("What was changed."),
    previousHash: z.string(),
    hash: z.string().describe("SHA-256 over the canonical JSON of all other fields as they are stored."),
  })
  .meta({ id: "Change" });
export const changeList = z.strictObject({ changes: z.array(changeAnswer), next });
export const journalVerdict = z.strictObject({
  ok: z.boolean(),
  entries: count.optional(),
  head: z.string().optional().describe("The hash of the newest change: keep it elsewhere."),
  revision: count.optional().describe("The first that does not hold."),
  why: z.string().optional(),
});

export const leakFields = {
  id: leakId,
  name: like("CI log"),
  description: like("Found in a build log"),
  risk: z.int().min(1).max(10),
  riskLevel: z.enum(["high", "medium", "low"]),
  source: like("github"),
  sourceUrl: z.string().nullable(),
  sourceAuthor: z.string().nullable(),
  sourceAt: time.nullable().describe("When it leaked."),
  target: z.string().nullable().describe("The API or system that the tokens open."),
  assignee: z.string().nullable(),
  remediation: z.enum(remediations as [string, ...string[]]),
  remediationReason: z.string().nullable().describe("Why no remediation applies."),
  status: z.enum(leakStatuses as [string, ...string[]]),
  rule: ruleAnswer.nullable().describe("The rule in force."),
  until: time.nullable().describe("When what was decided ends, and the leak is opened again."),
  watch: z
    .strictObject({ until: time.nullable() })
    .nullable()
    .describe("Attempts are recorded though it is over."),
  tokenCount: count,
  tokensClosed: count.describe("Of these, closed alone."),
  tokensFalse: count.describe("Of these, marked false alone."),
  warnings: z
    .partialRecord(z.enum(tokenWarnings), count)
    .describe("How many tokens came with which warning."),
  regression: z.boolean().describe("Tokens of it came again after their leak was closed."),
  regressionOf: z.array(leakId),
  version: z.int().min(1).describe("Its ETag."),
  createdAt: time,
  updatedAt: time,
};

export const leakAnswer = z.strictObject(leakFields).meta({ id: "Leak" });

export const enforcementAnswer = z
  .strictObject({
    revision: count,
    enforced: z.boolean(),
    workers: z.array(z.strictObject({ worker: z.int(), revision: count, enforced: z.boolean() })),
    lagging: z.array(z.int()).describe("The workers that do not enforce it yet."),
    detail: like("Every live worker enforces the change."),
  })
  .meta({ id: "Enforcement" });

const requestsBy = (name: string) => z.array(z.strictObject({ [name]: z.string(), requests: count }));
export const leakPreview = z
  .strictObject({
    wouldHaveBlocked: count.describe(
      "Requests that passed and carried a token of the leak; one with two counts twice.",
    ),
    tokensMet: count,
    tokens: count.describe("The leak's tokens that were looked for."),
    unknown: count.describe(
      "Tokens besides of which only a hash is known: whether they came, nobody can tell.",
    ),
    first: time.nullable(),
    last: time.nullable(),
    addresses: count.describe("About how many addresses they came from, 111 at most."),
    since: time
      .nullable()
      .describe("What came before is not known to all workers; null where no worker looked."),
    forgotten: count.describe(
      "Values that others have pushed out of memory; above 0 the figures may be too low.",
    ),
    points: requestsBy("point").describe("At most 10, the most requests first."),
    hosts: requestsBy("host").describe("At most 10, the most requests first."),
    most: z
      .array(z.strictObject({ token: z.string(), requests: count, addresses: count, common: z.boolean() }))
      .describe("The tokens that came most often, at most 10."),
    workers: z.array(z.int()).describe("The workers that looked."),
    off: z.array(z.int()).describe("The workers that keep nothing."),
    missing: z.array(z.int()).describe("The workers that did not answer in time."),
  })
  .meta({ id: "Preview" });
export const ruleList = z.strictObject({ rules: z.array(ruleAnswer), next });

export const eventAnswer = z
  .strictObject({
    type: z.enum(eventTypes),
    id: like("mjwb7z1h-1-5"),
    at: time,
    lastAt: time,
    count,
    leak: leakId.nullable(),
    rule: like("rule-1").nullable(),
    action: z.enum(eventActions),
    point: like("header x-api-key"),
    method: like("GET"),
    host: like("api.example"),
    path: like("/orders"),
    query: z.array(like("page")).describe("Names of the parameters, never their values."),
    userAgent: like("curl/8.5.0").nullable(),
    ip: like("192.0.2.1"),
    requestId: like("0123456789abcdef"),
    worker: z.int(),
  })
  .meta({ id: "Event" });
export const eventList = z.strictObject({ events: z.array(eventAnswer), next });

const sums = { events: count, attempts: count, firstAt: time.nullable(), lastAt: time.nullable() };
export const eventCountAnswer = z.strictObject(sums).meta({ id: "EventCount" });
export const eventGroupsAnswer = z
  .strictObject({
    by: z.enum(groupFields),
    ...sums,
    values: count.describe("How many values there are, shown or not."),
    groups: z.array(z.strictObject({ value: z.string().nullable(), ...sums })),
  })
  .meta({ id: "EventGroups" });
const bars = z.array(count);
export const eventHistogramAnswer = z
  .strictObject({
    from: time,
    to: time,
    bucketMs: z.number(),
    events: bars,
    attempts: bars,
    byAction: z.record(z.string(), z.strictObject({ events: bars, attempts: bars })),
  })
  .meta({ id: "EventHistogram" });

const counts = z.record(z.string(), count);
export const statsAnswer = z
  .strictObject({
    leaks: count,
    tokens: count,
    byStatus: counts,
    byRiskLevel: counts,
    bySource: counts,
    attempts: z.strictObject({
      from: time,
      to: time,
      bucketMs: z.number(),
      blocked: z.array(count),
      monitored: z.array(count),
      watched: z.array(count),
    }),
  })
  .meta({ id: "Stats" });

export const statusAnswer = z
  .strictObject({
    version: like("0.1.0"),
    tenant: like("default"),
    revision: count,
    startedAt: time,
    uptimeS: count,
    workers: z.array(
      z.strictObject({
        worker: z.int(),
        pid: z.int(),
        alive: z.boolean(),
        ready: z.boolean(),
        revision: count
          .nullable()
          .describe("What it enforces; null where it takes no requests of the tenant."),
        lag: count.nullable(),
        tokens: count,
        startedAt: time,
        heartbeatAt: time,
        counters: z
          .record(z.string(), z.number())
          .describe("Of all tenants together; empty for other tenants' keys."),
      }),
    ),
    budgetExhausted: z.array(z.strictObject({ leak: leakId, requests: count })),
  })
  .meta({ id: "Status" });

const keyFields = {
  id: like("key-2"),
  name: like("dashboard"),
  role: z.string().describe("Of another than the four known roles nothing is allowed."),
  prefix: like("lgk_madeup01").describe("Tells which key a text found somewhere is; it opens nothing."),
  createdAt: time,
  createdBy: actor,
  expiresAt: time.nullable().describe("Refused from then on."),
  lastUsedAt: time.nullable().describe("Exact to a minute."),
  disabledAt: time.nullable(),
  revokedAt: time.nullable(),
  graceUntil: time.nullable().describe("Until when the secret before the last rotation is taken too."),
};
const clearKey = z.string().describe("The key itself, shown this once and kept nowhere.");
export const keyAnswer = z.strictObject(keyFields).meta({ id: "Key" });
export const keyChanged = z.strictObject({
  ...keyFields,
  warning: z
    .string()
    .optional()
    .describe("What the change leaves behind: no administrator's key that counts."),
});
export const keyMade = z.strictObject({ ...keyFields, key: clearKey });
export const keyList = z.strictObject({ keys: z.array(keyAnswer) });

export const whoAnswer = z
  .strictObject({
    id: z.string().describe("`key-3`, or `oidc:subject`."),
    name: z.string(),
    role: z.string(),
    tenant: z.string().nullable().describe("Null where the role is global."),
    expiresAt: time.nullable().describe("When the key or the session ends by itself."),
    session: z
      .strictObject({
        id: z.string(),
        createdAt: time,
        idleAt: time.describe("It ends then, if nothing is called."),
      })
      .nullable()
      .describe("Null where a key was sent."),
  })
  .meta({ id: "Who" });
export const signInWays = z.strictObject({
  oidc: z
    .strictObject({ label: z.string().meta({ examples: ["id.example"] }) })
    .nullable()
    .describe("The OpenID provider, where there is one: `/auth/oidc/login` leads to it."),
});
export const signedOut = z.strictObject({
  logoutUrl: z.string().nullable().describe("Where to go to sign out of the OIDC provider too."),
});
export const sessionAnswer = z
  .strictObject({
    id: like("session-1"),
    owner: z.string().describe("`key-3`, or `oidc:subject`."),
    name: z.string(),
    from: z.string().describe("The address it was made from."),
    createdAt: time,
    lastSeenAt: time.describe("Exact to a minute."),
    expiresAt: time,
    isCurrent: z.boolean(),
  })
  .meta({ id: "Session" });
export const sessionList = z.strictObject({ sessions: z.array(sessionAnswer) });

const tenantFields = {
  name: like("payments"),
  leaksEnabled: z.boolean().describe("Whether its leak module is on."),
  leaks: count,
  tokens: count,
  revision: count,
};
export const tenantAnswer = z.strictObject(tenantFields).meta({ id: "Tenant" });
export const tenantChanged = z.strictObject({ ...tenantFields, enforcement: enforcementAnswer });
export const tenantList = z.strictObject({ tenants: z.array(tenantAnswer) });

export const problemAnswerSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    requestId: z.string(),
    errors: z
      .array(z.object({ pointer: z.string(), detail: z.string() }))
      .optional()
      .describe("Fields by JSON pointer (`#/tokens/3`), parameters by name; at most 50."),
  })
  .meta({ id: "Problem", description: "RFC 9457" });
