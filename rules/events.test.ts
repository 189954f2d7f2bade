import { mkdtempSync, readdirSync, readlinkSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { where } from "./events/filter.ts";
import { PARTITION_MS } from "./events/partition.ts";
import { EventCursorInvalid, type EventFilter, EventLog, eventId, type VpatchEvent } from "./events.ts";
import { StoreFailed } from "./refusal.ts";

/** A stretch of time that a partition begins with. */
const START = Date.UTC(2026, 10, 24, 12);
let folder: string;
let log: EventLog;
let sequence = 0;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leakgate-events-"));
  log = EventLog.open(folder, { spareBytes: 0 });
});

afterEach(async () => {
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

function event(at: number, fields: Partial<VpatchEvent> = {}): VpatchEvent {
  const worker = fields.worker ?? 1;
  return {
    type: "vpatch",
    id: eventId(at, worker, sequence++),
    at,
    lastAt: at,
    count: 1,
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
    requestId: `request-${sequence}`,
    worker,
    ...fields,
  };
}

async function found(filter: EventFilter = {}): Promise<VpatchEvent[]> {
  return (await log.query(filter, 1_000)).events;
}

const partitions = () =>
  readdirSync(join(folder, "events"))
    .filter((name) => !name.startsWith("gate."))
    .sort();

test("gives back what was appended, newest first", async () => {
  const events = [
    event(START + 5),
    event(START + 7, { worker: 2, userAgent: null, query: [] }),
    event(START),
  ];
  await log.append(events);
  expect(await found()).toEqual([events[1], events[0], events[2]]);
});

test("the same id overwrites: a count joins the first attempt's record", async () => {
  const first = event(START + PARTITION_MS - 10);
  await log.append([first]);
  const counted = { ...first, count: 12, lastAt: START + PARTITION_MS + 900 };
  await log.append([event(START + PARTITION_MS + 500), counted]);
  expect(await found({ to: START + PARTITION_MS })).toEqual([counted]);
  expect(await found()).toHaveLength(2);
});

test("an empty log, an empty batch and an empty stretch are no failure", async () => {
  await log.append([]);
  expect(await log.query({}, 10)).toEqual({ events: [], next: null });
  await log.append([event(START)]);
  expect(await found({ from: START + 1 })).toEqual([]);
  expect(await found({ to: START })).toEqual([]);
});

test("an event without one of our ids is refused, for it would overwrite another", async () => {
  await expect(log.append([event(START, { id: "made up" })])).rejects.toThrow("no event id");
});

describe("filter", () => {
  const [a, b, c] = [
    event(START + 1, { leak: "leak-2", rule: "rule-2", point: "query api_key" }),
    event(START + 2, { action: "monitored", ip: "2001:db8::7" }),
    event(START + PARTITION_MS + 3, { point: "header x-api-key" }),
  ] as const;
  const cases: [EventFilter, VpatchEvent[]][] = [
    [{}, [c, b, a]],
    [where({ type: "vpatch" }), [c, b, a]],
    [where({ leak: "leak-1" }), [c, b]],
    [where({ rule: "rule-2" }), [a]],
    [where({ ip: "2001:db8::7" }), [b]],
    [where({ action: "blocked" }), [c, a]],
    [where({ point: "header" }), [c, b]],
    [where({ point: "header x-api-key" }), [c]],
    [where({ point: "head" }), []],
    [{ from: START + 2 }, [c, b]],
    [{ to: START + 2 }, [a]],
    [{ from: START + 2, to: START + 3 }, [b]],
    [{ from: START + PARTITION_MS }, [c]],
    [where({ leak: "leak-1", action: "blocked", point: "header authorization" }), []],
  ];
  test.each(cases)("%o", async (filter, expected) => {
    await log.append([a, b, c]);
    expect(await found(filter)).toEqual(expected);
  });
});

describe("cursor", () => {
  test("pages hold each event once, also over partitions and while new ones arrive", async () => {
    const events = Array.from({ length: 2_500 }, (_, i) => event(START + i * 20_000));
    await log.append(events);
    const seen: VpatchEvent[] = [];
    let cursor: string | undefined;
    for (let page = 0; ; page++) {
      const { events: some, next } = await log.query({}, 400, { cursor });
      seen.push(...some);
      if (next === null) break;
      cursor = next;
      await log.append([event(START + 10 * PARTITION_MS + page)]);
    }
    expect(partitions().length).toBeGreaterThan(2);
    expect(seen.map((each) => each.id)).toEqual(events.map((each) => each.id).reverse());
  });

  test("the last page says that it is the last", async () => {
    await log.append([event(START), event(START + 1)]);
    expect((await log.query({}, 2)).next).toBe(null);
    const { next } = await log.query({}, 1);
    expect(next).not.toBe(null);
    expect((await log.query({}, 1, { cursor: next! })).next).toBe(null);
  });

  test("keeps to the filter, and many events of one millisecond", async () => {
    const events = Array.from({ length: 300 }, (_, i) => event(START, { worker: 1 + (i % 3) }));
    await log.append(events);
    const seen: VpatchEvent[] = [];
    let next: string | null = null;
    do {
      const page = await log.query(where({ host: "API.example.com" }), 7, { cursor: next ?? undefined });
      seen.push(...page.events);
      next = page.next;
    } while (next !== null);
    expect(new Set(seen.map((each) => each.id)).size).toBe(300);
    expect(seen).toHaveLength(300);
  });

  test.each(["", "made up", "1-2", "1-2-3-4", "A-1-1", "zzzzzzzzzzz-1-1", "../../etc/passwd"])(
    "%j is refused",
    async (cursor) => {
      await expect(log.query({}, 10, { cursor })).rejects.toThrow(EventCursorInvalid);
    },
  );
});

test("sums attempts in buckets, by action", async () => {
  await log.append([
    event(START - 1),
    event(START, { count: 3 }),
    event(START + 999, { count: 2, action: "monitored" }),
    event(START + 1_000),
    event(START + 3_999, { count: 10 }),
    event(START + 4_000),
  ]);
  const histogram = await log.overTime({}, START, START + 4_000, 4);
  expect(Object.fromEntries(histogram.byAction)).toEqual({
    blocked: { events: [1, 1, 0, 1], attempts: [3, 1, 0, 10] },
    monitored: { events: [1, 0, 0, 0], attempts: [2, 0, 0, 0] },
  });
});

describe("partitions", () => {
  test("are named by the start of their stretch in UTC", async () => {
    await log.append([event(START - 1), event(START), event(START + PARTITION_MS - 1)]);
    expect(partitions()).toEqual(["20261124T0600Z", "20261124T1200Z"]);
    expect(statSync(join(folder, "events")).mode & 0o777).toBe(0o700);
  });

  test("are dropped by age, when they are over; the newest stays", async () => {
    await log.append([0, 1, 2].map((i) => event(START + i * PARTITION_MS)));
    expect(await log.dropOlderThan(START + PARTITION_MS - 1)).toBe(0);
    expect(await log.dropOlderThan(START + PARTITION_MS)).toBe(1);
    expect(partitions()).toEqual(["20261124T1800Z", "20261125T0000Z"]);
    expect(await log.dropOlderThan(START + 100 * PARTITION_MS)).toBe(1);
    expect(await found()).toHaveLength(1);
  });

  test("are dropped by size, oldest first; the newest stays", async () => {
    await log.append([0, 1, 2, 3].map((i) => event(START + i * PARTITION_MS)));
    const bytes = (name: string) => statSync(join(folder, "events", name, "data.mdb")).size;
    const total = partitions().reduce((sum, name) => sum + bytes(name), 0);
    expect(await log.keepBytes(total)).toBe(0);
    expect(await log.keepBytes(total - 1)).toBe(1);
    expect(await log.keepBytes(0)).toBe(2);
    expect(partitions()).toEqual(["20261125T0600Z"]);
  });

  test("more than are kept open at once are written and read", async () => {
    const events = Array.from({ length: 40 }, (_, i) => event(START + i * PARTITION_MS));
    await log.append(events);
    expect(await found()).toEqual(events.toReversed());
  });

  test("a query goes on where a partition is dropped under it", async () => {
    const events = Array.from({ length: 3_000 }, (_, i) => event(START + i));
    await log.append([...events, event(START + PARTITION_MS), event(START - PARTITION_MS)]);
    const query = found(where({ host: "other.example.com" }));
    await log.dropOlderThan(START + PARTITION_MS);
    expect(await query).toEqual([]);
    expect(await found()).toHaveLength(1);
  });

  test("a log that holds a dropped partition open lets go of it and writes it anew", async () => {
    await log.append([event(START), event(START + PARTITION_MS)]);
    expect(await found()).toHaveLength(2);
    // As another process does it, unknown to this log.
    rmSync(join(folder, "events", "20261124T1200Z"), { recursive: true });
    expect(await found()).toHaveLength(1);
    const late = event(START + 1);
    await log.append([late]);
    rmSync(join(folder, "events", "20261124T1200Z"), { recursive: true });
    await log.append([late]);
    expect(await found({ to: START + PARTITION_MS })).toEqual([late]);
    if (process.platform === "linux")
      await expect.poll(() => openFiles().filter((path) => path.endsWith("(deleted)"))).toEqual([]);
  });
});

test("where too little is free nothing is written, and the log goes on", async () => {
  const full = EventLog.open(folder, { spareBytes: Number.MAX_SAFE_INTEGER });
  await expect(full.append([event(START)])).rejects.toThrow(StoreFailed);
  expect((await full.query({}, 10)).events).toEqual([]);
  await full.close();
  await log.append([event(START)]);
  expect(await found()).toHaveLength(1);
});

/** The files of this test that this process has open. */
function openFiles(): string[] {
  const found: string[] = [];
  for (const descriptor of readdirSync("/proc/self/fd")) {
    try {
      const path = readlinkSync(join("/proc/self/fd", descriptor));
      if (path.startsWith(folder)) found.push(path);
    } catch {
      // Closed meanwhile.
    }
  }
  return found;
}
