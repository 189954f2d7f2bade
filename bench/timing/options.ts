import { parseArgs } from "node:util";
import { whole } from "../options.ts";
import type { BatchOrder } from "./batches.ts";
import { SET } from "./plan.ts";
import type { RequestOrder } from "./requests.ts";

/** What a run of the timing test does. */
export interface Options {
  /** Of the large table. */
  readonly tokens: number;
  readonly functions: BatchOrder;
  /** Of what leaks: its leak is large. */
  readonly leakyFunctions: BatchOrder;
  readonly requests: RequestOrder;
  readonly leakyRequests: RequestOrder;
  /** Repeats tokens, pepper, orders and draws. */
  readonly seed: string;
}

/** Enough for one of them to meet no interruption. */
const REPEATS = 16;

/** Parses the flags; throws an error that names the flag. */
export function parseOptions(args: readonly string[]): Options {
  const text = { type: "string" } as const;
  const { values } = parseArgs({
    args: [...args],
    options: { quick: { type: "boolean" }, tokens: text, blocks: text, requests: text, seed: text },
  });
  const isQuick = values.quick === true;
  const blocks = whole("blocks", values.blocks, isQuick ? 400 : 3_000, 50, 1_000_000);
  const requests = whole("requests", values.requests, isQuick ? 300 : 4_000, 50, 1_000_000);
  const functions = { warmupBlocks: 100, batches: 5, callsPerBatch: 32 };
  return {
    tokens: whole("tokens", values.tokens, isQuick ? 100_000 : 1_000_000, 4 * SET, 10_000_000),
    functions: { ...functions, blocks },
    leakyFunctions: { ...functions, blocks: Math.ceil(blocks / 4) },
    requests: { blocks: requests, warmupBlocks: 50, repeats: REPEATS },
    leakyRequests: { blocks: Math.ceil(requests / 4), warmupBlocks: 50, repeats: REPEATS },
    seed: String(whole("seed", values.seed, 1, 0, 999_999_999)),
  };
}
