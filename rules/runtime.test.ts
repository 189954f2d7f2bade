import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Runtime, type WorkerReport } from "./runtime.ts";

const NOW = 1_800_000_000_000;
let folder: string;
let runtime: Runtime;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "leakgate-runtime-"));
  runtime = await Runtime.open(folder);
});

afterEach(async () => {
  await runtime.close();
  rmSync(folder, { recursive: true, force: true });
});

function report(worker: number, fields: Partial<WorkerReport> = {}): WorkerReport {
  return {
    worker,
    pid: process.pid,
    startedAt: NOW - 60_000,
    heartbeatAt: NOW,
    ready: true,
    tenants: { default: { revision: 7, tokens: 3, budgetExhausted: {} } },
    counters: { requests: 5, "events.dropped": 0 },
    ...fields,
  };
}

test("lists the newest report of each worker, in the order of their numbers", async () => {
  await runtime.publish(report(10));
  await runtime.publish(report(2));
  await runtime.publish(report(10, { startedAt: NOW, counters: { requests: 6 } }));
  expect(runtime.workers(NOW)).toEqual([
    { ...report(2), alive: true },
    { ...report(10, { startedAt: NOW, counters: { requests: 6 } }), alive: true },
  ]);
});

test("a worker is alive while its heartbeat is fresh and its process exists", async () => {
  await runtime.publish(report(1));
  // Beyond the largest process id of Linux.
  await runtime.publish(report(2, { pid: 2 ** 22 + 1 }));
  const alive = (now: number) => runtime.workers(now).map((each) => each.alive);
  expect(alive(NOW + 2_999)).toEqual([true, false]);
  expect(alive(NOW + 3_000)).toEqual([false, false]);
});

test("forgets a worker", async () => {
  await runtime.publish(report(1));
  await runtime.publish(report(2));
  await runtime.forget(1);
  await runtime.forget(99);
  expect(runtime.workers(NOW).map((each) => each.worker)).toEqual([2]);
});

test("opens what a run of the same boot left, and clears what one before left half written", async () => {
  await runtime.publish(report(1));
  await runtime.close();
  mkdirSync(join(folder, "runtime", "boot-before"));
  writeFileSync(join(folder, "runtime", "boot-before", "data.mdb"), "half a page");
  runtime = await Runtime.open(folder);
  expect(runtime.workers(NOW)).toHaveLength(1);
  expect(readdirSync(join(folder, "runtime"))).toHaveLength(1);
});

test("a report after the close, as of a heartbeat that was late, is no failure", async () => {
  await runtime.close();
  await runtime.publish(report(1));
  await runtime.forget(1);
});
