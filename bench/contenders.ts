import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { commandOf, type ProcessStat, treeOf } from "./cpu.ts";
import { haproxyArguments } from "./peers/haproxy.ts";
import { startLeakgate } from "./peers/leakgate.ts";
import { nginxArguments } from "./peers/nginx.ts";
import { accepts, freePort, type Listening, type Processes } from "./processes.ts";

export type Family =
  | "direct"
  | "leakgate"
  | "http-proxy"
  | "http-proxy-agent"
  | "fast-proxy"
  | "haproxy"
  | "nginx";

/** Something that is measured. */
export interface Contender {
  /** `leakgate-100000`, `haproxy-100000`, `http-proxy`, ... */
  readonly name: string;
  readonly family: Family;
  /** How many tokens it blocks; 0 where it cannot, or has none. */
  readonly tokens: number;
  readonly start: (processes: Processes, upstreamPort: number) => Promise<Started>;
}

/** A contender that takes requests. */
export interface Started {
  readonly port: number;
  /** Null where there is no proxy. */
  readonly child: ChildProcess | null;
}

/** Every contender of a run; programs that are not installed are left out and named in `absent`. */
export function contenders(
  leakgateTokens: readonly number[],
  peerTokens: number,
): { readonly found: Contender[]; readonly absent: string[] } {
  const found: Contender[] = [
    { name: "direct", family: "direct", tokens: 0, start: async (_, port) => ({ port, child: null }) },
    ...leakgateTokens.map(leakgate),
    forked("http-proxy", new URL("./peers/http-proxy.js", import.meta.url), "as-documented"),
    forked("http-proxy-agent", new URL("./peers/http-proxy.js", import.meta.url), "keep-alive"),
    forked("fast-proxy", new URL("./peers/fast-proxy.js", import.meta.url)),
  ];
  const absent: string[] = [];
  for (const [family, argumentsFor] of [
    ["haproxy", haproxyArguments],
    ["nginx", nginxArguments],
  ] as const) {
    const program = which(family);
    if (program === null) absent.push(family);
    else found.push(spawned(family, program, peerTokens, argumentsFor));
  }
  return { found, absent };
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

/** The path of a program, or null. Daemons stand in folders that are not in everybody's PATH. */
export function which(program: string): string | null {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path)) ?? null;
}

function leakgate(tokens: number): Contender {
  const name = `leakgate-${tokens}`;
  return {
    name,
    family: "leakgate",
    tokens,
    start: (processes, upstreamPort) => startLeakgate(processes, upstreamPort, { name, tokens, workers: 1 }),
  };
}

function forked(family: Family, entry: URL, ...manner: string[]): Contender {
  return {
    name: family,
    family,
    tokens: 0,
    start: async (processes, upstreamPort) => {
      const child = processes.fork(entry, [String(upstreamPort), ...manner]);
      const { port } = await processes.nextMessage<Listening>(child);
      return { port, child };
    },
  };
}

function spawned(
  family: "haproxy" | "nginx",
  program: string,
  tokens: number,
  argumentsFor: (folder: string, port: number, upstreamPort: number, tokens: number) => string[],
): Contender {
  const name = `${family}-${tokens}`;
  return {
    name,
    family,
    tokens,
    start: async (processes, upstreamPort) => {
      const port = await freePort();
      const child = processes.spawn(
        program,
        argumentsFor(processes.folder, port, upstreamPort, tokens),
        name,
      );
      await processes.until(child, () => accepts(port));
      return { port, child };
    },
  };
}
