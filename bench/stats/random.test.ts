import { expect, test } from "vitest";
import { Random } from "./random.ts";

test("gives the numbers of the reference implementation", () => {
  const random = new Random(Uint32Array.of(1, 2, 3, 4));
  const numbers = Array.from({ length: 10 }, () => random.next());
  // As rand_xoshiro tests them, from the authors' C code.
  expect(numbers).toEqual([
    11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
  ]);
});

test("a seed repeats an order, and another gives another", () => {
  const order = (seed: string) => Random.of(seed).shuffle(Array.from({ length: 50 }, (_, index) => index));
  expect(order("7")).toEqual(order("7"));
  expect(order("7")).not.toEqual(order("8"));
  expect(order("7").toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index));
});
