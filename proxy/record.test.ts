import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EventLog, type VpatchEvent } from "../rules/events.ts";
import { type Attempt, Recorder, type RecorderLimits } from "./record.ts";

type Line = Partial<VpatchEvent> & { msg: string; level: number; reason?: string };

let folder: string;
let log: EventLog;
let lines: Line[];
const recorders: Recorder[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leakgate-record-"));
  log = EventLog.open(folder, { spareBytes: 0 });
  lines = [];
});

afterEach(async () => {
  await Promise.all(recorders.splice(0).map((recorder) => recorder.close()));
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

function start(limits: Partial<RecorderLimits> = {}, base: Record<string, unknown> = {}): Recorder {
  const logger = pino({ base }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  // Flushed by the test, not by the clock, unless it says otherwise.
  const recorder = new Recorder(log, logger, {
    windowsMax: 1_000,
    outboxMax: 5_000,
    flushMs: 3_600_000,
    ...limits,
  });
  recorders.push(recorder);
  return recorder;
}

function attempt(fields: Partial<Attempt> = {}): Attempt {
  return {
    type: "vpatch",
    at: Date.now(),
    leak: "leak-1",
    rule: "rule-1",
    action: "blocked",
    point: "header authorization",
    method: "GET",
    host: "api.example.com",
    path: "/v1/users",
    query: ["page"],
    userAgent: "curl/8.0.1",
    ip: "192.0.2.7",
    requestId: "request-1",
    worker: 1,
    ...fields,
  };
}

async function stored(): Promise<VpatchEvent[]> {
  return (await log.query({}, 10_000)).events;
}

const attemptsIn = (events: readonly VpatchEvent[]) => events.reduce((sum, { count }) => sum + count, 0);
const attemptLines = () => lines.filter((line) => line.msg === "vpatch attempt");

test("the first attempt is stored at the next flush, while its window is open", async () => {
  const recorder = start();
  const first = attempt();
  recorder.record(first);
  expect(await stored()).toEqual([]);
  await recorder.flush();
  const { id, ...fields } = (await stored())[0]!;
  expect(fields).toEqual({ ...first, lastAt: first.at, count: 1 });
  expect(id).toMatch(/^[0-9a-z]+-1-[0-9a-z]+$/);
});

test("the timer flushes by itself", async () => {
  const recorder = start({ flushMs: 5 });
  recorder.record(attempt());
  await expect.poll(stored).toHaveLength(1);
  // The window is over after a second, and the line is written.
  await expect.poll(attemptLines, { timeout: 5_000 }).toHaveLength(1);
  expect(recorder.counters).toEqual({ recorded: 1, folded: 0, dropped: 0, failed: 0, unlogged: 0 });
});

describe("folding", () => {
  test("20,000 identical attempts within a second are one record and one line, with the exact count", async () => {
    const recorder = start();
    const at = Date.now();
    for (let i = 0; i < 20_000; i++) {
      recorder.record(attempt({ at: at + Math.floor(i / 25), requestId: `request-${i}` }));
      if (i === 7_000) await recorder.flush();
    }
    await recorder.close();
    const events = await stored();
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ at, lastAt: at + 799, count: 20_000, requestId: "request-0" });
    expect(attemptLines()).toHaveLength(1);
    expect(attemptLines()[0]).toMatchObject({ count: 20_000, lastAt: at + 799 });
    expect(recorder.counters).toMatchObject({ recorded: 1, folded: 19_999, dropped: 0 });
  });

  test.each<Partial<Attempt>>([
    { rule: "rule-2", leak: "leak-2" },
    { action: "monitored" },
    { point: "query api_key" },
    { method: "POST" },
    { host: "other.example.com" },
    { path: "/v1" },
    { query: [] },
    { query: ["page", "limit"] },
    { userAgent: null },
    { userAgent: "null" },
    { ip: "192.0.2.8" },
  ])("an attempt that differs in %o is a record of its own", async (other) => {
    const recorder = start();
    const at = Date.now();
    recorder.record(attempt({ at }));
    recorder.record(attempt({ at, ...other }));
    recorder.record(attempt({ at, userAgent: null, path: "/v2" }));
    recorder.record(attempt({ at, userAgent: "null", path: "/v2" }));
    await recorder.close();
    expect((await stored()).map((event) => event.count)).toEqual([1, 1, 1, 1]);
  });

  test("a window is over after a second; the next attempt begins another", async () => {
    const recorder = start();
    const at = Date.now();
    for (const after of [0, 999, 1_000, 1_500, 2_000]) recorder.record(attempt({ at: at + after }));
    await recorder.close();
    const shown = (await stored()).map((event) => [event.at - at, event.lastAt - at, event.count]);
    expect(shown).toEqual([
      [2_000, 2_000, 1],
      [1_000, 1_500, 2],
      [0, 999, 2],
    ]);
  });

  test("a clock that is set back ends a window, and loses nothing", async () => {
    const recorder = start();
    const at = Date.now();
    for (const after of [0, 10, -60_000, -59_990]) recorder.record(attempt({ at: at + after }));
    await recorder.close();
    expect((await stored()).map((event) => event.count)).toEqual([2, 2]);
  });

  test("mixed attempts, flushed in between, add up", async () => {
    const recorder = start({ windowsMax: 16 });
    const at = Date.now() - 10_000;
    let made = 0;
    for (let i = 0; i < 9_000; i++) {
      // Some paths come often, most once or twice: windows end by time, by eviction and by the close.
      const path = i % 3 === 0 ? "/often" : `/${(i * 7_919) % 1_000}`;
      recorder.record(attempt({ at: at + i, path }));
      made++;
      if (i % 1_000 === 999) await recorder.flush();
    }
    await recorder.close();
    const events = await stored();
    expect(attemptsIn(events)).toBe(made);
    expect(attemptsIn(attemptLines() as VpatchEvent[])).toBe(made);
    expect(recorder.counters.recorded).toBe(events.length);
    expect(recorder.counters.folded).toBe(made - events.length);
    expect(recorder.counters.dropped).toBe(0);
  });

  test("a window that makes room for another is stored with its count", async () => {
    const recorder = start({ windowsMax: 2 });
    const at = Date.now();
    for (let i = 0; i < 5; i++) recorder.record(attempt({ at, path: "/first" }));
    await recorder.flush();
    recorder.record(attempt({ at, path: "/first" }));
    recorder.record(attempt({ at, path: "/second" }));
    recorder.record(attempt({ at, path: "/third" }));
    await recorder.flush();
    const first = (await stored()).find((event) => event.path === "/first");
    expect(first?.count).toBe(6);
  });
});

describe("limits", () => {
  test("what finds the outbox full is dropped and counted, attempt by attempt", async () => {
    const recorder = start({ windowsMax: 4, outboxMax: 10 });
    const at = Date.now();
    for (let i = 0; i < 50; i++) {
      recorder.record(attempt({ at, path: `/${i}` }));
      recorder.record(attempt({ at, path: `/${i}` }));
    }
    await recorder.close();
    const events = await stored();
    expect(events.length).toBeGreaterThanOrEqual(10);
    expect(recorder.counters.dropped).toBeGreaterThan(0);
    expect(attemptsIn(events) + recorder.counters.dropped).toBe(100);
    expect(attemptLines().length + recorder.counters.unlogged).toBe(50);
  });

  test("a window that found the outbox full is stored when it ends, if there is room then", async () => {
    const recorder = start({ outboxMax: 1 });
    const at = Date.now();
    recorder.record(attempt({ at, path: "/first" }));
    recorder.record(attempt({ at, path: "/second" }));
    recorder.record(attempt({ at, path: "/second" }));
    await recorder.flush();
    await recorder.close();
    expect((await stored()).map((event) => [event.path, event.count]).sort()).toEqual([
      ["/first", 1],
      ["/second", 2],
    ]);
    expect(recorder.counters.dropped).toBe(0);
  });
});

describe("a store that fails", () => {
  /** A file lies where the folder of the events should be. */
  function breakStore(): void {
    rmSync(join(folder, "events"), { recursive: true });
    writeFileSync(join(folder, "events"), "in the way");
  }

  test("gets the same batch again, and is complained about once", async () => {
    const recorder = start();
    breakStore();
    recorder.record(attempt());
    await recorder.flush();
    recorder.record(attempt());
    await recorder.flush();
    expect(recorder.counters).toMatchObject({ failed: 2, dropped: 0 });
    const complaints = lines.filter((line) => line.msg === "could not store events; they wait");
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toMatchObject({ level: 50, waiting: 1 });
    rmSync(join(folder, "events"));
    await recorder.flush();
    expect(await stored()).toMatchObject([{ count: 2 }]);
  });

  test("does not hold up the close for ever; what waited is counted as dropped and logged all the same", async () => {
    const recorder = start();
    breakStore();
    const at = Date.now();
    for (let i = 0; i < 3; i++) recorder.record(attempt({ at }));
    recorder.record(attempt({ at, path: "/other" }));
    await recorder.close();
    expect(recorder.counters.dropped).toBe(4);
    expect(attemptLines().map((line) => line.count)).toEqual([3, 1]);
    rmSync(join(folder, "events"));
  });
});

describe("log lines", () => {
  test("hold the fields of the record", async () => {
    const recorder = start();
    recorder.record(attempt());
    await recorder.close();
    const { level, time, msg, ...fields } = lines[0] as Line & { time: number };
    expect([level, msg]).toEqual([30, "vpatch attempt"]);
    expect(fields).toEqual((await stored())[0]);
  });

  test("name the worker once where the logger names it in each line", async () => {
    const texts: string[] = [];
    const logger = pino({ base: { worker: 1 } }, { write: (text: string) => void texts.push(text) });
    const recorder = new Recorder(log, logger, { windowsMax: 10, outboxMax: 10, flushMs: 3_600_000 });
    recorder.record(attempt());
    await recorder.close();
    expect(texts[0]!.split('"worker":')).toHaveLength(2);
  });
});
