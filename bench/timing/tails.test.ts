import { expect, test } from "vitest";
import { normalTails, studentTails } from "./tails.ts";

/** Equal to a share of one in a million. */
function expectClose(found: number, known: number): void {
  expect(Math.abs(found / known - 1)).toBeLessThan(1e-6);
}

// The known values are scipy's (scipy.stats.norm.sf and t.sf, twice).
test.each([
  [0.5, 0.6170750774519738],
  [1.96, 0.04999579029644087],
  [6, 1.973175290075389e-9],
  [20, 5.507248237212311e-89],
])("normal: %d", (z, known) => {
  expectClose(normalTails(z), known);
  expectClose(normalTails(-z), known);
});

test.each([
  [2, 5, 0.10193947882985835],
  [3, 1_000.5, 0.002766675387146231],
  [10, 30, 4.575251408229618e-11],
])("Student: t %d, freedom %d", (t, freedom, known) => {
  expectClose(studentTails(t, freedom), known);
  expectClose(studentTails(-t, freedom), known);
});

test("with many degrees of freedom Student's t is the normal one", () => {
  expect(studentTails(0, 30)).toBe(1);
  expect(studentTails(2.5, 1e5) / normalTails(2.5)).toBeCloseTo(1, 3);
});
