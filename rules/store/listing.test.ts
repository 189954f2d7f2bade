import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { TokenDigest } from "../digest.ts";
import { type Leak, type LeakStatus, leakStatuses, remediationOf, remediations } from "../leak.ts";
import { CursorInvalid, InputRefused } from "../refusal.ts";
import { RulesStore } from "../store.ts";
import { type LeakList, type LeakQuery, type LeakSort, leakSorts } from "./listing.ts";

let dir: string;
let store: RulesStore;
let clock: number;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "leakgate-listing-"));
  clock = 1000;
  store = await RulesStore.open(dir, "0123456789abcdef", { now: () => clock++ });
});

afterEach(async () => {
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

function digests(count: number): TokenDigest[] {
  return Array.from({ length: count }, (_, i) => {
    const digest = createHash("sha256").update(`made-up-token-${i}`).digest();
    return {
      digest,
      anchor: i,
      fingerprint: i,
      length: 18,
      mark: 1,
      preview: "made****(18)",
      kind: "opaque",
    };
  });
}

async function add(name: string, risk = 5, source = "custom", tokens = 1): Promise<Leak> {
  const input = { name, description: `about ${name}`, risk, source, tokens: digests(tokens) };
  return (await store.register("system", input)).leak;
}

/** Leaks of every status, with ties in every field. */
async function addMany(count: number): Promise<void> {
  const names = ["Zebra", "apple", "Öl", "\u{1f511} key", "apple", "\uffee wide"];
  for (let i = 0; i < count; i++) {
    const leak = await add(names[i % 6], 1 + (i % 10), i % 3 === 0 ? "github" : "custom", 1 + (i % 4));
    if (i % 5 > 0)
      await store.decide(
        "system",
        leak.id,
        (["vpatch", "close", "mark_false", "vpatch"] as const)[(i % 5) - 1],
      );
    if (i % 5 === 0 && i % 3 === 0)
      await store.updateLeak("system", leak.id, { notApplicable: "the tokens open nothing" });
  }
}

function pages(query: LeakQuery): Leak[] {
  const leaks: Leak[] = [];
  for (let after: string | undefined; ; ) {
    const list = store.listLeaks({ ...query, after });
    leaks.push(...list.leaks);
    if (list.next === null) return leaks;
    after = list.next;
  }
}

const sortValue: Record<LeakSort, (leak: Leak) => number | Buffer> = {
  created: (leak) => leak.createdAt,
  updated: (leak) => leak.updatedAt,
  risk: (leak) => leak.risk,
  status: (leak) => leakStatuses.indexOf(leak.status),
  name: (leak) => Buffer.from(leak.name.toLowerCase()),
  source: (leak) => Buffer.from(leak.source),
  tokens: (leak) => leak.tokenCount,
  remediation: (leak) => remediations.indexOf(remediationOf(leak)),
};

function sorted(leaks: Leak[], sort: LeakSort, descending: boolean): Leak[] {
  const up = [...leaks].sort((a, b) => {
    const [x, y] = [sortValue[sort](a), sortValue[sort](b)];
    const order = Buffer.isBuffer(x) ? Buffer.compare(x, y as Buffer) : x - (y as number);
    // Of one status the newest stand first in both directions, else ties turn with the rest.
    return order || (sort === "status" && !descending ? b.seq - a.seq : a.seq - b.seq);
  });
  return descending ? up.reverse() : up;
}

const ids = (leaks: readonly Leak[]) => leaks.map((leak) => leak.id);

describe("listing leaks", () => {
  test("sorts by every field, up and down, in pages of any size, like a sort of the whole", async () => {
    await addMany(41);
    const all = [...store.leaks()];
    expect(all).toHaveLength(41);
    for (const sort of leakSorts) {
      for (const descending of [false, true]) {
        for (const limit of [1, 7, 1000]) {
          expect(ids(pages({ sort, descending, limit }))).toEqual(ids(sorted(all, sort, descending)));
        }
      }
    }
    expect(ids(store.listLeaks().leaks)).toEqual(ids(sorted(all, "created", true)));
    expect(ids(store.listLeaks({ sort: "created" }).leaks)).toEqual(ids(sorted(all, "created", false)));
  });

  test("filters by status, risk, source and text, alone and together", async () => {
    await addMany(41);
    const all = [...store.leaks()];
    const cases: [LeakQuery, (leak: Leak) => boolean][] = [
      ...leakStatuses.map((status): [LeakQuery, (leak: Leak) => boolean] => [
        { status },
        (leak) => leak.status === status,
      ]),
      [{ status: ["closed", "opened"] }, (leak) => leak.status === "closed" || leak.status === "opened"],
      [{ status: [] }, () => false],
      [{ risk: { min: 8 } }, (leak) => leak.risk >= 8],
      [{ risk: { max: 3 } }, (leak) => leak.risk <= 3],
      [{ risk: [2, 9] }, (leak) => leak.risk === 2 || leak.risk === 9],
      [{ source: "github" }, (leak) => leak.source === "github"],
      [
        { source: ["github", "other"], status: "patched" },
        (leak) => leak.source === "github" && leak.status === "patched",
      ],
      [{ q: "APP" }, (leak) => leak.name === "apple"],
      [{ q: "about ze" }, (leak) => leak.name === "Zebra"],
      [{ q: "öL", risk: { min: 5 } }, (leak) => leak.name === "Öl" && leak.risk >= 5],
      [{ q: "" }, () => true],
    ];
    for (const [query, wanted] of cases) {
      for (const sort of ["name", "tokens"] as const) {
        const found = pages({ ...query, sort, limit: 3 });
        expect(ids(found)).toEqual(ids(sorted(all.filter(wanted), sort, false)));
      }
      for (const descending of [false, true]) {
        const found = pages({ ...query, sort: "status", descending, limit: 3 });
        expect(ids(found)).toEqual(ids(sorted(all.filter(wanted), "status", descending)));
      }
    }
  });

  test("a cursor stays where it is while leaks come and change before it", async () => {
    for (let i = 0; i < 6; i++) await add(`leak ${i}`);
    const first = store.listLeaks({ limit: 2 });
    expect(ids(first.leaks)).toEqual(["leak-6", "leak-5"]);
    await add("newer");
    await store.decide("system", "leak-4", "close");
    const second = store.listLeaks({ limit: 2, after: first.next ?? undefined });
    expect(ids(second.leaks)).toEqual(["leak-4", "leak-3"]);
    expect(second.leaks[0].status).toBe("closed");
    const third = store.listLeaks({ limit: 2, after: second.next ?? undefined });
    expect(ids(third.leaks)).toEqual(["leak-2", "leak-1"]);
    expect(third.next).toBeNull();
  });

  test("by status, a new leak stands first of its status, and moves no page behind it", async () => {
    for (let i = 0; i < 6; i++) await add(`leak ${i}`);
    for (const id of ["leak-2", "leak-5"]) await store.decide("system", id, "vpatch");
    const up: LeakQuery = { sort: "status", limit: 3 };
    const down: LeakQuery = { ...up, descending: true };
    const [first, last] = [store.listLeaks(up), store.listLeaks(down)];
    expect(ids(first.leaks)).toEqual(["leak-6", "leak-4", "leak-3"]);
    expect(ids(last.leaks)).toEqual(["leak-5", "leak-2", "leak-6"]);
    await add("newer", 10);
    expect(ids(store.listLeaks(up).leaks)).toEqual(["leak-7", "leak-6", "leak-4"]);
    // The leaks on which the pages ended leave their status.
    await store.decide("system", "leak-3", "close");
    await store.decide("system", "leak-6", "close");
    const rest = (query: LeakQuery, { next }: LeakList) =>
      ids(store.listLeaks({ ...query, limit: 50, after: next ?? undefined }).leaks);
    expect(rest(up, first)).toEqual(["leak-1", "leak-5", "leak-2", "leak-6", "leak-3"]);
    expect(rest(down, last)).toEqual(["leak-4", "leak-1"]);
  });

  test("takes no cursor of another listing, and nothing that is not one", async () => {
    for (let i = 0; i < 3; i++) await add(`leak ${i}`);
    const { next } = store.listLeaks({ limit: 1, sort: "name" });
    expect(next).not.toBeNull();
    const cursor = next ?? "";
    const forged = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const wrong: LeakQuery[] = [
      { sort: "risk", after: cursor },
      { sort: "name", descending: true, after: cursor },
      ...["", "?", "AAAA", cursor.slice(2), "A".repeat(2000)].map(
        (after): LeakQuery => ({ sort: "name", after }),
      ),
      ...[["leaks.name.up", "x", 0], ["leaks.name.up", "\0", 1], ["leaks.name.up", null, 1], [], null, 7].map(
        (value): LeakQuery => ({ sort: "name", after: forged(value) }),
      ),
    ];
    for (const query of wrong) expect(() => store.listLeaks(query)).toThrow(CursorInvalid);
    for (const limit of [0, 1001, 1.5, Number.NaN])
      expect(() => store.listLeaks({ limit })).toThrow(InputRefused);
    expect(store.listLeaks({ sort: "name", after: cursor }).leaks).toHaveLength(2);
  });

  test("the longest names are listed and paged", async () => {
    for (let i = 0; i < 3; i++) await add("\uffee".repeat(127) + i);
    expect(ids(pages({ sort: "name", limit: 1 }))).toEqual(["leak-1", "leak-2", "leak-3"]);
  });
});

describe("listing rules", () => {
  test("shows those in force in pages, and all of them on request", async () => {
    for (let i = 0; i < 5; i++) await store.decide("system", (await add(`leak ${i}`)).id, "vpatch");
    await store.decide("system", "leak-2", "close");
    const first = store.rules({ limit: 2 });
    expect(first.rules.map((rule) => rule.id)).toEqual(["rule-1", "rule-3"]);
    const rest = store.rules({ limit: 2, after: first.next ?? undefined });
    expect(rest.rules.map((rule) => rule.id)).toEqual(["rule-4", "rule-5"]);
    expect(rest.next).toBeNull();
    expect(store.rules({ removed: true }).rules.map((rule) => rule.removedAt !== null)).toEqual([
      false,
      true,
      false,
      false,
      false,
    ]);
    expect(() => store.rules({ removed: true, after: first.next ?? undefined })).toThrow(CursorInvalid);
  });
});

describe("counting", () => {
  test("follows every change", async () => {
    await addMany(20);
    await store.removeToken("system", "leak-4", 2);
    await store.updateLeak("system", "leak-1", { risk: 9, source: "__proto__" });
    const all = [...store.leaks()];
    const ofStatus = (status: LeakStatus) => all.filter((leak) => leak.status === status).length;
    const counts = store.counts();
    expect(counts.byStatus).toEqual(
      Object.fromEntries(leakStatuses.map((status) => [status, ofStatus(status)])),
    );
    expect(counts.byRiskLevel.high + counts.byRiskLevel.medium + counts.byRiskLevel.low).toBe(20);
    expect(counts.byRiskLevel.high).toBe(all.filter((leak) => leak.risk >= 8).length);
    expect(Object.entries(counts.bySource)).toEqual([
      ["__proto__", 1],
      ["custom", 13],
      ["github", 6],
    ]);
    expect(counts.tokens).toBe(all.reduce((sum, leak) => sum + leak.tokenCount, 0));
    expect(await store.audit()).toMatchObject({ ok: true });
  });
});
