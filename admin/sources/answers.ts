import { z } from "zod";
import { sourceKinds } from "../../rules/source.ts";

const time = z.iso.datetime();
const count = z.int().min(0);

const lookAnswer = z
  .strictObject({
    texts: count,
    bytes: count,
    findings: count,
    leaks: count.describe("Registered by it."),
    skipped: z.record(z.string(), count).describe("What was left out, by why."),
    end: z.enum(["whole", "limit", "time"]).describe("`limit`, `time`: it ended before the source did."),
  })
  .meta({ id: "SourceLook" });

const progressAnswer = z
  .strictObject({
    since: time,
    texts: count,
    bytes: count,
    findings: count,
    done: z.number().nullable(),
    of: z.number().nullable().describe("Where the source tells how much there is."),
  })
  .meta({ id: "SourceProgress" });

export const sourceAnswer = z
  .strictObject({
    id: z.string().meta({ examples: ["source-1"] }),
    kind: z.enum(sourceKinds),
    address: z.string().meta({ examples: ["https://git.example/team/app.git"] }),
    schedule: z
      .string()
      .nullable()
      .meta({ examples: ["0 3 * * *"] }),
    enabled: z.boolean(),
    credential: z
      .strictObject({ kind: z.enum(["sealed", "named"]), name: z.string().nullable() })
      .nullable()
      .describe("What opens it: a secret of its own, never shown, or one of the configuration."),
    risk: z.int().nullable(),
    rules: z.string().nullable(),
    assignments: z.boolean(),
    createdAt: time,
    createdBy: z.string().meta({ examples: ["key-1 (Ann)"] }),
    removedAt: time.nullable(),
    state: z
      .enum(["running", "waiting", "failing", "paused", "off", "manual"])
      .describe(
        "`waiting` for its time; `failing`: tried again; `paused`: cannot succeed as it is; `off`: switched off; `manual`: without a schedule.",
      ),
    progress: progressAnswer.nullable().describe("Of the look under way."),
    lastRunAt: time.nullable(),
    lastOkAt: time.nullable(),
    nextRunAt: time.nullable(),
    failures: count.describe("In a row."),
    lastError: z.string().nullable(),
    last: lookAnswer.nullable().describe("The last look that came to its end."),
  })
  .meta({ id: "Source" });

export const sourceList = z.strictObject({
  sources: z.array(sourceAnswer),
  total: count,
  watching: z.boolean().describe("Whether sources are looked at (scan.enabled)."),
  next: z.string().nullable().describe("The `cursor` of the next page, or null at the end."),
});

export const inventoryAnswer = z
  .strictObject({
    name: z.string().meta({ examples: ["billing"] }),
    tokens: count,
    addedAt: time.describe("When the last of them came."),
    addedBy: z.string().meta({ examples: ["key-1 (Ann)"] }),
  })
  .meta({ id: "InventoryEntry" });
export const inventoryAdded = z.strictObject({
  ...inventoryAnswer.shape,
  added: count,
  known: count.describe("Were listed under the name already."),
});
export const inventoryList = z.strictObject({ inventory: z.array(inventoryAnswer), total: count });
