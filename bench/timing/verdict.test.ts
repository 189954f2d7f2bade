import { expect, test } from "vitest";
import { Random } from "../stats/random.ts";
import type { Comparison } from "./plan.ts";
import { compare, judge } from "./verdict.ts";

const random = () => Random.of("verdict");
const comparison: Comparison = { name: "b - a", kind: "limit", slow: "b", fast: "a", control: null };

/** Around a middle, with a spread of 20 and an outlier in 50. */
function sample(middle: number, seed: string): number[] {
  const numbers = Random.of(seed);
  return Array.from({ length: 2_000 }, (_, index) =>
    index % 50 === 0 ? middle * 10 : middle + numbers.below(20),
  );
}

test("what does not differ is not detected, and within the limit", () => {
  const judged = compare(comparison, [sample(1_000, "b"), sample(1_000, "a")], null, 0, 100, random());
  expect(judged).toMatchObject({ isDetected: false, limit: "kept" });
});

test("a small difference is detected, and within the limit", () => {
  const judged = compare(comparison, [sample(1_010, "b"), sample(1_000, "a")], null, 0, 100, random());
  expect(judged).toMatchObject({ isDetected: true, limit: "kept" });
  expect(judged.differenceNs.low).toBeGreaterThan(8);
  expect(judged.differenceNs.high).toBeLessThan(12);
});

test("it is not where the control shows as much", () => {
  const judged = compare(comparison, [sample(1_010, "b"), sample(1_000, "a")], null, 15, 100, random());
  expect(judged.isDetected).toBe(false);
});

test("beyond the limit, on either side, or on its edge", () => {
  const limitOf = (slow: number, limitNs: number) =>
    compare(comparison, [sample(slow, "b"), sample(1_000, "a")], null, 0, limitNs, random()).limit;
  expect(limitOf(1_200, 100)).toBe("not kept");
  expect(limitOf(800, 100)).toBe("not kept");
  expect(limitOf(1_010, 10)).toBe("not shown");
});

test("what a block adds to all of its classes hides nothing", () => {
  const numbers = Random.of("drift");
  const drift = Array.from({ length: 2_000 }, () => numbers.below(100_000));
  const drifting = (middle: number, seed: string) =>
    sample(middle, seed).map((each, block) => each + drift[block]!);
  const pair = [drifting(1_010, "b"), drifting(1_000, "a")] as const;
  expect(compare(comparison, pair, null, 0, 100, random()).welch.p).toBeGreaterThan(0.001);
  expect(compare(comparison, pair, drift, 0, 100, random()).welch.p).toBeLessThan(0.001);
});

test("a comparison has to exceed its own control", () => {
  const classes = ["a", "a too", "b"].map((name) => ({
    name,
    table: "many" as const,
    tokens: [],
    isListed: false,
  }));
  const plan = {
    classes,
    comparisons: [
      { ...comparison, name: "control", kind: "control", slow: "a too" },
      { ...comparison, kind: "leak", control: "control" },
    ] as const,
  };
  const judgedWith = (control: number) =>
    judge(plan, [sample(1_000, "a"), sample(control, "a too"), sample(1_010, "b")], 100, random());
  expect(judgedWith(1_000).map(({ isDetected }) => isDetected)).toEqual([false, true]);
  expect(judgedWith(1_030).map(({ isDetected }) => isDetected)).toEqual([true, false]);
  expect(judgedWith(1_000)[1]!.limit).toBeNull();
});
