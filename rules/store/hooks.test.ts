import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { previousFolder } from "../../test/previous.ts";
import { temporaryFolder } from "../../test/support.ts";
import type { HookInput } from "../hook.ts";
import { Pepper } from "../pepper.ts";
import { HookUnknown, InputRefused, VersionConflict } from "../refusal.ts";
import { RulesStore } from "../store.ts";

const pepperId = "0123456789abcdef";
const noon = Date.UTC(2026, 0, 2, 12);
const seal = () => "sealed-made-up-secret";
const input: HookInput = {
  name: "chat",
  target: { kind: "webhook", url: "https://hooks.example/in" },
  enabled: true,
  triggers: [{ type: "new_leak", riskMin: 8 }],
};

let folder: { path: string; remove(): void };
let store: RulesStore;
beforeEach(async () => {
  folder = temporaryFolder();
  store = await RulesStore.open(join(folder.path, "data"), pepperId, { now: () => noon });
});
afterEach(async () => {
  await store.close();
  folder.remove();
});

test("a destination is made, changed, rotated, tested and deleted, each with its entry and without its secret", async () => {
  const { hooks } = store;
  const { hook } = await hooks.create("key-1 (Ann)", input, seal);
  expect(hook).toMatchObject({ id: "hook-1", version: 1, secretNumber: 1, revision: 1, createdAt: noon });
  expect(hook).not.toHaveProperty("secrets");
  await hooks.update("key-1 (Ann)", "hook-1", { name: "ops", enabled: false }, null, 1);
  const rotated = await hooks.rotate("key-1 (Ann)", "hook-1", () => "sealed-made-up-other", 60_000);
  expect(rotated.hook).toMatchObject({ version: 3, secretNumber: 2, previousSecretUntil: noon + 60_000 });
  expect(hooks.record("hook-1")!.secrets).toEqual([
    { sealed: "sealed-made-up-other", until: null },
    { sealed: "sealed-made-up-secret", until: noon + 60_000 },
  ]);
  await hooks.noteTest("key-1 (Ann)", "hook-1");
  expect(await store.audit()).toEqual({ ok: true, entries: 4 });
  await hooks.remove("key-1 (Ann)", "hook-1", 3);
  expect(hooks.list()).toEqual([]);
  expect(await store.audit()).toEqual({ ok: true, entries: 5 });

  const entries = store.entriesAfter(0, 10);
  expect(entries.map(({ action, subject }) => `${action} ${subject}`)).toEqual([
    "hook.create hook-1",
    "hook.update hook-1",
    "hook.rotate hook-1",
    "hook.test hook-1",
    "hook.delete hook-1",
  ]);
  expect(entries[1]!.before).toEqual({ name: "chat", enabled: true, version: 1 });
  expect(JSON.stringify(entries)).not.toContain("sealed");
  expect((await hooks.create("key-1 (Ann)", input, seal)).hook.id).toBe("hook-2");
});

test("what is not there, or changed since, is refused", async () => {
  const { hooks } = store;
  await hooks.create("key-1 (Ann)", input, seal);
  await expect(hooks.update("a", "hook-9", { enabled: false })).rejects.toThrow(HookUnknown);
  await expect(hooks.remove("a", "leak-1")).rejects.toThrow(HookUnknown);
  await expect(hooks.noteTest("a", "hook-2")).rejects.toThrow(HookUnknown);
  await expect(hooks.update("a", "hook-1", { enabled: false }, null, 7)).rejects.toThrow(VersionConflict);
  await expect(hooks.remove("a", "hook-1", 7)).rejects.toThrow(/destination hook-1 is at version 1/);
  expect(store.revision()).toBe(1);
});

describe("limits", () => {
  test.each<[string, Partial<HookInput>]>([
    ["name", { name: " " }],
    ["name", { name: "x".repeat(65) }],
    ["name", { name: "a\nb" }],
    ["url", { target: { kind: "webhook", url: "ftp://hooks.example/" } }],
    ["url", { target: { kind: "webhook", url: "https://ann:made-up@hooks.example/" } }],
    ["url", { target: { kind: "webhook", url: "https://hooks.example/#x" } }],
    ["url", { target: { kind: "webhook", url: "nowhere" } }],
    ["to", { target: { kind: "email", to: [] } }],
    ["to[0]", { target: { kind: "email", to: ["a@b.example\nBcc: c@d.example"] } }],
    ["triggers[0].riskMin", { triggers: [{ type: "new_leak", riskMin: 11 }] }],
    ["triggers[0].hours", { triggers: [{ type: "undecided", hours: 0, riskMin: 1 }] }],
    ["triggers[0].minutes", { triggers: [{ type: "attempts", count: 1, minutes: 1_441 }] }],
    ["triggers", { triggers: Array(21).fill({ type: "decision" }) }],
  ])("%s", async (field, wrong) => {
    const created = store.hooks.create("a", { ...input, ...wrong }, seal);
    await expect(created).rejects.toMatchObject({ code: "InputRefused", field });
    expect(store.revision()).toBe(0);
  });

  test("there are fifty destinations at most", async () => {
    for (let i = 0; i < 50; i++) await store.hooks.create("a", input, seal);
    await expect(store.hooks.create("a", input, seal)).rejects.toThrow(InputRefused);
  });
});

test("an audit notices a destination that is not as the journal says", async () => {
  await store.hooks.create("a", input, seal);
  const { open } = await import("lmdb");
  await store.close();
  const root = open({ path: join(folder.path, "data", "rules"), maxDbs: 24, cache: false });
  const hooks = root.openDB<Record<string, unknown>, number>({ name: "hooks", encoding: "json" });
  await hooks.put(1, { ...hooks.get(1), target: { kind: "webhook", url: "https://elsewhere.example/" } });
  await root.close();
  store = await RulesStore.open(join(folder.path, "data"), pepperId);
  expect(await store.audit()).toMatchObject({ ok: false, why: "hook-1 is not as the journal says" });
});

test("a folder of the previous version takes destinations", async () => {
  const data = join(folder.path, "previous");
  previousFolder(data);
  const previous = await RulesStore.open(data, Pepper.load(data, {}).id);
  await previous.hooks.create("key-1 (Ann)", input, seal);
  expect(await previous.audit()).toEqual({ ok: true, entries: 22 });
  await previous.close();
});
