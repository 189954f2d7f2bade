import type { Engine, LoadOrder } from "../load/order.ts";
import { measure, type Round, type RoundOptions } from "../rounds.ts";
import { Random } from "../stats/random.ts";
import { median } from "../stats/spread.ts";
import { Changes, isGateway } from "./changes.ts";
import type { Running, Stand } from "./stand.ts";
import type { Workload } from "./workload.ts";

/** All rounds of one contender in one workload. */
export interface Series {
  readonly name: string;
  readonly family: string;
  readonly tokens: number;
  readonly rounds: readonly Round[];
}

/** What one workload gave; as it stands in the JSON. */
export interface WorkloadResult {
  readonly name: string;
  readonly title: string;
  readonly engine: Engine;
  readonly connections: number;
  readonly seconds: number;
  /** Requests a second that were asked for; null in a closed loop. */
  readonly perSecond: number | null;
  /** Bytes that one request moves, where that is all there is to it. */
  readonly streamBytes: number | null;
  readonly series: readonly Series[];
}

export interface RunSettings {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly engine: Engine;
  readonly seed: number;
  readonly changesPerSecond: number;
  readonly say: (text: string) => void;
}

/** One thing whose rounds take turns with those of the others. */
interface Arm {
  readonly name: string;
  readonly running: Running;
  readonly changes: Changes | null;
  readonly rounds: Round[];
}

/** Warms up, then measures all contenders round by round, in each round in another order. */
export async function runWorkload(
  stand: Stand,
  workload: Workload,
  all: readonly Running[],
  settings: RunSettings,
): Promise<WorkloadResult> {
  const engine = engineOf(workload, settings.engine);
  const arms = await armsOf(workload, all);
  const random = Random.of(String(settings.seed));
  const order: Omit<LoadOrder, "port"> = {
    connections: workload.connections,
    requests: workload.requests,
    seconds: settings.seconds,
    perSecond: null,
    engine,
    ...(workload.isFresh === undefined ? {} : { isFresh: workload.isFresh }),
    ...(workload.stream === undefined ? {} : { stream: workload.stream }),
  };
  const options = { order, blockedPercent: workload.blockedPercent, alone: workload.alone ?? null };

  settings.say(`${workload.name}: warming up`);
  const warmup = { ...options, order: { ...order, seconds: settings.warmupSeconds } };
  for (const arm of arms) await runArm(arm, stand, warmup, settings);
  let perSecond: number | null = null;
  if (workload.isOpen === true) {
    // Of what is warm: a cold proxy would set an easy rate.
    const reached: number[] = [];
    for (const arm of arms) {
      const round = await runArm(arm, stand, warmup, settings);
      if (round.cpuUsPerRequest !== null) reached.push(round.perSecond);
    }
    perSecond = Math.floor(Math.min(...reached) / 2);
    settings.say(`${workload.name}: ${perSecond} requests/s`);
  }

  for (let number = 1; number <= settings.rounds; number++) {
    settings.say(`${workload.name}: round ${number} of ${settings.rounds}`);
    for (const arm of random.shuffle([...arms])) {
      arm.rounds.push(await runArm(arm, stand, { ...options, order: { ...order, perSecond } }, settings));
    }
  }
  return {
    name: workload.name,
    title: workload.title,
    engine,
    connections: workload.connections,
    seconds: settings.seconds,
    perSecond,
    streamBytes: workload.stream?.bytes ?? null,
    series: arms.map(({ name, running: { contender }, rounds }) => ({
      name,
      family: contender.family,
      tokens: contender.tokens,
      rounds,
    })),
  };
}

/** What can make a load of this kind: autocannon keeps its connections. */
function engineOf(workload: Workload, wanted: Engine): Engine {
  if (workload.engine !== undefined) return workload.engine;
  if (workload.stream !== undefined) return "net";
  return workload.isFresh === true && wanted === "autocannon" ? "net" : wanted;
}

async function armsOf(workload: Workload, all: readonly Running[]): Promise<Arm[]> {
  const arms = all.map(
    (running): Arm => ({
      name: running.contender.name,
      running,
      changes: null,
      rounds: [],
    }),
  );
  if (workload.isChanging !== true) return arms;
  const changing: Arm[] = [];
  for (const arm of arms) {
    const { started } = arm.running;
    if (!isGateway(started)) continue;
    changing.push({ ...arm, name: `${arm.name}-changing`, changes: await Changes.open(started), rounds: [] });
  }
  return [...arms, ...changing];
}

async function runArm(arm: Arm, stand: Stand, options: RoundOptions, settings: RunSettings): Promise<Round> {
  if (arm.changes === null) return measure(arm.running, stand, options);
  const [round, changed] = await arm.changes.during(settings.changesPerSecond, () =>
    measure(arm.running, stand, options),
  );
  return { ...round, changed };
}

/** The median of a figure over the rounds of a series; null where it has none. */
export function medianOf(series: Series, figure: (round: Round) => number | null): number | null {
  const values = series.rounds.flatMap((round) => figure(round) ?? []);
  return values.length === 0 ? null : median(values);
}
