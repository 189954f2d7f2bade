import { z } from "zod";
import { tokenWarnings } from "../../rules/digest.ts";
import { decisions } from "../../rules/leak.ts";
import { enforcementAnswer, historyAnswer, leakAnswer, leakFields, tokenAnswer } from "../answers.ts";

const time = z.iso.datetime();
const count = z.int().min(0);
const like = (example: string) => z.string().meta({ examples: [example] });
const next = z.string().nullable().describe("The `cursor` of the next page, or null at the end.");

export const commentAnswer = z
  .strictObject({
    revision: count,
    at: time,
    actor: like("key-1 (Ann)"),
    action: like("leak.comment").describe("`leak.comment`, or the decision that it came with."),
    reason: z.string().nullable(),
    comment: like("Asked the owner to rotate it"),
  })
  .meta({ id: "Comment" });
export const commentList = z.strictObject({ comments: z.array(commentAnswer), next });

export const noticeAnswer = z
  .strictObject({
    pointer: like("#/tokens/3").nullable(),
    warning: z.enum(tokenWarnings),
    detail: z.string(),
    leaks: z.array(like("leak-1")).describe("`already_known`: leaks that hold it, at most ten."),
  })
  .meta({ id: "TokenWarning" });

export const attemptsAnswer = z
  .strictObject({ first: time, last: time, count })
  .meta({ id: "Attempts" })
  .nullable()
  .describe("With tokens of it, blocked, monitored or watched; null where there was none.");

export const liveAnswer = z
  .strictObject({
    state: z
      .enum(["live", "quiet", "unknown"])
      .describe(
        "`live`: a token of it came within 7 days; `quiet`: none has since `since`, and all workers looked; `unknown`: not all could.",
      ),
    since: time.nullable().describe("What came before it is not known; null where nobody looked."),
    lastSeenAt: time.nullable().describe("In an attempt, or in a request that passed."),
  })
  .meta({ id: "Liveness" });

export const sightingAnswer = z
  .strictObject({
    token: like("1"),
    source: like("scanner"),
    url: z.string().nullable(),
    path: like("config/.env").nullable(),
    line: z.int().nullable(),
    commit: z.string().nullable(),
    author: z.string().nullable(),
    seenAt: time.nullable().describe("When it leaked there."),
    foundAt: time,
  })
  .meta({ id: "Sighting" });
export const sightingList = z.strictObject({
  sightings: z.array(sightingAnswer),
  count: count.describe("In all; the first 1,000 of a token are listed."),
  next,
});

const bulkCounts = {
  count: count.describe("Leaks that the filter names."),
  selection: z.string().describe("Stays the same for as long as the same leaks are as they were."),
};
export const bulkAnswer = z
  .strictObject({
    ...bulkCounts,
    decision: z.enum(decisions as [string, ...string[]]),
    dryRun: z.boolean(),
    allowed: count.describe("Of these, leaks whose status allowed the decision when they were counted."),
    byStatus: z.record(z.string(), count),
    decided: count,
    unchanged: count.describe("Leaks that were as wished already."),
    refused: count,
    refusals: z
      .array(z.strictObject({ leak: like("leak-1"), detail: z.string() }))
      .describe("The first 1,000 that could not be decided, and why."),
    revision: count,
    enforcement: enforcementAnswer.nullable(),
  })
  .meta({ id: "BulkOutcome" });

export const readinessAnswer = z
  .strictObject({
    ready: z.boolean().describe("Advice only: people decide."),
    reasons: z.array(z.strictObject({ code: like("attempts_recent"), detail: z.string() })),
    lastAttemptAt: time.nullable(),
    sinceLastAttemptMs: count.nullable(),
    attempts24h: count,
    attempts7d: count,
    tokens: z.strictObject({
      enforced: count.describe("Tokens that are as their leak is."),
      expired: count,
      notExpired: count,
      expiryUnknown: count,
      passAgain: count.describe("Those that no other patched leak holds: they would pass on closing."),
    }),
  })
  .meta({ id: "Readiness" });

export const settingsAnswer = z
  .strictObject({
    levels: z.strictObject({ high: z.int(), medium: z.int() }).describe("The lowest risk of each level."),
    leaksEnabled: z.boolean(),
    version: count.describe("The ETag."),
  })
  .meta({ id: "Settings" });
export const settingsChanged = z.strictObject({ ...settingsAnswer.shape, revision: count });

const shown = z.array(tokenAnswer).describe("The first 100, masked.");
const duplicates = z
  .array(z.strictObject({ leak: like("leak-1"), tokens: count }))
  .describe("Other leaks that hold some of the same tokens, at most 100.");
const notices = z
  .array(noticeAnswer)
  .describe("What to look at of the tokens given, at most 1,000; the leak's `warnings` count all.");
const sightings = count.describe("Places where its tokens were seen.");
const detailed = { ...leakFields, tokens: shown, duplicates, sightings };

export const leakRegistered = z.strictObject({ ...detailed, revision: count, notices });
export const leakDetailed = z.strictObject({
  ...detailed,
  attempts: attemptsAnswer,
  live: liveAnswer,
  history: z.array(historyAnswer),
});
export const leakAmended = z.strictObject({ ...detailed, revision: count });
export const leakChanged = z.strictObject({
  ...leakFields,
  revision: count,
  enforcement: enforcementAnswer,
  added: count.optional(),
  already: count.optional(),
  notices: notices.optional(),
});
export const leakList = z.strictObject({ leaks: z.array(leakAnswer), next });
export const tokenList = z.strictObject({ tokens: z.array(tokenAnswer), tokenCount: count, next });
