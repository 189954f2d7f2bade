import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { open } from "lmdb";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { TokenDigest } from "./digest.ts";
import { canonicalJson } from "./journal.ts";
import {
  DecisionRefused,
  InputRefused,
  LeakUnknown,
  PepperMismatch,
  SchemaTooNew,
  StoreAbsent,
  StoreFailed,
  TokenUnknown,
  VersionConflict,
} from "./refusal.ts";
import { schemaKnown } from "./store/upgrade.ts";
import { RulesStore } from "./store.ts";

const pepperId = "0123456789abcdef";
let dir: string;
let store: RulesStore;

beforeEach(async () => {
  dir = join(mkdtempSync(join(tmpdir(), "leakgate-store-")), "data");
  store = await RulesStore.open(dir, pepperId);
});

afterEach(async () => {
  await store.close();
  rmSync(join(dir, ".."), { recursive: true, force: true });
});

/** A digest as it would be of this made-up token; the store never sees more of a token than that. */
function digestFor(token: string): TokenDigest {
  const digest = createHash("sha256").update(token).digest();
  const [anchor, fingerprint] = [digest.readUInt32LE(0), digest.readUInt32LE(4)];
  return {
    digest,
    anchor,
    fingerprint,
    mark: 1 + ((digest[8] ?? 0) % 255),
    length: token.length,
    preview: `made****(${token.length})`,
    kind: "opaque",
  };
}

function madeUp(...tokens: string[]) {
  return { name: "made up leak", description: "", risk: 5, source: "custom", tokens: tokens.map(digestFor) };
}

/** The numbers and lengths of the live tokens, by the accessors that a loader uses. */
function liveNumbers(leakId: string): number[] {
  const numbers: number[] = [];
  for (let p = 0; p < store.tokenPageCount(leakId); p++) {
    const page = store.tokenPage(leakId, p);
    for (let i = 0; i < page.count; i++) if (!page.removedAt(i)) numbers.push(page.numberAt(i));
  }
  return numbers;
}

describe("opening", () => {
  test("makes the folders for their owner alone", () => {
    expect(statSync(join(dir, "rules")).mode & 0o777).toBe(0o700);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir, "rules", "data.mdb")).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, "rules", "lock.mdb")).mode & 0o777).toBe(0o600);
  });

  test("read-only makes nothing and says so", async () => {
    const absent = join(dir, "absent");
    await expect(RulesStore.open(absent, pepperId, { readOnly: true })).rejects.toThrow(StoreAbsent);
    expect(() => statSync(absent)).toThrow();
  });

  test("a file that is not, or not yet, a database is refused without ending the process", async () => {
    const path = join(dir, "other", "rules", "data.mdb");
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, "");
    await expect(RulesStore.open(join(dir, "other"), pepperId, { readOnly: true })).rejects.toThrow(
      StoreAbsent,
    );
    writeFileSync(path, Buffer.alloc(100_000, 7));
    for (const readOnly of [true, false])
      await expect(RulesStore.open(join(dir, "other"), pepperId, { readOnly })).rejects.toThrow(StoreFailed);
  });

  test("with another pepper is refused by a message that names both", async () => {
    const opening = () => RulesStore.open(dir, "fedcba9876543210");
    await expect(opening()).rejects.toThrow(PepperMismatch);
    await expect(opening()).rejects.toThrow(/0123456789abcdef.*fedcba9876543210.*LEAKGATE_PEPPER_FILE/);
    await expect(RulesStore.open(dir, "fedcba9876543210", { readOnly: true })).rejects.toThrow(
      PepperMismatch,
    );
  });

  test("a folder of a newer schema is refused", async () => {
    const raw = open({ path: join(dir, "rules") });
    await raw.openDB({ name: "meta", encoding: "json" }).put("schema", schemaKnown + 1);
    await expect(RulesStore.open(dir, pepperId)).rejects.toThrow(SchemaTooNew);
    await raw.openDB({ name: "meta", encoding: "json" }).put("schema", schemaKnown);
    await raw.close();
  });

  test("finds everything again", async () => {
    const { leak } = await store.register("system", madeUp("made-up-token-0001"));
    const { rule } = await store.decide("system", leak.id, "vpatch");
    await store.close();
    store = await RulesStore.open(dir, pepperId);
    expect(store.revision()).toBe(2);
    expect(store.leak(leak.id)).toMatchObject({ status: "patched", version: 2 });
    expect(store.ruleOf(leak.id)).toEqual(rule);
    expect(await store.audit()).toEqual({ ok: true, entries: 2 });
  });
});

describe("registering", () => {
  test("stores an opened leak, its tokens each once, and an entry without them", async () => {
    const changed = await store.register(
      "key-3 (made up)",
      madeUp("made-up-token-0001", "made-up-token-0001"),
    );
    expect(changed).toMatchObject({
      revision: 1,
      rule: null,
      leak: { id: "leak-1", status: "opened", tokenCount: 1, version: 1, name: "made up leak" },
    });
    expect(store.leak("leak-1")).toEqual(changed.leak);
    expect(store.token("leak-1", 1)).toMatchObject({ number: 1, removed: false, length: 18, kind: "opaque" });
    expect(store.token("leak-1", 1)?.preview).toBe("made****(18)");
    const [entry] = store.entriesAfter(0, 10);
    expect(entry).toMatchObject({
      revision: 1,
      actor: "key-3 (made up)",
      action: "leak.register",
      subject: "leak-1",
      before: null,
      after: { status: "opened", tokenCount: 1, rule: null },
      tokens: { first: 1, count: 1 },
    });
    expect(canonicalJson(entry)).not.toContain(digestFor("made-up-token-0001").digest.toString("hex"));
  });

  test("refuses what is outside the limits, and stores nothing of it", async () => {
    const good = madeUp("made-up-token-0001");
    const broken = { ...good.tokens[0], digest: Buffer.alloc(16) };
    for (const wrong of [{ name: "" }, { risk: 11 }, { source: "A" }, { tokens: [] }, { tokens: [broken] }])
      await expect(store.register("system", { ...good, ...wrong })).rejects.toThrow(InputRefused);
    await expect(store.register("two\nlines", good)).rejects.toThrow(InputRefused);
    expect(store.revision()).toBe(0);
    expect(store.counts()).toMatchObject({ leaks: 0, tokens: 0 });
  });

  test("takes 100,000 tokens in one change", async () => {
    const tokens = Array.from({ length: 100_000 }, (_, i) => `made-up-token-${i}`);
    const { leak } = await store.register("system", madeUp(...tokens));
    expect(leak.tokenCount).toBe(100_000);
    expect(liveNumbers(leak.id)).toEqual(Array.from({ length: 100_000 }, (_, i) => i + 1));
    const last = store.token(leak.id, 100_000);
    expect(last?.digest).toEqual(digestFor("made-up-token-99999").digest);
    expect(last?.anchor).toBe(digestFor("made-up-token-99999").anchor);
    expect(store.revision()).toBe(1);
    expect(canonicalJson(store.entriesAfter(0, 1)).length).toBeLessThan(1000);
  });
});

describe("the set of tokens", () => {
  test("takes only what it does not hold, and gives a removed token a new number", async () => {
    const { leak } = await store.register("system", madeUp("made-up-token-0001", "made-up-token-0002"));
    const removed = await store.removeToken("system", leak.id, 1);
    expect(removed).toMatchObject({ revision: 2, leak: { tokenCount: 1, version: 2 } });
    expect(store.token(leak.id, 1)).toMatchObject({ removed: true });

    const tokens = ["made-up-token-0001", "made-up-token-0002", "made-up-token-0003"].map(digestFor);
    const added = await store.addTokens("system", leak.id, tokens);
    expect(added).toMatchObject({ added: 2, already: 1, revision: 3, leak: { tokenCount: 3, version: 3 } });
    expect(liveNumbers(leak.id)).toEqual([2, 3, 4]);
    expect(store.entriesAfter(1, 2)).toMatchObject([
      { action: "token.remove", token: 1, before: { tokenCount: 2 }, after: { tokenCount: 1 } },
      { action: "tokens.add", tokens: { first: 3, count: 2 } },
    ]);

    const again = await store.addTokens("system", leak.id, tokens);
    expect(again).toMatchObject({ added: 0, already: 3, revision: 3, leak: { version: 3 } });
    expect(store.revision()).toBe(3);
    expect(await store.audit()).toEqual({ ok: true, entries: 3 });
  });

  test("grows over the border of a page", async () => {
    const { leak } = await store.register("system", madeUp("made-up-token-first"));
    const many = Array.from({ length: 1000 }, (_, i) => digestFor(`made-up-token-${i}`));
    await store.addTokens("system", leak.id, many.slice(0, 453));
    await store.addTokens("system", leak.id, many.slice(0, 1000));
    expect(store.tokenPageCount(leak.id)).toBe(3);
    expect(liveNumbers(leak.id)).toHaveLength(1001);
    expect(store.token(leak.id, 455)?.digest).toEqual(many[453].digest);
    expect(await store.audit()).toEqual({ ok: true, entries: 3 });
  });

  test("keeps what several callers add at once, each token once", async () => {
    const { leak } = await store.register("system", madeUp("made-up-token-first"));
    const shared = Array.from({ length: 300 }, (_, i) => digestFor(`made-up-token-${i}`));
    const changes = await Promise.all(
      Array.from({ length: 4 }, (_, i) =>
        store.addTokens("system", leak.id, shared.slice(i * 50, i * 50 + 150)),
      ),
    );
    expect(changes.reduce((sum, change) => sum + change.added, 0)).toBe(300);
    expect(store.leak(leak.id)?.tokenCount).toBe(301);
    expect(await store.audit()).toMatchObject({ ok: true });
  });

  test("has no token 0, no token beyond its end, none twice removed", async () => {
    const { leak } = await store.register("system", madeUp("made-up-token-0001"));
    await store.removeToken("system", leak.id, 1);
    for (const number of [0, 1, 2, -1, 1.5, Number.NaN, 455])
      await expect(store.removeToken("system", leak.id, number)).rejects.toThrow(TokenUnknown);
    expect(store.token(leak.id, 2)).toBeNull();
    expect(store.leak(leak.id)).toMatchObject({ tokenCount: 0 });
    await expect(store.addTokens("system", "leak-9", [])).rejects.toThrow(LeakUnknown);
    await expect(store.removeToken("system", "leak-9", 1)).rejects.toThrow(LeakUnknown);
  });
});

describe("deciding", () => {
  test("goes through the lifecycle; a rule leaves with its leak and does not come back", async () => {
    const { leak } = await store.register("system", madeUp("made-up-token-0001"));
    const applied = await store.decide("key-1 (made up)", leak.id, "vpatch", {
      scope: { methods: ["post"] },
    });
    expect(applied.rule).toMatchObject({
      id: "rule-1",
      mode: "block",
      scope: { methods: ["POST"] },
      revision: 2,
    });
    expect(applied.rule).toMatchObject({ appliedBy: "key-1 (made up)", leak: leak.id, removedAt: null });
    expect(store.rules().rules).toEqual([applied.rule]);

    const closed = await store.decide("system", leak.id, "close");
    expect(closed).toMatchObject({ rule: null, leak: { status: "closed" } });
    expect(store.rules()).toEqual({ rules: [], next: null });
    expect(store.ruleOf(leak.id)).toBeNull();
    expect(store.rule("rule-1")?.removedAt).toBe(closed.leak.updatedAt);
    expect(store.rules({ removed: true }).rules).toHaveLength(1);

    await expect(store.decide("system", leak.id, "vpatch")).rejects.toThrow(DecisionRefused);
    const reopened = await store.decide("system", leak.id, "reopen");
    expect(reopened).toMatchObject({ rule: null, leak: { status: "opened" }, revision: 4 });
    expect((await store.decide("system", leak.id, "vpatch")).rule?.id).toBe("rule-2");
    expect(store.history(leak.id, 10).map((entry) => entry.action)).toEqual([
      "leak.vpatch",
      "leak.reopen",
      "leak.close",
      "leak.vpatch",
      "leak.register",
    ]);
    expect(store.history(leak.id, 2, 4).map((entry) => entry.revision)).toEqual([3, 2]);
    expect(store.history("leak-11", 2)).toEqual([]);
    expect(await store.audit()).toEqual({ ok: true, entries: 5 });
  });

  test("a vpatch of a patched leak changes its rule's mode or scope, and nothing when they are the same", async () => {
    const { leak } = await store.register("system", madeUp("made-up-token-0001"));
    await store.decide("system", leak.id, "vpatch", { mode: "monitor", scope: { hosts: ["a.example"] } });
    const same = await store.decide("system", leak.id, "vpatch", { scope: { hosts: ["A.example"] } });
    expect(same).toMatchObject({ revision: 2, leak: { version: 2 }, rule: { mode: "monitor" } });
    const harder = await store.decide("system", leak.id, "vpatch", { mode: "block" });
    expect(harder).toMatchObject({
      revision: 3,
      leak: { version: 3 },
      rule: { id: "rule-1", mode: "block", scope: { hosts: ["a.example"] }, revision: 3 },
    });
    expect(store.entriesAfter(2, 1)[0].before).toMatchObject({ rule: { mode: "monitor" } });
    await expect(store.decide("system", leak.id, "vpatch", { scope: { hosts: ["*"] } })).rejects.toThrow(
      InputRefused,
    );
    expect(await store.audit()).toEqual({ ok: true, entries: 3 });
  });

  test("from a state that has passed is a conflict, and only one of two wins", async () => {
    const { leak } = await store.register("system", madeUp("made-up-token-0001"));
    const outcomes = await Promise.allSettled([
      store.decide("system", leak.id, "close", { ifVersion: 1 }),
      store.decide("system", leak.id, "mark_false", { ifVersion: 1 }),
      store.removeToken("system", leak.id, 1, 1),
      store.updateLeak("system", leak.id, { risk: 9 }, 1),
      store.addTokens("system", leak.id, [digestFor("made-up-token-0002")], 1),
    ]);
    const lost = outcomes.filter((outcome) => outcome.status === "rejected");
    expect(lost).toHaveLength(4);
    for (const outcome of lost) expect(outcome.reason).toBeInstanceOf(VersionConflict);
    expect(store.revision()).toBe(2);
    expect(await store.audit()).toEqual({ ok: true, entries: 2 });
  });

  test("on a leak that is not there says so, whatever the id looks like", async () => {
    for (const id of [
      "leak-1",
      "leak-0",
      "leak-01",
      "leak-",
      "",
      "LEAK-1",
      "leak-1.5",
      "x".repeat(9999),
      "leak-99999999999",
    ])
      await expect(store.decide("system", id, "close")).rejects.toThrow(LeakUnknown);
    expect(store.leak("nope")).toBeNull();
    expect(store.rule("rule-1")).toBeNull();
    expect(store.tokenPageCount("leak-1")).toBe(0);
  });
});

describe("updating", () => {
  test("changes what is given, keeps the rest, and is no change when nothing differs", async () => {
    const { leak } = await store.register("system", madeUp("made-up-token-0001"));
    const updated = await store.updateLeak("system", leak.id, {
      risk: 9,
      name: "renamed",
      source: undefined,
    });
    expect(updated.leak).toMatchObject({ risk: 9, name: "renamed", source: "custom", version: 2 });
    expect(store.entriesAfter(1, 1)[0]).toMatchObject({
      before: { name: "made up leak", risk: 5, version: 1 },
      after: { name: "renamed", risk: 9, version: 2 },
    });
    expect((await store.updateLeak("system", leak.id, { risk: 9 })).revision).toBe(2);
    await expect(store.updateLeak("system", leak.id, { risk: 0 })).rejects.toThrow(InputRefused);
    expect(store.counts().byRiskLevel).toEqual({ high: 1, medium: 0, low: 0 });
    expect(await store.audit()).toEqual({ ok: true, entries: 2 });
  });
});

describe("what does not belong", () => {
  test("an entry changed on the disk is found", async () => {
    for (let i = 0; i < 5; i++) await store.register("system", madeUp(`made-up-token-${i}`));
    const raw = open({ path: join(dir, "rules") });
    const journal = raw.openDB<string, number>({ name: "journal", encoding: "string" });
    await journal.put(3, (journal.get(3) ?? "").replace('"actor":"system"', '"actor":"nobody"'));
    await raw.close();
    expect(await store.audit()).toMatchObject({ ok: false, revision: 3 });
  });

  test("a leak changed on the disk without an entry is found", async () => {
    await store.register("system", madeUp("made-up-token-0001"));
    const raw = open({ path: join(dir, "rules") });
    const leaks = raw.openDB<{ leak: { status: string } }, number>({ name: "leaks", encoding: "json" });
    const stored = leaks.get(1);
    await leaks.put(1, { ...stored, leak: { ...stored?.leak, status: "closed" } });
    await raw.close();
    expect(await store.audit()).toMatchObject({ ok: false, why: expect.stringContaining("leak-1") });
  });

  test("a read-only handle refuses changes and sees those of others", async () => {
    const reader = await RulesStore.open(dir, pepperId, { readOnly: true });
    expect(reader.revision()).toBe(0);
    expect(() => reader.register("system", madeUp("made-up-token-0001"))).toThrow("read-only");
    await store.register("system", madeUp("made-up-token-0001"));
    expect(reader.revision()).toBe(1);
    expect(reader.leak("leak-1")?.tokenCount).toBe(1);
    await reader.close();
    expect(store.revision()).toBe(1);
  });
});
