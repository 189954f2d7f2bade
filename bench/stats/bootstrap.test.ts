import { expect, test } from "vitest";
import { medianInterval } from "./bootstrap.ts";
import { Random } from "./random.ts";
import { median } from "./spread.ts";

test("medians of odd and even samples", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([5])).toBe(5);
});

test("the interval is that of the order statistics", () => {
  // Of 1..101 the 95 % interval of the median is from the 41st to the 61st (Hahn & Meeker 1991, binomial); drawn, one off at most.
  const values = Array.from({ length: 101 }, (_, index) => index + 1);
  const { median: middle, low, high } = medianInterval(values, 4_000, 0.95, Random.of("interval"));
  expect(middle).toBe(51);
  expect(Math.abs(low - 41)).toBeLessThanOrEqual(1);
  expect(Math.abs(high - 61)).toBeLessThanOrEqual(1);
});

test("a seed repeats it, and one value has no spread", () => {
  const values = [3, 1, 4, 1, 5, 9, 2, 6];
  const drawn = () => medianInterval(values, 200, 0.99, Random.of("7"));
  expect(drawn()).toEqual(drawn());
  expect(medianInterval([2, 2, 2], 50, 0.99, Random.of("7"))).toEqual({ median: 2, low: 2, high: 2 });
});
