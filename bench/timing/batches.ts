import type { Random } from "../stats/random.ts";

/** Does what is timed once, with the class's token of this turn. */
export type Call = (turn: number) => void;

export interface BatchOrder {
  readonly blocks: number;
  /** Blocks before them, of which nothing is kept. */
  readonly warmupBlocks: number;
  /** Batches of each class in a block. */
  readonly batches: number;
  /** Calls timed together, so that the clock's resolution does not count. */
  readonly callsPerBatch: number;
}

/**
 * Times calls in blocks. In each block all batches of all classes run in a random order, and a class's figure is the shortest
 * of its batches, in ns a call: so each block holds a pair for any two classes, and what the machine does meanwhile
 * meets all of them alike. Answers the figures of each class, block by block.
 */
export function timeBatches(calls: readonly Call[], order: BatchOrder, random: Random): number[][] {
  const figures: number[][] = calls.map(() => []);
  const turns = calls.map(() => 0);
  const sequence = calls.flatMap((_, index) => Array.from({ length: order.batches }, () => index));
  for (let block = -order.warmupBlocks; block < order.blocks; block++) {
    const times: number[][] = calls.map(() => []);
    for (const index of random.shuffle(sequence)) {
      const call = calls[index]!;
      const from = turns[index]!;
      const to = from + order.callsPerBatch;
      turns[index] = to;
      const began = process.hrtime.bigint();
      for (let turn = from; turn < to; turn++) call(turn);
      times[index]!.push(Number(process.hrtime.bigint() - began) / order.callsPerBatch);
    }
    if (block < 0) continue;
    for (const [index, each] of times.entries()) figures[index]!.push(Math.min(...each));
  }
  return figures;
}
