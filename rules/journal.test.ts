import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  canonicalJson,
  chainBreak,
  type EntryDraft,
  emptyJournal,
  type JournalEntry,
  type JournalRecords,
  sealEntry,
  verifyJournal,
} from "./journal.ts";

function draft(subject: string): EntryDraft {
  return {
    at: 1,
    actor: "system",
    action: "leak.close",
    subject,
    before: { b: 1, a: 2 },
    after: { status: "closed" },
  };
}

function chain(length: number): JournalEntry[] {
  const entries: JournalEntry[] = [];
  for (let i = 0; i < length; i++)
    entries.push(sealEntry(draft(`leak-${i}`), entries[i - 1] ?? emptyJournal));
  return entries;
}

function sourceOf(
  entries: JournalEntry[],
  head = entries[entries.length - 1] ?? emptyJournal,
): JournalRecords {
  const records = entries.map((entry) => ({ revision: entry.revision, text: canonicalJson(entry) }));
  return {
    head: () => head,
    recordsAfter: (revision, limit) => records.filter((record) => record.revision > revision).slice(0, limit),
  };
}

describe("canonical JSON", () => {
  test("is one spelling of a value, whatever the order of its keys", () => {
    expect(canonicalJson({ b: [1, { d: null, c: "\u00e9\n" }], a: true, gone: undefined })).toBe(
      '{"a":true,"b":[1,{"c":"\u00e9\\n","d":null}]}',
    );
  });
});

describe("the hash chain", () => {
  test("starts at zeros, and each hash is the SHA-256 of the entry without it", () => {
    const [first, second] = chain(2);
    expect(first.previousHash).toBe("0".repeat(64));
    expect(second.previousHash).toBe(first.hash);
    const { hash, ...rest } = second;
    expect(hash).toBe(createHash("sha256").update(canonicalJson(rest)).digest("hex"));
  });

  test("verifies whole, also over many batches, and when empty", async () => {
    expect(await verifyJournal(sourceOf(chain(1203)))).toEqual({ ok: true, entries: 1203 });
    expect(await verifyJournal(sourceOf([]))).toEqual({ ok: true, entries: 0 });
  });

  test("names the entry that was changed", async () => {
    const entries = chain(5);
    entries[2] = { ...entries[2], actor: "someone else" };
    expect(await verifyJournal(sourceOf(entries))).toMatchObject({ ok: false, revision: 3 });
  });

  test("names the entry after one that was changed and sealed again", async () => {
    const entries = chain(5);
    entries[2] = sealEntry({ ...draft("leak-2"), actor: "someone else" }, entries[1]);
    expect(await verifyJournal(sourceOf(entries))).toMatchObject({ ok: false, revision: 4 });
  });

  test("names an entry that is gone from the middle, the start or the end", async () => {
    for (const gone of [0, 2, 4]) {
      const entries = chain(5);
      const left = entries.filter((_, i) => i !== gone);
      expect(await verifyJournal(sourceOf(left, entries[4]))).toMatchObject({
        ok: false,
        revision: gone + 1,
      });
    }
  });

  test("notices a last entry that is not the one the head names", async () => {
    const entries = chain(5);
    const other = sealEntry(draft("leak-other"), entries[3]);
    expect(await verifyJournal(sourceOf([...entries.slice(0, 4), other], entries[4]))).toMatchObject({
      ok: false,
      revision: 5,
    });
  });

  test("says why an entry does not follow", () => {
    const [first, second, third] = chain(3);
    expect(chainBreak(second, first)).toBeNull();
    expect(chainBreak(third, first)).toContain("missing");
    expect(chainBreak({ ...second, previousHash: "f".repeat(64) }, first)).toContain("before it");
    expect(chainBreak({ ...second, at: 2 }, first)).toContain("changed");
  });
});
