import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { DeclaredFormat } from "../../admin/detect/declared.ts";
import { Detector } from "../../admin/detect/detector.ts";
import type { Finding } from "../../admin/detect/finding.ts";
import { type GitleaksRules, readGitleaks } from "../../admin/detect/gitleaks.ts";
import type { GivenFinding } from "../../admin/intake/takein.ts";
import { givenOf } from "../../admin/scan/given.ts";
import { Look, type LookOptions } from "../../admin/scan/look.ts";
import { RemoteClient } from "../../admin/scan/remote/client.ts";
import { type ScanOptions, scan } from "../../admin/scan/scan.ts";
import { type Reader, SourceFailed } from "../../admin/scan/source.ts";
import { tenantFolder } from "../../rules/tenants.ts";
import { loadConfig } from "../config.ts";
import { cliActor } from "../data.ts";
import { ExitCode } from "../exit.ts";
import { CommandFailed } from "../failure.ts";
import { Output } from "../output.ts";
import { Progress } from "../progress.ts";
import { version } from "../version.ts";
import type { ScanFlags, TargetKind } from "./flags.ts";
import { KeptMark, placeIn, placeOfDryRun, type ScanPlace } from "./place.ts";
import { endLine, findingLine, type Told } from "./report.ts";
import { allowedBy, kindOf, readerOf, told } from "./target.ts";

/** Scans one target after the other, and tells of each; sets the exit code. */
export async function scanTargets(targets: readonly string[], flags: ScanFlags): Promise<void> {
  const settings = loadConfig(flags);
  const rules = rulesOf(flags.rules);
  const stop = new AbortController();
  // The second time it ends at once, as ever.
  process.once("SIGINT", () => stop.abort());
  const isDry = flags.dryRun === true;
  const hasData = existsSync(join(tenantFolder(settings.data, flags.tenant), "rules", "data.mdb"));
  const isNamed = flags.data !== undefined || Boolean(process.env.LEAKGATE_DATA);
  if (!isDry && !hasData && !isNamed)
    console.error(`there is no data folder ${settings.data}: this is a dry run (--data names another)`);
  const place =
    isDry || (!hasData && !isNamed)
      ? await placeOfDryRun(hasData ? settings.data : null, flags.tenant)
      : await placeIn(settings, flags.tenant, stop.signal);
  try {
    const { inventory } = place;
    const { formats } = settings.scan;
    const assignments = flags.assignments ?? false;
    const detector = Detector.of({ formats, gitleaks: rules, inventory, assignments });
    let findings = 0;
    const failed: string[] = [];
    for (const target of targets) {
      try {
        findings += await scanTarget(target, flags, {
          place,
          detector,
          formats,
          signal: stop.signal,
        });
      } catch (error) {
        if (!(error instanceof SourceFailed)) throw error;
        failed.push(target);
        console.error(`leakgate: could not scan ${JSON.stringify(told(target))}: ${error.message}`);
      }
      if (stop.signal.aborted) break;
    }
    if (failed.length > 0 || stop.signal.aborted || (flags.fail === true && findings > 0))
      process.exitCode = ExitCode.failed;
  } finally {
    await place.close();
  }
}

const SHOW_MS = 100;

interface Scanning {
  readonly place: ScanPlace;
  readonly detector: Detector;
  readonly formats: readonly DeclaredFormat[];
  readonly signal: AbortSignal;
}

/** How many findings there were. */
async function scanTarget(target: string, flags: ScanFlags, scanning: Scanning): Promise<number> {
  const { place, detector, formats, signal } = scanning;
  const kind = flags.kind ?? (await kindOf(target));
  const { registry, tokenFile } = flags;
  const client = new RemoteClient({ allow: allowedBy(target, registry) });
  const reader = readerOf(target, kind, { cache: join(place.cache, "git"), client, registry, tokenFile });
  const began = performance.now();
  const progress = new Progress();
  const output = new Output();
  let shownAt = 0;
  const onFinding = (given: GivenFinding, finding: Finding) => {
    progress.clear();
    return output.line(findingLine(given, finding, flags.format, place));
  };
  const options: LookOptions = {
    signal,
    limits: flags.textMib === undefined ? {} : { textBytesMax: flags.textMib * 1024 * 1024 },
    onProgress: ({ texts, findings, done, of, what }) => {
      if (!process.stderr.isTTY || performance.now() - shownAt < SHOW_MS) return;
      shownAt = performance.now();
      const far =
        done === null ? "" : `, ${what} ${done.toLocaleString("en")} of ${of?.toLocaleString("en") ?? "?"}`;
      progress.say(`${texts.toLocaleString("en")} texts, ${findings.toLocaleString("en")} findings${far}`);
    },
  };
  try {
    const outcome =
      place.intake === null
        ? await dryRun(reader, detector, options, onFinding)
        : await taking(reader, place.intake, markOf(target, kind, flags, formats, place), detector, {
            ...options,
            onFinding,
          });
    progress.clear();
    await output.line(
      endLine(
        { target: told(target), kind, seconds: (performance.now() - began) / 1_000, ...outcome },
        flags.format,
      ),
    );
    return outcome.findings;
  } finally {
    progress.clear();
    await client.close();
    await output.flush();
  }
}

type Outcome = Omit<Told, "target" | "kind" | "seconds">;

async function taking(
  reader: Reader,
  { tenant, services }: NonNullable<ScanPlace["intake"]>,
  kept: KeptMark,
  detector: Detector,
  options: ScanOptions,
): Promise<Outcome> {
  const { mark: _, ...outcome } = await scan(services, tenant, cliActor(), reader, detector, {
    ...options,
    mark: kept.read(),
    onMark: (mark) => kept.write(mark),
  });
  return outcome;
}

async function dryRun(
  reader: Reader,
  detector: Detector,
  options: LookOptions,
  onFinding: (given: GivenFinding, finding: Finding) => Promise<void>,
): Promise<Outcome> {
  const look = new Look(reader, detector, options);
  for await (const seen of look.seen())
    if (seen.kind === "finding") await onFinding(givenOf(seen.finding, seen.place), seen.finding);
  return { ...look.counts, end: look.end, taken: null };
}

/** Another version or other rules may find more in what was looked at before. */
function markOf(
  target: string,
  kind: TargetKind,
  flags: ScanFlags,
  formats: readonly DeclaredFormat[],
  { cache }: ScanPlace,
): KeptMark {
  const rules = flags.rules.map((file) => readFileSync(file, "utf8"));
  const path = existsSync(target) ? resolve(target) : told(target);
  const by = [version, flags.tenant, kind, path, flags.registry ?? "", String(flags.textMib), ...rules];
  const mark = new KeptMark(cache, [...by, String(flags.assignments), JSON.stringify(formats)]);
  if (flags.full === true) mark.forget();
  return mark;
}

function rulesOf(files: readonly string[]): GitleaksRules[] {
  return files.map((file) => {
    let rules: GitleaksRules;
    try {
      rules = readGitleaks(file);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === undefined || code === "InputRefused") throw error;
      throw new CommandFailed(`the file ${file} cannot be read (${code})`, ExitCode.usage, error);
    }
    for (const problem of rules.problems) console.error(`${file}: ${problem}`);
    return rules;
  });
}
