import { expect, test } from "vitest";
import { Schedule } from "./schedule.ts";

test("starts at a constant rate and ends with its time", () => {
  const schedule = new Schedule(1_000, 200, 2);
  expect(schedule.count).toBe(400);
  expect([0, 1, 399].map((number) => schedule.at(number))).toEqual([1_000, 1_005, 2_995]);
});

test("what was late stays due: a stall hides no request", () => {
  const schedule = new Schedule(0, 1_000, 1);
  expect([-1, 0, 0.5, 1, 250.5, 999, 5_000].map((ms) => schedule.due(ms))).toEqual([
    0, 1, 1, 2, 251, 1_000, 1_000,
  ]);
});
