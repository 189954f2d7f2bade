import { OtherCommit } from "./compare.ts";
import { type Contender, contenders } from "./contenders.ts";
import { machine, versions } from "./machine.ts";
import { type Options, parseOptions } from "./options.ts";
import { holdTo, prove } from "./parity/prove.ts";
import { Processes } from "./processes.ts";
import { ratios, summary, table, writeResult } from "./report.ts";
import { leakgatePairs } from "./workloads/pairs.ts";
import { runWorkload, type WorkloadResult } from "./workloads/run.ts";
import { Stand } from "./workloads/stand.ts";
import { choose, named, RULES_TOKENS, workloads } from "./workloads/workload.ts";

/**
 * Benchmark of the whole path: what one request costs through Leakgate and through others, on this machine, in one run.
 *
 *   npm run bench                                  5 rounds of 3 s for each contender, about 4 minutes
 *   npm run bench -- --quick                       2 rounds of 1 s, no 1,000,000 tokens, streams of 64 MiB
 *   npm run bench -- --workloads post-json-64k,blocked-10      see workloads/workload.ts; `all` is every one
 *   npm run bench -- --compare HEAD~1              the tree as it is beside a commit, which is checked out and built
 *   npm run bench -- --load wrk                    what makes the load: autocannon (the default), wrk, or net, which is ours
 *   npm run bench -- --rounds 9 --seconds 5 --connections 64 --seed 1
 *   npm run bench -- --tokens 0,1000,1000000       Leakgate with so many tokens, one gateway each
 *   npm run bench -- --peer-tokens 100000          tokens that HAProxy and nginx deny
 *   npm run bench -- --only leakgate-100000,haproxy,http-proxy
 *   npm run bench -- --blocked 10                  percent of the requests of get-small that carry a listed token
 *   npm run bench:report                           all workloads and further figures, into docs/benchmarks (report/main.ts)
 *
 * Contenders, each in processes of its own before the same upstream: `direct` (no proxy); Leakgate (`leakgate serve`,
 * one worker, default settings) and its peers (contenders.ts), where installed. All idle until their turn. Before
 * anything is measured each kind is held to what it passes and blocks (parity/prove.ts), and each again when it starts.
 *
 * Load: a closed loop over keep-alive connections in its own process, as a rule GETs with a head of about 0.5 KB.
 * Rounds are interleaved after a warm-up, in each round in another order. The figure that counts is the processor time
 * (user and system, from /proc) of all processes that serve, Leakgate's supervisor included, divided by the answered
 * requests: it depends little on who else wants the cores. Throughput and latency depend on that much: on a small machine
 * autocannon is the narrowest part, and `direct` shows how narrow; wrk costs a third. The table goes to the terminal, all
 * rounds go to bench/results/ as JSON. Linux only, for /proc.
 */
async function main(options: Options): Promise<void> {
  const all = workloads(options);
  const wanted = options.workloads.includes("all") ? all : named(all, options.workloads);
  const before = { machine: machine(), versions: versions() };
  const other = options.compare === null ? null : OtherCommit.open(options.compare, say);
  const processes = new Processes();
  try {
    const { found, absent } = await contendersOf(options, other, wanted);
    for (const name of absent) say(`${name} is not installed and is left out`);
    const chosen = wanted.map((workload) => choose(workload, found, only(options)));
    if (chosen.every((each) => each.length === 0))
      throw new Error(`nothing is left to measure of: ${found.map(({ name }) => name).join(", ")}`);
    holdTo(await prove([...new Set(chosen.flat())], say));

    const stand = await Stand.open(processes);
    const results: WorkloadResult[] = [];
    for (const [index, workload] of wanted.entries()) {
      const still = new Set(chosen.slice(index).flatMap((each) => each.map(({ name }) => name)));
      await stand.keepOnly(still);
      const running = [];
      for (const contender of chosen[index]!) {
        say(`starting ${contender.name}`);
        running.push(await stand.need(contender));
      }
      results.push(await runWorkload(stand, workload, running, { ...options, changesPerSecond: 100, say }));
      console.log(`\n${workload.name}: ${workload.title}\n${table(results.at(-1)!.series)}\n`);
    }
    const path = writeResult("", {
      finishedAt: new Date().toISOString(),
      ...before,
      options,
      absent,
      parity: stand.parity,
      workloads: results.map((result) => ({
        ...result,
        summary: result.series.map(summary),
        ratios: ratios(result.series),
      })),
    });
    console.log(path);
  } finally {
    await processes.stop();
    other?.remove();
  }
}

/** All that the workloads may choose from. */
async function contendersOf(
  options: Options,
  other: OtherCommit | null,
  wanted: readonly { readonly name: string }[],
): Promise<{ readonly found: Contender[]; readonly absent: string[] }> {
  const isWanted = (workload: string) => wanted.some(({ name }) => name === workload);
  const tokens = new Set([
    ...(other === null ? options.tokens : [options.peerTokens]),
    ...(isWanted("rules") ? RULES_TOKENS : []),
  ]);
  const { found, absent } = contenders([...tokens], options.peerTokens);
  if (isWanted("new-connections")) found.push(...leakgatePairs(options.peerTokens));
  if (other !== null) found.push(await other.contender(options.peerTokens));
  return { found, absent };
}

/** Beside a commit, only Leakgate is measured unless more is asked for. */
function only({ only, compare }: Options): readonly string[] {
  return compare !== null && only.length === 0 ? ["leakgate"] : only;
}

/** Progress goes to standard error, the table alone to standard output. */
function say(text: string): void {
  console.error(`bench: ${text}`);
}

try {
  await main(parseOptions(process.argv.slice(2)));
  process.exit(0);
} catch (error) {
  console.error(`bench: ${(error as Error).message}`);
  process.exit(1);
}
