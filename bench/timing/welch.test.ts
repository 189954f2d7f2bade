import { expect, test } from "vitest";
import { cropped, welch } from "./welch.ts";

test("hours of sleep (Student 1908), as in R's t.test", () => {
  const one = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2];
  const other = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
  const { t, freedom, p } = welch(one, other);
  expect(t).toBeCloseTo(-1.8608, 4);
  expect(freedom).toBeCloseTo(17.776, 3);
  expect(p).toBeCloseTo(0.07939, 5);
});

test("samples without a spread", () => {
  expect(welch([1, 1], [1, 1]).p).toBe(1);
  expect(welch([1, 1], [2, 2]).p).toBe(0);
});

test("crops both at one value", () => {
  const low = Array.from({ length: 10 }, (_, index) => index);
  const high = low.map((each) => each + 5);
  expect(cropped(low, high, 80)).toEqual([low, high.filter((each) => each <= 11)]);
  expect(cropped(low, high, 100)).toEqual([low, high]);
});
