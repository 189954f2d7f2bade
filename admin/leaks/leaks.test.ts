import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Json, TestAdmin } from "../../test/admin.ts";
import { until } from "../../test/support.ts";

const LEAKS = "/api/v1/leaks";
const TOKENS = ["made-up-token-0001", "made-up-token-0002", "made-up-token-0003"] as const;

let admin: TestAdmin;
beforeEach(async () => {
  admin = await TestAdmin.start({ timeBoxesEveryMs: 5 });
});
afterEach(() => admin.stop());

const post = (path: string, body?: unknown) => admin.call("POST", path, { body });

describe("facts of a leak", () => {
  const said = {
    sourceUrl: "https://git.example/team/app",
    sourceAuthor: "made-up author",
    sourceAt: "2026-01-02T03:04:05.000Z",
    target: "orders API",
    assignee: "Ann",
  };

  test("are registered, changed and taken back", async () => {
    const { body } = await post(LEAKS, { name: "x", risk: 5, tokens: [TOKENS[0]], ...said });
    expect(body).toMatchObject({ ...said, remediation: "none", remediationReason: null });
    const changed = await admin.call("PATCH", `${LEAKS}/leak-1`, { body: { assignee: null, target: "x" } });
    expect(changed.body).toMatchObject({ ...said, assignee: null, target: "x" });
    const none = await admin.call("PATCH", `${LEAKS}/leak-1`, {
      body: { remediation: "not_applicable", remediationReason: "the API is gone" },
    });
    expect(none.body).toMatchObject({
      remediation: "not_applicable",
      remediationReason: "the API is gone",
    });
    expect((await post(`${LEAKS}/leak-1/vpatch`)).body).toMatchObject({
      remediation: "applied",
      remediationReason: null,
    });
    const refused = await admin.call("PATCH", `${LEAKS}/leak-1`, {
      body: { remediation: "not_applicable", remediationReason: "no" },
    });
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ pointer: "#/remediation" }] } });
  });

  test.each([
    [{ sourceUrl: "https://ann:made-up@git.example/" }, "#/sourceUrl"],
    [{ sourceAt: "yesterday" }, "#/sourceAt"],
    [{ target: "t".repeat(129) }, "#/target"],
    [{ remediation: "not_applicable" }, "#/remediationReason"],
    [{ remediationReason: "x" }, "#/remediationReason"],
    [{ remediation: "applied" }, "#/remediation"],
  ])("%j is refused", async (body, pointer) => {
    const leak = await admin.register(TOKENS[0]);
    const answer = await admin.call("PATCH", `${LEAKS}/${leak}`, { body });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
  });

  test("never hold a token, be it registered before or with them", async () => {
    const given = { name: `leak of ${TOKENS[0]}`, risk: 5, tokens: [TOKENS[0]] };
    const refused = await post(LEAKS, given);
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ pointer: "#/name" }] } });
    const leak = await admin.register(TOKENS[0]);
    const texts: [string, string, object, string][] = [
      ["PATCH", "", { description: `see "${TOKENS[0]}"` }, "#/description"],
      ["PATCH", "", { sourceUrl: `https://a.example/?key=${TOKENS[0]}` }, "#/sourceUrl"],
      ["POST", "/close", { comment: `X-Key: ${TOKENS[0]}` }, "#/comment"],
      ["POST", "/vpatch", { comment: "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" }, "#/comment"],
      ["POST", "/comments", { comment: `a\n${TOKENS[0]},\nb` }, "#/comment"],
      ["POST", "/tokens/1/close", { comment: TOKENS[0] }, "#/comment"],
    ];
    for (const [method, path, body, pointer] of texts) {
      const answer = await admin.call(method, `${LEAKS}/${leak}${path}`, { body });
      expect([path, answer.status, answer.body]).toMatchObject([path, 400, { errors: [{ pointer }] }]);
      expect(answer.text + admin.log.join("")).not.toMatch(/made-up-token-0001|madeUpToken/);
    }
    expect((await admin.call("GET", `${LEAKS}/${leak}`)).body).toMatchObject({ version: 1 });
  });

  test("are what lists ask for", async () => {
    await post(LEAKS, { name: "a", risk: 7, tokens: [TOKENS[0]], ...said });
    await post(LEAKS, { name: "b", risk: 2, tokens: [TOKENS[1]] });
    await admin.call("PATCH", "/api/v1/settings", { body: { levels: { high: 7 } } });
    const ids = async (query: string) => {
      const { status, body } = await admin.call<{ leaks: Json[] }>("GET", `${LEAKS}?${query}`);
      return status === 200 ? body.leaks.map(({ id }) => id) : status;
    };
    expect(await ids("assignee=Ann")).toEqual(["leak-1"]);
    expect(await ids("assignee=none")).toEqual(["leak-2"]);
    expect(await ids("target=orders%20API,x")).toEqual(["leak-1"]);
    expect(await ids("remediation=none&q=GIT.EXAMPLE")).toEqual(["leak-1"]);
    expect(await ids("risk=high")).toEqual(["leak-1"]);
    expect(await ids("risk=medium,2")).toEqual(["leak-2"]);
    expect(await ids("createdFrom=2026-01-02&createdTo=2026-01-03")).toEqual([]);
    expect(await ids("updatedFrom=2026-01-02")).toEqual(["leak-2", "leak-1"]);
    expect(await ids("regression=false&watch=false")).toEqual(["leak-2", "leak-1"]);
    expect(await ids("regression=true")).toEqual([]);
    for (const wrong of ["risk=11", "risk=9-8", "remediation=x", "regression=yes", "createdFrom=x"])
      expect(await ids(wrong)).toBe(400);
  });
});

test("settings are shown, and changed with If-Match", async () => {
  const path = "/api/v1/settings";
  const shown = await admin.call("GET", path, { key: admin.analyst });
  expect(shown.body).toEqual({ levels: { high: 8, medium: 4 }, leaksEnabled: true, version: 0 });
  const patch = (levels: object, etag = '"0"', key = admin.administrator) =>
    admin.call("PATCH", path, { body: { levels }, headers: { "if-match": etag }, key });
  expect((await patch({ high: 9 }, '"0"', admin.analyst)).status).toBe(403);
  expect(await patch({ high: 9 })).toMatchObject({
    status: 200,
    body: { levels: { high: 9, medium: 4 }, version: 1 },
  });
  expect((await patch({ high: 7 })).status).toBe(412);
  expect(await patch({ medium: 9 }, '"1"')).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: "#/levels/medium" }] },
  });
});

describe("decisions", () => {
  test("say why, and the history and the comments show it", async () => {
    const leak = `${LEAKS}/${await admin.register(TOKENS[0])}`;
    await post(`${leak}/vpatch`, { comment: "first this" });
    await post(`${leak}/comments`, { comment: "two\nlines" });
    const closed = await post(`${leak}/close`, { reason: "rotated", comment: "done" });
    expect(closed.body).toMatchObject({ status: "closed" });
    const { body } = await admin.call<{ history: Json[] }>("GET", leak);
    expect(body.history.slice(0, 2)).toMatchObject([
      { action: "leak.close", reason: "rotated", comment: "done" },
      { action: "leak.comment", comment: "two\nlines" },
    ]);
    const first = await admin.call<{ next: string }>("GET", `${leak}/comments?limit=2`, {
      key: admin.analyst,
    });
    expect(first.body).toMatchObject({
      comments: [
        { action: "leak.close", reason: "rotated", comment: "done", actor: "key-1 (Ann)" },
        { action: "leak.comment", reason: null, comment: "two\nlines" },
      ],
    });
    const rest = await admin.call("GET", `${leak}/comments?limit=2&cursor=${first.body.next}`);
    expect(rest.body).toMatchObject({ comments: [{ comment: "first this" }], next: null });
  });

  test("take only their own reasons", async () => {
    const leak = `${LEAKS}/${await admin.register(TOKENS[0])}`;
    for (const [path, reason] of [
      ["close", "test_value"],
      ["mark-false", "revoked"],
      ["vpatch", "other"],
    ])
      expect((await post(`${leak}/${path}`, { reason })).status).toBe(400);
    expect((await post(`${leak}/mark-false`, { reason: "test_value" })).status).toBe(200);
    expect((await post(`${leak}/reopen`, { reason: "mistake" })).status).toBe(200);
  });

  test("end by themselves where they were given a time, in the name of who gave it", async () => {
    const leak = `${LEAKS}/${await admin.register(TOKENS[0])}`;
    const later = new Date(Date.now() + 100).toISOString();
    expect((await post(`${leak}/vpatch`, { until: later })).body).toMatchObject({ until: later });
    await until(
      "the decision has ended",
      async () => (await admin.call("GET", leak)).body.status === "opened",
    );
    const { body } = await admin.call<{ history: Json[]; rule: unknown }>("GET", leak);
    expect(body).toMatchObject({ rule: null, until: null, remediation: "none" });
    expect(body.history[0]).toMatchObject({
      action: "leak.expire",
      actor: "system (time box of key-1 (Ann))",
      decided: expect.any(Number),
    });
    expect(await post(`${leak}/close`, { until: "2020-01-01" })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "#/until" }] },
    });
    expect((await post(`${leak}/reopen`, { until: later })).status).toBe(400);
  });

  test("about one token leave the rest as it is", async () => {
    const leak = `${LEAKS}/${await admin.register(...TOKENS)}`;
    const closed = await post(`${leak}/tokens/2/close`, { reason: "revoked" });
    expect(closed).toMatchObject({ status: 200, body: { tokensClosed: 1, tokenCount: 3, version: 2 } });
    expect((await post(`${leak}/tokens/2/close`)).status).toBe(409);
    expect((await post(`${leak}/tokens/9/close`)).status).toBe(404);
    expect((await post(`${leak}/tokens/made-up/close`)).status).toBe(404);
    const { body } = await admin.call<{ tokens: Json[] }>("GET", `${leak}/tokens`);
    expect(body.tokens.map(({ status }) => status)).toEqual([null, "closed", null]);
    expect((await post(`${leak}/tokens/2/reopen`, { reason: "mistake" })).body).toMatchObject({
      tokensClosed: 0,
    });
    expect((await post(`${leak}/tokens/2/mark-false`)).body).toMatchObject({ tokensFalse: 1 });
  });

  test("watch what is over", async () => {
    const leak = `${LEAKS}/${await admin.register(TOKENS[0])}`;
    expect((await post(`${leak}/watch`, { on: true })).status).toBe(409);
    await post(`${leak}/close`);
    expect((await post(`${leak}/watch`, { on: true })).body).toMatchObject({ watch: { until: null } });
    expect((await admin.call("GET", `${LEAKS}?watch=true`)).body).toMatchObject({
      leaks: [{ id: "leak-1" }],
    });
    const soon = new Date(Date.now() + 50).toISOString();
    await post(`${leak}/watch`, { on: true, until: soon });
    await until("the watch has ended", async () => (await admin.call("GET", leak)).body.watch === null);
    expect((await admin.call("GET", leak)).body).toMatchObject({ status: "closed" });
  });
});

describe("many leaks at once", () => {
  test("are counted first, then decided as long as the count holds", async () => {
    for (let i = 0; i < 5; i++) await admin.register(`made-up-token-000${i}`);
    await post(`${LEAKS}/leak-2/close`);
    const ask = { filter: { risk: [5] }, decision: "vpatch", mode: "monitor", comment: "all of them" };
    const dry = await post(`${LEAKS}/bulk`, { ...ask, dryRun: true });
    expect(dry).toMatchObject({
      status: 200,
      body: { count: 5, allowed: 4, dryRun: true, decided: 0, byStatus: { opened: 4, closed: 1 } },
    });
    expect(await post(`${LEAKS}/bulk`, ask)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "#/expect" }] },
    });
    expect((await post(`${LEAKS}/bulk`, { ...ask, expect: 4 })).status).toBe(409);
    await admin.call("PATCH", `${LEAKS}/leak-1`, { body: { name: "renamed" } });
    const { selection } = dry.body;
    expect((await post(`${LEAKS}/bulk`, { ...ask, expect: 5, selection })).status).toBe(409);
    expect((await post(`${LEAKS}/bulk`, { ...ask, expect: 5 })).body).toMatchObject({
      count: 5,
      decided: 4,
      refused: 1,
      refusals: [{ leak: "leak-2", detail: expect.stringContaining("it is closed") }],
    });
    expect((await admin.call("GET", `${LEAKS}?status=patched`)).body.leaks).toHaveLength(4);
  });

  test("may be named one by one, and input that is wrong for all decides nothing", async () => {
    for (let i = 0; i < 3; i++) await admin.register(`made-up-token-000${i}`);
    const named = { filter: { ids: ["leak-1", "leak-3", "leak-9"] }, decision: "close", expect: 2 };
    expect((await post(`${LEAKS}/bulk`, { ...named, reason: "mistake" })).status).toBe(400);
    expect((await post(`${LEAKS}/bulk`, { ...named, comment: "made-up-token-0001" })).status).toBe(400);
    expect((await post(`${LEAKS}/bulk`, { ...named, reason: "rotated" })).body).toMatchObject({ decided: 2 });
    expect((await admin.call("GET", `${LEAKS}/leak-2`)).body).toMatchObject({ status: "opened" });
    const answer = await admin.call("POST", `${LEAKS}/bulk`, { body: named, key: admin.analyst });
    expect(answer.status).toBe(403);
  });
});

test("the same token elsewhere is shown, and one that comes back is a regression", async () => {
  const first = await admin.register(TOKENS[0], TOKENS[1]);
  await post(`${LEAKS}/${first}/close`, { reason: "revoked" });
  const { body } = await post(LEAKS, { name: "again", risk: 5, tokens: ["made-up-token-0009", TOKENS[1]] });
  expect(body).toMatchObject({
    regression: true,
    regressionOf: [first],
    duplicates: [{ leak: first, tokens: 1 }],
    warnings: { already_known: 1 },
    notices: [{ pointer: "#/tokens/1", warning: "already_known", leaks: [first] }],
    tokens: [{ alsoIn: [] }, { alsoIn: [first] }],
  });
  expect((await admin.call("GET", `${LEAKS}/${first}`)).body).toMatchObject({
    duplicates: [{ leak: "leak-2", tokens: 1 }],
  });
});

describe("whether a leak could be closed", () => {
  test("is told from attempts and expiry", async () => {
    const leak = `${LEAKS}/${await admin.register(TOKENS[0], TOKENS[1])}`;
    await admin.register(TOKENS[1]);
    await post(`${LEAKS}/leak-1/vpatch`);
    await post(`${LEAKS}/leak-2/vpatch`);
    const quiet = await admin.call("GET", `${leak}/readiness`, { key: admin.analyst });
    expect(quiet.body).toEqual({
      ready: true,
      reasons: [{ code: "quiet", detail: "0 attempts in the last 7 days. 1 tokens would pass again." }],
      lastAttemptAt: null,
      sinceLastAttemptMs: null,
      attempts24h: 0,
      attempts7d: 0,
      tokens: { enforced: 2, expired: 0, notExpired: 0, expiryUnknown: 2, passAgain: 1 },
    });
    const at = Date.now() - 3_600_000;
    await admin.attempt(at, { count: 3, lastAt: at + 500 });
    await admin.attempt(Date.now() - 3 * 86_400_000, { count: 2 });
    const { body } = await admin.call("GET", `${leak}/readiness`);
    expect(body).toMatchObject({
      ready: false,
      reasons: [{ code: "attempts_recent" }],
      lastAttemptAt: new Date(at + 500).toISOString(),
      attempts24h: 3,
      attempts7d: 5,
    });
    expect((await admin.call("GET", leak)).body).toMatchObject({
      attempts: { last: new Date(at + 500).toISOString(), count: 5 },
    });
    expect((await admin.call("GET", `${LEAKS}/leak-9/readiness`)).status).toBe(404);
  });

  test("needs no wait where all tokens have expired", async () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const jwt = (exp: number) => `${part({ alg: "HS256" })}.${part({ exp })}.made-up`;
    const leak = `${LEAKS}/${await admin.register(jwt(1_000_000_000), jwt(1_000_000_001))}`;
    const { body } = await admin.call("GET", `${leak}/readiness`);
    expect(body).toMatchObject({
      ready: true,
      reasons: [{ code: "tokens_expired" }],
      tokens: { expired: 2 },
    });
    const live = await admin.register(jwt(4_000_000_000));
    expect((await admin.call("GET", `${LEAKS}/${live}/readiness`)).body).toMatchObject({
      ready: false,
      reasons: [{ code: "not_patched" }, { code: "tokens_not_expired" }],
    });
  });
});
