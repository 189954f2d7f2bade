import { describe, expect, test } from "vitest";
import {
  checkLeakInput,
  type Decision,
  decideLeak,
  decisions,
  type Leak,
  type LeakStatus,
  leakStatuses,
  riskLevel,
  ruleIdOf,
} from "./leak.ts";
import { DecisionRefused, InputRefused } from "./refusal.ts";

function leakWith(status: LeakStatus): Leak {
  const facts = {
    id: "leak-7",
    seq: 7,
    name: "made up",
    description: "",
    risk: 5,
    source: "custom",
    sourceUrl: null,
    sourceAuthor: null,
    sourceAt: null,
    target: null,
    assignee: null,
    notApplicable: null,
    tokensClosed: 0,
    tokensFalse: 0,
    warnings: {},
    regressionOf: [],
  } as const;
  const rest = { tokenCount: 1, version: 3, createdAt: 1000, updatedAt: 2000 };
  if (status === "opened") return { ...facts, ...rest, status };
  return status === "patched"
    ? { ...facts, ...rest, status, rule: "rule-1", timeBox: null }
    : { ...facts, ...rest, status, timeBox: null, watch: null };
}

/** Every pair of status and decision: the status it leads to, or null where it is refused. */
const lifecycle: Record<LeakStatus, Record<Decision, LeakStatus | null>> = {
  opened: { vpatch: "patched", mark_false: "marked_false", close: "closed", reopen: null },
  patched: { vpatch: "patched", mark_false: "marked_false", close: "closed", reopen: null },
  closed: { vpatch: null, mark_false: null, close: null, reopen: "opened" },
  marked_false: { vpatch: null, mark_false: null, close: null, reopen: "opened" },
};

describe("the lifecycle", () => {
  for (const status of leakStatuses) {
    for (const decision of decisions) {
      const outcome = lifecycle[status][decision];
      test(`${decision} of a leak that is ${status} ${outcome === null ? "is refused" : `makes it ${outcome}`}`, () => {
        const decideIt = () => decideLeak(leakWith(status), decision, () => "rule-9", 5000);
        if (outcome === null) {
          expect(decideIt).toThrow(DecisionRefused);
          expect(decideIt).toThrow(status.replace("_", " "));
          return;
        }
        const after = decideIt();
        expect(after).toMatchObject({
          status: outcome,
          version: 4,
          updatedAt: 5000,
          createdAt: 1000,
          id: "leak-7",
        });
        expect("rule" in after).toBe(outcome === "patched");
      });
    }
  }

  test("a patched leak keeps its rule when it is patched again, a new one is asked for only when it had none", () => {
    const never = () => {
      throw new Error("asked for a rule");
    };
    expect(ruleIdOf(decideLeak(leakWith("patched"), "vpatch", never, 1))).toBe("rule-1");
    expect(ruleIdOf(decideLeak(leakWith("opened"), "vpatch", () => "rule-9", 1))).toBe("rule-9");
    expect(ruleIdOf(decideLeak(leakWith("patched"), "close", never, 1))).toBeNull();
  });
});

describe("the fields of a leak", () => {
  const good = { name: "made up leak", description: "", risk: 5, source: "custom" };

  test("are taken within their limits, without the blanks around them", () => {
    expect(checkLeakInput({ ...good, name: "  made up  " }).name).toBe("made up");
    const widest = { name: "n".repeat(128), description: "d".repeat(255), risk: 10, source: "s".repeat(32) };
    expect(checkLeakInput(widest)).toMatchObject(widest);
  });

  test.each([
    ["name", { name: "" }],
    ["name", { name: "   " }],
    ["name", { name: "n".repeat(129) }],
    ["name", { name: "two\nlines" }],
    ["name", { name: "half a pair \ud83d" }],
    ["description", { description: "d".repeat(256) }],
    ["description", { description: "nul \0" }],
    ["risk", { risk: 0 }],
    ["risk", { risk: 11 }],
    ["risk", { risk: 5.5 }],
    ["risk", { risk: Number.NaN }],
    ["source", { source: "" }],
    ["source", { source: "Git Hub" }],
    ["source", { source: "s".repeat(33) }],
  ])("are refused by name outside them: %s of %j", (field, wrong) => {
    expect(() => checkLeakInput({ ...good, ...wrong })).toThrow(InputRefused);
    expect(() => checkLeakInput({ ...good, ...wrong })).toThrow(new RegExp(`^${field} `));
  });

  test("risk levels are high from 8, medium from 4, low below", () => {
    expect([1, 3, 4, 7, 8, 10].map((risk) => riskLevel(risk))).toEqual([
      "low",
      "low",
      "medium",
      "medium",
      "high",
      "high",
    ]);
  });
});
