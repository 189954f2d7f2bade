import { type Contender, contenders, type Started } from "./contenders.ts";
import { Load, workload } from "./load.ts";
import { machine, versions } from "./machine.ts";
import { type Options, parseOptions } from "./options.ts";
import { holdTo, prove } from "./parity/prove.ts";
import { checkParity, type Parity } from "./parity.ts";
import { type Listening, Processes } from "./processes.ts";
import { type Measured, ratios, summary, table, writeResult } from "./report.ts";
import { measure, type Round } from "./rounds.ts";

/**
 * Benchmark of the whole path: what one request costs through Leakgate and through others, on this machine, in one run.
 *
 *   npm run bench                                  5 rounds of 3 s for each contender, about 4 minutes
 *   npm run bench -- --quick                       2 rounds of 1 s, no 1,000,000 tokens
 *   npm run bench -- --rounds 9 --seconds 5 --connections 64
 *   npm run bench -- --tokens 0,1000,1000000       Leakgate with so many tokens, one gateway each
 *   npm run bench -- --peer-tokens 100000          tokens that HAProxy and nginx deny
 *   npm run bench -- --only leakgate-100000,haproxy,http-proxy
 *   npm run bench -- --blocked 10                  percent of the requests that carry a listed token
 *   node dist/bench/activation.js                  from the answer of POST .../vpatch to the first 403 (see there)
 *
 * Contenders, each in processes of its own before the same upstream: `direct` (no proxy); Leakgate (`leakgate serve`,
 * one worker, default settings); http-proxy (as its README shows it, and with a keep-alive agent) and fast-proxy, which look for nothing and add
 * no X-Forwarded headers; HAProxy (one thread, SHA-256 of the Authorization header looked up among digests) and nginx
 * (one worker, `map` of whole Authorization headers), where installed. All run at once and idle until their turn. Before
 * anything is measured each is shown to pass an unlisted token and, where it has tokens, to block listed ones with 403.
 *
 * Load: autocannon in its own process, a closed loop over keep-alive connections, GETs with a head of about 0.5 KB.
 * Rounds are interleaved (A B C, A B C), after a warm-up. The figure that counts is the processor time (user and
 * system, from /proc) of all processes that serve, Leakgate's supervisor included, divided by the answered requests:
 * it depends little on who else wants the cores. Throughput and latency depend on that much: on a small machine the
 * load generator is the narrowest part, and `direct` shows how narrow. The table goes to the terminal, all rounds go to
 * bench/results/ as JSON. Linux only, for /proc.
 */
async function main(options: Options): Promise<void> {
  const { found, absent } = contenders(options.tokens, options.peerTokens);
  const isWanted = ({ name, family }: Contender) =>
    options.only.length === 0 || options.only.includes(name) || options.only.includes(family);
  const wanted = found.filter(isWanted);
  if (wanted.length === 0)
    throw new Error(`--only names none of: ${found.map(({ name }) => name).join(", ")}`);
  for (const name of absent) say(`${name} is not installed and is left out`);
  holdTo(await prove(wanted, say));

  const processes = new Processes();
  try {
    const upstream = processes.fork(new URL("./upstream.js", import.meta.url), []);
    const { port: upstreamPort } = await processes.nextMessage<Listening>(upstream);
    const load = await Load.start(processes);
    const running: { contender: Contender; started: Started; rounds: Round[] }[] = [];
    const parity: Parity[] = [];
    for (const contender of wanted) {
      say(`starting ${contender.name}`);
      const started = await contender.start(processes, upstreamPort);
      parity.push(await checkParity(contender, started));
      running.push({ contender, started, rounds: [] });
    }
    say(`parity holds: ${parity.map(({ name, listed }) => `${name} ${listed.join("/")}`).join(", ")}`);

    const requests = workload(options.blockedPercent);
    const round = { connections: options.connections, requests, blockedPercent: options.blockedPercent };
    for (let number = 0; number <= options.rounds; number++) {
      const isWarmup = number === 0;
      const seconds = isWarmup ? options.warmupSeconds : options.seconds;
      say(isWarmup ? "warming up" : `round ${number} of ${options.rounds}`);
      for (const each of running) {
        const measured = await measure(each.contender, each.started, upstream.pid!, load, {
          ...round,
          seconds,
        });
        if (!isWarmup) each.rounds.push(measured);
      }
    }
    report(options, running, parity, absent);
  } finally {
    await processes.stop();
  }
}

function report(
  options: Options,
  all: readonly Measured[],
  parity: readonly Parity[],
  absent: readonly string[],
): void {
  const path = writeResult("", {
    finishedAt: new Date().toISOString(),
    machine: machine(),
    versions: versions(),
    options,
    absent,
    parity,
    summary: all.map(summary),
    ratios: ratios(all),
    rounds: all.map(({ contender, rounds }) => ({ name: contender.name, rounds })),
  });
  console.log(`\n${table(all)}\n\n${path}`);
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
