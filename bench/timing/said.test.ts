import { expect, test } from "vitest";
import type { Level } from "./level.ts";
import { conclusion, levelLines } from "./said.ts";
import type { Judged } from "./verdict.ts";

function judged(kind: Judged["kind"], isDetected: boolean, limit: Judged["limit"]): Judged {
  return {
    name: `a ${kind}`,
    kind,
    slow: "b",
    fast: "a",
    control: null,
    slowNs: 1_010,
    fastNs: 1_000,
    differenceNs: { median: 10, low: 8, high: 12.4 },
    wilcoxon: { positiveRanks: 1, z: 9, p: 1e-150 },
    welch: { t: 2, freedom: 10, p: 0.0421 },
    isDetected,
    limit,
  };
}

const levelOf = (...all: Judged[]): Level => ({ name: "the matcher", judged: all });

test("a line for each comparison", () => {
  const lines = levelLines(levelOf(judged("limit", false, "kept")));
  expect(lines[2]).toMatch(
    /^ {2}limit +a limit +1000 +10 \(8 \.\. 12\) +< 1e-99 +0\.042 +not detected +limit kept$/,
  );
});

test("a run that misses a leak that was built in proves nothing", () => {
  const limits = [judged("limit", false, "kept"), judged("limit", true, "not kept")];
  expect(conclusion([levelOf(...limits, judged("leak", true, null))]).isValid).toBe(true);
  const missed = conclusion([levelOf(...limits, judged("leak", true, null), judged("leak", false, null))]);
  expect(missed.isValid).toBe(false);
  expect(missed.lines).toContain("positive control NOT DETECTED: the matcher: a leak");
  expect(missed.lines).toContain("limits not kept: 1 of 2");
  expect(missed.lines).toContain("  the matcher: a limit 10 (8 .. 12)");
  expect(conclusion([levelOf(...limits)]).isValid).toBe(false);
});
