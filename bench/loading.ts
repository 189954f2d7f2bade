import { parseArgs } from "node:util";
import { Api } from "./activation/api.ts";
import { Load, type LoadResult, workload } from "./load.ts";
import { machine, versions } from "./machine.ts";
import { whole } from "./options.ts";
import { startLeakgate } from "./peers/leakgate.ts";
import { type Listening, Processes } from "./processes.ts";
import { aligned, writeResult } from "./report.ts";

/**
 * How long a running worker takes to load a leak's tokens from the store, and what its clients notice of it.
 *
 *   node dist/bench/loading.js [--tokens 1000000] [--rounds 3] [--rate 2000]
 *
 * The leak is closed, so that the worker lets go of its tokens, and reopened under load: the time from the answer until
 * the worker says that it holds all of them. One worker, autocannon over 32 connections at `--rate` requests a second;
 * latencies without and with loading, in turn.
 */
const CONNECTIONS = 32;
const CALM_SECONDS = 3;
const LOAD_SECONDS_MAX = 120;
const POLL_MS = 20;
const LEAK = "leak-1";

interface Round {
  readonly loadedMs: number;
  readonly calm: LoadResult;
  readonly loading: LoadResult;
}

async function main(): Promise<void> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ options: { tokens: text, rounds: text, rate: text } });
  const tokens = whole("tokens", values.tokens, 1_000_000, 1, 10_000_000);
  const rounds = whole("rounds", values.rounds, 3, 1, 100);
  const perSecond = whole("rate", values.rate, 2_000, 32, 1_000_000);

  const processes = new Processes();
  try {
    const upstream = processes.fork(new URL("./upstream.js", import.meta.url), []);
    const { port: upstreamPort } = await processes.nextMessage<Listening>(upstream);
    say(`registering ${tokens} tokens`);
    const gateway = await startLeakgate(processes, upstreamPort, { name: "leakgate", tokens, workers: 1 });
    const api = new Api(gateway);
    const load = await Load.start(processes);
    const order = { port: gateway.port, connections: CONNECTIONS, perSecond, requests: workload(0) };
    await load.run({ ...order, seconds: CALM_SECONDS });
    const measured: Round[] = [];
    for (let round = 1; round <= rounds; round++) {
      await api.close(LEAK);
      // What is unloaded late would count as loaded early.
      await untilHeld(api, (held) => held === 0);
      const calm = await load.run({ ...order, seconds: CALM_SECONDS });
      const running = load.run({ ...order, seconds: LOAD_SECONDS_MAX });
      const from = await api.reopen(LEAK);
      await untilHeld(api, (held) => held >= tokens);
      const loadedMs = performance.now() - from;
      load.stop();
      measured.push({ loadedMs, calm, loading: await running });
      say(`round ${round} of ${rounds}: ${loadedMs.toFixed(0)} ms`);
    }
    report(tokens, perSecond, measured);
  } finally {
    await processes.stop();
  }
}

/** Until the worker's count, as it tells it, is as wanted. */
async function untilHeld(api: Api, isSo: (held: number) => boolean): Promise<void> {
  const deadline = performance.now() + LOAD_SECONDS_MAX * 1_000;
  while (!isSo((await api.workers())[0]?.tokens ?? 0)) {
    if (performance.now() > deadline) throw new Error(`the worker was not done within ${LOAD_SECONDS_MAX} s`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function report(tokens: number, perSecond: number, rounds: readonly Round[]): void {
  const path = writeResult("loading-", {
    finishedAt: new Date().toISOString(),
    machine: machine(),
    versions: versions(),
    tokens,
    wantedPerSecond: perSecond,
    rounds,
  });
  const latency = ({ latencyUs: { p50, p99, p999 } }: LoadResult) =>
    [p50, p99, p999].map((us) => (us / 1_000).toFixed(1));
  const row = ({ loadedMs, calm, loading }: Round) => [
    loadedMs.toFixed(0),
    ...latency(calm),
    ...latency(loading),
    String(calm.errors + loading.errors),
  ];
  const head = ["loaded ms", "calm p50 ms", "p99", "p99.9", "loading p50 ms", "p99", "p99.9", "errors"];
  console.log(`${tokens} tokens\n${aligned([head, ...rounds.map(row)]).join("\n")}\n\n${path}`);
}

function say(words: string): void {
  console.error(`loading: ${words}`);
}

try {
  await main();
  process.exit(0);
} catch (error) {
  console.error(`loading: ${(error as Error).message}`);
  process.exit(1);
}
