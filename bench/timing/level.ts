import { Random } from "../stats/random.ts";
import { type BatchOrder, type Call, timeBatches } from "./batches.ts";
import { expectMonitored, hostOf, type TimedGateway } from "./gateway.ts";
import { requestWith } from "./message.ts";
import { type Plan, type TimedClass, untimed } from "./plan.ts";
import { type RequestOrder, timeRequests } from "./requests.ts";
import { type Judged, judge } from "./verdict.ts";

/** The limits of a difference that is to be none. */
export const FUNCTION_LIMIT_NS = 100;
export const REQUEST_LIMIT_NS = 1_000;

/** One thing that was timed with one plan, and what the test says of it. */
export interface Level {
  readonly name: string;
  readonly judged: readonly Judged[];
}

/** Times a function for all classes of a plan. */
export function functionLevel(
  name: string,
  plan: Plan,
  callOf: (timed: TimedClass) => Call,
  order: BatchOrder,
  seed: string,
): Level {
  const random = Random.of(`${seed} ${name}`);
  const figures = timeBatches(plan.classes.map(callOf), order, random);
  return { name, judged: judge(plan, figures, FUNCTION_LIMIT_NS, random) };
}

/** Times whole requests for all classes of a plan, each for the host of its table. */
export async function requestLevel(
  name: string,
  plan: Plan,
  gateway: TimedGateway,
  order: RequestOrder,
  seed: string,
): Promise<Level> {
  const random = Random.of(`${seed} ${name}`);
  const before = untimed(seed);
  const classes = plan.classes.map(({ table, tokens }) => ({
    timed: tokens.map((token) => requestWith(hostOf(table), token)),
    untimed: before.map((token) => requestWith(hostOf(table), token)),
  }));
  const figures = await timeRequests(gateway.connection, classes, order, random);
  const listed = plan.classes.filter(({ isListed }) => isListed).length;
  await expectMonitored(gateway, listed * order.repeats * (order.blocks + order.warmupBlocks));
  return { name, judged: judge(plan, figures, REQUEST_LIMIT_NS, random) };
}
