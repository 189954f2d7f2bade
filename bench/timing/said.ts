import { aligned } from "../report.ts";
import type { Level } from "./level.ts";
import { CONFIDENCE, type Judged } from "./verdict.ts";

/** What a person reads of one level: a line for each comparison. */
export function levelLines({ name, judged }: Level): string[] {
  const header = [
    "",
    "faster, ns",
    `difference, ns (${CONFIDENCE * 100} %)`,
    "Wilcoxon p",
    "Welch p",
    "",
    "",
  ];
  const rows = judged.map((each) => [
    `${each.kind.padEnd(8)}${each.name}`,
    each.fastNs.toFixed(0),
    interval(each),
    chance(each.wilcoxon.p),
    chance(each.welch.p),
    each.isDetected ? "detected" : "not detected",
    each.limit === null ? "" : `limit ${each.limit}`,
  ]);
  return [name, ...aligned([header, ...rows]).map((line) => `  ${line}`), ""];
}

/** What the run proves: nothing where a leak that was built in is not detected. */
export function conclusion(levels: readonly Level[]): {
  readonly lines: string[];
  readonly isValid: boolean;
} {
  const all = levels.flatMap(({ name, judged }) => judged.map((each) => ({ level: name, ...each })));
  const leaks = all.filter(({ kind }) => kind === "leak");
  const missed = leaks.filter(({ isDetected }) => !isDetected);
  const limits = all.filter(({ kind }) => kind === "limit");
  const lines = leaks.map(
    ({ level, name, isDetected }) =>
      `positive control ${isDetected ? "detected" : "NOT DETECTED"}: ${level}: ${name}`,
  );
  for (const word of ["kept", "not kept", "not shown"] as const) {
    const those = limits.filter(({ limit }) => limit === word);
    lines.push(`limits ${word}: ${those.length} of ${limits.length}`);
    if (word !== "kept")
      lines.push(...those.map((each) => `  ${each.level}: ${each.name} ${interval(each)}`));
  }
  if (missed.length > 0) lines.push("A leak that was built in was not detected: this run proves nothing.");
  return { lines, isValid: leaks.length > 0 && missed.length === 0 };
}

function interval({ differenceNs: { median, low, high } }: Judged): string {
  const digits = Math.abs(median) < 10 && Math.abs(high - low) < 10 ? 1 : 0;
  return `${median.toFixed(digits)} (${low.toFixed(digits)} .. ${high.toFixed(digits)})`;
}

function chance(p: number): string {
  if (p < 1e-99) return "< 1e-99";
  return p < 0.001 ? p.toExponential(0) : p.toFixed(3);
}
