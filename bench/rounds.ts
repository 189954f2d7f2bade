import { type Contender, type Started, servingOf } from "./contenders.ts";
import { clockTickUs, type ProcessStat, residentBytes, statOf } from "./cpu.ts";
import type { Load, LoadRequest, LoadResult } from "./load.ts";

/** One round of one contender. */
export interface Round extends LoadResult {
  readonly perSecond: number;
  /** Processor time of all processes that serve, user and system, per answered request; null without a proxy. */
  readonly cpuUsPerRequest: number | null;
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
}

export interface RoundOptions {
  readonly connections: number;
  readonly seconds: number;
  readonly requests: readonly LoadRequest[];
  readonly blockedPercent: number;
}

/** Loads one contender and reads processor times before and after. Nothing else is asked of it in between. */
export async function measure(
  contender: Contender,
  started: Started,
  upstreamPid: number,
  load: Load,
  options: RoundOptions,
): Promise<Round> {
  const { serving, apart } = servingOf(started);
  const others = [upstreamPid, load.pid].map((pid) => statOf(pid)!);
  const result = await load.run({
    port: started.port,
    connections: options.connections,
    seconds: options.seconds,
    perSecond: null,
    requests: options.requests,
  });
  const per = (before: readonly ProcessStat[]) => spentUs(before) / Math.max(1, result.requests);
  const hasProxy = started.child !== null;
  return {
    ...result,
    perSecond: result.requests / result.seconds,
    cpuUsPerRequest: hasProxy ? per(serving) : null,
    parentUsPerRequest: hasProxy ? per(serving.slice(0, 1)) : null,
    apartUsPerRequest: apart.length > 0 ? per(apart) : null,
    upstreamUsPerRequest: per(others.slice(0, 1)),
    loadUsPerRequest: per(others.slice(1)),
    residentBytes: serving.reduce((sum, { pid }) => sum + residentBytes(pid), 0),
    wrong: result.errors + unexpected(result, contender, options),
  };
}

/** Processor time since `before`; throws when one of the processes is gone, since its share is lost. */
function spentUs(before: readonly ProcessStat[]): number {
  return before.reduce((sum, { pid, cpuUs, startTime }) => {
    const now = statOf(pid);
    if (now?.startTime !== startTime) throw new Error(`process ${pid} ended while it was measured`);
    return sum + now.cpuUs - cpuUs;
  }, 0);
}

/** Each connection is in its own place of the pattern when the time is over; that much the share of 403 may be off. */
function unexpected({ statuses, requests }: LoadResult, contender: Contender, options: RoundOptions): number {
  const passed = statuses[200] ?? 0;
  const blocked = statuses[403] ?? 0;
  const share = contender.tokens > 0 ? options.blockedPercent / 100 : 0;
  const off = Math.abs(blocked - requests * share);
  const allowed = share > 0 && share < 1 ? options.connections : 0;
  return requests - passed - blocked + (off > allowed ? Math.ceil(off) : 0);
}

/** How far rounding to clock ticks can move a figure, in microseconds per request. */
export function tickError({ requests }: Round): number {
  return clockTickUs() / Math.max(1, requests);
}
