import { parseArgs } from "node:util";
import { Api } from "./activation/api.ts";
import { openProbes, type Probe } from "./activation/probe.ts";
import { Load, type LoadResult, workload } from "./load.ts";
import { machine, versions } from "./machine.ts";
import { whole } from "./options.ts";
import { startLeakgate } from "./peers/leakgate.ts";
import { type Listening, Processes } from "./processes.ts";
import { aligned, writeResult } from "./report.ts";
import { listedTokens } from "./tokens.ts";

/**
 * How long after the answer of `POST /api/v1/leaks/{id}/vpatch` every worker blocks, with two workers, under load.
 *
 *   node dist/bench/activation.js [--single 120] [--large 12] [--tokens 100000] [--rate 2000]
 *
 * Three cases: a leak of one token; a leak of 100,000 that all workers have loaded; the same, applied at once after it
 * was registered, while workers still load it. Each repetition registers a leak of fresh tokens, sees its token pass on
 * every probe, applies, and asks every millisecond on keep-alive connections, two a worker (the kernel says whose they
 * are), until each got 403; the last of them counts. A worker that blocks before the answer counts as 0. Then the leak
 * is closed and the token seen to pass again. The load is autocannon, `--rate` requests a second over 32 connections:
 * it sends a second's share as fast as it can and then rests, so that busy and quiet moments are both met. Linux only.
 */
const WORKERS = 2;
const PROBES_EACH = 2;
const CONNECTIONS = 32;
const LOAD_SECONDS_MAX = 900;
const BLOCKED_WITHIN_MS = 30_000;
const LOADED_WITHIN_MS = 60_000;

interface Case {
  readonly name: string;
  readonly repetitions: number;
  readonly tokens: number;
  readonly waitsUntilLoaded: boolean;
}

/** Fresh tokens for each leak, beyond all that were used before. */
let nextToken = 1;

async function main(): Promise<void> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ options: { single: text, large: text, tokens: text, rate: text } });
  const single = whole("single", values.single, 120, 1, 10_000);
  const large = whole("large", values.large, 12, 0, 1_000);
  const tokens = whole("tokens", values.tokens, 100_000, 1, 1_000_000);
  const perSecond = whole("rate", values.rate, 2_000, 32, 1_000_000);
  const cases: Case[] = [
    { name: "1 token", repetitions: single, tokens: 1, waitsUntilLoaded: false },
    { name: `${tokens} tokens, loaded`, repetitions: large, tokens, waitsUntilLoaded: true },
    { name: `${tokens} tokens, at once`, repetitions: large, tokens, waitsUntilLoaded: false },
  ];

  const processes = new Processes();
  try {
    const upstream = processes.fork(new URL("./upstream.js", import.meta.url), []);
    const { port: upstreamPort } = await processes.nextMessage<Listening>(upstream);
    const gateway = await startLeakgate(processes, upstreamPort, {
      name: "leakgate",
      tokens: 0,
      workers: WORKERS,
    });
    const api = new Api(gateway);
    const load = await Load.start(processes);
    const loaded = load.run({
      port: gateway.port,
      connections: CONNECTIONS,
      seconds: LOAD_SECONDS_MAX,
      perSecond,
      requests: workload(0),
    });
    // It is awaited at the end; until then its failure must not end the process without a word.
    loaded.catch(() => {});
    const pids = (await api.workers()).map(({ pid }) => pid);
    const probes = await openProbes(gateway.port, pids, PROBES_EACH);
    const results: { name: string; tokens: number; ms: number[] }[] = [];
    for (const each of cases) {
      const ms: number[] = [];
      for (let repetition = 1; repetition <= each.repetitions; repetition++) {
        ms.push(await repeat(each, api, probes));
        if (each.tokens > 1 || repetition % 20 === 0)
          say(`${each.name}: ${repetition} of ${each.repetitions}`);
      }
      if (ms.length > 0) results.push({ name: each.name, tokens: each.tokens, ms });
    }
    load.stop();
    report(results, await loaded, perSecond);
  } finally {
    await processes.stop();
  }
}

/** One activation: milliseconds from the answer to the first 403 on the last of the probes. */
async function repeat(each: Case, api: Api, probes: readonly Probe[]): Promise<number> {
  const tokens = listedTokens(nextToken, nextToken + each.tokens);
  nextToken += each.tokens;
  const token = tokens[Math.floor(Math.random() * tokens.length)]!;
  const before = await tokensHeld(api);
  const leak = await api.register(tokens);
  if (each.waitsUntilLoaded)
    await untilHeld(api, (held) => held.every((n, at) => n >= before[at]! + each.tokens));
  await expectAll(probes, token, 200, "before its leak is patched");
  const blocked = Promise.all(probes.map((probe) => probe.untilBlocked(token, BLOCKED_WITHIN_MS)));
  blocked.catch(() => {});
  const answeredAt = await api.apply(leak);
  const blockedAt = Math.max(...(await blocked));
  await expectAll(probes, token, 403, "after every worker blocked it");
  await api.close(leak);
  await expectAll(probes, token, 200, "after its leak is closed");
  // What was closed is unloaded in the background, which must not weigh on the next repetition.
  if (each.tokens > 1) await untilHeld(api, (held) => held.every((n, at) => n <= before[at]!));
  return Math.max(0, blockedAt - answeredAt);
}

async function expectAll(
  probes: readonly Probe[],
  token: string,
  wanted: number,
  when: string,
): Promise<void> {
  const statuses = await Promise.all(probes.map((probe) => probe.ask(token)));
  if (statuses.some((status) => status !== wanted))
    throw new Error(`${when} a token must get ${wanted}, and got ${statuses.join(", ")}`);
}

/** How many tokens each worker holds, by worker, as of its last report. */
async function tokensHeld(api: Api): Promise<number[]> {
  return (await api.workers()).sort((a, b) => a.worker - b.worker).map(({ tokens }) => tokens);
}

async function untilHeld(api: Api, check: (held: readonly number[]) => boolean): Promise<void> {
  const deadline = performance.now() + LOADED_WITHIN_MS;
  while (!check(await tokensHeld(api))) {
    if (performance.now() > deadline) throw new Error(`workers were not done within ${LOADED_WITHIN_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function report(
  results: readonly { name: string; tokens: number; ms: readonly number[] }[],
  load: LoadResult,
  perSecond: number,
): void {
  const rows = results.map(({ name, tokens, ms }) => {
    const sorted = ms.toSorted((a, b) => a - b);
    const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]!;
    return { name, tokens, repetitions: ms.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1), ms };
  });
  const path = writeResult("activation-", {
    finishedAt: new Date().toISOString(),
    machine: machine(),
    versions: versions(),
    workers: WORKERS,
    load: { ...load, wantedPerSecond: perSecond },
    results: rows,
  });
  const lines = rows.map(({ name, repetitions, p50Ms, p99Ms, maxMs }) => [
    name,
    String(repetitions),
    ...[p50Ms, p99Ms, maxMs].map((ms) => ms.toFixed(1)),
  ]);
  console.log(
    aligned([["answer to 403 on every worker", "times", "p50 ms", "p99 ms", "max ms"], ...lines]).join("\n"),
  );
  console.log(
    `load: ${(load.requests / load.seconds).toFixed(0)} requests/s, ${load.errors} errors\n\n${path}`,
  );
}

function say(words: string): void {
  console.error(`activation: ${words}`);
}

try {
  await main();
  process.exit(0);
} catch (error) {
  console.error(`activation: ${(error as Error).message}`);
  process.exit(1);
}
