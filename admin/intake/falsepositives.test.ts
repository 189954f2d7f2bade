import { afterEach, beforeEach, expect, test } from "vitest";
import { type Json, TestAdmin } from "../../test/admin.ts";

const LEAKS = "/api/v1/leaks";
const RULES = "/api/v1/intake/false-positive-rules";

let admin: TestAdmin;
beforeEach(async () => {
  admin = await TestAdmin.start();
});
afterEach(() => admin.stop());

const post = (path: string, body?: unknown) => admin.call("POST", path, { body });
const make = async (rule: object) => {
  const made = await post(RULES, { action: "mark_false", reason: "test_value", ...rule });
  expect(made.status).toBe(201);
  return String(made.body.id);
};

test("a token that a rule catches is registered as false, alone, and not enforced", async () => {
  const rule = await make({ prefix: "made-up-test-" });
  const tokens = ["made-up-test-0001", "made-up-token-0001", "made-up-test-0002"];
  const { body } = await post(LEAKS, { name: "x", risk: 5, tokens });
  expect(body).toMatchObject({
    tokenCount: 3,
    tokensFalse: 2,
    tokens: [{ status: null }, { status: "marked_false" }, { status: "marked_false" }],
  });
  const { body: shown } = await admin.call<{ history: Json[] }>("GET", `${LEAKS}/leak-1`);
  expect(shown.history[0]).toMatchObject({
    tokens: { first: 1, count: 3, falseCount: 2, caught: { [rule]: 2 } },
  });
  expect((await post(`${LEAKS}/leak-1/tokens/2/reopen`, { reason: "mistake" })).body).toMatchObject({
    tokensFalse: 1,
  });
  const audited = await admin.hands((tenants) => tenants.default.store.audit());
  expect(audited).toMatchObject({ ok: true });
});

test("a rule that refuses lets nothing of the call in, and says which token and which rule", async () => {
  const rule = await make({ glob: "*-placeholder-*", action: "refuse", reason: "placeholder" });
  const tokens = ["made-up-token-0001", "Bearer made-up-placeholder-0001"];
  const answer = await post(LEAKS, { name: "x", risk: 5, tokens });
  expect(answer).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: "#/tokens/1", detail: expect.stringContaining(rule) }] },
  });
  expect(answer.text + admin.log.join("")).not.toContain("made-up-placeholder");
  expect((await admin.call("GET", LEAKS)).body).toMatchObject({ leaks: [] });
  await admin.register("made-up-token-0001");
  expect((await post(`${LEAKS}/leak-1/tokens`, { tokens: [tokens[1]] })).status).toBe(400);
});

test("all criteria of a rule must hold, and a rule that was taken away counts no more", async () => {
  const rule = await make({ kind: "opaque", lengthMin: 10, lengthMax: 12, entropyBelow: 3.2 });
  const count = async (...tokens: string[]) =>
    (await post(LEAKS, { name: "x", risk: 5, tokens })).body.tokensFalse;
  expect(await count("aaaabbbb", "aaaabbbbccc", "aaaabbbbccccc", "abcdefghijkl")).toBe(1);
  expect((await admin.call("DELETE", `${RULES}/${rule}`)).body).toMatchObject({ id: rule });
  expect(await count("aaaabbbbccc")).toBe(0);
  expect((await admin.call("GET", RULES)).body).toEqual({ rules: [] });
  expect((await admin.call("DELETE", `${RULES}/fpr-9`)).status).toBe(404);
});

test("one very token is kept as its digest, and never shown", async () => {
  const made = await post(RULES, {
    value: "made-up-token-0001",
    action: "mark_false",
    reason: "not_a_secret",
  });
  expect(made).toMatchObject({ status: 201, body: { exact: true, prefix: null, glob: null } });
  const listed = await admin.call("GET", RULES, { key: admin.analyst });
  expect(made.text + listed.text + admin.log.join("")).not.toMatch(/made-up-token|[0-9a-f]{64}/);
  const { body } = await post(LEAKS, {
    name: "x",
    risk: 5,
    tokens: ["made-up-token-0001", "made-up-token-0002"],
  });
  expect(body.tokensFalse).toBe(1);
  const journal = await admin.hands(async (tenants) => tenants.default.store.entriesAfter(0, 100));
  expect(JSON.stringify(journal)).not.toMatch(/"digest"/);
});

test("a dry run tells what would be caught, of the rules there are or of one to be made", async () => {
  await make({ prefix: "made-up-test-" });
  const tokens = ["made-up-token-0001", "made-up-test-0001", "made-up-token-0002"];
  const dry = await post(`${RULES}/dry-run`, { tokens });
  expect(dry.body).toEqual({
    tokens: 3,
    count: 1,
    caught: [{ pointer: "#/tokens/1", preview: "made****(17)", rule: "fpr-1", action: "mark_false" }],
  });
  expect(dry.text).not.toContain("made-up");
  const rule = { glob: "*token*", action: "refuse", reason: "other" };
  expect((await post(`${RULES}/dry-run`, { tokens, rule })).body).toMatchObject({
    count: 2,
    caught: [
      { pointer: "#/tokens/0", rule: null, action: "refuse" },
      { pointer: "#/tokens/2", rule: null },
    ],
  });
  expect((await admin.call("GET", RULES)).body.rules).toHaveLength(1);
  expect((await admin.call("GET", LEAKS)).body).toMatchObject({ leaks: [] });
});

test.each([
  [{}, "#/kind"],
  [{ glob: "***" }, "#/glob"],
  [{ lengthMin: 9, lengthMax: 8 }, "#/lengthMin"],
  [{ value: "short" }, "#/value"],
  [{ prefix: "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" }, "#/prefix"],
  [{ prefix: "x", reason: "revoked" }, "#/reason"],
  [{ entropyBelow: 9 }, "#/entropyBelow"],
])("a rule of %j is refused", async (rule, pointer) => {
  const answer = await post(RULES, { action: "mark_false", reason: "test_value", ...rule });
  expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
  expect(answer.text).not.toContain("madeUp");
});
