import { z } from "zod";
import { leakLimits } from "../../rules/leak.ts";
import { type Call, call } from "../call.ts";
import { strict, text, whole } from "../inputs.ts";
import { tag } from "../intake/tag.ts";
import { Problem } from "../problem.ts";
import { streamed } from "../request.ts";
import type { Services } from "../services.ts";
import { reportAnswer } from "./answers.ts";
import { parseColumns } from "./csv.ts";
import { formatNames } from "./names.ts";
import { type ReportOutcome, takeInReport } from "./take.ts";

const finding = {
  RuleID: "generic-api-key",
  Secret: "made-up-token-0001",
  File: "config/.env",
  StartLine: 3,
};
/** What a report may be sent as; which format it has is told from itself, or by `format`. */
const types = {
  "application/json": [finding],
  "application/sarif+json": { runs: [{ results: [] }] },
  "application/x-ndjson": '{"DetectorName":"Github","Verified":true,"Raw":"made-up-token-0001"}\n',
  "text/csv": "token,path,line\nmade-up-token-0001,config/.env,3\n",
  "text/plain": "made-up-token-0001\n",
};

const MAP_CHARS = 1_024;
const flag = z.enum(["true", "false"]).default("false");
const query = strict({
  format: z
    .enum(["auto", ...formatNames])
    .default("auto")
    .describe("Told from the report by default."),
  map: text
    .max(MAP_CHARS)
    .optional()
    .describe("Of a CSV: in which column what stands, as `token=secret,path=file,line=start_line`."),
  source: text
    .regex(/^[a-z0-9_-]+$/, "is not made of a-z, 0-9, _ and -")
    .max(leakLimits.sourceChars)
    .optional()
    .describe("Who found it; the scanner by default."),
  risk: whole(1, leakLimits.riskMax)
    .optional()
    .describe("Of each leak that is made, whatever the report says."),
  truncated: z
    .enum(["refuse", "take"])
    .default("refuse")
    .describe("What becomes of tokens that begin as a known format and are too short for it."),
  dryRun: flag.describe("`true`: reads and counts, and changes nothing."),
});

/** `/intake/reports`: what another scanner found, in its own words. */
export function reportCalls(services: Services): readonly Call[] {
  return [
    call({
      method: "post",
      path: "/intake/reports",
      tag,
      summary: "Take in another scanner's report",
      description:
        "The body is the report itself, of at most `admin.reportBytes`, and is taken in as it comes: gitleaks (JSON, CSV, " +
        "SARIF), TruffleHog, detect-secrets, alerts of GitHub, GitLab's report, tokens line by line, or a CSV. Each finding " +
        "becomes what `POST /intake/findings` makes of it, so that the same report again changes nothing. Where the report " +
        "cannot be read to its end, what stood before is in, and 400 says so.",
      access: "change",
      query,
      streams: types,
      answers: { 200: { description: "What became of its findings", schema: reportAnswer } },
      handle: async ({ context, tenant, actor, query: { format, map, dryRun, truncated, source, risk } }) => {
        const isDry = dryRun === "true";
        const bytes = streamed(services, context, Object.keys(types));
        const outcome = await takeInReport(services, tenant, actor, bytes, {
          format: format === "auto" ? undefined : format,
          columns: map === undefined ? undefined : parseColumns(map),
          source,
          risk,
          takesTruncated: truncated === "take",
          isDry,
        });
        const { broken, refusals, ...counts } = outcome;
        if (broken !== null) throw new Problem(400, brokenOff(outcome, isDry));
        const named = refusals.map(({ index, ...why }) => ({ finding: index + 1, ...why }));
        return context.json({ ...counts, dryRun: isDry, refusals: named });
      },
    }),
  ];
}

/** The words for a report that could not be read to its end. */
function brokenOff({ broken, findings, leaks, sightings }: ReportOutcome, isDry: boolean): string {
  const before = isDry
    ? "Nothing was taken in."
    : `What stood before was taken in: ${findings} findings, ${leaks} new leaks, ${sightings} sightings.`;
  return `The report cannot be read to its end: ${broken}. ${before}`;
}
