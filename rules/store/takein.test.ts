import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { temporaryFolder } from "../../test/support.ts";
import { digestTokens, type TokenDigest } from "../digest.ts";
import type { Finding } from "../finding.ts";
import { Pepper } from "../pepper.ts";
import { PolicyUnknown } from "../refusal.ts";
import type { SightingInput } from "../sighting.ts";
import { RulesStore } from "../store.ts";
import { digestHashes } from "../tokenhash.ts";

const ANN = "key-1 (Ann)";
const SCAN = "key-2 (scanner)";
const A = "made-up-token-0001";
const B = "made-up-token-0002";

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

const digest = async (token: string): Promise<TokenDigest> => (await digestTokens([token], pepper))[0]!;
async function found(token: string, where: Partial<SightingInput> = {}, more: Partial<Finding> = {}) {
  const sighting = { source: "scanner", path: "config/.env", line: 3, ...where };
  return { token: await digest(token), sighting, name: "made-up finding", risk: 7, ...more };
}
const take = async (...findings: (Finding | Promise<Finding>)[]) =>
  store.takeIn(SCAN, await Promise.all(findings));

describe("a token that nobody knows", () => {
  test("becomes an opened leak with where it was found, and its sightings are one entry with it", async () => {
    const place = {
      source: "github",
      url: "https://git.example/app/blob/main/.env#L3",
      author: "made-up author",
      seenAt: 1_767_323_045_000,
      commit: "0123abc",
    };
    const taken = await take(found(A, place), found(A, { line: 9 }), found(A, { line: 9 }));
    expect(taken).toEqual({
      leaks: 1,
      patched: 0,
      known: 0,
      sightings: 2,
      unchanged: 1,
      refused: {},
      refusals: [],
      ids: ["leak-1"],
      revision: 1,
    });
    expect(store.leak("leak-1")).toMatchObject({
      name: "made-up finding",
      status: "opened",
      source: "github",
      sourceUrl: place.url,
      sourceAuthor: place.author,
      sourceAt: place.seenAt,
      risk: 7,
      tokenCount: 1,
    });
    expect(store.history("leak-1", 9)).toMatchObject([
      { action: "leak.register", actor: SCAN, after: { sightings: 2 } },
    ]);
    expect(store.sightings.ofToken("leak-1", 1)).toBe(2);
  });

  test("known by its hash alone is taken in the same way", async () => {
    const [token] = await digestHashes([`sha256:${"ab".repeat(32)}`], pepper);
    const finding = { token: token!, sighting: { source: "feed" }, name: "made-up hash", risk: 3 };
    expect(await take(finding)).toMatchObject({ leaks: 1, sightings: 1 });
    expect(await take(finding)).toMatchObject({ leaks: 0, known: 1, unchanged: 1, revision: 1 });
  });
});

describe("a token that a leak holds", () => {
  test("opened or patched has sightings more, one entry for a leak, and nothing else changes", async () => {
    const tokens = [await digest(A), await digest(B)];
    await store.register(ANN, { name: "x", description: "", risk: 5, source: "custom", tokens });
    await store.decide(ANN, "leak-1", "vpatch");
    const before = store.leak("leak-1");
    const taken = await take(found(A), found(B), found(B, { line: 4 }));
    expect(taken).toMatchObject({ leaks: 0, known: 2, sightings: 3, revision: 3 });
    expect(store.leak("leak-1")).toEqual(before);
    expect(store.history("leak-1", 1)[0]).toMatchObject({
      action: "leak.sighted",
      before: { sightings: 0 },
      after: { sightings: 3 },
    });
    await take(found(A, { line: 5 }));
    expect(store.history("leak-1", 1)[0]).toMatchObject({
      before: { sightings: 3 },
      after: { sightings: 4 },
    });
  });

  test("ten times is one token with ten sightings; the same report again changes nothing", async () => {
    const report = await Promise.all(
      Array.from({ length: 10 }, (_, i) => found(A, { path: `made-up/${i}.env` })),
    );
    expect(await store.takeIn(SCAN, report)).toMatchObject({ leaks: 1, sightings: 10 });
    const { revision } = store.head();
    expect(await store.takeIn(SCAN, report)).toMatchObject({
      leaks: 0,
      sightings: 0,
      unchanged: 10,
      revision,
    });
    expect(store.counts()).toMatchObject({ leaks: 1, tokens: 1 });
    expect(store.sightings.list("leak-1").sightings.map(({ path }) => path)).toEqual(
      report.map(({ sighting }) => sighting.path),
    );
  });

  test("false, with its leak or alone, stays so and has a sighting more", async () => {
    await take(found(A));
    await store.decide(ANN, "leak-1", "mark_false");
    await take(found(B));
    await store.decideToken(ANN, "leak-2", 1, "mark_false");
    const taken = await take(found(A, { line: 4 }), found(B, { line: 4 }));
    expect(taken).toMatchObject({ leaks: 0, known: 2, sightings: 2 });
    expect(store.leak("leak-1")?.status).toBe("marked_false");
    expect(store.token("leak-2", 1)?.alone).toBe("marked_false");
    expect(store.sightings.ofLeak("leak-2")).toBe(2);
  });

  test("closed, and seen elsewhere, is a regression; seen where it was, or told without a place, is told apart", async () => {
    await take(found(A));
    await store.decide(ANN, "leak-1", "close", { reason: "revoked" });
    expect(await take(found(A))).toMatchObject({ leaks: 0, unchanged: 1, revision: 2 });
    expect(await take(found(A), found(A, { line: 4 }))).toMatchObject({
      leaks: 1,
      sightings: 1,
      unchanged: 1,
    });
    expect(store.leak("leak-2")).toMatchObject({ status: "opened", regressionOf: ["leak-1"] });
    expect(store.leak("leak-1")?.status).toBe("closed");
    await store.decide(ANN, "leak-2", "close");
    const nowhere = found(A, { path: null, line: null });
    expect(await take(nowhere)).toMatchObject({ leaks: 1 });
    await store.decide(ANN, "leak-3", "close");
    expect(await take(nowhere)).toMatchObject({ leaks: 1 });
  });

  test("closed in one and false in another is a leak again: not everybody thought it was no secret", async () => {
    const tokens = [await digest(A)];
    for (const name of ["x", "y"])
      await store.register(ANN, { name, description: "", risk: 5, source: "custom", tokens });
    await store.decide(ANN, "leak-1", "close");
    await store.decide(ANN, "leak-2", "mark_false");
    expect(await take(found(A))).toMatchObject({ leaks: 1, ids: ["leak-3"] });
  });

  test("removed from its leak is unknown", async () => {
    await take(found(A));
    await store.removeToken(ANN, "leak-1", 1);
    expect(await take(found(A))).toMatchObject({ leaks: 1, known: 0 });
    expect(store.sightings.ofLeak("leak-1")).toBe(1);
  });
});

test("findings outside their limits are refused alone, by place and reason, without their words", async () => {
  const taken = await take(
    found(A, { url: "https://ann:made-up@git.example/" }),
    found(A, { line: 0 }),
    found(A, { source: "Not One" }),
    found(A, {}, { risk: 11 }),
    found(A, {}, { name: " " }),
    found(A, { commit: "a b" }),
    found(B),
  );
  expect(taken).toMatchObject({
    leaks: 1,
    refused: { sighting: 3, source: 1, risk: 1, name: 1 },
    refusals: [0, 1, 2, 3, 4, 5].map((index) => ({ index })),
  });
  expect(JSON.stringify(taken)).not.toContain("made-up@");
});

test("a token that a rule of the intake calls false is registered as false", async () => {
  const token = { ...(await digest(A)), isFalse: true, caughtBy: "fpr-1" };
  await store.policies.add(ANN, { riskMin: 1 });
  expect(await take(found(A, {}, { token }))).toMatchObject({ leaks: 1, patched: 0 });
  expect(store.leak("leak-1")).toMatchObject({ status: "opened", tokensFalse: 1 });
});

test("sightings beyond those that are kept are counted, page by page the kept ones are listed", async () => {
  const token = await digest(A);
  const findings = Array.from({ length: 1_003 }, (_, i) => ({
    token,
    sighting: { source: "scanner", path: "a", line: i + 1 },
    name: "x",
    risk: 1,
  }));
  expect(await store.takeIn(SCAN, findings)).toMatchObject({ leaks: 1, known: 0, sightings: 1_003 });
  expect(await store.takeIn(SCAN, findings)).toMatchObject({ unchanged: 1_003 });
  expect(store.sightings.ofToken("leak-1", 1)).toBe(1_003);
  const lines: (number | null)[] = [];
  let after: string | undefined;
  do {
    const page = store.sightings.list("leak-1", { token: 1, limit: 400, after });
    lines.push(...page.sightings.map(({ line }) => line));
    after = page.next ?? undefined;
  } while (after !== undefined);
  expect(lines).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1));
});

describe("a policy", () => {
  test("patches new leaks as a person decided beforehand, and the journal says which and whose", async () => {
    const { policy } = await store.policies.add(ANN, {
      source: "scanner",
      riskMin: 7,
      mode: "monitor",
      scope: { hosts: ["API.example"] },
    });
    expect(policy).toMatchObject({ id: "policy-1", createdBy: ANN, enabled: true });
    const taken = await take(found(A), found(B, {}, { risk: 6 }), found(B, { source: "other" }));
    expect(taken).toMatchObject({ leaks: 2, patched: 1 });
    expect(store.ruleOf("leak-1")).toMatchObject({ mode: "monitor", scope: { hosts: ["api.example"] } });
    expect(store.history("leak-1", 1)[0]).toMatchObject({
      action: "leak.vpatch",
      actor: "policy-1 (by key-1 (Ann))",
      policy: "policy-1",
    });
    expect(store.leak("leak-2")?.status).toBe("opened");
  });

  test("never speaks of what a person had before them, nor of what is common in traffic", async () => {
    await take(found(A), found(B));
    await store.decide(ANN, "leak-1", "close");
    await store.policies.add(ANN, { riskMin: 1 });
    const common = found("made-up-token-0003");
    const warned = { ...(await common).token, warnings: ["common_in_traffic" as const] };
    const findings = [found(A, { line: 4 }), found(B, { line: 4 }), { ...(await common), token: warned }];
    expect(await take(...findings)).toMatchObject({ leaks: 2, patched: 0 });
    expect(store.counts().byStatus).toMatchObject({ opened: 3, patched: 0, closed: 1 });
  });

  test("switched off or taken away counts no more; all its criteria must hold", async () => {
    await store.policies.add(ANN, { kind: "opaque", verified: true });
    expect(await take(found(A))).toMatchObject({ patched: 0 });
    expect(await take(found(B, {}, { verified: true }))).toMatchObject({ patched: 1 });
    await store.policies.switch(ANN, "policy-1", false);
    const { revision } = await store.policies.switch(ANN, "policy-1", false);
    expect(revision).toBe(store.revision());
    const third = found("made-up-token-0003", {}, { verified: true });
    expect(await take(third)).toMatchObject({ patched: 0 });
    await store.policies.remove(ANN, "policy-1");
    expect(store.policies.list()).toEqual([]);
    expect(store.policies.list(true)).toMatchObject([{ enabled: false, removedAt: expect.any(Number) }]);
    await expect(store.policies.switch(ANN, "policy-1", true)).rejects.toThrow(PolicyUnknown);
  });

  test.each([{}, { kind: "Not One" }, { riskMin: 0 }, { source: "a b" }])(
    "of %j is refused",
    async (draft) => {
      await expect(store.policies.add(ANN, draft)).rejects.toMatchObject({ code: "InputRefused" });
      expect(store.revision()).toBe(0);
    },
  );
});
