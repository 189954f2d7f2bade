import type { Contender } from "../contenders.ts";
import type { Engine } from "../load/order.ts";
import { downloads, type LoadRequest, posts, workload } from "../load/requests.ts";

/** One way of loading a proxy. */
export interface Workload {
  readonly name: string;
  /** What it is, for the report. */
  readonly title: string;
  readonly connections: number;
  readonly requests: readonly LoadRequest[];
  /** Percent of the requests that carry a listed token. */
  readonly blockedPercent: number;
  /** Names or families that it is run with where nobody says otherwise; null: all there are. */
  readonly among: readonly string[] | null;
  /** The only one it can be made with. */
  readonly engine?: Engine;
  /** A new connection for every request. */
  readonly isFresh?: boolean;
  /** Who has a core of its own, beside which all others share the rest. */
  readonly alone?: "proxy" | "load";
  /** An open loop, at half of what the slowest of its contenders reaches. */
  readonly isOpen?: boolean;
  /** What was asked for is judged by it, so it is measured longer, and by a quick run too. */
  readonly isJudged?: boolean;
  /** Each Leakgate is measured quiet, and while its rules change. */
  readonly isChanging?: boolean;
  readonly stream?: { readonly direction: "download" | "upload"; readonly bytes: number };
}

export interface WorkloadSettings {
  readonly connections: number;
  readonly blockedPercent: number;
  readonly streamBytes: number;
}

/** Leakgate as it is compared with others, then with requests to the upstream put together where that is there. */
export const LEAKGATE = "leakgate-100000";
export const PIPELINED = "leakgate-pipelined-100000";
/** How many tokens each Leakgate of the workload `rules` has. */
export const RULES_TOKENS = [0, 1, 1_000, 100_000, 1_000_000] as const;

const LEVEL = ["haproxy", "nginx"];
const CORE = ["direct", LEAKGATE, PIPELINED, ...LEVEL];

/** All of them, in the order in which a whole proof runs them. */
export function workloads({ connections, blockedPercent, streamBytes }: WorkloadSettings): Workload[] {
  const gets = { connections, requests: workload(0), blockedPercent: 0, among: CORE };
  const blocked = { ...gets, among: [LEAKGATE, PIPELINED, "leakgate-0", ...LEVEL] };
  return [
    {
      ...gets,
      name: "get-small",
      title: `GET, answer of 0.2 KB, ${connections} connections`,
      requests: workload(blockedPercent),
      blockedPercent,
      among: null,
      isJudged: true,
    },
    {
      ...gets,
      name: "get-small-autocannon",
      title: `the same, loaded by autocannon`,
      engine: "autocannon",
    },
    { ...gets, name: "get-small-1", title: "GET, 1 connection", connections: 1 },
    { ...gets, name: "get-small-1024", title: "GET, 1,024 connections", connections: 1_024 },
    {
      ...gets,
      name: "get-small-pinned",
      title: "GET, the proxy on one core, load and upstream on the other",
      alone: "proxy",
      isJudged: true,
      among: [...CORE, "fast-proxy", "http-proxy"],
    },
    {
      ...gets,
      name: "half-load",
      title: "GET, open loop at half of the rate that the slowest of these reaches",
      engine: "net",
      isOpen: true,
      // It spins; what shares its core would make it late.
      alone: "load",
      isJudged: true,
    },
    { ...gets, name: "get-64k", title: "GET, answer of 64 KiB", requests: downloads(65_536) },
    { ...gets, name: "post-json-1k", title: "POST, JSON of 1 KiB", requests: posts(1_024) },
    {
      ...gets,
      name: "post-json-64k",
      title: "POST, JSON of 64 KiB",
      requests: posts(65_536),
      isJudged: true,
    },
    {
      ...blocked,
      name: "blocked-10",
      title: "GET, 10 % with a listed token",
      requests: workload(10),
      blockedPercent: 10,
    },
    {
      ...blocked,
      name: "blocked-flood",
      title: "GET, all with a listed token",
      requests: workload(100),
      blockedPercent: 100,
      among: [LEAKGATE, PIPELINED, ...LEVEL],
      isJudged: true,
    },
    {
      ...gets,
      name: "new-connections",
      title: "GET, a new connection for each request",
      isFresh: true,
      among: ["leakgate-2-shared", "leakgate-2-balanced", ...LEVEL],
    },
    ...(["download", "upload"] as const).map((direction) => ({
      ...gets,
      name: `${direction}-1g`,
      title: `${direction} of ${streamBytes / 2 ** 20} MiB on one connection`,
      connections: 1,
      stream: { direction, bytes: streamBytes },
    })),
    {
      ...gets,
      name: "rules",
      title: "GET, by the number of tokens",
      among: RULES_TOKENS.map((tokens) => `leakgate-${tokens}`),
      isJudged: true,
    },
    {
      ...gets,
      name: "changes",
      title: "GET, quiet and with 100 rule changes a second",
      isChanging: true,
      among: [LEAKGATE],
    },
  ];
}

/** Those that are named; throws at a name that there is not. */
export function named(all: readonly Workload[], names: readonly string[]): Workload[] {
  const unknown = names.filter((name) => !all.some((each) => each.name === name));
  if (unknown.length > 0)
    throw new Error(
      `--workloads knows no ${unknown.join(", ")}, but ${all.map(({ name }) => name).join(", ")}`,
    );
  return all.filter(({ name }) => names.includes(name));
}

/** The contenders of a workload: those of its own choice, or by name or family those of `only`. */
export function choose(
  { among, isFresh }: Workload,
  found: readonly Contender[],
  only: readonly string[],
): Contender[] {
  const isPair = ({ name }: Contender) => /^[a-z]+-2(-|$)/.test(name);
  // Two workers only where connections are handed out, and there instead of one.
  const pairs = new Set(found.filter(isPair).map(({ family }) => family));
  const suited = found.filter((each) =>
    isFresh === true ? isPair(each) || !pairs.has(each.family) : !isPair(each),
  );
  const wanted = only.length > 0 ? only : among;
  if (wanted === null) return suited;
  return suited.filter(({ name, family }) => wanted.includes(name) || wanted.includes(family));
}
