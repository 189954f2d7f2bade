import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EventLog, eventId, type VpatchEvent } from "../events.ts";
import type { EventFilter } from "./filter.ts";
import { PARTITION_MS, partitionStart } from "./partition.ts";
import { parseSearch } from "./search.ts";
import { TailPositionInvalid, type Told } from "./tail.ts";

const START = partitionStart(Date.now());
let folder: string;
let log: EventLog;
let sequence = 0;
const tails: Follower[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leakgate-tail-"));
  log = EventLog.open(folder, { spareBytes: 0 });
});

afterEach(async () => {
  await Promise.all(tails.splice(0).map((tail) => tail.end()));
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

function event(at: number, fields: Partial<VpatchEvent> = {}): VpatchEvent {
  const n = sequence++;
  return {
    type: "vpatch",
    id: eventId(at, 1, n),
    at,
    lastAt: at,
    count: 1,
    leak: "leak-1",
    rule: "rule-1",
    action: "blocked",
    point: "header authorization",
    method: "GET",
    host: "api.example.com",
    path: `/${n}`,
    query: [],
    userAgent: null,
    ip: "192.0.2.7",
    requestId: `request-${n}`,
    worker: 1,
    ...fields,
  };
}

/** Reads a tail as fast as it comes. */
class Follower {
  readonly told: Exclude<Told, { kind: "idle" }>[] = [];
  idle = 0;
  private readonly aborter = new AbortController();
  private readonly reading: Promise<void>;

  constructor(filter: EventFilter = {}, after?: string, from = log) {
    tails.push(this);
    this.reading = this.read(
      from.tail(filter, { after, signal: this.aborter.signal, everyMs: 5, idleMs: 20 }),
    );
  }

  /** It listens, so that what is stored from now on is told. */
  async listens(): Promise<this> {
    await expect.poll(() => this.idle, { interval: 5 }).toBeGreaterThan(0);
    return this;
  }

  async paths(count: number): Promise<string[]> {
    await expect.poll(() => this.told.length, { interval: 5 }).toBeGreaterThanOrEqual(count);
    const idle = this.idle;
    // Nothing comes behind them.
    await expect.poll(() => this.idle, { interval: 5 }).toBeGreaterThan(idle);
    return this.told.map(({ event }) => event.path);
  }

  async end(): Promise<void> {
    this.aborter.abort();
    await this.reading;
  }

  private async read(tail: Promise<AsyncGenerator<Told>>): Promise<void> {
    for await (const told of await tail) {
      if (told.kind === "idle") this.idle++;
      else this.told.push(told);
    }
  }
}

test("tells what is stored from then on, each once, in order, over partitions and from several writers", async () => {
  await log.append([event(START)]);
  const other = EventLog.open(folder, { spareBytes: 0 });
  await other.append([event(START + 1)]);
  const tail = await new Follower().listens();
  const mine = Array.from({ length: 1_200 }, (_, i) => event(START + PARTITION_MS - 600 + i));
  const theirs = Array.from({ length: 300 }, (_, i) => event(START + 2 + i));
  await Promise.all([log.append(mine), other.append(theirs)]);
  const late = event(START + 1);
  await log.append([late]);
  const paths = await tail.paths(1_501);
  expect(paths.toSorted()).toEqual([...mine, ...theirs, late].map(({ path }) => path).toSorted());
  const early = paths.filter((path) => mine.slice(0, 600).some((each) => each.path === path));
  expect(early).toEqual(mine.slice(0, 600).map(({ path }) => path));
  await other.close();
});

test("an empty log is followed from its first event on", async () => {
  const tail = await new Follower().listens();
  const one = event(Date.now());
  await log.append([one]);
  expect(await tail.paths(1)).toEqual([one.path]);
});

test("tells only what the filter looks for", async () => {
  const tail = await new Follower(parseSearch("ip:10.0.0.0/8 !path:*no", START)).listens();
  await log.append([
    event(START, { ip: "10.1.1.1", path: "/yes" }),
    event(START, { ip: "10.1.1.1", path: "/no" }),
    event(START),
  ]);
  expect(await tail.paths(1)).toEqual(["/yes"]);
});

test("a higher count of what was stored before is told as such; the same batch given again is not", async () => {
  const tail = await new Follower().listens();
  const [one, two] = [event(START), event(START + 1)];
  await log.append([one, two]);
  await tail.paths(2);
  // As after a failure: nobody knows what of it was stored.
  await log.append([one, two]);
  await log.append([{ ...one, count: 9 }, event(START + 2)], (index) => index === 0);
  await tail.paths(4);
  expect(tail.told.map(({ kind, event }) => [kind, event.id, event.count])).toEqual([
    ["event", one.id, 1],
    ["event", two.id, 1],
    ["count", one.id, 9],
    ["event", tail.told[3]!.event.id, 1],
  ]);
});

describe("a place to go on from", () => {
  test("misses nothing and repeats nothing, whatever was stored meanwhile and by whom", async () => {
    await log.append([event(START)]);
    const tail = await new Follower().listens();
    const all = Array.from({ length: 40 }, (_, i) => event(START + i * 40_000));
    await log.append(all.slice(0, 20));
    await tail.paths(20);
    await tail.end();
    const { position } = tail.told[6]!;
    await log.close();
    log = EventLog.open(folder, { spareBytes: 0 });
    await log.append(all.slice(20));
    await log.append([
      event(START + PARTITION_MS, { path: "/next" }),
      event(START + 2 * PARTITION_MS, { path: "/last" }),
    ]);
    const again = await new Follower({}, position).paths(35);
    // Each writer's in its order; of two writers nobody knows who was first.
    const mine = (from: number, to: number) => all.slice(from, to).map(({ path }) => path);
    const of = (paths: string[]) => again.filter((path) => paths.includes(path));
    expect(of(mine(7, 20))).toEqual(mine(7, 20));
    expect(of(mine(20, 40))).toEqual(mine(20, 40));
    expect(again.slice(-2)).toEqual(["/next", "/last"]);
    expect(again).toHaveLength(35);
  });

  test("goes on behind partitions that were dropped", async () => {
    const tail = await new Follower().listens();
    await log.append([event(START), event(START + 1)]);
    await tail.paths(2);
    await log.append([event(START + PARTITION_MS, { path: "/next" })]);
    await log.dropOlderThan(START + PARTITION_MS);
    expect(await new Follower({}, tail.told[0]!.position).paths(1)).toEqual(["/next"]);
  });

  test.each([
    "",
    "made up",
    "a~b~",
    "a.b",
    "a~b.c",
    "a~b.c-d-e",
    "../../etc",
    `a${"~b".repeat(5_000)}`,
    "0123456789",
  ])("%j is refused", async (after) => {
    await expect(log.tail({}, { after })).rejects.toThrow(TailPositionInvalid);
  });
});

test("a slow reader is told everything at its own pace", async () => {
  const tail = await log.tail({}, { everyMs: 5, idleMs: 10 });
  expect((await tail.next()).value).toEqual({ kind: "idle" });
  const all = Array.from({ length: 2_000 }, (_, i) => event(START + i));
  for (let from = 0; from < all.length; from += 250) await log.append(all.slice(from, from + 250));
  const paths: string[] = [];
  while (paths.length < all.length) {
    const { value } = (await tail.next()) as { value: Told };
    if (value.kind !== "idle") paths.push(value.event.path);
    if (paths.length % 400 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(paths).toEqual(all.map(({ path }) => path));
  await tail.return(undefined);
});
