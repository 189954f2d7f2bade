import type { ChildProcess } from "node:child_process";
import { commandOf, type ProcessStat, treeOf } from "./cpu.ts";
import type { CheckName } from "./parity/checks.ts";
import { type PlaceName, placeNames } from "./parity/places.ts";
import { caddy } from "./peers/caddy.ts";
import { haproxyHashed, haproxyPlain } from "./peers/haproxy.ts";
import { startLeakgate } from "./peers/leakgate.ts";
import { nginxLua } from "./peers/nginx-lua.ts";
import { nginxMap } from "./peers/nginx-map.ts";
import { nginxNjs } from "./peers/nginx-njs.ts";
import { nodePeers } from "./peers/node.ts";
import type { Processes } from "./processes.ts";

/** The families that are not ours, in the order in which they run. */
export const PEERS = [
  "node-pipe",
  "http-proxy",
  "http-proxy-agent",
  "http-proxy-3",
  "http-proxy-3-agent",
  "http-proxy-3-fetch",
  "httpxy",
  "fast-proxy",
  "fastify-http-proxy",
  "haproxy",
  "haproxy-plain",
  "nginx",
  "nginx-njs",
  "nginx-lua",
  "caddy",
] as const;

export type Family = "direct" | "leakgate" | "leakgate-pipelined" | (typeof PEERS)[number];

/** Safe requests on one connection upstream, where they are pipelined. */
const PIPELINING = 32;

/** Something that is measured. */
export interface Contender {
  /** `leakgate-100000`, `haproxy-100000`, `http-proxy`, ... */
  readonly name: string;
  readonly family: Family;
  /** How many tokens it blocks; 0 where it cannot, or has none. */
  readonly tokens: number;
  /** Where in a request it finds its tokens, by its own account; `bench/parity/` holds it to that. */
  readonly looksIn: readonly PlaceName[];
  /** What it does not do, in plain words. */
  readonly lacks: readonly string[];
  /** Checks of `bench/parity/` that it is known to fail; it is measured all the same, by workloads that need none of them. */
  readonly breaks?: readonly CheckName[];
  readonly start: (processes: Processes, upstreamPort: number) => Promise<Started>;
}

/** A contender that takes requests. */
export interface Started {
  readonly port: number;
  /** Null where there is no proxy. */
  readonly child: ChildProcess | null;
}

/** A peer that is not installed. */
export interface Missing {
  /** Its name, and the package that brings it. */
  readonly missing: string;
}

/** Every contender of a run; programs that are not installed are left out and named in `absent`. */
export function contenders(
  leakgateTokens: readonly number[],
  peerTokens: number,
): { readonly found: Contender[]; readonly absent: string[] } {
  const all: (Contender | Missing)[] = [
    direct(),
    ...leakgateTokens.map((tokens) => leakgate("leakgate", tokens)),
    leakgate("leakgate-pipelined", peerTokens, PIPELINING),
    ...nodePeers,
    ...[haproxyHashed, haproxyPlain, nginxMap, nginxNjs, nginxLua, caddy].map((peer) => peer(peerTokens)),
  ];
  return {
    found: all.filter((each) => "start" in each),
    absent: all.flatMap((each) => ("missing" in each ? each.missing : [])),
  };
}

/** The processes that serve, and those that do other work: of Leakgate all but the admin serves, the supervisor too. */
export function servingOf({ child }: Started): {
  readonly serving: ProcessStat[];
  readonly apart: ProcessStat[];
} {
  const tree = child?.pid === undefined ? [] : treeOf(child.pid);
  const isApart = (each: ProcessStat) => commandOf(each.pid).includes("admin-process.js");
  return { serving: tree.filter((each) => !isApart(each)), apart: tree.filter(isApart) };
}

function direct(): Contender {
  return {
    name: "direct",
    family: "direct",
    tokens: 0,
    looksIn: [],
    lacks: ["is no proxy: the upstream itself"],
    start: async (_, port) => ({ port, child: null }),
  };
}

/** Leakgate with one worker, and with so many safe requests under way on a connection upstream. */
function leakgate(family: Family, tokens: number, pipelining = 1): Contender {
  const name = `${family}-${tokens}`;
  return {
    name,
    family,
    tokens,
    looksIn: tokens > 0 ? placeNames : [],
    lacks: tokens > 0 ? [] : ["has no tokens loaded, so it looks for nothing"],
    start: (processes, upstreamPort) =>
      startLeakgate(processes, upstreamPort, { name, tokens, workers: 1, pipelining }),
  };
}
