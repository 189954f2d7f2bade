import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isCommit } from "./compare.ts";
import { root } from "./machine.ts";
import { type Round, tickError } from "./rounds.ts";
import { type Estimate, estimate, paired } from "./stats/bootstrap.ts";
import type { Series } from "./workloads/run.ts";

/** CPU per request of one contender over that of another, round by round. */
export interface Ratio extends Estimate {
  readonly name: string;
  readonly against: string;
}

/** The figures of a contender over its rounds. */
export function summary({ name, tokens, rounds }: Series) {
  const of = (figure: (round: Round) => number | null) =>
    estimate(rounds.flatMap((round) => figure(round) ?? []));
  return {
    name,
    tokens,
    cpuUsPerRequest: of((round) => round.cpuUsPerRequest),
    userUsPerRequest: of((round) => round.userUsPerRequest),
    systemUsPerRequest: of((round) => round.systemUsPerRequest),
    parentUsPerRequest: of((round) => round.parentUsPerRequest),
    apartUsPerRequest: of((round) => round.apartUsPerRequest),
    upstreamUsPerRequest: of((round) => round.upstreamUsPerRequest),
    loadUsPerRequest: of((round) => round.loadUsPerRequest),
    perSecond: of((round) => round.perSecond),
    p50Us: of((round) => round.latencyUs.p50),
    p99Us: of((round) => round.latencyUs.p99),
    p999Us: of((round) => round.latencyUs.p999),
    residentMiB: of((round) => (round.residentBytes === 0 ? null : round.residentBytes / 1024 ** 2)),
    wrong: rounds.reduce((sum, round) => sum + round.wrong, 0),
  };
}

/** Every Leakgate against every peer of the same run, and a commit's against the tree's. */
export function ratios(all: readonly Series[]): Ratio[] {
  const cpu = ({ rounds }: Series) => rounds.map(({ cpuUsPerRequest }) => cpuUsPerRequest);
  const isTree = ({ name, family }: Series) => family.startsWith("leakgate") && !isCommit(name);
  return all.filter(isTree).flatMap((ours) =>
    all
      .filter((other) => other.family !== "direct" && !isTree(other))
      .flatMap((other) => {
        const ratio = estimate(paired(cpu(ours), cpu(other)));
        return ratio === null ? [] : [{ name: ours.name, against: other.name, ...ratio }];
      }),
  );
}

export function table(all: readonly Series[]): string {
  const rows = all.map(summary);
  const lines = [
    [
      "contender",
      "CPU us/request",
      "user",
      "system",
      "parent",
      "admin",
      "requests/s",
      "p50 us",
      "p99 us",
      "p99.9 us",
      "MiB",
      "wrong",
    ],
    ...rows.map((row) => [
      row.name,
      shown(row.cpuUsPerRequest, 1),
      shown(row.userUsPerRequest, 1, false),
      shown(row.systemUsPerRequest, 1, false),
      shown(row.parentUsPerRequest, 1, false),
      shown(row.apartUsPerRequest, 1, false),
      shown(row.perSecond, 0),
      shown(row.p50Us, 0),
      shown(row.p99Us, 0),
      shown(row.p999Us, 0),
      shown(row.residentMiB, 0, false),
      String(row.wrong),
    ]),
  ];
  const against = ratios(all).map((ratio) => [
    `${ratio.name} / ${ratio.against}`,
    shown(ratio, 2),
    `${ratio.low.toFixed(2)} .. ${ratio.high.toFixed(2)}`,
  ]);
  const error = Math.max(0, ...all.flatMap(({ rounds }) => rounds.map(tickError)));
  return [
    "Medians of the rounds (smallest .. largest). `parent` (the supervisor, nginx's master) is part of the CPU, `admin` is not.",
    `Clock ticks leave each CPU figure of one process uncertain by at most ${error.toFixed(1)} us.`,
    "",
    ...aligned(lines),
    "",
    ...(against.length === 0
      ? []
      : aligned([["ratio of CPU per request, same round", "median", "95 %"], ...against])),
  ].join("\n");
}

/** Writes the JSON of a run; answers its path. */
export function writeResult(name: string, result: unknown): string {
  const folder = join(root, "bench", "results");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}${new Date().toISOString().replaceAll(":", "-")}.json`);
  writeFileSync(path, `${JSON.stringify(result, null, 2)}\n`);
  return path;
}

function shown(figure: Estimate | null, digits: number, withRange = true): string {
  if (figure === null) return "-";
  const { median, min, max } = figure;
  const range = ` (${min.toFixed(digits)} .. ${max.toFixed(digits)})`;
  return median.toFixed(digits) + (withRange ? range : "");
}

/** Columns side by side: the first to the left, figures to the right. */
export function aligned(lines: readonly (readonly string[])[]): string[] {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  return lines.map((line) =>
    line
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join("  ")
      .trimEnd(),
  );
}
