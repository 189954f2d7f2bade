import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isThorough } from "../../test/thorough.ts";
import { openEnvironment } from "../environment.ts";
import { EventLog, type EventLogOptions, eventId, type VpatchEvent } from "../events.ts";
import { parseNetwork } from "./address.ts";
import { type EventFilter, eventTest, numberFields, type Term, textFields } from "./filter.ts";
import { keyOf } from "./key.ts";
import { PARTITION_MS, partitionName } from "./partition.ts";
import { parseSearch } from "./search.ts";

const START = Date.UTC(2026, 10, 24, 12);
const SPAN = 3 * PARTITION_MS;
let folder: string;
let log: EventLog;
let sequence = 0;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leakgate-looking-"));
  log = open();
});

afterEach(async () => {
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(options: EventLogOptions = {}): EventLog {
  return EventLog.open(folder, { spareBytes: 0, ...options });
}

async function reopen(options: EventLogOptions = {}): Promise<void> {
  await log.close();
  log = open(options);
}

function event(at: number, fields: Partial<VpatchEvent> = {}): VpatchEvent {
  const n = sequence++;
  const worker = fields.worker ?? 1 + (n % 3);
  return {
    type: "vpatch",
    id: eventId(at, worker, n),
    at,
    lastAt: at + (n % 5) * 100,
    count: 1 + (n % 7),
    leak: `leak-${1 + (n % 4)}`,
    rule: `rule-${1 + (n % 4)}`,
    action: n % 3 === 0 ? "monitored" : "blocked",
    point: ["header authorization", "header x-api-key", "query token", "cookie sid"][n % 4]!,
    method: ["GET", "POST", "get"][n % 3]!,
    host: ["api.example.com", "API.example.com", "other.example"][n % 3]!,
    path: `/v${n % 3}/items/${n % 11}`,
    query: n % 2 === 0 ? [] : ["page", `q${n % 3}`],
    userAgent: n % 4 === 0 ? null : `Made-Up/${n % 3}`,
    ip: n % 5 === 0 ? `2001:db8::${n % 7}` : `10.0.${n % 3}.${n % 13}`,
    requestId: `request-${n}`,
    worker,
    ...fields,
  };
}

/** Spread over three partitions, in no order. */
function many(count: number): VpatchEvent[] {
  return Array.from({ length: count }, (_, i) =>
    event(START + ((i * 7_919) % count) * Math.floor(SPAN / count)),
  );
}

const newestFirst = (events: readonly VpatchEvent[]) => inOrder(events).reverse();
function inOrder(events: readonly VpatchEvent[]): VpatchEvent[] {
  return events.toSorted((a, b) => {
    const [x, y] = [keyOf(a), keyOf(b)];
    return x[0] - y[0] || x[1] - y[1] || x[2] - y[2];
  });
}

async function everything(filter: EventFilter, isOldestFirst = false): Promise<VpatchEvent[]> {
  const found: VpatchEvent[] = [];
  for await (const some of log.each(filter, { isOldestFirst })) found.push(...some);
  return found;
}

async function pages(filter: EventFilter, limit: number, isOldestFirst: boolean): Promise<VpatchEvent[]> {
  const found: VpatchEvent[] = [];
  for (let cursor: string | undefined; ; ) {
    const { events, next } = await log.query(filter, limit, { cursor, isOldestFirst });
    found.push(...events);
    if (next === null) return found;
    expect(events).toHaveLength(limit);
    cursor = next;
  }
}

const anyTerm: fc.Arbitrary<Term> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(
        ...textFields.flatMap((field): [typeof field, string][] => [
          [field, "leak-1"],
          [field, "vpatch"],
          [field, "blocked"],
          [field, "header"],
          [field, "query token"],
          [field, "get"],
          [field, "API.example.com"],
          [field, "/v1/items/3"],
          [field, "q1"],
          [field, "Made-Up/1"],
          [field, "request-17"],
          [field, "1"],
        ]),
      ),
      fc.constantFrom("", "*", "*ends"),
      fc.boolean(),
    )
    .map(([[field, text], star, not]): Term => {
      if (star === "") return { field, not, any: [[text], ["other"]] };
      return { field, not, any: [star === "*" ? [text.slice(0, 4), ""] : ["", text.slice(-2)]] };
    }),
  fc
    .tuple(fc.constantFrom("10.0.1.0/24", "10.0.0.3", "2001:db8::/32", "::/0", "2001:db8::5"), fc.boolean())
    .map(([network, not]): Term => ({ field: "ip", not, any: [parseNetwork(network)!, ["10.0.2.1", ""]] })),
  fc
    .tuple(fc.constantFrom(...numberFields), fc.nat({ max: 7 }), fc.nat({ max: 3 }), fc.boolean())
    .map(([field, min, more, not]): Term => ({ field, not, any: [{ min, max: min + more }] })),
);
const anyTime = fc.option(fc.integer({ min: START, max: START + SPAN }), { nil: undefined });
const anyFilter = fc.record({ terms: fc.array(anyTerm, { maxLength: 3 }), from: anyTime, to: anyTime });

describe.each([
  ["with room for all values", {}],
  // Nearly every value is one that only its record tells.
  ["with room for few values", { distinctMax: 2 }],
])("any filter %s", (_, options) => {
  test("finds what a look at each event finds: in pages, in either order, counted, grouped, over time", async () => {
    await reopen(options);
    const all = many(700);
    for (let from = 0; from < all.length; from += 100) await log.append(all.slice(from, from + 100));
    const check = async (filter: EventFilter, limit: number) => {
      const found = all.filter(eventTest(filter));
      expect(await pages(filter, limit, false)).toEqual(newestFirst(found));
      expect(await pages(filter, limit, true)).toEqual(inOrder(found));
      const attempts = found.reduce((sum, { count }) => sum + count, 0);
      expect(await log.count(filter)).toMatchObject({ events: found.length, attempts });
      const groups = await log.groups(filter, "path");
      expect(groups.total).toMatchObject({ events: found.length, attempts });
      for (const { value, ...sums } of groups.top(1_000)) {
        const ones = found.filter(({ path }) => path === value);
        expect([value, sums]).toEqual([
          value,
          {
            events: ones.length,
            attempts: ones.reduce((sum, { count }) => sum + count, 0),
            firstAt: Math.min(...ones.map(({ at }) => at)),
            lastAt: Math.max(...ones.map(({ lastAt }) => lastAt)),
          },
        ]);
      }
      const histogram = await log.overTime(filter, START, START + SPAN, 5);
      const buckets = [0, 0, 0, 0, 0];
      for (const { at, count } of found) buckets[Math.floor((5 * (at - START)) / SPAN)]! += count;
      const summed = [...histogram.byAction.values()].reduce(
        (sum, each) => sum.map((value, index) => value + each.attempts[index]!),
        [0, 0, 0, 0, 0],
      );
      expect(summed).toEqual(buckets);
    };
    await fc.assert(fc.asyncProperty(anyFilter, fc.integer({ min: 1, max: 200 }), check), {
      numRuns: isThorough ? 60 : 30,
    });
  });
});

test("groups by each field, the most attempts first; several query parameters count for each", async () => {
  await log.append([
    event(START, { count: 5, query: ["a", "b"], userAgent: null, worker: 1, lastAt: START + 9 }),
    event(START + PARTITION_MS, { count: 2, query: ["b"], userAgent: "Made-Up/1", worker: 2 }),
    event(START + 1, { count: 1, query: [], userAgent: "Made-Up/1", worker: 2 }),
  ]);
  const by = async (field: Parameters<EventLog["groups"]>[1], limit = 10) => {
    const groups = await log.groups({}, field);
    return [groups.size, groups.top(limit).map(({ value, events, attempts }) => [value, events, attempts])];
  };
  expect(await by("query")).toEqual([
    2,
    [
      ["b", 2, 7],
      ["a", 1, 5],
    ],
  ]);
  expect(await by("userAgent")).toEqual([
    2,
    [
      [null, 1, 5],
      ["Made-Up/1", 2, 3],
    ],
  ]);
  expect(await by("worker")).toEqual([
    2,
    [
      ["1", 1, 5],
      ["2", 2, 3],
    ],
  ]);
  expect(await by("type", 1)).toEqual([1, [["vpatch", 3, 8]]]);
  expect((await log.groups({}, "query")).total.events).toBe(3);
});

test("counts are those of the newest record, whatever was looked at before", async () => {
  const first = event(START, { count: 1 });
  await log.append([first, event(START + 1, { count: 1 })]);
  expect(await log.count({})).toMatchObject({ events: 2, attempts: 2 });
  await log.append([{ ...first, count: 40, lastAt: START + 800 }]);
  expect(await log.count({})).toMatchObject({ events: 2, attempts: 41, firstAt: START, lastAt: START + 800 });
  expect(await everything(parseSearch("count:>=40", START))).toHaveLength(1);
  // Long over, and looked at: a late one is found all the same.
  await log.append([event(START + 5 * PARTITION_MS), event(START - 5)]);
  expect(await log.count({})).toMatchObject({ events: 4 });
});

test("many small batches are all taken in at once", async () => {
  const other = EventLog.open(folder, { spareBytes: 0 });
  expect(await log.count({})).toMatchObject({ events: 0 });
  for (let i = 0; i < 40; i++) await (i % 2 === 0 ? log : other).append([event(START + i)]);
  expect(await log.count({})).toMatchObject({ events: 40 });
  for (let i = 0; i < 40; i++) await other.append([event(START + i)]);
  expect(await log.count({})).toMatchObject({ events: 80 });
  await other.close();
});

describe("columns", () => {
  const saved = () =>
    readdirSync(join(folder, "events"), { recursive: true, encoding: "utf8" }).filter((name) =>
      /columns/.test(name),
    );

  test("are saved when a partition is over, and followed on from there", async () => {
    await log.append(many(500));
    await log.index();
    expect(saved()).toHaveLength(2);
    await reopen();
    expect(saved()).toHaveLength(3);
    expect(statSync(join(folder, "events", saved()[0]!)).mode & 0o777).toBe(0o600);
    expect(await log.count({})).toMatchObject({ events: 500 });
    await log.append([event(START), event(START + SPAN - 1)]);
    expect(await log.count({})).toMatchObject({ events: 502 });
    await reopen();
    expect(await everything({})).toHaveLength(502);
    expect(await log.dropOlderThan(START + PARTITION_MS)).toBe(1);
    expect(saved()).toHaveLength(2);
    expect(readdirSync(join(folder, "events")).filter((name) => !name.startsWith("gate."))).toHaveLength(2);
  });

  test("that are broken, or of records that were made anew, are made from the records", async () => {
    await log.append(many(300));
    await reopen();
    await log.count({});
    await log.close();
    for (const name of saved()) writeFileSync(join(folder, "events", name), "made up");
    log = open();
    expect(await log.count({})).toMatchObject({ events: 300 });
    const partition = join(folder, "events", "20261124T1200Z");
    await reopen();
    const foreign = readFileSync(join(partition, "columns"));
    rmSync(partition, { recursive: true });
    const one = event(START + 1);
    await log.append([one]);
    writeFileSync(join(partition, "columns"), foreign);
    expect(await everything({ to: START + PARTITION_MS })).toEqual([one]);
  });

  test("are made of what an older Leakgate wrote, which left no feed, and follow what is added to it", async () => {
    const old = Array.from({ length: 2_500 }, (_, i) => event(START + i));
    const path = join(folder, "events", partitionName(START));
    const database = openEnvironment<VpatchEvent, number[]>(path, "ordered", 0);
    for (const each of old) void database.put([...keyOf(each)], each);
    await database.flushed;
    await database.close();
    expect(await everything({})).toEqual(newestFirst(old));
    const one = event(START + 100);
    await log.append([one, { ...old[7]!, count: 99 }]);
    expect(await log.count({})).toMatchObject({ events: 2_501 });
    expect(await everything(parseSearch("count:99", START))).toHaveLength(1);
    await reopen();
    expect(await log.get(one.id)).toEqual(one);
    expect(await everything({})).toHaveLength(2_501);
  });

  test("beyond their limit are let go and read again", async () => {
    await reopen({ indexBytes: 1 });
    const all = many(300);
    await log.append(all);
    expect(await everything({})).toEqual(newestFirst(all));
    expect(await everything({}, true)).toEqual(inOrder(all));
    await log.append([{ ...all[0]!, count: 100 }]);
    expect(await everything(parseSearch("count:100", START))).toHaveLength(1);
  });
});

test("an event by its id", async () => {
  const one = event(START);
  await log.append([one, event(START + PARTITION_MS)]);
  expect(await log.get(one.id)).toEqual(one);
  expect(await log.get(eventId(START, 1, 9_999_999))).toBe(null);
  expect(await log.get(eventId(START - PARTITION_MS, 1, 1))).toBe(null);
  expect(await log.get("../made-up")).toBe(null);
});

test("what is read of an export goes on where a partition is dropped and events are added under it", async () => {
  const all = many(3_000);
  await log.append(all);
  const found = new Set<string>();
  let isFirst = true;
  for await (const some of log.each({})) {
    for (const { id } of some) found.add(id);
    if (!isFirst) continue;
    isFirst = false;
    await log.append([event(START + SPAN - 1), event(START + 2 * PARTITION_MS + 5)]);
    await log.dropOlderThan(START + PARTITION_MS);
  }
  for (const { id, at } of all) expect(found.has(id) || at < START + PARTITION_MS).toBe(true);
  expect(found.size).toBeLessThan(all.length);
});

test("looking ends when its signal is aborted", async () => {
  await log.append(many(1_500));
  const reason = new Error("made up");
  const gone = AbortSignal.abort(reason);
  await expect(log.count({}, gone)).rejects.toBe(reason);
  await expect(log.groups({}, "path", gone)).rejects.toBe(reason);
  await expect(log.query(parseSearch("nothing", START), 10, { signal: gone })).rejects.toBe(reason);
  const aborter = new AbortController();
  const reading = async () => {
    for await (const _ of log.each({}, { signal: aborter.signal })) aborter.abort(reason);
  };
  await expect(reading()).rejects.toBe(reason);
});
