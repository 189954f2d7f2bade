import { hash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Json, TestAdmin } from "../../test/admin.ts";
import { until } from "../../test/support.ts";

const FINDINGS = "/api/v1/intake/findings";
const POLICIES = "/api/v1/intake/policies";
const LEAKS = "/api/v1/leaks";
const TOKEN = "made-up-token-0001";

let admin: TestAdmin;
beforeEach(async () => {
  admin = await TestAdmin.start();
});
afterEach(async () => {
  expect(await admin.hands((tenants) => tenants.default.store.audit())).toMatchObject({ ok: true });
  await admin.stop();
});

const sighting = { source: "scanner", path: "config/.env", line: 3 };
const send = (findings: readonly Json[], headers = {}) =>
  admin.call("POST", FINDINGS, { body: { findings }, headers });
const get = async (path: string) => (await admin.call<Json>("GET", path)).body;

describe("POST /intake/findings", () => {
  test("makes a leak, adds sightings, and changes nothing the second time", async () => {
    const report = [
      { token: TOKEN, sighting: { ...sighting, seenAt: "2026-01-02T03:04:05Z", author: "made-up author" } },
      { token: TOKEN, sighting: { ...sighting, line: 9 }, verified: true },
      { hash: `sha256:${"ab".repeat(32)}`, kind: "aws", sighting: { source: "feed" }, name: "made-up feed" },
    ];
    const first = await send(report);
    expect(first).toMatchObject({
      status: 200,
      body: { findings: 3, leaks: 2, known: 0, sightings: 3, unchanged: 0, ids: ["leak-1", "leak-2"] },
    });
    const { revision } = first.body;
    expect((await send(report)).body).toMatchObject({ leaks: 0, known: 2, unchanged: 3, revision });
    expect(await get(`${LEAKS}/leak-1`)).toMatchObject({
      name: "Token in config/.env",
      status: "opened",
      risk: 9,
      sightings: 2,
      tokens: [{ sightings: 2 }],
      history: [{ action: "leak.register", after: { sightings: 2 } }],
    });
    expect(await get(`${LEAKS}/leak-2`)).toMatchObject({ name: "made-up feed", tokens: [{ kind: "aws" }] });
    const page = await get(`${LEAKS}/leak-1/sightings?limit=1`);
    expect(page).toMatchObject({
      sightings: [{ token: "1", path: "config/.env", line: 3, seenAt: "2026-01-02T03:04:05.000Z" }],
      count: 2,
    });
    const rest = await get(`${LEAKS}/leak-1/sightings?limit=1&cursor=${page.next}`);
    expect(rest).toMatchObject({ sightings: [{ line: 9 }], next: null });
    expect((await admin.call("GET", `${LEAKS}/leak-1/sightings?number=2`)).status).toBe(400);
    expect((await admin.call("GET", `${LEAKS}/leak-9/sightings`)).status).toBe(404);
  });

  test("refuses findings one by one, by pointer and reason, and takes in the others", async () => {
    const rule = { prefix: "made-up-test-", action: "refuse", reason: "test_value" };
    await admin.call("POST", "/api/v1/intake/false-positive-rules", { body: rule });
    const answer = await send([
      { token: "short", sighting },
      { token: "made-up-test-0001", sighting },
      { hash: "sha256:12", sighting },
      { token: TOKEN, sighting: { ...sighting, url: "javascript:alert(1)" } },
      { token: TOKEN, sighting, risk: 11 },
      { token: TOKEN, sighting, kind: "Not One" },
      { token: TOKEN, sighting },
    ]);
    expect(answer.body).toMatchObject({
      leaks: 1,
      refused: { too_short: 1, false_positive: 1, sha256_length: 1, sighting: 1, risk: 1, kind: 1 },
      refusals: [0, 1, 2, 3, 4, 5].map((index) => ({ pointer: `#/findings/${index}` })),
    });
    expect(answer.text + admin.log.join("")).not.toMatch(/made-up-t/);
    expect((await send([{ sighting }])).status).toBe(400);
    expect((await send([])).status).toBe(400);
  });

  test("keeps no token in a text, whichever it is and however it is spelled, and no user name", async () => {
    await admin.register("made-up-token-0009");
    const hashes = [`sha256:${hash("sha256", "made-up-token-0008", "hex")}`];
    await admin.call("POST", `${LEAKS}/leak-1/tokens`, { body: { hashes } });
    const token = "made-up/token+0001";
    await send([
      {
        token,
        name: `found ${token}`,
        description: "beside made-up-token-0009, made-up-token-0002 and (made-up-token-0008)",
        sighting: {
          source: "scanner",
          url: `https://ann:${token}@git.example/a?key=${encodeURIComponent(token)}&k=made-up-token-0009`,
          path: `a/${token}/made%2Dup-token-0002`,
          author: token,
          commit: "abcdef0123456789",
        },
      },
      { token: "made-up-token-0002", sighting: { ...sighting, commit: "madeuptoken0003" } },
      { token: "madeuptoken0003", sighting },
    ]);
    const shown = [`${LEAKS}/leak-2`, `${LEAKS}/leak-2/sightings`, `${LEAKS}/leak-3/sightings`].map(get);
    const text = JSON.stringify(await Promise.all(shown)) + admin.log.join("");
    expect(text).not.toMatch(/token.0001|token%2B0001|token-000[289]|ann:|madeuptoken0003/);
    expect(text).toContain("https://git.example/a?key=****&k=****");
    expect(text).toContain("abcdef0123456789");
  });

  test("of more than one batch names each refusal by its place in all of them", async () => {
    const many = Array.from({ length: 2_102 }, (_, i) => ({
      token: TOKEN,
      sighting: { ...sighting, line: i + 1 },
    }));
    many[3]!.token = "short";
    many[2_050]!.token = "short";
    expect((await send(many)).body).toMatchObject({
      findings: 2_102,
      leaks: 1,
      sightings: 2_100,
      refused: { too_short: 2 },
      refusals: [{ pointer: "#/findings/3" }, { pointer: "#/findings/2050" }],
    });
    expect(await get(`${LEAKS}/leak-1`)).toMatchObject({ sightings: 2_100 });
  });

  test("with an Idempotency-Key is carried out once", async () => {
    const headers = { "idempotency-key": "made-up-call" };
    const first = await send([{ token: TOKEN, sighting }], headers);
    const again = await send([{ token: TOKEN, sighting }], headers);
    expect([again.text, again.headers.get("idempotency-replayed")]).toEqual([first.text, "true"]);
  });
});

describe("/intake/policies", () => {
  test("a policy patches what comes in, and the history says which and whose; taken away it is asked no more", async () => {
    const draft = { verified: true, mode: "monitor", scope: { hosts: ["api.example"] } };
    const made = await admin.call("POST", POLICIES, { body: draft });
    expect(made).toMatchObject({ status: 201, body: { id: "policy-1", verified: true, source: null } });
    expect((await send([{ token: TOKEN, verified: true, sighting }])).body).toMatchObject({ patched: 1 });
    expect(await get(`${LEAKS}/leak-1`)).toMatchObject({
      status: "patched",
      rule: { mode: "monitor", scope: { hosts: ["api.example"] } },
      history: [{ action: "leak.vpatch", actor: "policy-1 (by key-1 (Ann))", policy: "policy-1" }, {}],
    });
    const off = await admin.call("PATCH", `${POLICIES}/policy-1`, { body: { enabled: false } });
    expect(off.body).toMatchObject({ enabled: false });
    expect((await admin.call("DELETE", `${POLICIES}/policy-1`)).status).toBe(200);
    expect(await get(POLICIES)).toEqual({ policies: [] });
    expect((await admin.call("DELETE", `${POLICIES}/policy-2`)).status).toBe(404);
    expect((await admin.call("POST", POLICIES, { body: {} })).status).toBe(400);
  });
});

describe("whether a leak is live", () => {
  const live = async () => (await get(`${LEAKS}/leak-1`)).live;

  test("is unknown without a worker, and told by the last attempt", async () => {
    await admin.register(TOKEN);
    expect(await live()).toEqual({ state: "unknown", since: null, lastSeenAt: null });
    await admin.call("POST", `${LEAKS}/leak-1/vpatch`);
    const at = Date.now();
    await admin.attempt(at);
    expect(await live()).toMatchObject({ state: "live", lastSeenAt: new Date(at).toISOString() });
  });

  test("is told by what the workers remember of requests that passed; one that is silent leaves it unknown", async () => {
    await admin.register(TOKEN);
    await admin.report(1, 1);
    const since = Date.now() - 60_000;
    const answerAs = async (last: number | null) => {
      await until("somebody asks", () => admin.runtime.hunts().length > 0);
      const { id } = admin.runtime.hunts()[0]!;
      const requests = last === null ? 0 : 1;
      await admin.runtime.answer({
        hunt: id,
        worker: 1,
        answeredAt: Date.now(),
        kind: "looked",
        since,
        forgotten: 0,
        tokens: 1,
        unknown: 0,
        requests,
        first: last,
        last,
        addresses: requests,
        met: new Uint8Array(),
        points: {},
        hosts: {},
        most: [],
      });
    };
    const answered = async (last: number | null) => (await Promise.all([live(), answerAs(last)]))[0];
    expect(await answered(since)).toMatchObject({ state: "live", lastSeenAt: new Date(since).toISOString() });
    expect(await answered(null)).toEqual({
      state: "quiet",
      since: new Date(since).toISOString(),
      lastSeenAt: null,
    });
    expect(await live()).toMatchObject({ state: "unknown" });
  });
});
