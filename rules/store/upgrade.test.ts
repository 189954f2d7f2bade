import { join } from "node:path";
import { open } from "lmdb";
import { afterEach, beforeEach, expect, test } from "vitest";
import { previousFolder } from "../../test/previous.ts";
import { temporaryFolder } from "../../test/support.ts";
import { authenticate } from "../access.ts";
import { digestTokens } from "../digest.ts";
import { Pepper } from "../pepper.ts";
import { SchemaOutdated } from "../refusal.ts";
import { RulesStore } from "../store.ts";
import { digestHashes } from "../tokenhash.ts";

let folder: { path: string; remove(): void };
let data: string;
beforeEach(() => {
  folder = temporaryFolder();
  data = join(folder.path, "data");
});
afterEach(() => folder.remove());

test("a folder of the previous version is upgraded by the first who opens it to write, and nothing is lost", async () => {
  const { administrator } = previousFolder(data);
  const pepper = Pepper.load(data, {});
  const store = await RulesStore.open(data, pepper.id);
  expect(await store.audit()).toEqual({ ok: true, entries: 21 });
  expect(store.counts()).toMatchObject({
    leaks: 6,
    tokens: 507,
    byStatus: { opened: 2, patched: 2, closed: 1, marked_false: 1 },
    bySource: { custom: 2, github: 2, gitlab: 1, scanner: 1 },
  });
  expect(store.listLeaks({ sort: "created" }).leaks.map(({ name }) => name)).toEqual([
    "opened",
    "patched",
    "monitored",
    "closed",
    "false",
    "reopened, renamed",
  ]);
  expect(store.ruleOf("leak-2")).toMatchObject({ mode: "block", scope: { hosts: ["api.example"] } });
  expect(authenticate(store, pepper, administrator, Date.now())).toMatchObject({ id: "key-1", name: "Ann" });
  const unset = { expiresAt: null, disabledAt: null, graceUntil: null, lastUsedAt: null };
  for (const key of store.keys()) expect(key).toMatchObject(unset);
  await store.decide("key-1 (Ann)", "leak-1", "vpatch");
  const draft = { digest: "0".repeat(64), expiresAt: Date.now() + 1000, idleMs: 1000, replaces: null };
  await store.startSession("key-1 (Ann)", { ...draft, owner: { kind: "key", key: "key-1" } });
  expect(await store.audit()).toEqual({ ok: true, entries: 23 });
  await store.close();

  const again = await RulesStore.open(data, pepper.id, { readOnly: true });
  expect(again.leak("leak-1")?.status).toBe("patched");
  await again.close();
});

test("a folder of schema 2, without sightings and without an order by remediation, gains both", async () => {
  const pepper = Pepper.loadOrCreate(data);
  const hashes = await digestHashes([`sha256:${"ab".repeat(32)}`], pepper);
  const tokens = (await digestTokens(["made-up-token-0001"], pepper)).concat(hashes);
  const before = await RulesStore.open(data, pepper.id);
  await before.register("system", { name: "x", description: "", risk: 5, source: "custom", tokens });
  await before.close();
  const raw = open({ path: join(data, "rules"), maxDbs: 24 });
  await raw.openDB({ name: "sightings", encoding: "json" }).drop();
  expect(await raw.openDB({ name: "index", encoding: "string" }).remove(["m", 0, 0, 1])).toBe(true);
  const meta = raw.openDB({ name: "meta", encoding: "json" });
  await meta.remove("hashes");
  await meta.put("schema", 2);
  await raw.close();

  await expect(RulesStore.open(data, pepper.id, { readOnly: true })).rejects.toThrow(SchemaOutdated);
  const store = await RulesStore.open(data, pepper.id);
  const finding = { token: tokens[0]!, sighting: { source: "scanner", path: "a" }, name: "x", risk: 5 };
  expect(await store.takeIn("system", [finding])).toMatchObject({ known: 1, sightings: 1 });
  expect(store.hasHashes()).toBe(true);
  expect(await store.audit()).toEqual({ ok: true, entries: 2 });
  await store.close();
});

test("who opens it only to look is told to start the admin first, and changes nothing", async () => {
  previousFolder(data);
  const pepper = Pepper.load(data, {});
  const open = () => RulesStore.open(data, pepper.id, { readOnly: true });
  await expect(open()).rejects.toThrow(SchemaOutdated);
  await expect(open()).rejects.toThrow(/schema 1, this Leakgate works with 3: start the admin/);
});
