import type { Random } from "../stats/random.ts";
import type { Connection } from "./connection.ts";

/** The requests of a class, sent in turn. */
export interface Requests {
  readonly timed: readonly Buffer[];
  /** Sent before them, to the same host. */
  readonly untimed: readonly Buffer[];
}

export interface RequestOrder {
  readonly blocks: number;
  /** Blocks before them, of which nothing is kept. */
  readonly warmupBlocks: number;
  /** Requests of each class in a block. */
  readonly repeats: number;
}

/**
 * Times whole requests in blocks, some of each class in a random order of classes, one at a time, and a class's figure is
 * the shortest of them: what the machine does besides only ever adds, so that low percentiles tell most to who may repeat
 * a request (Crosby, Wallach & Riedi 2009). Before them goes one that is not timed, the same for all classes: what a
 * match of the class before left behind is paid by it. Answers the ns of each class, block by block.
 */
export async function timeRequests(
  connection: Connection,
  classes: readonly Requests[],
  order: RequestOrder,
  random: Random,
): Promise<number[][]> {
  const figures: number[][] = classes.map(() => []);
  const sequence = classes.map((_, index) => index);
  for (let block = -order.warmupBlocks, turn = 0; block < order.blocks; block++, turn += order.repeats) {
    for (const index of random.shuffle(sequence)) {
      const { timed, untimed } = classes[index]!;
      await connection.request(untimed[turn % untimed.length]!);
      const times: number[] = [];
      for (let repeat = 0; repeat < order.repeats; repeat++)
        times.push(await connection.request(timed[(turn + repeat) % timed.length]!));
      if (block >= 0) figures[index]!.push(Math.min(...times));
    }
  }
  return figures;
}
