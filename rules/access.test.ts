import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { type AccessKeyRecord, authenticate, type KeySource, mintKey } from "./access.ts";
import { Pepper } from "./pepper.ts";
import { InputRefused, KeyUnknown } from "./refusal.ts";
import { RulesStore } from "./store.ts";

const pepper = Pepper.fromBytes(Buffer.alloc(32, 7));
const otherPepper = Pepper.fromBytes(Buffer.alloc(32, 8));

function holding(...records: AccessKeyRecord[]): KeySource {
  return { keyByPublicPart: (part) => records.find((record) => record.publicPart === part) ?? null };
}

function stored(
  record: ReturnType<typeof mintKey>["record"],
  revokedAt: number | null = null,
): AccessKeyRecord {
  return { ...record, id: "key-1", createdAt: 1, createdBy: "system", revokedAt };
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
    const key = authenticate(holding(stored(record)), pepper, clear);
    expect(key).toMatchObject({ id: "key-1", role: "administrator", name: "made up key" });
    expect(key).not.toHaveProperty("digest");
  });

  test("answers null alike for what is unknown, revoked, made under another pepper, or not a key", () => {
    const source = holding(stored(record));
    const other = mintKey(pepper, "administrator", "other");
    const swapped = clear.slice(0, 20) + (clear[20] === "a" ? "b" : "a") + clear.slice(21);
    expect(authenticate(holding(stored(record, 5)), pepper, clear)).toBeNull();
    expect(authenticate(source, otherPepper, clear)).toBeNull();
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
      expect(authenticate(source, pepper, wrong)).toBeNull();
  });

  test("is not fooled by the right public part with another secret and a good checksum", () => {
    const other = mintKey(pepper, "analyst", "other");
    const source = holding({ ...stored(record), publicPart: other.record.publicPart });
    expect(authenticate(source, pepper, other.clear)).toBeNull();
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
    expect(authenticate(store, pepper, clear)?.id).toBe("key-1");

    await store.createKey("key-1 (made up key)", mintKey(pepper, "analyst", "second").record);
    expect((await store.revokeKey("cli:someone", "key-1")).key.revokedAt).toBe(1000);
    expect(authenticate(store, pepper, clear)).toBeNull();
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
});
