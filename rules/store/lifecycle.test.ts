import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { temporaryFolder } from "../../test/support.ts";
import { digestTokens } from "../digest.ts";
import { Pepper } from "../pepper.ts";
import { DecisionRefused, InputRefused, TokenUnknown, VersionConflict } from "../refusal.ts";
import { RulesStore } from "../store.ts";

const ANN = "key-1 (Ann)";
const BOB = "key-2 (Bob)";
const PLAIN = { name: "made up", description: "", risk: 5, source: "custom" };
const TOKENS = ["made-up-token-0001", "made-up-token-0002", "made-up-token-0003"];

let folder: { path: string; remove(): void };
let data: string;
let store: RulesStore;
let pepper: Pepper;
let now = 1_000;
beforeEach(async () => {
  folder = temporaryFolder();
  data = join(folder.path, "data");
  pepper = Pepper.loadOrCreate(data);
  now = 1_000;
  store = await RulesStore.open(data, pepper.id, { now: () => now });
});
afterEach(async () => {
  expect(await store.audit()).toMatchObject({ ok: true });
  await store.close();
  folder.remove();
});

async function register(...tokens: string[]): Promise<string> {
  return (await store.register(ANN, { ...PLAIN, tokens: await digestTokens(tokens, pepper) })).leak.id;
}

describe("one token alone", () => {
  test("is closed, reopened, marked false, and counted", async () => {
    const id = await register(...TOKENS);
    await store.decideToken(ANN, id, 2, "close", { reason: "revoked", comment: "at the provider" });
    expect(store.leak(id)).toMatchObject({ tokenCount: 3, tokensClosed: 1, tokensFalse: 0, version: 2 });
    expect(store.token(id, 2)?.alone).toBe("closed");
    expect(store.history(id, 1)[0]).toMatchObject({
      action: "token.close",
      token: 2,
      reason: "revoked",
      comment: "at the provider",
      before: { tokensClosed: 0 },
      after: { tokensClosed: 1 },
    });
    await store.decideToken(ANN, id, 2, "reopen");
    await store.decideToken(ANN, id, 2, "mark_false", { reason: "test_value" });
    expect(store.leak(id)).toMatchObject({ tokensClosed: 0, tokensFalse: 1 });
    await store.removeToken(ANN, id, 2);
    expect(store.leak(id)).toMatchObject({ tokenCount: 2, tokensFalse: 0 });
  });

  test("is decided only where that says something", async () => {
    const id = await register(...TOKENS);
    await expect(store.decideToken(ANN, id, 4, "close")).rejects.toThrow(TokenUnknown);
    await expect(store.decideToken(ANN, id, 1, "reopen")).rejects.toThrow(DecisionRefused);
    await expect(store.decideToken(ANN, id, 1, "close", { reason: "mistake" })).rejects.toThrow(InputRefused);
    await expect(store.decideToken(ANN, id, 1, "close", { ifVersion: 2 })).rejects.toThrow(VersionConflict);
    await store.decideToken(ANN, id, 1, "close");
    await expect(store.decideToken(ANN, id, 1, "close")).rejects.toThrow(/leak-1, token 1: it is closed/);
    await store.decide(ANN, id, "close");
    await expect(store.decideToken(ANN, id, 2, "close")).rejects.toThrow(/it is closed/);
    await store.decide(ANN, id, "reopen");
    expect(store.token(id, 1)?.alone).toBe("closed");
  });
});

describe("a decision with an end", () => {
  test("ends by itself, in the name of who decided it", async () => {
    const id = await register(...TOKENS);
    const { revision } = await store.decide(ANN, id, "vpatch", { until: 5_000 });
    expect(store.leak(id)).toMatchObject({ timeBox: { until: 5_000, by: ANN, revision } });
    now = 4_999;
    expect(store.due(10)).toEqual([]);
    now = 5_000;
    expect(store.due(10)).toEqual([{ leak: id, what: "decision" }]);
    await store.expire({ leak: "leak-1", what: "decision" });
    expect(store.leak(id)).toMatchObject({ status: "opened", version: 3 });
    expect(store.rule("rule-1")).toMatchObject({ removedAt: 5_000 });
    expect(store.due(10)).toEqual([]);
    expect(store.history(id, 1)[0]).toMatchObject({
      action: "leak.expire",
      actor: `system (time box of ${ANN})`,
      decided: revision,
      before: { status: "patched", until: 5_000, rule: { id: "rule-1" } },
      after: { status: "opened", until: null, rule: null },
    });
    expect(await store.expire({ leak: "leak-1", what: "decision" })).toBeNull();
  });

  test("is taken of closing and marking false, kept over a restart, and gone with another decision", async () => {
    const [closed, reopened] = [await register("made-up-token-0001"), await register("made-up-token-0002")];
    await store.decide(ANN, closed, "close", { until: 5_000 });
    await store.decide(ANN, reopened, "mark_false", { until: 4_000 });
    await store.decide(BOB, reopened, "reopen");
    await store.close();
    now = 9_000;
    store = await RulesStore.open(data, pepper.id, { now: () => now });
    expect(store.due(10)).toEqual([{ leak: closed, what: "decision" }]);
    await store.expire({ leak: "leak-1", what: "decision" });
    expect(store.leak(closed)).toMatchObject({ status: "opened" });
  });

  test("is moved, kept and taken off by another patch", async () => {
    const id = await register(...TOKENS);
    await store.decide(ANN, id, "vpatch", { until: 5_000 });
    await store.decide(BOB, id, "vpatch", { mode: "monitor" });
    expect(store.leak(id)).toMatchObject({ timeBox: { until: 5_000, by: ANN } });
    await store.decide(BOB, id, "vpatch", { until: 6_000 });
    expect(store.leak(id)).toMatchObject({ timeBox: { until: 6_000, by: BOB }, version: 4 });
    expect(store.ruleOf(id)).toMatchObject({ mode: "monitor", appliedBy: BOB });
    await store.decide(BOB, id, "vpatch", { until: null });
    expect(store.leak(id)).toMatchObject({ timeBox: null, version: 5 });
  });

  test.each([1_000, 0, -1, 1.5, 1e15])("does not end at %d", async (until) => {
    const id = await register(...TOKENS);
    await expect(store.decide(ANN, id, "vpatch", { until })).rejects.toThrow(/until is not a time to come/);
    await expect(store.decide(ANN, id, "reopen", { until })).rejects.toThrow(InputRefused);
  });
});

describe("a watch", () => {
  test("is kept over leaks that are over, and ends at its time, or when they are reopened", async () => {
    const id = await register(...TOKENS);
    await expect(store.watch(ANN, id, { on: true })).rejects.toThrow(DecisionRefused);
    await store.decide(ANN, id, "close");
    const { revision } = await store.watch(ANN, id, { on: true, until: 5_000 });
    expect((await store.watch(ANN, id, { on: true, until: 5_000 })).revision).toBe(revision);
    expect(store.leak(id)).toMatchObject({ status: "closed", watch: { until: 5_000 }, version: 3 });
    expect(store.listLeaks({ watch: true }).leaks).toHaveLength(1);
    now = 5_000;
    expect(store.due(10)).toEqual([{ leak: id, what: "watch" }]);
    await store.expire({ leak: "leak-1", what: "watch" });
    expect(store.leak(id)).toMatchObject({ status: "closed", watch: null });
    await store.watch(ANN, id, { on: true });
    await store.decide(ANN, id, "reopen");
    expect(store.leak(id)).not.toHaveProperty("watch");
    expect(store.listLeaks({ watch: true }).leaks).toHaveLength(0);
  });

  test("is refused with a time that is over, or without sense", async () => {
    const id = await register(...TOKENS);
    await store.decide(ANN, id, "close");
    await expect(store.watch(ANN, id, { on: true, until: 999 })).rejects.toThrow(/time to come/);
    await expect(store.watch(ANN, id, { on: false, until: 5_000 })).rejects.toThrow(InputRefused);
    await expect(store.watch(ANN, id, { on: true, ifVersion: 1 })).rejects.toThrow(VersionConflict);
  });
});

describe("the same token in several leaks", () => {
  test("is told of, and of a closed one it is a regression", async () => {
    const [first, second] = [await register(...TOKENS), await register(TOKENS[0]!, "made-up-token-0009")];
    expect(store.duplicates(first)).toEqual([{ leak: second, tokens: 1 }]);
    expect(store.duplicates(second)).toEqual([{ leak: first, tokens: 1 }]);
    expect(store.leak(second)).toMatchObject({ warnings: { already_known: 1 }, regressionOf: [] });
    await store.decide(ANN, first, "close");
    const tokens = await digestTokens([...TOKENS, "made-up-token-0008"], pepper);
    const { leak, notices } = await store.register(ANN, { ...PLAIN, tokens });
    expect(leak).toMatchObject({ regressionOf: [first], warnings: { already_known: 3 } });
    expect(notices).toMatchObject([
      { warning: "already_known", line: 1, leaks: [first, second] },
      { warning: "already_known", line: 2, leaks: [first] },
      { warning: "already_known", line: 3, leaks: [first] },
    ]);
    expect(store.history(leak.id, 1)[0]).toMatchObject({ after: { regressionOf: [first] } });
    expect(store.listLeaks({ regression: true }).leaks).toMatchObject([{ id: leak.id }]);
    expect(store.leaksHolding(tokens[0]!.digest)).toEqual([first, second, leak.id]);
  });

  test("is let go of with the token", async () => {
    const [first, second] = [await register(...TOKENS), await register(...TOKENS)];
    await store.removeToken(ANN, first, 1);
    expect(store.duplicates(second)).toEqual([{ leak: first, tokens: 2 }]);
    await store.addTokens(ANN, first, await digestTokens([TOKENS[0]!], pepper));
    expect(store.duplicates(second)).toEqual([{ leak: first, tokens: 3 }]);
  });

  test("added to a leak that is there, after it was closed alone elsewhere, is a regression too", async () => {
    const [first, second] = [await register(...TOKENS), await register("made-up-token-0009")];
    await store.decideToken(ANN, first, 2, "close");
    const added = await store.addTokens(ANN, second, await digestTokens([TOKENS[0]!], pepper));
    expect(added).toMatchObject({ leak: { regressionOf: [] }, notices: [{ leaks: [first] }] });
    const again = await store.addTokens(ANN, second, await digestTokens([TOKENS[1]!], pepper));
    expect(again.leak.regressionOf).toEqual([first]);
  });
});

test("tokens keep their checksum, their expiry and whether they came as false", async () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const jwt = `${part({ alg: "HS256" })}.${part({ exp: 2_000_000_000 })}.made-up`;
  const [github, other, expiring, cut] = await digestTokens(
    [
      "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",
      "npm_madeUpTokenForTheTestsOfChecks3yYgD6",
      jwt,
      "ghp_made-up",
    ],
    pepper,
  );
  const tokens = [{ ...github!, isFalse: true }, other!, expiring!, cut!];
  const { leak, notices } = await store.register(ANN, { ...PLAIN, tokens });
  expect(leak).toMatchObject({
    tokenCount: 4,
    tokensFalse: 1,
    warnings: { checksum_invalid: 1, looks_truncated: 1 },
  });
  expect(notices.map(({ warning, line }) => [warning, line])).toEqual([
    ["checksum_invalid", 2],
    ["looks_truncated", 4],
  ]);
  const shown = [1, 2, 3, 4].map((number) => store.token(leak.id, number));
  // Those that came as false have the last numbers.
  expect(shown.map((token) => [token?.checksum, token?.alone])).toEqual([
    ["invalid", null],
    ["none", null],
    ["none", null],
    ["valid", "marked_false"],
  ]);
  expect(store.expiryOf(leak, 2)).toBe(2_000_000_000_000);
  expect(store.expiryOf(leak, 1)).toBeNull();
});

describe("many leaks at once", () => {
  test("are selected by a filter, decided in slices, and the rest is named", async () => {
    for (let i = 0; i < 250; i++) await register(`made-up-token-${i}`);
    await store.decide(ANN, "leak-7", "close");
    const all = await store.select({});
    expect(all.ids).toHaveLength(250);
    expect((await store.select({})).digest).toBe(all.digest);
    expect((await store.select({ status: "opened" })).ids).toHaveLength(249);
    const outcome = await store.decideMany(ANN, [...all.ids, "leak-999"], "vpatch", {
      mode: "monitor",
      comment: "all of them",
    });
    expect(outcome).toMatchObject({
      decided: 249,
      unchanged: 0,
      refused: 2,
      refusals: [{ leak: "leak-7" }, { leak: "leak-999" }],
    });
    expect(store.counts().byStatus).toMatchObject({ patched: 249, closed: 1 });
    expect(store.history("leak-250", 1)[0]).toMatchObject({ comment: "all of them" });
    expect((await store.select({})).digest).not.toBe(all.digest);
    expect(await store.decideMany(ANN, ["leak-1"], "vpatch")).toMatchObject({ decided: 0, unchanged: 1 });
  });

  test("are not begun with where the input is wrong for all", async () => {
    await register(...TOKENS);
    await expect(store.decideMany(ANN, ["leak-1"], "close", { reason: "x" })).rejects.toThrow(InputRefused);
    const scope = { hosts: ["a b"] };
    await expect(store.decideMany(ANN, ["leak-1"], "vpatch", { scope })).rejects.toThrow(InputRefused);
    expect(store.revision()).toBe(1);
  });
});
