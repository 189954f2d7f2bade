import { open } from "node:fs/promises";
import { type Command, Option } from "commander";
import { parseColumns } from "../admin/reports/csv.ts";
import { formatNames, type ReportFormat } from "../admin/reports/names.ts";
import { type ReportOutcome, takeInReport } from "../admin/reports/take.ts";
import { leakLimits } from "../rules/leak.ts";
import { InputRefused } from "../rules/refusal.ts";
import { Runtime } from "../rules/runtime.ts";
import { checkSighting } from "../rules/sighting.ts";
import { type Flags, loadConfig } from "./config.ts";
import { cliActor, openToChange, openToRead } from "./data.ts";
import { ExitCode } from "./exit.ts";
import { attempting, CommandFailed } from "./failure.ts";
import { type TenantFlags, tenantOptions, wholeNumber } from "./options.ts";
import { Progress } from "./progress.ts";

interface ImportFlags extends Flags, TenantFlags {
  readonly format: ReportFormat | "auto";
  readonly map?: string;
  readonly source?: string;
  readonly risk?: number;
  readonly truncated: "refuse" | "take";
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `leakgate findings`: what other programs found comes in as leaks and sightings. */
export function registerFindings(program: Command): void {
  const findings = program
    .command("findings")
    .description("take in what other scanners found (leakgate import is for what leakgate export wrote)");
  tenantOptions(
    findings
      .command("import")
      .description("take in another scanner's report; what is known already stays as it is")
      .argument("<report>", "a file, or - for standard input; it is read as it comes, however large")
      .addOption(
        new Option("--format <name>", "told from the report by default")
          .choices(["auto", ...formatNames])
          .default("auto"),
      )
      .option("--map <list>", "of a CSV, in which column what stands: token=secret,path=file,line=start_line")
      .option("--source <word>", "who found it (default: the scanner)")
      .option("--risk <1..10>", "of each leak that is made, whatever the report says", wholeNumber)
      .addOption(
        new Option("--truncated <what>", "what becomes of tokens that seem to be cut off")
          .choices(["refuse", "take"])
          .default("refuse"),
      )
      .option("--dry-run", "read and count, and change nothing")
      .option("--json", "answer as JSON"),
  ).action(attempting("take in the report", importReport));
}

async function importReport(path: string, flags: ImportFlags): Promise<void> {
  const { format, map, source, risk, truncated, dryRun = false, json = false } = flags;
  if (source !== undefined) checkSighting({ source }, Date.now());
  if (risk !== undefined && (risk < 1 || risk > leakLimits.riskMax))
    throw new InputRefused("risk", `is not a whole number from 1 to ${leakLimits.riskMax}`);
  const columns = map === undefined ? undefined : parseColumns(map);
  const settings = loadConfig(flags);
  const bytes = await bytesOf(path);
  const { store, pepper } = await (dryRun ? openToRead : openToChange)(settings.data, flags.tenant);
  const progress = new Progress("findings");
  try {
    const runtime = await Runtime.open(settings.data);
    try {
      const services = { runtime, closing: new AbortController().signal, config: settings.admin };
      const tenant = { name: flags.tenant, store, pepper };
      const outcome = await takeInReport(services, tenant, `${cliActor()} (import)`, bytes, {
        format: format === "auto" ? undefined : format,
        columns,
        source,
        risk,
        takesTruncated: truncated === "take",
        isDry: dryRun,
        onProgress: ({ findings }) => progress.show(findings),
      }).finally(() => progress.clear());
      console.log(json ? asJson(outcome, dryRun) : asText(outcome, dryRun));
      if (outcome.broken !== null)
        throw new CommandFailed(
          `the report cannot be read to its end: ${outcome.broken}; what stood before it ${dryRun ? "was counted" : "is in"}`,
          ExitCode.failed,
        );
    } finally {
      await runtime.close();
    }
  } finally {
    await store.close();
  }
}

async function bytesOf(path: string): Promise<AsyncIterable<Uint8Array>> {
  if (path === "-") return process.stdin;
  try {
    return (await open(path)).createReadStream({ highWaterMark: 262_144 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandFailed(`the file ${path} cannot be read (${code})`, ExitCode.usage, error);
  }
}

function asJson({ refusals, ...outcome }: ReportOutcome, dryRun: boolean): string {
  const named = refusals.map(({ index, ...why }) => ({ finding: index + 1, ...why }));
  return JSON.stringify({ ...outcome, dryRun, refusals: named }, null, 2);
}

function asText(outcome: ReportOutcome, isDry: boolean): string {
  const { findings, format, source, leaks, patched, known, sightings, unchanged, refused } = outcome;
  const counts = isDry
    ? [`new leaks       ${said(leaks)} at most`, `known tokens    ${said(known)}`]
    : [
        `new leaks       ${said(leaks)}${patched > 0 ? `, ${said(patched)} patched by a policy` : ""}`,
        `known tokens    ${said(known)}`,
        `sightings       ${said(sightings)}`,
        `unchanged       ${said(unchanged)}`,
      ];
  const reasons = Object.entries(refused).sort(([, a], [, b]) => b - a);
  const total = reasons.reduce((sum, [, count]) => sum + count, 0);
  const why = reasons.map(([reason, count]) => `${reason} ${said(count)}`).join(", ");
  return [
    `${isDry ? "would read" : "read"} ${said(findings)} findings of ${source} (${format})`,
    ...counts,
    `refused         ${said(total)}${why === "" ? "" : `: ${why}`}`,
    ...(refused.looks_truncated === undefined
      ? []
      : ["Tokens that seem cut off would never be met; look at the source, or say --truncated take."]),
    ...(isDry ? ["Nothing was changed."] : []),
  ].join("\n");
}

const said = (count: number) => count.toLocaleString("en");
