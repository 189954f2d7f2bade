import { type Contender, servingOf } from "./contenders.ts";
import { clockTickUs, coresOf, type ProcessStat, pin, residentBytes, statOf } from "./cpu.ts";
import type { LoadOrder, LoadResult } from "./load.ts";
import type { Changed } from "./workloads/changes.ts";
import type { Running, Stand } from "./workloads/stand.ts";

/** One round of one contender. */
export interface Round extends LoadResult {
  readonly perSecond: number;
  /** Processor time of all processes that serve, user and system, per answered request; null without a proxy. */
  readonly cpuUsPerRequest: number | null;
  /** The part of it outside the kernel, and the part within. */
  readonly userUsPerRequest: number | null;
  readonly systemUsPerRequest: number | null;
  /** The part of it that the first of them has: the supervisor of Leakgate, the master of nginx. */
  readonly parentUsPerRequest: number | null;
  /** Of processes that do other work: the admin of Leakgate. */
  readonly apartUsPerRequest: number | null;
  readonly upstreamUsPerRequest: number;
  readonly loadUsPerRequest: number;
  /** Bytes in memory, of all processes that serve together. */
  readonly residentBytes: number;
  /** Answers of another status than the workload asks for, and requests without an answer. */
  readonly wrong: number;
  /** What was changed meanwhile, where rules change. */
  readonly changed?: Changed;
}

export interface RoundOptions {
  readonly order: Omit<LoadOrder, "port">;
  readonly blockedPercent: number;
  /** Who has a core of its own; null: all share all cores. */
  readonly alone: "proxy" | "load" | null;
}

/** Loads one contender and reads processor times before and after. Nothing else is asked of it in between. */
export async function measure(
  { contender, started }: Running,
  stand: Stand,
  { order, blockedPercent, alone }: RoundOptions,
): Promise<Round> {
  const { serving, apart } = servingOf(started);
  const proxies = [...serving, ...apart].map(({ pid }) => pid);
  if (alone === "proxy") pinApart(proxies, [stand.upstreamPid, stand.load.pid]);
  if (alone === "load") pinApart([stand.load.pid], [stand.upstreamPid, ...proxies]);
  const upstream = statOf(stand.upstreamPid)!;
  const load = statOf(stand.load.pid)!;
  const result = await stand.load.run({ ...order, port: started.port }).finally(() => {
    if (alone !== null) pin([...proxies, stand.upstreamPid, stand.load.pid], coresOf(process.pid));
  });
  const spent = spentUs(serving);
  const spentApart = spentUs(apart).cpuUs;
  const loadUs = spentUs([load]);
  const upstreamUs = spentUs([upstream]).cpuUs;
  const memory = serving.reduce((sum, { pid }) => sum + residentBytes(pid), 0);
  const per = (us: number) => us / Math.max(1, result.requests);
  const orNone = (us: number) => (started.child === null ? null : per(us));
  return {
    ...result,
    perSecond: result.requests / Math.max(0.001, result.seconds),
    cpuUsPerRequest: orNone(spent.cpuUs),
    userUsPerRequest: orNone(spent.cpuUs - spent.systemUs),
    systemUsPerRequest: orNone(spent.systemUs),
    parentUsPerRequest: orNone(spentUs(serving.slice(0, 1)).cpuUs),
    apartUsPerRequest: apart.length > 0 ? per(spentApart) : null,
    upstreamUsPerRequest: per(upstreamUs),
    loadUsPerRequest: per(loadUs.cpuUs + loadUs.reapedUs),
    residentBytes: memory,
    wrong: result.errors + unexpected(result, contender, blockedPercent, order.connections),
  };
}

/** Some on the first core there is, all others on the rest. */
function pinApart(some: readonly number[], others: readonly number[]): void {
  const [first, ...rest] = coresIn(coresOf(process.pid));
  if (first === undefined || rest.length === 0) throw new Error("a core of its own takes two cores");
  pin(some, String(first));
  pin(others, rest.join(","));
}

/** The numbers in a list such as `0-2,5`. */
export function coresIn(list: string): number[] {
  return list.split(",").flatMap((part) => {
    const [from, to] = part.split("-").map(Number);
    return from === undefined
      ? []
      : Array.from({ length: (to ?? from) - from + 1 }, (_, index) => from + index);
  });
}

/** Processor time since `before`; throws when one of the processes is gone, since its share is lost. */
function spentUs(before: readonly ProcessStat[]): {
  readonly cpuUs: number;
  readonly systemUs: number;
  readonly reapedUs: number;
} {
  const spent = { cpuUs: 0, systemUs: 0, reapedUs: 0 };
  for (const then of before) {
    const now = statOf(then.pid);
    if (now?.startTime !== then.startTime) throw new Error(`process ${then.pid} ended while it was measured`);
    spent.cpuUs += now.cpuUs - then.cpuUs;
    spent.systemUs += now.systemUs - then.systemUs;
    spent.reapedUs += now.reapedUs - then.reapedUs;
  }
  return spent;
}

/** Each connection is in its own place of the pattern when the time is over; that much the share of 403 may be off. */
function unexpected(
  { statuses, requests }: LoadResult,
  contender: Contender,
  blockedPercent: number,
  connections: number,
): number {
  const passed = statuses[200] ?? 0;
  const blocked = statuses[403] ?? 0;
  const share = contender.tokens > 0 ? blockedPercent / 100 : 0;
  const off = Math.abs(blocked - requests * share);
  const allowed = share > 0 && share < 1 ? connections : 0;
  const others = Object.values(statuses).reduce((sum, count) => sum + count, 0) - passed - blocked;
  return others + (off > allowed ? Math.ceil(off) : 0);
}

/** How far rounding to clock ticks can move a figure, in microseconds per request. */
export function tickError({ requests }: Round): number {
  return clockTickUs() / Math.max(1, requests);
}
