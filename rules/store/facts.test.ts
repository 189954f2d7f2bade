import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { temporaryFolder } from "../../test/support.ts";
import { digestTokens } from "../digest.ts";
import type { LeakInput } from "../leak.ts";
import { Pepper } from "../pepper.ts";
import { InputRefused, LeakUnknown, VersionConflict } from "../refusal.ts";
import { RulesStore } from "../store.ts";

const ANN = "key-1 (Ann)";
const PLAIN = { name: "made up", description: "", risk: 5, source: "custom" };

let folder: { path: string; remove(): void };
let store: RulesStore;
let pepper: Pepper;
beforeEach(async () => {
  folder = temporaryFolder();
  const data = join(folder.path, "data");
  pepper = Pepper.loadOrCreate(data);
  store = await RulesStore.open(data, pepper.id);
});
afterEach(async () => {
  expect(await store.audit()).toMatchObject({ ok: true });
  await store.close();
  folder.remove();
});

async function register(more: Partial<LeakInput> = {}): Promise<string> {
  const tokens = await digestTokens(["made-up-token-0001"], pepper);
  return (await store.register(ANN, { ...PLAIN, ...more, tokens })).leak.id;
}

describe("what people write of a leak", () => {
  const said = {
    sourceUrl: "https://git.example/team/app/blob/main/.env#L3",
    sourceAuthor: "made-up author",
    sourceAt: 1_767_323_045_000,
    target: "orders API",
    assignee: "Ann",
  };

  test("is kept, changed and cleared, and stands in the journal", async () => {
    const id = await register(said);
    expect(store.leak(id)).toMatchObject({ ...said, notApplicable: null });
    await store.updateLeak(ANN, id, { assignee: "Bob", target: null, sourceAt: null });
    expect(store.leak(id)).toMatchObject({ assignee: "Bob", target: null, sourceAt: null, version: 2 });
    expect(store.history(id, 1)[0]).toMatchObject({
      before: { assignee: "Ann", target: "orders API" },
      after: { assignee: "Bob", target: null, sourceAt: null },
    });
    const { revision } = await store.updateLeak(ANN, id, { assignee: " Bob " });
    expect([revision, store.leak(id)?.version]).toEqual([2, 2]);
  });

  test.each([
    ["sourceUrl", "git.example/team"],
    ["sourceUrl", "javascript:alert(1)"],
    ["sourceUrl", "file:///etc/made-up"],
    ["sourceUrl", "https://made-up-token-0001@git.example/"],
    ["sourceUrl", "https://a:b@git.example/"],
    ["sourceUrl", "ssh://git@git.example/team"],
    ["sourceUrl", "https://git.example/a b"],
    ["sourceUrl", "https://git.example/\nb"],
    ["sourceUrl", `https://git.example/${"a".repeat(2048)}`],
    ["sourceAuthor", "a\nb"],
    ["sourceAt", -1],
    ["sourceAt", 1e15],
    ["target", "t".repeat(129)],
    ["assignee", "a".repeat(65)],
  ])("%s %j is refused", async (field, value) => {
    await expect(register({ [field]: value })).rejects.toThrow(InputRefused);
    expect(store.revision()).toBe(0);
  });

  test.each([
    "http://git.example/",
    "git://git.example/a.git",
    "ssh://git.example/a",
    "git+https://git.example/a",
  ])("sourceUrl %s is taken", async (sourceUrl) => {
    expect(store.leak(await register({ sourceUrl }))).toMatchObject({ sourceUrl });
  });
});

test("that no remediation applies is a person's word, which a patch takes back", async () => {
  const id = await register();
  await store.updateLeak(ANN, id, { notApplicable: "the API is gone" });
  expect(store.leak(id)).toMatchObject({ notApplicable: "the API is gone" });
  expect(store.listLeaks({ remediation: ["not_applicable"] }).leaks).toHaveLength(1);
  await store.decide(ANN, id, "vpatch");
  expect(store.leak(id)).toMatchObject({ notApplicable: null });
  expect(store.listLeaks({ remediation: ["applied"] }).leaks).toHaveLength(1);
  await expect(store.updateLeak(ANN, id, { notApplicable: "no" })).rejects.toThrow(/remediation is applied/);
  await store.decide(ANN, id, "close");
  expect(store.listLeaks({ remediation: ["none"] }).leaks).toHaveLength(1);
});

describe("settings", () => {
  test("draw the levels, for counts and lists", async () => {
    await register({ risk: 7 });
    expect(store.settings()).toEqual({ levels: { high: 8, medium: 4 }, leaksEnabled: true, version: 0 });
    expect(store.counts().byRiskLevel).toEqual({ high: 0, medium: 1, low: 0 });
    await store.updateSettings(ANN, { levels: { high: 7 } });
    expect(store.settings()).toMatchObject({ levels: { high: 7, medium: 4 }, version: 1 });
    expect(store.counts().byRiskLevel).toEqual({ high: 1, medium: 0, low: 0 });
    expect(store.listLeaks({ level: ["high"] }).leaks).toHaveLength(1);
    expect(store.listLeaks({ level: ["medium", "low"] }).leaks).toHaveLength(0);
    expect(store.listLeaks({ level: ["low"], risk: [7] }).leaks).toHaveLength(1);
    expect(store.history("settings", 1)[0]).toMatchObject({
      action: "settings.update",
      actor: ANN,
      before: { levels: { high: 8, medium: 4 }, version: 0 },
      after: { levels: { high: 7, medium: 4 }, version: 1 },
    });
  });

  test("are changed by one at a time, within their limits, and not for nothing", async () => {
    await store.updateSettings(ANN, { leaksEnabled: false }, 0);
    await expect(store.updateSettings(ANN, { leaksEnabled: true }, 0)).rejects.toThrow(VersionConflict);
    for (const levels of [{ high: 4 }, { medium: 8 }, { high: 11 }, { medium: 1 }, { high: 7.5 }])
      await expect(store.updateSettings(ANN, { levels })).rejects.toThrow(InputRefused);
    expect((await store.updateSettings(ANN, { leaksEnabled: false })).revision).toBe(1);
    expect(store.settings()).toMatchObject({ leaksEnabled: false, version: 1 });
  });
});

describe("why somebody decided", () => {
  test("stands in the journal", async () => {
    const id = await register();
    await store.decide(ANN, id, "vpatch", { comment: "until the\r\nrotation" });
    await store.decide(ANN, id, "close", { reason: "rotated", comment: "" });
    expect(store.history(id, 2)).toMatchObject([
      { action: "leak.close", reason: "rotated" },
      { action: "leak.vpatch", comment: "until the\nrotation" },
    ]);
    expect(store.history(id, 1)[0]).not.toHaveProperty("comment");
  });

  test("is one of the words of the decision", async () => {
    const id = await register();
    const refused = [
      ["vpatch", "other"],
      ["close", "mistake"],
      ["mark_false", "revoked"],
    ] as const;
    for (const [decision, reason] of refused)
      await expect(store.decide(ANN, id, decision, { reason })).rejects.toThrow(/^reason /);
    for (const comment of ["x".repeat(2001), "a\u0000b", "\ud800"])
      await expect(store.decide(ANN, id, "close", { comment })).rejects.toThrow(/^comment /);
    expect(store.leak(id)?.version).toBe(1);
  });
});

test("comments are listed newest first, those of decisions among them, and leave the version alone", async () => {
  const id = await register();
  const other = await register();
  await store.comment(ANN, id, "first\nof two lines");
  await store.comment(ANN, other, "elsewhere");
  await store.decide(ANN, id, "vpatch", { comment: "second" });
  await store.decide(ANN, id, "close", { reason: "revoked" });
  await store.comment("key-2 (Bob)", id, "third");
  expect(store.leak(id)?.version).toBe(3);
  const first = store.comments(id, { limit: 2 });
  expect(first.entries).toMatchObject([
    { actor: "key-2 (Bob)", action: "leak.comment", comment: "third" },
    { actor: ANN, action: "leak.vpatch", comment: "second" },
  ]);
  const rest = store.comments(id, { limit: 2, after: first.next ?? "" });
  expect(rest.entries).toMatchObject([{ comment: "first\nof two lines" }]);
  expect(rest.next).toBeNull();
  expect(() => store.comments(other, { after: first.next ?? "" })).toThrow(/cursor/);
  await expect(store.comment(ANN, id, " \n ")).rejects.toThrow(/comment is empty/);
  await expect(store.comment(ANN, "leak-9", "made up")).rejects.toThrow(LeakUnknown);
});

test("lists find what people wrote, who looks after it, and when it changed", async () => {
  await register({ assignee: "Ann", target: "orders API", sourceUrl: "https://git.example/orders" });
  await register({ assignee: "Bob", sourceAuthor: "Carol" });
  await register();
  const ids = (query: Parameters<RulesStore["listLeaks"]>[0]) =>
    store.listLeaks(query).leaks.map(({ seq }) => seq);
  expect(ids({ assignee: ["Ann"] })).toEqual([1]);
  expect(ids({ assignee: ["Ann", "Bob"] })).toEqual([2, 1]);
  expect(ids({ assignee: [null] })).toEqual([3]);
  expect(ids({ target: ["orders API"] })).toEqual([1]);
  expect(ids({ q: "GIT.example" })).toEqual([1]);
  expect(ids({ q: "carol" })).toEqual([2]);
  const at = store.leak("leak-2")?.createdAt ?? 0;
  expect(ids({ created: { from: at + 60_000 } })).toEqual([]);
  expect(ids({ created: { to: at + 60_000 } })).toEqual([3, 2, 1]);
  expect(ids({ updated: { from: at - 60_000, to: at + 60_000 }, assignee: ["Bob"] })).toEqual([2]);
});
