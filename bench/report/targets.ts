import { type Estimate, estimate, paired } from "../stats/bootstrap.ts";
import { LEAKGATE, PIPELINED } from "../workloads/workload.ts";
import { addedUs, cpuOf, find, type Proof, ratioOf } from "./proof.ts";

/** What was asked for, and what came of it. */
export interface Outcome {
  readonly what: string;
  readonly against: string;
  /** The ratio is to be at most this. */
  readonly asked: number;
  readonly measured: Estimate | null;
  readonly verdict: "met" | "met, but not surely" | "not met" | "not met, but not surely" | "not measured";
  /** What stands in the way of reading it as it was asked. */
  readonly note: string;
}

interface Target {
  readonly what: string;
  readonly workload: string;
  /** By preference; one after the first is noted. */
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
  readonly against: string;
  readonly asked: number;
  readonly isAddedP99?: boolean;
}

const SMALL = { workload: "get-small", what: "GET small, 64 connections, 100,000 tokens" };
const PIPELINING = {
  workload: "get-small",
  what: "the same with upstream pipelining",
  ours: [PIPELINED, LEAKGATE],
};

const TARGETS: readonly Target[] = [
  { ...SMALL, ours: [LEAKGATE], theirs: ["haproxy"], against: "HAProxy, hashed deny", asked: 1.15 },
  { ...PIPELINING, theirs: ["nginx"], against: "nginx, map", asked: 1 },
  { ...PIPELINING, theirs: ["http-proxy"], against: "http-proxy", asked: 0.2 },
  { ...PIPELINING, theirs: ["fast-proxy"], against: "fast-proxy", asked: 0.3 },
  {
    ...PIPELINING,
    theirs: ["@fastify/http-proxy", "fastify-http-proxy", "fastify"],
    against: "@fastify/http-proxy",
    asked: 0.2,
  },
  {
    what: "1,000,000 tokens, whole request",
    workload: "rules",
    ours: ["leakgate-1000000"],
    theirs: ["leakgate-1"],
    against: "1 token",
    asked: 1.05,
  },
  {
    what: "a blocked request",
    workload: "blocked-flood",
    ours: [LEAKGATE],
    theirs: ["haproxy"],
    against: "HAProxy, deny",
    asked: 1.3,
  },
  {
    what: "added p99 at half saturation",
    workload: "half-load",
    ours: [LEAKGATE],
    theirs: ["haproxy"],
    against: "HAProxy's",
    asked: 1.5,
    isAddedP99: true,
  },
  {
    what: "POST 64 KiB JSON, inspected",
    workload: "post-json-64k",
    ours: [LEAKGATE],
    theirs: ["haproxy"],
    against: "HAProxy, not inspected",
    asked: 1.5,
  },
];

/** What was to be shown, judged by what was measured. */
export function outcomes(proof: Proof): Outcome[] {
  return TARGETS.map((target) => {
    const { what, against, asked } = target;
    const measured = measuredOf(proof, target);
    return { what, against, asked, measured, verdict: judge(measured, asked), note: noteOf(proof, target) };
  });
}

/** By the median; `not surely` where the interval reaches to the other side. */
export function judge(measured: Estimate | null, asked: number): Outcome["verdict"] {
  if (measured === null) return "not measured";
  if (measured.median <= asked) return measured.high <= asked ? "met" : "met, but not surely";
  return measured.low > asked ? "not met" : "not met, but not surely";
}

function measuredOf(proof: Proof, { workload, ours, theirs, isAddedP99 }: Target): Estimate | null {
  const us = find(proof, workload, ours);
  const them = find(proof, workload, theirs);
  if (us === null || them === null) return null;
  if (isAddedP99 !== true) return ratioOf(us, them, cpuOf);
  const direct = find(proof, workload, ["direct"]);
  return direct === null ? null : estimate(paired(addedUs(us, direct, "p99"), addedUs(them, direct, "p99")));
}

function noteOf(proof: Proof, { workload, ours, theirs }: Target): string {
  if (!proof.workloads.some(({ name }) => name === workload)) return `${workload} was not run`;
  const us = find(proof, workload, ours);
  if (us === null) return `${ours[0]} was not there`;
  const them = find(proof, workload, theirs);
  if (them === null) return `${theirs[0]} was not there`;
  const wrong = [us, them].filter(({ rounds }) => rounds.some((round) => round.wrong > 0));
  return [
    us.name === ours[0] ? "" : `${us.name}, since ${ours[0]} was not there`,
    wrong.length === 0 ? "" : `wrong answers: ${wrong.map(({ name }) => name).join(", ")}`,
  ]
    .filter((each) => each !== "")
    .join("; ");
}
