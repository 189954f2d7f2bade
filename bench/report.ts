import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Contender, type Family, PEERS } from "./contenders.ts";
import { root } from "./machine.ts";
import { type Round, tickError } from "./rounds.ts";

/** A contender with all its rounds. */
export interface Measured {
  readonly contender: Contender;
  readonly rounds: readonly Round[];
}

/** The median with the smallest and the largest. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** CPU per request of one contender over that of another, round by round. */
export interface Ratio extends Spread {
  readonly name: string;
  readonly against: string;
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median =
    sorted.length % 2 === 1 ? sorted[middle] : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
  return { median: median ?? 0, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0 };
}

/** The figures of a contender over its rounds. */
export function summary({ contender, rounds }: Measured) {
  const of = (figure: (round: Round) => number | null) => {
    const values = rounds.flatMap((round) => figure(round) ?? []);
    return values.length === 0 ? null : spread(values);
  };
  return {
    name: contender.name,
    tokens: contender.tokens,
    cpuUsPerRequest: of((round) => round.cpuUsPerRequest),
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

const AGAINST: readonly Family[] = PEERS;

/** Every Leakgate against every peer of the same run. */
export function ratios(all: readonly Measured[]): Ratio[] {
  const peers = all.filter(({ contender }) => AGAINST.includes(contender.family));
  return all
    .filter(({ contender }) => contender.family === "leakgate")
    .flatMap(({ contender, rounds }) =>
      peers.map((peer) => ({
        name: contender.name,
        against: peer.contender.name,
        ...spread(
          rounds.flatMap((round, index) => {
            const theirs = peer.rounds[index]?.cpuUsPerRequest;
            return round.cpuUsPerRequest === null || !theirs ? [] : [round.cpuUsPerRequest / theirs];
          }),
        ),
      })),
    );
}

/** What a person reads at the end. */
export function table(all: readonly Measured[]): string {
  const rows = all.map(summary);
  const lines = [
    [
      "contender",
      "CPU us/request",
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
  const against = ratios(all).map((ratio) => [`${ratio.name} / ${ratio.against}`, shown(ratio, 2)]);
  const error = Math.max(0, ...all.flatMap(({ rounds }) => rounds.map(tickError)));
  return [
    "Medians of the rounds (smallest .. largest). `parent` (the supervisor, nginx's master) is part of the CPU, `admin` is not.",
    `Clock ticks leave each CPU figure of one process uncertain by at most ${error.toFixed(1)} us.`,
    "",
    ...aligned(lines),
    "",
    ...(against.length === 0
      ? []
      : aligned([["ratio of CPU per request, same round", "median"], ...against])),
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

function shown(figure: Spread | null, digits: number, withRange = true): string {
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
