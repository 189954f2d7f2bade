import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { parseArgs } from "node:util";
import { cpuUs } from "./cpu.ts";
import { listedToken } from "./gateway.ts";
import { type LoadResult, runLoad } from "./load.ts";
import { type Contender, haproxy, leakgate, nginx, nodePeer, startScript, stopChild } from "./peers.ts";

/**
 * `npm run bench [-- --rounds 5 --seconds 3 --connections 64 --tokens 0,1000,100000,1000000 --only leakgate,haproxy]`
 *
 * CPU time per request, throughput and latency of Leakgate and its peers in one run: the same upstream, the same
 * requests (about 0.5 KB of head with an unlisted token), closed loop over keep-alive connections, rounds interleaved.
 * First each contender is shown to pass the unlisted token and, where it can, to refuse a listed one. Figures are
 * medians over the rounds; CPU is user and system time of all processes that serve, Leakgate's supervisor included,
 * divided by the requests answered. Linux only (/proc). Writes bench/results/<time>.json.
 */
interface Round extends LoadResult {
  readonly cpuUsPerRequest: number;
}

const HEADERS = {
  authorization: "Bearer made-up-unlisted-token-0000000000000000000",
  accept: "application/json, text/plain, */*",
  "accept-encoding": "gzip, deflate, br",
  "accept-language": "en-GB,en;q=0.9",
  cookie: "session=made-up-session-0123456789abcdef; theme=dark",
  "user-agent":
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
  "x-trace": "0af7651916cd43dd8448eb211c80319c",
};
const PATH = "/api/v1/orders/123?expand=items&page=2";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
    connections: { type: "string", default: "64" },
    tokens: { type: "string", default: "0,1000,100000,1000000" },
    only: { type: "string", default: "" },
  },
});

async function main(): Promise<void> {
  const upstream = await startScript("./upstream.js");
  const contenders: Contender[] = [];
  const stopAll = async () => {
    for (const each of contenders.splice(0)) await each.stop();
    await stopChild(upstream.child);
  };
  process.once("SIGINT", () => void stopAll().then(() => process.exit(130)));
  try {
    const url = `http://127.0.0.1:${upstream.port}`;
    await enlist(contenders, upstream.port, url);
    for (const each of contenders) await showParity(each);
    const rounds = await measure(contenders);
    print(contenders, rounds);
    save(contenders, rounds);
  } finally {
    await stopAll();
  }
}

async function enlist(contenders: Contender[], port: number, url: string): Promise<void> {
  const only = flags.only === "" ? [] : flags.only.split(",");
  const wants = (name: string) => only.length === 0 || only.some((each) => name.startsWith(each));
  const add = async (name: string, start: () => Promise<Contender | null>) => {
    if (!wants(name)) return;
    const contender = await start();
    if (contender === null) console.log(`${name} is not installed and left out`);
    else contenders.push(contender);
  };
  const direct: Contender = {
    name: "direct",
    port,
    blocks: false,
    version: "",
    pids: () => [],
    stop: async () => {},
  };
  await add("direct", async () => direct);
  for (const tokens of flags.tokens.split(",").map(Number))
    await add(`leakgate ${tokens}`, () => leakgate(url, tokens));
  await add("haproxy", () => haproxy(port, 100_000));
  await add("nginx", () => nginx(port, 100_000));
  await add("fast-proxy", () => nodePeer("fast-proxy", url));
  await add("http-proxy", () => nodePeer("http-proxy", url));
}

/** Same work first: what is not listed passes, what is listed is refused by all that can. */
async function showParity({ name, port, blocks }: Contender): Promise<void> {
  const status = async (authorization: string) =>
    (await fetch(`http://127.0.0.1:${port}${PATH}`, { headers: { authorization } })).status;
  const [unlisted, listed] = [await status(HEADERS.authorization), await status(`Bearer ${listedToken(0)}`)];
  if (unlisted !== 200 || listed !== (blocks ? 403 : 200))
    throw new Error(`${name} answers ${unlisted} and ${listed}`);
}

async function measure(contenders: readonly Contender[]): Promise<Map<Contender, Round[]>> {
  const rounds = new Map<Contender, Round[]>(contenders.map((each) => [each, []]));
  const [count, seconds, connections] = [
    Number(flags.rounds),
    Number(flags.seconds),
    Number(flags.connections),
  ];
  for (let round = 0; round <= count; round++) {
    for (const each of contenders) {
      const load = {
        url: `http://127.0.0.1:${each.port}${PATH}`,
        connections,
        seconds: round === 0 ? Math.min(2, seconds) : seconds,
        headers: HEADERS,
      };
      const before = cpuUs(each.pids());
      const result = await runLoad(load);
      const used = cpuUs(each.pids()) - before;
      if (result.errors + result.non2xx > 0)
        throw new Error(`${each.name}: ${result.errors} errors, ${result.non2xx} answers that are not 2xx`);
      // Round 0 warms up.
      if (round > 0) rounds.get(each)!.push({ ...result, cpuUsPerRequest: used / result.requests });
      process.stderr.write(
        `\r${round === 0 ? "warming up" : `round ${round} of ${count}`}: ${each.name}`.padEnd(60),
      );
    }
  }
  process.stderr.write(`\r${" ".repeat(60)}\r`);
  return rounds;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

function print(contenders: readonly Contender[], rounds: ReadonlyMap<Contender, readonly Round[]>): void {
  const cpuOf = (each: Contender | undefined) =>
    each === undefined ? Number.NaN : median(rounds.get(each)!.map((round) => round.cpuUsPerRequest));
  const peer = (name: string) => cpuOf(contenders.find((each) => each.name.startsWith(name)));
  const [toHttpProxy, toHaproxy] = [peer("http-proxy"), peer("haproxy")];
  const ratio = (cpu: number, other: number) =>
    Number.isFinite(cpu / other) && cpu > 0 ? (cpu / other).toFixed(2) : "-";
  console.log(
    `\n${flags.connections} connections, ${flags.rounds} rounds of ${flags.seconds} s, node ${process.version}\n`,
  );
  console.log(
    "                            CPU us a request         of          of     requests      latency us",
  );
  console.log(
    "                         median (min .. max)  http-proxy   haproxy      a second    p50    p99   p99.9",
  );
  for (const each of contenders) {
    const its = rounds.get(each)!;
    const cpus = its.map((round) => round.cpuUsPerRequest);
    const cpu = cpuOf(each);
    const shown =
      cpu === 0
        ? "-"
        : `${cpu.toFixed(1)} (${Math.min(...cpus).toFixed(1)} .. ${Math.max(...cpus).toFixed(1)})`;
    const rate = median(its.map((round) => round.requests / round.seconds)).toFixed(0);
    const latency = (of: (round: Round) => number) => median(its.map(of)).toFixed(0);
    console.log(
      `${each.name.padEnd(22)} ${shown.padStart(22)}  ${ratio(cpu, toHttpProxy).padStart(9)} ${ratio(cpu, toHaproxy).padStart(9)}  ${rate.padStart(12)} ` +
        `${latency((round) => round.p50).padStart(6)} ${latency((round) => round.p99).padStart(6)} ${latency((round) => round.p999).padStart(7)}`,
    );
  }
}

function save(contenders: readonly Contender[], rounds: ReadonlyMap<Contender, readonly Round[]>): void {
  const commit = spawnSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" });
  const report = {
    at: new Date().toISOString(),
    commit: commit.status === 0 ? commit.stdout.trim() : null,
    node: process.version,
    machine: { processor: cpus()[0]?.model, cores: cpus().length, kernel: release() },
    flags,
    contenders: contenders.map((each) => ({
      name: each.name,
      version: each.version,
      rounds: rounds.get(each),
    })),
  };
  mkdirSync("bench/results", { recursive: true });
  const file = `bench/results/${report.at.replaceAll(/[:.]/g, "-")}.json`;
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  console.log(`\n${file}`);
}

await main();
