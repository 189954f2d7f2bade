import { expect, test } from "vitest";
import { signedRank } from "./wilcoxon.ts";

const minus = (a: readonly number[], b: readonly number[]) => a.map((each, index) => each - b[index]!);

test("depression scores before and after a tranquilizer (Hollander & Wolfe 1973, as in R's wilcox.test)", () => {
  const before = [1.83, 0.5, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.3];
  const after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29];
  const { positiveRanks, p } = signedRank(minus(before, after));
  expect(positiveRanks).toBe(40);
  // R: wilcox.test(x, y, paired = TRUE, exact = FALSE).
  expect(p).toBeCloseTo(0.044011, 5);
});

test("hours of sleep (Student 1908): ties and a zero", () => {
  const one = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2];
  const other = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
  // In tenths of an hour, whole: else rounding hides the ties.
  const { positiveRanks, p } = signedRank(minus(one, other).map((each) => Math.round(each * 10)));
  expect(positiveRanks).toBe(0);
  expect(p).toBeCloseTo(0.009091, 5);
});

test("the other way round only the sign changes, and nothing says nothing", () => {
  const differences = [3, -1, 4, 1, -5, 9, 2, 6];
  const { z, p } = signedRank(differences);
  const turned = signedRank(differences.map((each) => -each));
  expect(turned.z).toBeCloseTo(-z, 12);
  expect(turned.p).toBeCloseTo(p, 12);
  expect(signedRank([0, 0]).p).toBe(1);
  expect(signedRank([1, -1]).p).toBe(1);
});
