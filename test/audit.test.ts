import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Database, open, type RootDatabase } from "lmdb";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { mintKey } from "../rules/access.ts";
import { digestTokens } from "../rules/digest.ts";
import { canonicalJson, type JournalEntry, sealEntry } from "../rules/journal.ts";
import { Pepper } from "../rules/pepper.ts";
import { RulesStore } from "../rules/store.ts";
import { type Ended, leakgate } from "./command.ts";
import { temporaryFolder } from "./support.ts";

/** Six changes, ten seconds apart. */
const START = Date.UTC(2026, 10, 24, 12);
const ENTRIES = 6;

let folder: ReturnType<typeof temporaryFolder>;
let original: string;
let data: string;
let head: string;
beforeAll(async () => {
  folder = temporaryFolder();
  original = join(folder.path, "original");
  data = join(folder.path, "data");
  const pepper = Pepper.loadOrCreate(original);
  let now = START - 10_000;
  const store = await RulesStore.open(original, pepper.id, { now: () => (now += 10_000) });
  await store.createKey("system", mintKey(pepper, "analyst", '=made up, "key"').record);
  for (const name of ["first", "second"]) {
    const tokens = await digestTokens([`made-up-token-${name}`], pepper);
    await store.register("key-1 (Ann)", { name, description: "", risk: 5, source: "custom", tokens });
  }
  await store.decide("key-1 (Ann)", "leak-1", "vpatch");
  await store.updateLeak("=made-up()", "leak-2", { risk: 9 });
  await store.decide("cli:bob", "leak-1", "close");
  head = store.head().hash;
  await store.close();
});
beforeEach(() => {
  rmSync(data, { recursive: true, force: true });
  cpSync(original, data, { recursive: true });
});
afterAll(() => folder.remove());

function audit(...args: string[]): Promise<Ended> {
  return leakgate(folder.path, ["audit", ...args, "--data", data]);
}

/** Changes the files behind Leakgate's back. */
async function tamper(
  change: (journal: Database<string, number>, root: RootDatabase) => void,
): Promise<void> {
  const root = open({ path: join(data, "rules"), maxDbs: 24, cache: false });
  const journal = root.openDB<string, number>({ name: "journal", encoding: "string" });
  root.transactionSync(() => change(journal, root));
  await root.close();
}

function entry(journal: Database<string, number>, revision: number): string {
  return journal.get(revision)!;
}

describe("leakgate audit verify", () => {
  test("says ok and prints the head, which a later one compares with", async () => {
    const verified = await audit("verify");
    expect(verified).toMatchObject({ code: 0, err: "" });
    expect(verified.out).toContain(`ok: ${ENTRIES} entries`);
    expect(verified.out).toContain(`head ${head}`);
    expect(await audit("verify", "--json")).toMatchObject({ code: 0 });
    const store = await RulesStore.open(data, Pepper.load(data).id);
    await store.decide("cli:bob", "leak-1", "reopen");
    await store.close();
    const later = await audit("verify", "--head", head);
    expect(later.out).toContain(`the entry named by --head is revision ${ENTRIES}`);
  });

  test("names an entry of which one byte was changed, with its time and who made it", async () => {
    await tamper((journal) => {
      void journal.put(4, entry(journal, 4).replace('"status":"patched"', '"status":"pa7ched"'));
    });
    const { code, out, err } = await audit("verify");
    expect([code, out]).toEqual([1, ""]);
    expect(err).toContain("broken at revision 4 (2026-11-24T12:00:30.000Z, key-1 (Ann), leak.vpatch leak-1");
    expect(JSON.parse((await audit("verify", "--json")).out)).toMatchObject({ ok: false, revision: 4 });
  });

  test("names an entry that can no longer be read", async () => {
    await tamper((journal) => void journal.put(3, entry(journal, 3).replace("{", "[")));
    expect(await audit("verify")).toMatchObject({
      code: 1,
      err: expect.stringContaining("broken at revision 3: the entry cannot be read"),
    });
  });

  test("names an entry that was removed, and the first of two that changed places", async () => {
    await tamper((journal) => void journal.remove(2));
    expect((await audit("verify")).err).toContain("broken at revision 2: revision 2 is missing");
    rmSync(data, { recursive: true });
    cpSync(original, data, { recursive: true });
    await tamper((journal) => {
      const [third, fourth] = [entry(journal, 3), entry(journal, 4)];
      void journal.put(3, fourth);
      void journal.put(4, third);
    });
    const swapped = await audit("verify");
    expect(swapped).toMatchObject({ code: 1, err: expect.stringContaining("broken at revision 3") });
    expect(swapped.err).toContain("revision 4 stands in its place");
  });

  test("notices that the end was cut off, with the head left and with the head moved back", async () => {
    await tamper((journal) => void journal.remove(ENTRIES));
    expect((await audit("verify")).err).toContain(`revision ${ENTRIES} is missing`);
    await tamper((journal, root) => {
      const meta = root.openDB<unknown, string>({ name: "meta", encoding: "json" });
      const { revision, hash } = JSON.parse(entry(journal, ENTRIES - 1)) as JournalEntry;
      void meta.put("head", { revision, hash });
    });
    expect((await audit("verify")).err).toContain("what is stored is not what it says");
    expect((await audit("verify", "--head", head)).code).toBe(1);
  });

  test("a journal written anew from an older state is told by a hash that was kept", async () => {
    const store = await RulesStore.open(data, Pepper.load(data).id);
    await store.updateLeak("cli:bob", "leak-2", { risk: 3 });
    const kept = store.head().hash;
    await store.close();
    rmSync(data, { recursive: true });
    cpSync(original, data, { recursive: true });
    expect((await audit("verify")).code).toBe(0);
    const cut = await audit("verify", "--head", kept);
    expect(cut).toMatchObject({ code: 1, out: "" });
    expect(cut.err).toContain("it was cut off or replaced");
    expect((await audit("verify", "--head", "abc")).code).toBe(2);
  });

  test("notices a table that was changed and a record that cannot be read", async () => {
    const put = (text: string) =>
      tamper((_, root) => {
        const leaks = root.openDB<string, number>({ name: "leaks", encoding: "string" });
        void leaks.put(2, text === "" ? leaks.get(2)!.replace('"risk":9', '"risk":1') : text);
      });
    await put("");
    expect((await audit("verify")).err).toContain("leak-2 is not as the journal says");
    await put("{");
    expect(await audit("verify")).toMatchObject({ code: 1, err: expect.stringContaining("cannot be read") });
  });

  test("an entry sealed anew breaks the one after it", async () => {
    await tamper((journal) => {
      const { hash: _hash, previousHash, revision, ...draft } = JSON.parse(entry(journal, 3)) as JournalEntry;
      const before = { revision: revision - 1, hash: previousHash };
      void journal.put(3, canonicalJson(sealEntry({ ...draft, actor: "key-1 (Eve)" }, before)));
    });
    expect((await audit("verify")).err).toContain("broken at revision 4");
  });
});

describe("leakgate audit list and export", () => {
  test("lists the newest first, by subject, actor and time", async () => {
    const listed = JSON.parse((await audit("list", "--json")).out) as JournalEntry[];
    expect(listed.map(({ revision }) => revision)).toEqual([6, 5, 4, 3, 2, 1]);
    const revisions = async (...args: string[]) =>
      (JSON.parse((await audit("list", "--json", ...args)).out) as JournalEntry[]).map(
        (each) => each.revision,
      );
    expect(await revisions("--subject", "leak-1")).toEqual([6, 4, 2]);
    expect(await revisions("--actor", "BOB", "--limit", "1")).toEqual([6]);
    expect(await revisions("--from", "2026-11-24T12:00:10Z", "--to", "2026-11-24T12:00:30Z")).toEqual([3, 2]);
    expect(await revisions("--from", "1h")).toEqual([]);
    expect((await audit("list")).out).toMatch(/REVISION +WHEN .*\n6 +2026-11-24 12:00 +cli:bob +leak.close/);
    expect((await audit("list", "--from", "yesterday")).code).toBe(2);
  });

  test("exports lines that can be verified elsewhere", async () => {
    const { out } = await audit("export");
    const lines = out.trimEnd().split("\n");
    expect(lines).toHaveLength(ENTRIES);
    let last = { revision: 0, hash: "0".repeat(64) };
    for (const line of lines) {
      const { hash, revision: _, previousHash: __, ...draft } = JSON.parse(line) as JournalEntry;
      const sealed = sealEntry(draft, last);
      expect(sealed.hash).toBe(hash);
      last = sealed;
    }
    expect(last.hash).toBe(head);
  });

  test("exports CSV that no spreadsheet runs", async () => {
    const { out } = await audit("export", "--format", "csv", "--subject", "leak-1");
    const [heading, ...rows] = out.trimEnd().split("\n");
    expect(heading).toBe(
      "revision,at,actor,from,action,subject,before,after,reason,comment,token,tokens,previousHash,hash",
    );
    expect(rows).toHaveLength(3);
    expect(rows[0]).toMatch(
      /^2,2026-11-24T12:00:10.000Z,key-1 \(Ann\),,leak.register,leak-1,,"\{""description""/,
    );
  });
});
