import { type BatchOrder, type Call, timeBatches } from "./batches.ts";
import { expectMonitored, type TimedGateway } from "./gateway.ts";
import { requestWith } from "./message.ts";
import type { Plan, TableName, TimedClass } from "./plan.ts";
import { Random } from "./random.ts";
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

/** Times whole requests for all classes of a plan, each at the gateway that has its table. */
export async function requestLevel(
  name: string,
  plan: Plan,
  gateways: Readonly<Partial<Record<TableName, TimedGateway>>>,
  untimed: readonly string[],
  order: RequestOrder,
  seed: string,
): Promise<Level> {
  const random = Random.of(`${seed} ${name}`);
  const classes = plan.classes.map(({ table, tokens }) => ({
    connection: gateways[table]!.connection,
    requests: tokens.map(requestWith),
  }));
  const figures = await timeRequests(classes, untimed.map(requestWith), order, random);
  for (const [table, gateway] of Object.entries(gateways)) {
    const listed = plan.classes.filter((each) => each.table === table && each.isListed).length;
    await expectMonitored(gateway, listed * (order.blocks + order.warmupBlocks));
  }
  return { name, judged: judge(plan, figures, REQUEST_LIMIT_NS, random) };
}
