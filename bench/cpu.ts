import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** A process as `/proc/<pid>/stat` shows it (proc(5)). */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** Processor time so far, user and system, of all its threads; in microseconds, true to a clock tick. */
  readonly cpuUs: number;
  /** The part of it in the kernel. */
  readonly systemUs: number;
  /** Processor time of its children that have ended and were waited for. */
  readonly reapedUs: number;
  /** Clock ticks since boot: with the pid it names one process for good. */
  readonly startTime: number;
}

let tickUs = 0;

/** Microseconds of a clock tick, in which the kernel gives out processor times. */
export function clockTickUs(): number {
  if (tickUs === 0) tickUs = 1_000_000 / Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
  return tickUs;
}

/** The process, or null when it is gone. */
export function statOf(pid: number): ProcessStat | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return null;
  }
  // The name in parentheses may hold anything; what follows the last one is plain.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const us = (field: number) => Number(fields[field]) * clockTickUs();
  return {
    pid,
    parent: Number(fields[1]),
    cpuUs: us(11) + us(12),
    systemUs: us(12),
    reapedUs: us(13) + us(14),
    startTime: Number(fields[19]),
  };
}

/** A process with all its living descendants; empty when it is gone. */
export function treeOf(root: number): ProcessStat[] {
  const all = readdirSync("/proc")
    .filter((name) => /^[0-9]+$/.test(name))
    .flatMap((name) => statOf(Number(name)) ?? []);
  const tree = all.filter((each) => each.pid === root);
  for (const each of tree) tree.push(...all.filter((other) => other.parent === each.pid));
  return tree;
}

/** The command line of a process, its parts joined by blanks; empty when it is gone. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}

/** Bytes of a process that are in memory; 0 when it is gone. */
export function residentBytes(pid: number): number {
  try {
    return Number(/^VmRSS:\s+([0-9]+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]) * 1024;
  } catch {
    return 0;
  }
}

/** The cores a process may run on, as taskset(1) takes them: `0-1`. */
export function coresOf(pid: number): string {
  return /^Cpus_allowed_list:\s+(\S+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? "";
}

/** Keeps processes with all their threads on these cores (util-linux's taskset); throws where it is not installed. */
export function pin(pids: readonly number[], cores: string): void {
  for (const pid of pids)
    execFileSync("taskset", ["-a", "-p", "-c", cores, String(pid)], { stdio: "ignore" });
}
