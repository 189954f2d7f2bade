import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { printSearch } from "../rules/events/print.ts";
import { parseSearch } from "../rules/events/search.ts";
import { EventLog, eventId, type VpatchEvent } from "../rules/events.ts";
import { machine, versions } from "./machine.ts";
import { whole } from "./options.ts";
import { aligned, writeResult } from "./report.ts";

/**
 * How long it takes to look at many events: the first page of a search, exact counts, groups.
 *
 *   node dist/bench/events.js [--events 1000000] [--hours 48] [--rounds 20] [--data folder]
 *
 * The events lie in as many partitions as the hours make, with 5,000 clients, 2,000 paths and 200 leaks, of which some
 * are rare. Each search runs `--rounds` times in turn with the others; between two of them an event is added, so that
 * nothing is answered from a page that stayed the same. The first look after a start is measured apart.
 */
const BATCH = 2_000;
const HOUR_MS = 3_600_000;
/** The first page of every search below is to take no longer. */
const PAGE_MS = 50;

const PAGES = [
  "",
  "leak:leak-1",
  "leak:leak-199",
  "leak:leak-99999",
  "rule:rule-150",
  "type:undecoded",
  "action:monitored",
  "action:watched",
  "point:cookie",
  'point:"header x-rare"',
  "method:DELETE",
  "host:rare.example.com",
  "host:*.example.org",
  "ip:10.0.3.77",
  "ip:10.0.3.0/24",
  "ip:192.0.2.0/24",
  "ip:2001:db8::/32",
  "path:/v1/items/1999",
  "path:/v1/items/19*",
  "path:/nowhere/*",
  "requestId:request-77",
  "requestId:request-none",
  "leak:leak-199 method:DELETE",
  "leak:leak-7 ip:10.0.3.0/24 !point:cookie count:>=5",
  "path:/v1/* method:GET,POST action:blocked count:>=9",
  "nothing",
  "items/77 made-up/3",
  "!leak:* last 7 days",
] as const;

async function main(): Promise<void> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ options: { events: text, hours: text, rounds: text, data: text } });
  const events = whole("events", values.events, 1_000_000, 1, 100_000_000);
  const hours = whole("hours", values.hours, 48, 1, 24 * 365);
  const rounds = whole("rounds", values.rounds, 20, 1, 1_000);
  const folder = values.data ?? mkdtempSync(join(tmpdir(), "leakgate-bench-events-"));
  try {
    await measure(folder, events, hours, rounds);
  } finally {
    if (values.data === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(folder: string, events: number, hours: number, rounds: number): Promise<void> {
  const end = Date.now();
  const start = end - hours * HOUR_MS;
  let log = EventLog.open(folder);
  say(`writing ${events} events`);
  const writtenMs = await timed(() => write(log, start, end, events));
  const { bytes: recordBytes, partitions } = disk(folder);
  say("indexing");
  const indexedMs = await timed(() => log.index());
  await log.close();
  const { bytes } = disk(folder);
  log = EventLog.open(folder);
  const firstLookMs = await timed(() => log.query(parseSearch("leak:leak-199", end), 50));
  const pages = await searches(log, end, rounds);
  const sums = await totals(log, end);
  await log.close();

  const path = writeResult("events-", {
    finishedAt: new Date().toISOString(),
    machine: machine(),
    versions: versions(),
    events,
    partitions,
    writtenPerSecond: Math.round((events / writtenMs) * 1_000),
    bytesAnEvent: recordBytes / events,
    indexBytesAnEvent: (bytes - recordBytes) / events,
    indexedMs,
    firstLookMs,
    rssBytes: process.memoryUsage().rss,
    pages,
    totals: sums,
  });
  const slow = pages.filter(({ maxMs }) => maxMs > PAGE_MS);
  const rows = pages.map((each) => [
    each.search,
    String(each.found),
    each.p50Ms.toFixed(1),
    each.maxMs.toFixed(1),
    each.cpuMs.toFixed(1),
  ]);
  console.log(
    [
      `${events} events in ${partitions} partitions: ${Math.round((events / writtenMs) * 1_000)} written a second,`,
      `${Math.round(recordBytes / events)} bytes each and ${Math.round((bytes - recordBytes) / events)} for the columns;`,
      `indexed in ${(indexedMs / 1_000).toFixed(1)} s; first look after a start ${firstLookMs.toFixed(0)} ms`,
      "",
      ...aligned([["first page of", "found", "p50 ms", "max ms", "max cpu ms"], ...rows]),
      "",
      ...aligned([["totals", "ms"], ...sums.map(({ what, ms }) => [what, ms.toFixed(1)])]),
      "",
      slow.length === 0 ? `no first page took more than ${PAGE_MS} ms` : `over ${PAGE_MS} ms: ${slow.length}`,
      path,
    ].join("\n"),
  );
}

async function write(log: EventLog, start: number, end: number, count: number): Promise<void> {
  for (let from = 0; from < count; from += BATCH) {
    const size = Math.min(BATCH, count - from);
    await log.append(
      Array.from({ length: size }, (_, i) =>
        event(from + i, start + Math.floor(((from + i) * (end - start)) / count)),
      ),
    );
  }
}

/** Spread by a fixed rule, so that each run has the same events. */
function event(n: number, at: number): VpatchEvent {
  const mixed = Math.imul(n + 1, 0x9e3779b1) >>> 0;
  const isRare = n % 250_000 === 0;
  const leak = 1 + (mixed % 191);
  return {
    type: mixed % 50 === 0 ? "undecoded" : "vpatch",
    id: eventId(at, 1 + (n % 2), n),
    at,
    lastAt: at + (mixed % 900),
    count: 1 + (mixed % 10),
    leak: mixed % 50 === 0 ? null : isRare ? "leak-199" : `leak-${leak}`,
    rule: mixed % 50 === 0 ? null : isRare ? "rule-199" : `rule-${leak}`,
    action: mixed % 50 === 0 ? "passed" : mixed % 7 === 0 ? "monitored" : "blocked",
    point: isRare
      ? "header x-rare"
      : ["header authorization", "header x-api-key", "query token", "cookie sid"][mixed % 4]!,
    method: mixed % 997 === 0 ? "DELETE" : ["GET", "POST", "PUT"][mixed % 3]!,
    host: isRare ? "rare.example.com" : ["api.example.com", "eu.example.com", "www.example.org"][mixed % 3]!,
    path: `/v1/items/${mixed % 2_000}`,
    query: mixed % 2 === 0 ? [] : ["page", "sort"],
    userAgent: `made-up/${mixed % 40}.0`,
    ip:
      mixed % 4_001 === 0
        ? `2001:db8::${(mixed % 9_999).toString(16)}`
        : `10.0.${mixed % 20}.${(mixed >>> 8) % 250}`,
    requestId: `request-${n}`,
    worker: 1 + (n % 2),
  };
}

interface PageTime {
  readonly search: string;
  readonly found: number;
  readonly p50Ms: number;
  readonly maxMs: number;
  /** The most processor time that one took: what it would take on a machine with nothing else to do. */
  readonly cpuMs: number;
}

async function searches(log: EventLog, now: number, rounds: number): Promise<PageTime[]> {
  const times = PAGES.map((): number[] => []);
  const found = PAGES.map(() => 0);
  const cpuMs = PAGES.map(() => 0);
  for (let round = 0; round < rounds; round++)
    for (const [index, search] of PAGES.entries()) {
      await log.append([event(round * PAGES.length + index, now + round)]);
      const filter = parseSearch(search, now);
      const cpu = process.cpuUsage();
      const began = performance.now();
      found[index] = (await log.query(filter, 50)).events.length;
      times[index]!.push(performance.now() - began);
      const { user, system } = process.cpuUsage(cpu);
      cpuMs[index] = Math.max(cpuMs[index]!, (user + system) / 1_000);
    }
  return PAGES.map((search, index) => {
    const sorted = times[index]!.toSorted((a, b) => a - b);
    return {
      search: printSearch(parseSearch(search, now)),
      found: found[index]!,
      p50Ms: sorted[sorted.length >> 1]!,
      maxMs: sorted.at(-1)!,
      cpuMs: cpuMs[index]!,
    };
  });
}

async function totals(log: EventLog, now: number): Promise<{ readonly what: string; readonly ms: number }[]> {
  const filter = (search: string) => parseSearch(search, now);
  const looks: [string, () => Promise<unknown>][] = [
    ["count of all", () => log.count({})],
    ["count ip:10.0.3.0/24 !point:cookie", () => log.count(filter("ip:10.0.3.0/24 !point:cookie"))],
    ["count items/77", () => log.count(filter("items/77"))],
    ["groups by leak", async () => (await log.groups({}, "leak")).top(50)],
    ["groups by path", async () => (await log.groups({}, "path")).top(50)],
    ["groups by ip, action:blocked", async () => (await log.groups(filter("action:blocked"), "ip")).top(50)],
    ["over time, 100 stretches", () => log.overTime({}, now - 48 * HOUR_MS, now, 100)],
    ["export of 20,000", () => exported(log)],
  ];
  const measured: { what: string; ms: number }[] = [];
  for (const [what, look] of looks) {
    const times: number[] = [];
    for (let round = 0; round < 5; round++) times.push(await timed(look));
    measured.push({ what, ms: times.toSorted((a, b) => a - b)[2]! });
  }
  return measured;
}

async function exported(log: EventLog): Promise<void> {
  let left = 20_000;
  for await (const some of log.each({})) {
    left -= some.length;
    if (left <= 0) return;
  }
}

function disk(folder: string): { readonly bytes: number; readonly partitions: number } {
  const names = readdirSync(join(folder, "events"), { recursive: true, encoding: "utf8" });
  const files = names.map((name) => ({ name, stat: statSync(join(folder, "events", name)) }));
  return {
    // Of a file that LMDB grew ahead only what is written takes space.
    bytes: files.reduce((sum, { stat }) => sum + (stat.isFile() ? stat.blocks * 512 : 0), 0),
    partitions: files.filter(({ name }) => name.endsWith("data.mdb")).length,
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function say(words: string): void {
  console.error(`events: ${words}`);
}

try {
  await main();
  process.exit(0);
} catch (error) {
  console.error(`events: ${(error as Error).message}`);
  process.exit(1);
}
