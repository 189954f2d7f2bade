import type { Connection } from "./connection.ts";
import type { Random } from "./random.ts";

/** The requests of a class, sent in turn over one connection. */
export interface Requests {
  readonly connection: Connection;
  readonly requests: readonly Buffer[];
}

export interface RequestOrder {
  readonly blocks: number;
  /** Blocks before them, of which nothing is kept. */
  readonly warmupBlocks: number;
}

/**
 * Times whole requests in blocks, one of each class in a random order, one at a time. Before each goes one that is not
 * timed, the same kind for all classes: what a match leaves behind (an event to be stored) is paid by it. Answers the
 * ns of each class, block by block.
 */
export async function timeRequests(
  classes: readonly Requests[],
  untimed: readonly Buffer[],
  order: RequestOrder,
  random: Random,
): Promise<number[][]> {
  const figures: number[][] = classes.map(() => []);
  const sequence = classes.map((_, index) => index);
  let turn = 0;
  for (let block = -order.warmupBlocks; block < order.blocks; block++) {
    for (const index of random.shuffle(sequence)) {
      const { connection, requests } = classes[index]!;
      await connection.request(untimed[turn++ % untimed.length]!);
      const ns = await connection.request(requests[(block + order.warmupBlocks) % requests.length]!);
      if (block >= 0) figures[index]!.push(ns);
    }
  }
  return figures;
}
