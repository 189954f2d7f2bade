import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import {
  type AccessKeyRecord,
  authenticate,
  type KeySource,
  mintKey,
  mintSecret,
  recognise,
} from "./access.ts";
import { Pepper } from "./pepper.ts";
import { InputRefused, KeyRevoked, KeyUnknown } from "./refusal.ts";
import { RulesStore } from "./store.ts";

const pepper = Pepper.fromBytes(Buffer.alloc(32, 7));
const NOW = 1000;
const otherPepper = Pepper.fromBytes(Buffer.alloc(32, 8));

function holding(...records: AccessKeyRecord[]): KeySource {
  return { keyByPublicPart: (part) => records.find((record) => record.publicPart === part) ?? null };
}

function stored(
  record: ReturnType<typeof mintKey>["record"],
  revokedAt: number | null = null,
): AccessKeyRecord {
  const rest = { disabledAt: null, graceUntil: null, previous: null };
  return { ...record, id: "key-1", createdAt: 1, createdBy: "system", revokedAt, ...rest };
}

describe("minting a key", () => {
  test("gives a key of a recognisable shape, and keeps no part of its secret", () => {
    const { clear, record } = mintKey(pepper, "analyst", " made up key ");
    expect(clear).toMatch(/^lgk_[0-9A-Za-z]{8}_[0-9A-Za-z]{46}$/);
    expect(record.name).toBe("made up key");
    expect(clear.slice(4, 12)).toBe(record.publicPart);
    expect(JSON.stringify(record)).not.toContain(clear.slice(13, 30));
    expect(mintKey(pepper, "analyst", "another").clear).not.toBe(clear);
  });

  test("refuses an empty or broken name", () => {
    for (const name of ["", "  ", "x".repeat(129), "a\nb"])
      expect(() => mintKey(pepper, "analyst", name)).toThrow(InputRefused);
  });
});

describe("authenticating", () => {
  const { clear, record } = mintKey(pepper, "administrator", "made up key");

  test("knows the key and answers it without its digest", () => {
    const key = authenticate(holding(stored(record)), pepper, clear, NOW);
    expect(key).toMatchObject({ id: "key-1", role: "administrator", name: "made up key" });
    expect(key).not.toHaveProperty("digest");
  });

  test("answers null alike for what is unknown, revoked, made under another pepper, or not a key", () => {
    const source = holding(stored(record));
    const other = mintKey(pepper, "administrator", "other");
    const swapped = clear.slice(0, 20) + (clear[20] === "a" ? "b" : "a") + clear.slice(21);
    expect(authenticate(holding(stored(record, 5)), pepper, clear, NOW)).toBeNull();
    expect(authenticate(source, otherPepper, clear, NOW)).toBeNull();
    for (const wrong of [
      other.clear,
      swapped,
      `${clear}0`,
      clear.slice(1),
      "",
      "lgk_",
      ` ${clear}`,
      `${clear}\n`,
    ])
      expect(authenticate(source, pepper, wrong, NOW)).toBeNull();
  });

  test("is not fooled by the right public part with another secret and a good checksum", () => {
    const other = mintKey(pepper, "analyst", "other");
    const source = holding({ ...stored(record), publicPart: other.record.publicPart });
    expect(authenticate(source, pepper, other.clear, NOW)).toBeNull();
  });
});

describe("keys in the store", () => {
  const dir = mkdtempSync(join(tmpdir(), "leakgate-keys-"));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  test("are made, found, listed and revoked, with journal entries that hold no secret", async () => {
    const store = await RulesStore.open(dir, pepper.id, { now: () => 1000 });
    const { clear, record } = mintKey(pepper, "administrator", "made up key");
    const first = await store.createFirstKey("system", record);
    expect(first?.key).toMatchObject({ id: "key-1", createdBy: "system", createdAt: 1000, revokedAt: null });
    expect(await store.createFirstKey("system", mintKey(pepper, "administrator", "late").record)).toBeNull();
    expect(authenticate(store, pepper, clear, NOW)?.id).toBe("key-1");

    await store.createKey("key-1 (made up key)", mintKey(pepper, "analyst", "second").record);
    expect((await store.revokeKey("cli:someone", "key-1")).key.revokedAt).toBe(1000);
    expect(authenticate(store, pepper, clear, NOW)).toBeNull();
    expect(store.keys().map((key) => [key.id, key.role, key.revokedAt])).toEqual([
      ["key-1", "administrator", 1000],
      ["key-2", "analyst", null],
    ]);

    const again = await store.revokeKey("cli:someone", "key-1");
    expect(again.revision).toBe(3);
    await expect(store.revokeKey("system", "key-9")).rejects.toThrow(KeyUnknown);
    const entries = store.entriesAfter(0, 10);
    expect(entries.map((entry) => entry.action)).toEqual(["key.create", "key.create", "key.revoke"]);
    const text = JSON.stringify(entries);
    expect(text).not.toContain(record.digest);
    expect(text).not.toContain(clear.slice(13));
    expect(await store.audit()).toEqual({ ok: true, entries: 3 });
    await store.close();
  });

  test("a key expires, is disabled and enabled, renamed, and stays as it is once revoked", async () => {
    let now = 1000;
    const store = await RulesStore.open(dir, pepper.id, { now: () => now });
    const { clear, record } = mintKey(pepper, "analyst", "made up key", 2000);
    await store.createKey("system", record);
    const standing = () => recognise(store, pepper, clear, now)?.standing;
    expect(standing()).toBe("good");
    await store.updateKey("system", "key-1", { disabled: true });
    expect(standing()).toBe("disabled");
    expect(authenticate(store, pepper, clear, now)).toBeNull();
    const again = await store.updateKey("system", "key-1", { disabled: true });
    expect(again.revision).toBe(2);
    await store.updateKey("system", "key-1", { disabled: false, name: "renamed" });
    expect(standing()).toBe("good");
    now = 2000;
    expect(standing()).toBe("expired");
    for (const expiresAt of [2000, 0, 2000.5])
      await expect(store.updateKey("system", "key-1", { expiresAt })).rejects.toThrow(InputRefused);
    await store.updateKey("system", "key-1", { expiresAt: 3000 });
    expect(standing()).toBe("good");
    await store.updateKey("system", "key-1", { expiresAt: null });
    await store.revokeKey("system", "key-1");
    expect(standing()).toBe("revoked");
    await expect(store.updateKey("system", "key-1", { disabled: false })).rejects.toThrow(KeyRevoked);
    await expect(store.updateKey("system", "key-9", {})).rejects.toThrow(KeyUnknown);
    expect(store.entriesAfter(0, 10).map(({ action, after }) => [action, after])).toEqual([
      [
        "key.create",
        { name: "made up key", role: "analyst", publicPart: record.publicPart, expiresAt: 2000 },
      ],
      ["key.disable", { disabledAt: 1000 }],
      ["key.update", { name: "renamed", disabledAt: null }],
      ["key.update", { expiresAt: 3000 }],
      ["key.update", { expiresAt: null }],
      ["key.revoke", { revokedAt: 2000 }],
    ]);
    expect(await store.audit()).toEqual({ ok: true, entries: 6 });
    await store.close();
  });

  test("a rotated key has a new secret; the old one counts until its grace ends, and only the last one", async () => {
    let now = 1000;
    const store = await RulesStore.open(dir, pepper.id, { now: () => now });
    const first = mintKey(pepper, "analyst", "made up key");
    await store.createKey("system", first.record);
    const standing = (clear: string) => recognise(store, pepper, clear, now)?.standing;
    const [second, third] = [mintSecret(pepper), mintSecret(pepper)];
    const { key } = await store.rotateKey("system", "key-1", second.secret, 500);
    expect(key).toMatchObject({ id: "key-1", name: "made up key", graceUntil: 1500 });
    expect([standing(first.clear), standing(second.clear)]).toEqual(["good", "good"]);
    now = 1499;
    expect(authenticate(store, pepper, first.clear, now)?.id).toBe("key-1");
    now = 1500;
    expect([standing(first.clear), standing(second.clear)]).toEqual(["rotated", "good"]);
    expect(authenticate(store, pepper, first.clear, now)).toBeNull();
    await store.rotateKey("system", "key-1", third.secret, 0);
    expect([standing(first.clear), standing(second.clear), standing(third.clear)]).toEqual([
      undefined,
      "rotated",
      "good",
    ]);
    expect(await store.audit()).toEqual({ ok: true, entries: 3 });
    const text = JSON.stringify(store.entriesAfter(0, 10));
    for (const { clear } of [first, second, third]) expect(text).not.toContain(clear.slice(13));
    await store.revokeKey("system", "key-1");
    expect([standing(second.clear), standing(third.clear)]).toEqual(["revoked", "revoked"]);
    await expect(store.rotateKey("system", "key-1", first.record, 0)).rejects.toThrow(KeyRevoked);
    await store.close();
  });

  test("when a key was last used is kept beside the journal", async () => {
    const store = await RulesStore.open(dir, pepper.id, { now: () => 1000 });
    await store.createKey("system", mintKey(pepper, "analyst", "made up key").record);
    expect(store.keys()).toMatchObject([{ id: "key-1", lastUsedAt: null }]);
    await store.noteUse("key-1", 1234);
    expect(store.lastUse("key-1")).toBe(1234);
    expect(store.keys()).toMatchObject([{ id: "key-1", lastUsedAt: 1234 }]);
    expect(await store.audit()).toEqual({ ok: true, entries: 1 });
    await store.close();
  });

  test("who takes the last administrator's key away is told", async () => {
    const store = await RulesStore.open(dir, pepper.id, { now: () => 1000 });
    for (const role of ["administrator", "administrator", "analyst"] as const)
      await store.createKey("system", mintKey(pepper, role, "made up key").record);
    const told: boolean[] = [];
    for (const change of [
      () => store.revokeKey("system", "key-3"),
      () => store.updateKey("system", "key-1", { disabled: true }),
      () => store.revokeKey("system", "key-2"),
      () => store.updateKey("system", "key-1", { disabled: false }),
    ])
      told.push((await change()).leavesNoAdministrator);
    expect(told).toEqual([false, false, true, false]);
    await store.close();
  });
});
