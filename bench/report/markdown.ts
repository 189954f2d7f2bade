import { lacksList, parityTable, reachTable } from "../parity/tables.ts";
import type { Estimate } from "../stats/bootstrap.ts";
import { median } from "../stats/spread.ts";
import type { Series, WorkloadResult } from "../workloads/run.ts";
import { limits } from "./limits.ts";
import { addedUs, cpuOf, estimateOf, type Figure, find, type Proof, ratioOf } from "./proof.ts";
import { outcomes } from "./targets.ts";

/** Workloads whose latency is told over the direct way. */
const LATENCIES = ["get-small-1", "get-small", "half-load"];
const GIB = 2 ** 30;

/** The whole generated part of docs/benchmarks.md. */
export function markdown(proof: Proof): string {
  return [
    "## The proof, in one run",
    origin(proof),
    "### Asked and measured",
    targets(proof),
    ...pictures(proof),
    ...parity(proof),
    "### By workload",
    "CPU is that of all processes that serve, Leakgate's supervisor included, user and system, divided by the answers: the " +
      "median of the rounds, and its 95 % confidence interval. All else is the median. `wrong` counts answers that the " +
      "workload does not ask for; their rounds are in no ratio.",
    ...proof.workloads.map(workload),
    "### Latency over direct",
    latencies(proof),
    ...figures(proof),
    "### What the figures do not show",
    limits(proof),
  ]
    .filter((each) => each !== "")
    .join("\n\n");
}

function origin(proof: Proof): string {
  const { machine, versions, finishedAt, rounds, seed } = proof;
  const list = (values: Readonly<Record<string, string | number>>) =>
    Object.entries(values)
      .map(([name, value]) => `${name} ${value}`)
      .join(", ");
  const parts = [
    `\`npm run bench:report${proof.isQuick ? " -- --quick" : ""}\`, ended ${finishedAt.slice(0, 16).replace("T", " ")} UTC: ${rounds} rounds, in each another order (seed ${seed}).`,
    `Machine: ${list(machine)}.`,
    `Versions: ${list(versions)}.${(versions.commit ?? "").endsWith("+") ? " (+: files differ from that commit.)" : ""}`,
  ];
  const missing = [
    ...proof.absent.map((name) => `${name} (not installed)`),
    ...proof.skipped.map(({ name, why }) => `${name} (${why})`),
  ];
  if (missing.length > 0) parts.push(`**This run is partial.** Left out: ${missing.join(", ")}.`);
  return parts.join("\n");
}

function targets(proof: Proof): string {
  return grid(
    ["CPU per request, unless it says otherwise", "against", "at most", "measured", "95 %", "verdict"],
    outcomes(proof).map(({ what, against, asked, measured, verdict, note }) => [
      what,
      against,
      String(asked),
      measured === null ? "-" : measured.median.toFixed(2),
      measured === null ? "-" : interval(measured, 2),
      note === "" ? verdict : `${verdict} (${note})`,
    ]),
  );
}

function pictures(proof: Proof): string[] {
  const has = (name: string) => proof.workloads.some((each) => each.name === name);
  return [
    has("get-small") ? "![CPU per request, by proxy](benchmarks/cpu.svg)" : "",
    has("half-load") ? "![Latency over direct, at half saturation](benchmarks/latency.svg)" : "",
    has("rules") ? "![CPU per request, by the number of tokens](benchmarks/rules.svg)" : "",
  ].filter((each) => each !== "");
}

function parity({ parity }: Proof): string[] {
  if (parity.length === 0) return [];
  return [
    "### Parity first",
    "Shown over real sockets before anything was measured (`npm run bench:parity` shows it alone).",
    parityTable(parity),
    reachTable(parity),
    lacksList(parity),
  ];
}

function workload(result: WorkloadResult): string {
  const how = [
    `load ${result.streamBytes === null ? result.engine : "net"}`,
    result.connections === 1 ? "1 connection" : `${result.connections} connections`,
    result.streamBytes === null ? `rounds of ${result.seconds} s` : "",
    result.perSecond === null
      ? ""
      : `${result.perSecond} requests/s, sent late by ${lateness(result)} us (p50 / p99)`,
  ].filter((each) => each !== "");
  const table = result.streamBytes === null ? requestTable(result) : streamTable(result);
  return [`**\`${result.name}\`**: ${result.title} (${how.join(", ")})`, table, changesOf(result)]
    .filter((each) => each !== "")
    .join("\n\n");
}

function requestTable({ series }: WorkloadResult): string {
  const head = [
    "",
    "CPU us",
    "95 %",
    "user",
    "system",
    "parent",
    "requests/s",
    "p50 us",
    "p99 us",
    "p99.9 us",
    "wrong",
  ];
  return grid(
    head,
    series.map((each) => {
      const cpu = estimateOf(each, cpuOf);
      return [
        each.name,
        cpu === null ? "-" : cpu.median.toFixed(1),
        cpu === null ? "-" : interval(cpu, 1),
        shown(each, (round) => round.userUsPerRequest, 1),
        shown(each, (round) => round.systemUsPerRequest, 1),
        shown(each, (round) => round.parentUsPerRequest, 1),
        shown(each, (round) => round.perSecond, 0),
        shown(each, (round) => round.latencyUs.p50, 0),
        shown(each, (round) => round.latencyUs.p99, 0),
        shown(each, (round) => round.latencyUs.p999, 0),
        String(each.rounds.reduce((sum, { wrong }) => sum + wrong, 0)),
      ];
    }),
  );
}

function streamTable({ series, streamBytes }: WorkloadResult): string {
  const perGib =
    (figure: Figure): Figure =>
    (round) => {
      const us = figure(round);
      return us === null ? null : us / 1e6 / (streamBytes! / GIB);
    };
  return grid(
    ["", "CPU s a GiB", "95 %", "user", "system", "MB/s", "wrong"],
    series.map((each) => {
      const cpu = estimateOf(each, perGib(cpuOf));
      return [
        each.name,
        cpu === null ? "-" : cpu.median.toFixed(2),
        cpu === null ? "-" : interval(cpu, 2),
        shown(
          each,
          perGib((round) => round.userUsPerRequest),
          2,
        ),
        shown(
          each,
          perGib((round) => round.systemUsPerRequest),
          2,
        ),
        shown(each, (round) => streamBytes! / 1e6 / round.seconds, 0),
        String(each.rounds.reduce((sum, { wrong }) => sum + wrong, 0)),
      ];
    }),
  );
}

/** What rules that change cost, where they did. */
function changesOf({ series }: WorkloadResult): string {
  return series
    .flatMap((changing) => {
      const quiet = series.find(({ name }) => `${name}-changing` === changing.name);
      if (quiet === undefined) return [];
      const ratio = ratioOf(changing, quiet, cpuOf);
      const total = (kind: "made" | "refused" | "skipped") =>
        changing.rounds.reduce((sum, { changed }) => sum + (changed?.[kind] ?? 0), 0);
      const seconds = changing.rounds.reduce((sum, round) => sum + round.seconds, 0);
      return [
        `Changing over quiet: ${ratio === null ? "-" : `${ratio.median.toFixed(2)} (${interval(ratio, 2)})`}; ` +
          `${(total("made") / Math.max(1, seconds)).toFixed(0)} changes a second made, ${total("refused")} refused, ${total("skipped")} not asked for in time.`,
      ];
    })
    .join("\n");
}

function latencies(proof: Proof): string {
  const rows = LATENCIES.flatMap((name) => {
    const direct = find(proof, name, ["direct"]);
    const result = proof.workloads.find((each) => each.name === name);
    if (direct === null || result === undefined) return [];
    return result.series
      .filter((each) => each !== direct)
      .map((each) => [
        name,
        each.name,
        ...(["p50", "p99", "p999"] as const).map((percentile) => {
          const added = addedUs(each, direct, percentile).filter((value) => value !== null);
          return added.length === 0 ? "-" : median(added).toFixed(0);
        }),
      ]);
  });
  if (rows.length === 0) return "Not measured.";
  return [
    "Microseconds that a proxy adds to the direct way, in the same round. `half-load` is an open loop whose times are from when " +
      "a request was to start, sent from a core of its own; in the closed loops of 64 connections most of it is waiting in line.",
    grid(["", "", "p50", "p99", "p99.9"], rows),
  ].join("\n\n");
}

function figures(proof: Proof): string[] {
  const { startup, memory, activation } = proof;
  const parts: string[] = [];
  const [none, million] = ["leakgate-0", "leakgate-1000000"].map((name) => find(proof, "rules", [name]));
  const resident: Figure = ({ residentBytes }) => residentBytes;
  if (memory.length > 0) {
    parts.push(
      "### Memory",
      grid(
        ["", "worker MiB", "95 %", "bytes an idle connection", "95 %"],
        memory.map(({ name, workerMiB, bytesPerConnection }) => [
          name,
          workerMiB.median.toFixed(0),
          interval(workerMiB, 0),
          bytesPerConnection.median.toFixed(0),
          interval(bytesPerConnection, 0),
        ]),
      ),
    );
  }
  if (none && million) {
    const bytes = (estimateOf(million, resident)!.median - estimateOf(none, resident)!.median) / 1e6;
    parts.push(
      `A token takes ${bytes.toFixed(0)} bytes: RSS with 1,000,000 less RSS with none, by 1,000,000.`,
    );
  }
  if (startup.length > 0) {
    parts.push(
      "### Start and activation",
      grid(
        ["from `leakgate serve` to its first 200, one worker", "ms", "95 %"],
        startup.map(({ tokens, ms }) => [`${tokens} tokens`, ms.median.toFixed(0), interval(ms, 0)]),
      ),
    );
  }
  if (activation.length > 0) {
    parts.push(
      grid(
        [
          "from the answer of `POST .../vpatch` to 403 on every worker",
          "times",
          "p50 ms",
          "p99 ms",
          "max ms",
        ],
        activation.map(({ name, repetitions, p50Ms, p99Ms, maxMs }) => [
          name,
          String(repetitions),
          ...[p50Ms, p99Ms, maxMs].map((ms) => ms.toFixed(1)),
        ]),
      ),
    );
  }
  return parts;
}

function lateness({ series }: WorkloadResult): string {
  const of = (percentile: "p50" | "p99") =>
    median(
      series.flatMap(({ rounds }) => rounds.flatMap(({ lateUs }) => lateUs?.[percentile] ?? [])),
    ).toFixed(0);
  return `${of("p50")} / ${of("p99")}`;
}

function shown(series: Series, figure: Figure, digits: number): string {
  return estimateOf(series, figure)?.median.toFixed(digits) ?? "-";
}

function interval({ low, high }: Estimate, digits: number): string {
  return `${low.toFixed(digits)} .. ${high.toFixed(digits)}`;
}

/** A table; the first column stands left, figures right. */
function grid(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map((_, column) => (column === 0 ? "---" : "---:"))), ...rows.map(line)].join(
    "\n",
  );
}
