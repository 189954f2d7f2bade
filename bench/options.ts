import { parseArgs } from "node:util";
import type { Engine } from "./load/order.ts";

/** What a run of the benchmark does. */
export interface Options {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly connections: number;
  /** How many tokens each Leakgate has. */
  readonly tokens: readonly number[];
  readonly peerTokens: number;
  /** Families or names; empty: all. */
  readonly only: readonly string[];
  readonly blockedPercent: number;
  /** Names; `all` is every one. */
  readonly workloads: readonly string[];
  readonly engine: Engine;
  /** Of the order in which contenders take turns. */
  readonly seed: number;
  /** A commit that is measured beside the tree as it is. */
  readonly compare: string | null;
  readonly streamBytes: number;
}

const ENGINES: readonly Engine[] = ["autocannon", "wrk", "net"];
const MIB = 2 ** 20;

/** Parses the flags; throws an error that names the flag. */
export function parseOptions(args: readonly string[]): Options {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: text,
      seconds: text,
      connections: text,
      tokens: text,
      "peer-tokens": text,
      only: text,
      blocked: text,
      workloads: text,
      load: text,
      seed: text,
      compare: text,
      quick: { type: "boolean" },
    },
  });
  const isQuick = values.quick === true;
  const blockedPercent = whole("blocked", values.blocked, 0, 0, 100);
  if (blockedPercent % 5 !== 0) throw new Error("--blocked goes in steps of 5");
  const engine = ENGINES.find((each) => each === (values.load ?? "autocannon"));
  if (engine === undefined) throw new Error(`--load takes one of ${ENGINES.join(", ")}`);
  return {
    rounds: whole("rounds", values.rounds, isQuick ? 2 : 5, 1, 1_000),
    seconds: whole("seconds", values.seconds, isQuick ? 1 : 3, 1, 600),
    warmupSeconds: isQuick ? 1 : 2,
    connections: whole("connections", values.connections, 64, 1, 4_096),
    tokens: list(values.tokens ?? (isQuick ? "0,1000,100000" : "0,1000,100000,1000000")).map((each) =>
      whole("tokens", each, 0, 0, 10_000_000),
    ),
    peerTokens: whole("peer-tokens", values["peer-tokens"], 100_000, 1, 1_000_000),
    only: list(values.only ?? ""),
    blockedPercent,
    workloads: list(values.workloads ?? "get-small"),
    engine,
    seed: whole("seed", values.seed, 1, 0, 1_000_000),
    compare: values.compare ?? null,
    streamBytes: isQuick ? 64 * MIB : 1_024 * MIB,
  };
}

/** A whole number between two others; throws. */
export function whole(
  flag: string,
  text: string | undefined,
  otherwise: number,
  min: number,
  max: number,
): number {
  if (text === undefined) return otherwise;
  const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max))
    throw new Error(`--${flag} takes a whole number from ${min} to ${max}`);
  return value;
}

function list(text: string): string[] {
  return text.split(",").filter((each) => each !== "");
}
