import { describe, expect, test } from "vitest";
import type { Round } from "../rounds.ts";
import type { Series } from "../workloads/run.ts";
import { markdown } from "./markdown.ts";
import { addedUs, find, type Proof } from "./proof.ts";
import { splice } from "./splice.ts";
import { judge, outcomes } from "./targets.ts";

const estimated = (low: number, median: number, high: number) => ({
  low,
  median,
  high,
  min: low,
  max: high,
  rounds: 5,
});

function round(cpuUsPerRequest: number | null, p99: number, wrong = 0): Round {
  return {
    requests: 1_000,
    errors: 0,
    statuses: { 200: 1_000 },
    seconds: 1,
    latencyUs: { p50: p99 / 2, p99, p999: p99 * 2 },
    perSecond: 1_000,
    cpuUsPerRequest,
    userUsPerRequest: cpuUsPerRequest,
    systemUsPerRequest: cpuUsPerRequest === null ? null : 0,
    parentUsPerRequest: null,
    apartUsPerRequest: null,
    upstreamUsPerRequest: 10,
    loadUsPerRequest: 10,
    residentBytes: 2 ** 20,
    wrong,
  };
}

function series(name: string, cpu: readonly (number | null)[], p99 = 100): Series {
  return {
    name,
    family: name.replace(/-[0-9]+$/, ""),
    tokens: 0,
    rounds: cpu.map((each) => round(each, p99)),
  };
}

function proof(workloads: Readonly<Record<string, readonly Series[]>>): Proof {
  return {
    startedAt: "2026-01-01T00:00:00.000Z",
    finishedAt: "2026-01-01T00:30:00.000Z",
    isQuick: false,
    rounds: 2,
    seed: 1,
    machine: { cpu: "made-up", cores: 2 },
    versions: { commit: "abc" },
    absent: ["caddy"],
    skipped: [],
    parity: [],
    workloads: Object.entries(workloads).map(([name, all]) => ({
      name,
      title: name,
      engine: "wrk",
      connections: 64,
      seconds: 1,
      perSecond: null,
      streamBytes: null,
      series: all,
    })),
    startup: [],
    memory: [],
    activation: [],
  };
}

describe("targets", () => {
  test("are judged by the median, and by the interval whether that is sure", () => {
    expect(judge(estimated(0.9, 1, 1.1), 1.15)).toBe("met");
    expect(judge(estimated(0.9, 1, 1.2), 1.15)).toBe("met, but not surely");
    expect(judge(estimated(1.1, 1.2, 1.3), 1.15)).toBe("not met, but not surely");
    expect(judge(estimated(1.2, 1.3, 1.4), 1.15)).toBe("not met");
    expect(judge(null, 1)).toBe("not measured");
  });

  test("come from the rounds, pair by pair, and say what is missing", () => {
    const small = [
      series("leakgate-100000", [20, 30]),
      series("haproxy-100000", [20, 20]),
      series("nginx-100000", [10, 10]),
    ];
    const [haproxy, nginx, httpProxy, , , rules] = outcomes(proof({ "get-small": small }));
    expect(haproxy).toMatchObject({
      measured: { median: 1.25 },
      verdict: "not met, but not surely",
      note: "",
    });
    expect(nginx).toMatchObject({ measured: { median: 2.5 }, verdict: "not met" });
    expect(nginx!.note).toContain("since leakgate-pipelined-100000 was not there");
    expect(httpProxy).toMatchObject({ verdict: "not measured", note: "http-proxy was not there" });
    expect(rules).toMatchObject({ verdict: "not measured", note: "rules was not run" });
  });

  test("added latency is what a proxy adds to the direct way in the same round", () => {
    const half = [
      series("direct", [null, null], 100),
      series("leakgate-100000", [1, 1], 250),
      series("haproxy-100000", [1, 1], 200),
    ];
    const found = proof({ "half-load": half });
    expect(outcomes(found)[7]).toMatchObject({ measured: { median: 1.5 }, verdict: "met" });
    expect(addedUs(half[1]!, half[0]!, "p50")).toEqual([75, 75]);
  });

  test("a round with wrong answers counts for nothing", () => {
    const broken: Series = { ...series("haproxy-100000", [20]), rounds: [round(20, 100, 5), round(10, 100)] };
    const small = [series("leakgate-100000", [20, 20]), broken];
    expect(outcomes(proof({ "get-small": small }))[0]).toMatchObject({
      measured: { median: 2, rounds: 1 },
      note: "wrong answers: haproxy-100000",
    });
  });

  test("a name without its number finds a peer, but not another of a longer name", () => {
    const found = proof({ "get-small": [series("nginx-njs-100000", [1]), series("nginx-100000", [1])] });
    expect(find(found, "get-small", ["nginx"])?.name).toBe("nginx-100000");
  });
});

describe("markdown", () => {
  test("says what is met, what was left out and what the figures do not show", () => {
    const small = [series("leakgate-100000", [20, 22]), series("haproxy-100000", [20, 20])];
    const text = markdown(proof({ "get-small": small }));
    expect(text).toContain(
      "| GET small, 64 connections, 100,000 tokens | HAProxy, hashed deny | 1.15 | 1.05 |",
    );
    expect(text).toContain("not measured");
    expect(text).toContain("caddy");
    expect(text).toContain("What the figures do not show");
    expect(text).not.toContain("undefined");
    expect(text).not.toContain("NaN");
  });
});

describe("splice", () => {
  const page = (inner: string) =>
    `# Page\n\n<!-- figures: begin, written by npm run bench:report -->${inner}<!-- figures: end -->\n\nmore\n`;

  test("replaces what is between the marks, and again to the same", () => {
    const once = splice(page("\nold\n"), "new\n");
    expect(once).toBe(page("\n\nnew\n\n"));
    expect(splice(once, "new")).toBe(once);
  });

  test("refuses a page without its marks", () => {
    expect(() => splice("# Page\n", "new")).toThrow("begin");
    expect(() => splice("<!-- figures: begin, written by npm run bench:report -->", "new")).toThrow("end");
  });
});
