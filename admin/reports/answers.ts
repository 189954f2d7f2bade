import { z } from "zod";
import { takenAnswer } from "../intake/answers.ts";
import { formatNames } from "./names.ts";

const count = z.int().min(0);
/** What became of a report. */
export const reportAnswer = takenAnswer
  .omit({ refusals: true })
  .extend({
    format: z.enum(formatNames),
    source: z.string().meta({ examples: ["gitleaks"] }),
    dryRun: z.boolean(),
    refusals: z
      .array(
        z.strictObject({
          finding: count.describe("Which of the report, from 1."),
          reason: z.string().meta({ examples: ["redacted"] }),
          detail: z.string(),
        }),
      )
      .describe("The first 1,000."),
  })
  .meta({ id: "ReportTakenIn" });
