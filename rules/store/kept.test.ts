import { join } from "node:path";
import { open } from "lmdb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../../test/support.ts";
import { Gate } from "../gate.ts";
import { Pepper } from "../pepper.ts";
import { RulesStore } from "../store.ts";
import { keptCharsMax, keptMax, keptMs } from "./kept.ts";

const answer = { status: 201, headers: { etag: '"1"' }, body: "{}" };

let folder: { path: string; remove(): void };
let store: RulesStore;
let now: number;
const opened = () => RulesStore.open(folder.path, Pepper.loadOrCreate(folder.path).id, { now: () => now });
beforeEach(async () => {
  folder = temporaryFolder();
  now = 1_000_000;
  store = await opened();
});
afterEach(async () => {
  await store.close();
  folder.remove();
});

test("a call is new once, under way until it ends, and then answered, for whoever opens the store later", async () => {
  expect(await store.kept.begin("a", "f")).toBeNull();
  expect(await store.kept.begin("a", "f")).toEqual({ state: "under_way", fingerprint: "f" });
  await store.kept.end("a", answer);
  const kept = { at: now, fingerprint: "f", state: "answered", answer };
  expect(await store.kept.begin("a", "g")).toEqual(kept);
  await store.close();
  store = await opened();
  expect(await store.kept.begin("a", "f")).toEqual(kept);
  expect(await store.kept.begin("b", "f")).toBeNull();
});

test("of two at once one is new", async () => {
  const both = await Promise.all([store.kept.begin("a", "f"), store.kept.begin("a", "f")]);
  expect(both.filter((earlier) => earlier === null)).toHaveLength(1);
  // Two processes, of which neither knows what the other has under way.
  const other = await opened();
  const begun = await Promise.all([store.kept.begin("b", "f"), other.kept.begin("b", "f")]);
  expect(begun.filter((earlier) => earlier === null)).toHaveLength(1);
  expect(begun.find((earlier) => earlier !== null)).toMatchObject({ state: "begun" });
  await other.close();
});

test("what nobody ended is told as begun; what changed nothing is forgotten; what is not kept is told", async () => {
  await store.kept.begin("left", "f");
  store.kept.leave("left");
  await store.kept.begin("forgotten", "f");
  await store.kept.forget("forgotten");
  await store.kept.begin("secret", "f");
  await store.kept.end("secret", null);
  await store.kept.begin("long", "f");
  await store.kept.end("long", { ...answer, body: "x".repeat(keptCharsMax + 1) });
  expect(await store.kept.begin("left", "f")).toMatchObject({ state: "begun" });
  expect(await store.kept.begin("forgotten", "f")).toBeNull();
  expect(await store.kept.begin("secret", "f")).toMatchObject({ state: "withheld" });
  expect(await store.kept.begin("long", "f")).toMatchObject({ state: "withheld" });
});

test("a day later a call is dropped, and is new again", async () => {
  for (let call = 0; call < 450; call++) {
    await store.kept.begin(`old-${call}`, "f");
    await store.kept.end(`old-${call}`, answer);
  }
  now += 1;
  await store.kept.begin("young", "f");
  await store.kept.end("young", answer);
  now += keptMs - 1;
  expect(await store.kept.begin("young", "f")).toMatchObject({ state: "answered" });
  expect(await store.kept.begin("old-7", "f")).toBeNull();
  await store.kept.end("old-7", answer);
  await store.kept.dropOld();
  expect(await store.kept.dropOld()).toBe(0);
  expect(await rows()).toEqual({ calls: 2, times: 2, count: 2 });
  expect(await store.audit()).toMatchObject({ ok: true });
});

test("beyond the limit a call is not begun, and is told when there is room", async () => {
  await store.kept.begin("first", "f");
  await store.kept.end("first", answer);
  await raw((table) => table.put(["count"], keptMax));
  now += 5_000;
  expect(await store.kept.begin("second", "f")).toEqual({ state: "full", freeAt: 1_000_000 + keptMs });
  expect(await store.kept.begin("first", "f")).toMatchObject({ state: "answered" });
  now = 1_000_000 + keptMs;
  expect(await store.kept.begin("second", "f")).toBeNull();
});

type Table = ReturnType<ReturnType<typeof open>["openDB"]>;

/** Through the gate, like everybody who opens the folder. */
function raw<T>(work: (table: Table) => T | Promise<T>): Promise<T> {
  const path = join(folder.path, "rules");
  return Gate.of(path).alone(async () => {
    const root = open({ path, maxDbs: 24, overlappingSync: false, eventTurnBatching: false, cache: false });
    try {
      return await work(root.openDB({ name: "idempotency", encoding: "json" }));
    } finally {
      await root.close();
    }
  });
}

function rows(): Promise<object> {
  return raw((table) => ({
    calls: table.getCount({ start: ["call"], end: ["count"] }),
    times: table.getCount({ start: ["time"] }),
    count: table.get(["count"]) as number,
  }));
}
