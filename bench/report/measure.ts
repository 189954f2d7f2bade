import { type Contender, contenders } from "../contenders.ts";
import { type Activation, measureActivation } from "../figures/activation.ts";
import { type Memory, measureMemory } from "../figures/memory.ts";
import { measureStartup, type Startup } from "../figures/startup.ts";
import { machine, versions } from "../machine.ts";
import { failuresOf, kindsOf, type Proof as Proven, prove } from "../parity/prove.ts";
import { Processes } from "../processes.ts";
import { which } from "../programs.ts";
import { leakgatePairs } from "../workloads/pairs.ts";
import { runWorkload, type WorkloadResult } from "../workloads/run.ts";
import { type Running, Stand } from "../workloads/stand.ts";
import {
  choose,
  LEAKGATE,
  named,
  PIPELINED,
  RULES_TOKENS,
  type Workload,
  workloads,
} from "../workloads/workload.ts";
import type { Proof } from "./proof.ts";

const PEER_TOKENS = 100_000;
const IDLE_CONNECTIONS = 2_000;
const CHANGES_PER_SECOND = 100;
/** On the command line it stands for memory, start-up and activation. */
const FIGURES = "figures";
const MIB = 2 ** 20;
/** Whom a quick run of the first workload compares with: those whom a target names. */
const QUICK_PEERS = [
  "direct",
  LEAKGATE,
  PIPELINED,
  "haproxy",
  "nginx",
  "http-proxy",
  "fast-proxy",
  "fastify-http-proxy",
];

export interface MeasureOptions {
  readonly isQuick: boolean;
  /** Names of workloads, and `figures`; null: all that there are, or all that a quick run has time for. */
  readonly workloads: readonly string[] | null;
  readonly rounds: number;
  readonly seed: number;
  readonly say: (text: string) => void;
}

/** What was left out, with the reason; it grows as the run goes. */
type Skipped = { readonly name: string; readonly why: string }[];

/** Parity first, then the workloads, then memory, start-up and activation. What fails is left out and named. */
export async function measureAll(options: MeasureOptions): Promise<Proof> {
  const { isQuick, rounds, seed, say } = options;
  const skipped: Skipped = [];
  const wanted = wantedOf(options, skipped);
  const before = { startedAt: new Date().toISOString(), machine: machine(), versions: versions() };
  const { found, absent } = contenders([...RULES_TOKENS], PEER_TOKENS);
  const pool = [...found, ...leakgatePairs(PEER_TOKENS)];
  const chosenFrom = (all: readonly Contender[]) =>
    wanted.map((workload) => choose(workload, all, only(workload, all, isQuick)));

  const parity = await proveEach([...new Set(chosenFrom(pool).flat())], skipped, say);
  const unfit = new Set(skipped.map(({ name }) => name));
  const chosen = chosenFrom(pool.filter(({ name }) => !unfit.has(name)));
  const processes = new Processes();
  try {
    const stand = await Stand.open(processes);
    const results: WorkloadResult[] = [];
    for (const [index, workload] of wanted.entries()) {
      await stand.keepOnly(new Set(chosen.slice(index).flatMap((each) => each.map(({ name }) => name))));
      const running = await startAll(stand, chosen[index]!, workload.name, skipped, say);
      const settings = {
        rounds,
        seed,
        seconds: secondsOf(workload, isQuick),
        warmupSeconds: isQuick ? 1 : 2,
        engine: which("wrk") === null ? ("autocannon" as const) : ("wrk" as const),
        changesPerSecond: CHANGES_PER_SECOND,
        say,
      };
      results.push(
        ...(await orSkip(workload.name, skipped, say, async () => [
          await runWorkload(stand, workload, running, settings),
        ])),
      );
    }
    await stand.keepOnly(new Set());
    const figures = await measureFigures(options, processes, found, skipped);
    const finishedAt = new Date().toISOString();
    return {
      ...before,
      finishedAt,
      isQuick,
      rounds,
      seed,
      absent,
      skipped,
      parity,
      workloads: results,
      ...figures,
    };
  } finally {
    await processes.stop();
  }
}

function wantedOf({ isQuick, workloads: asked }: MeasureOptions, skipped: Skipped): Workload[] {
  const streamBytes = isQuick ? 64 * MIB : 1_024 * MIB;
  const all = workloads({ connections: 64, blockedPercent: 0, streamBytes });
  const isShort = ({ isJudged, stream, isFresh, isChanging }: Workload) =>
    isJudged === true || stream !== undefined || isFresh === true || isChanging === true;
  const usual = isQuick ? all.filter(isShort) : all;
  const wanted =
    asked === null
      ? usual
      : named(
          all,
          asked.filter((name) => name !== FIGURES),
        );
  const why = asked === null ? "not in a quick run" : "not asked for";
  skipped.push(...all.filter((each) => !wanted.includes(each)).map(({ name }) => ({ name, why })));
  return wanted;
}

/** Holds one contender of each kind to what it must pass and block. */
async function proveEach(
  all: readonly Contender[],
  skipped: Skipped,
  say: MeasureOptions["say"],
): Promise<Proven[]> {
  const parity: Proven[] = [];
  for (const contender of kindsOf(all)) {
    const [proven] = await orSkip(contender.name, skipped, say, () => prove([contender], say));
    if (proven === undefined) continue;
    parity.push(proven);
    if (failuresOf(proven).length === 0) continue;
    say(`${contender.name} is left out: ${failuresOf(proven).join("; ")}`);
    skipped.push({ name: contender.name, why: "does not do the same work" });
  }
  return parity;
}

async function startAll(
  stand: Stand,
  contenders: readonly Contender[],
  workload: string,
  skipped: Skipped,
  say: MeasureOptions["say"],
): Promise<Running[]> {
  const running: Running[] = [];
  for (const contender of contenders) {
    const name = `${contender.name} in ${workload}`;
    running.push(...(await orSkip(name, skipped, say, async () => [await stand.need(contender)])));
  }
  return running;
}

async function measureFigures(
  { isQuick, workloads, say }: MeasureOptions,
  processes: Processes,
  found: readonly Contender[],
  skipped: Skipped,
): Promise<{
  readonly startup: readonly Startup[];
  readonly memory: readonly Memory[];
  readonly activation: readonly Activation[];
}> {
  if (workloads !== null && !workloads.includes(FIGURES)) {
    skipped.push({ name: "memory, start-up and activation", why: "not asked for" });
    return { startup: [], memory: [], activation: [] };
  }
  const compared = found.filter(
    ({ name, family }) => [LEAKGATE, "leakgate-0"].includes(name) || ["haproxy", "nginx"].includes(family),
  );
  return {
    startup: await orSkip("start-up", skipped, say, () =>
      measureStartup([0, PEER_TOKENS], isQuick ? 3 : 9, say),
    ),
    memory: await orSkip("memory", skipped, say, () =>
      measureMemory(compared, IDLE_CONNECTIONS, isQuick ? 1 : 3, say),
    ),
    activation: await orSkip("activation", skipped, say, () =>
      measureActivation(processes, isQuick ? 8 : 40, isQuick ? 1 : 5),
    ),
  };
}

/** What fails must not lose half an hour of rounds. */
async function orSkip<T>(
  name: string,
  skipped: Skipped,
  say: MeasureOptions["say"],
  measure: () => Promise<readonly T[]>,
): Promise<readonly T[]> {
  try {
    return await measure();
  } catch (error) {
    say(`${name} is left out: ${(error as Error).message}`);
    skipped.push({ name, why: "failed" });
    return [];
  }
}

function secondsOf({ isJudged }: Workload, isQuick: boolean): number {
  if (isQuick) return 1;
  return isJudged === true ? 3 : 2;
}

/** Whom to run the first workload with: all but the Leakgates that stand in `rules`, or in a quick run the judged. */
function only({ among }: Workload, all: readonly Contender[], isQuick: boolean): readonly string[] {
  if (among !== null) return [];
  if (isQuick) return QUICK_PEERS;
  const isOfRules = ({ name }: Contender) => RULES_TOKENS.some((tokens) => name === `leakgate-${tokens}`);
  return all
    .filter((each) => !isOfRules(each) || [LEAKGATE, "leakgate-0"].includes(each.name))
    .map(({ name }) => name);
}
