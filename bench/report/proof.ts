import type { Activation } from "../figures/activation.ts";
import type { Memory } from "../figures/memory.ts";
import type { Startup } from "../figures/startup.ts";
import type { Proof as Proven } from "../parity/prove.ts";
import type { Round } from "../rounds.ts";
import { type Estimate, estimate, paired } from "../stats/bootstrap.ts";
import type { Series, WorkloadResult } from "../workloads/run.ts";

/** Everything that one run of the whole proof found; it is the JSON, and all else is made from it. */
export interface Proof {
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly isQuick: boolean;
  readonly rounds: number;
  readonly seed: number;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly versions: Readonly<Record<string, string>>;
  /** Peers that are not installed. */
  readonly absent: readonly string[];
  /** Workloads and figures that were not asked for, or could not be measured, with the reason. */
  readonly skipped: readonly { readonly name: string; readonly why: string }[];
  /** What each kind of contender was shown to pass and to block, before anything was measured. */
  readonly parity: readonly Proven[];
  readonly workloads: readonly WorkloadResult[];
  readonly startup: readonly Startup[];
  readonly memory: readonly Memory[];
  readonly activation: readonly Activation[];
}

export type Figure = (round: Round) => number | null;

export const cpuOf: Figure = ({ cpuUsPerRequest }) => cpuUsPerRequest;

/** The first series whose name, or name without its number of tokens, is among these. */
export function find(proof: Proof, workload: string, names: readonly string[]): Series | null {
  const series = proof.workloads.find(({ name }) => name === workload)?.series ?? [];
  for (const wanted of names) {
    const found = series.find(({ name }) => name === wanted || name.replace(/-[0-9]+$/, "") === wanted);
    if (found !== undefined) return found;
  }
  return null;
}

/** A figure of one over that of another, round by round; rounds with wrong answers count for nothing. */
export function ratioOf(above: Series, below: Series, figure: Figure): Estimate | null {
  return estimate(paired(figuresOf(above, figure), figuresOf(below, figure)));
}

/** A figure of a series over its rounds; null in a round with wrong answers. */
export function figuresOf({ rounds }: Series, figure: Figure): (number | null)[] {
  return rounds.map((round) => (isSound(round) ? figure(round) : null));
}

export function estimateOf(series: Series, figure: Figure): Estimate | null {
  return estimate(figuresOf(series, figure).filter((value) => value !== null));
}

/** A latency over that of the direct way, in the same rounds. */
export function addedUs(
  series: Series,
  direct: Series,
  percentile: "p50" | "p99" | "p999",
): (number | null)[] {
  const without = figuresOf(direct, ({ latencyUs }) => latencyUs[percentile]);
  return figuresOf(series, ({ latencyUs }) => latencyUs[percentile]).map((value, round) => {
    const other = without[round];
    return value === null || other === null || other === undefined ? null : value - other;
  });
}

/** One wrong answer in a thousand may be the end of a round; more makes it another workload. */
function isSound({ wrong, requests }: Round): boolean {
  return wrong * 1_000 <= requests;
}
