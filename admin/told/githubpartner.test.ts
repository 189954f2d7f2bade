import { generateKeyPairSync, hash, sign } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Json, TestAdmin } from "../../test/admin.ts";

const PATH = "/intake/github/partner";
/** The public key and the signature of GitHub's documentation (github/docs, pull request 18776). */
const VECTOR = {
  id: "90a421169f0a406205f1563a953312f0be898d3c7b6c06b681aa86a874555f4a",
  key: "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9MJJHnMfn2+H4xL4YaPDA4RpJqUqkCmRCBnYERxZanmcpzQSXs1X/AljlKkbJ8qpVIW4clayyef9gWhFbNHWAA==",
  body: '[{"token":"some_token","type":"some_type","url":"some_url"}]',
  signature:
    "MEUCIQDKZokqnCjrRtw0tni+2Ltvl/uiMJ1EGumEsp1BsNr32AIgQY1YXD2nlj+XNfGK4rBfkMJ1JDOQcYXxa2sY8FNkrKc=",
};
const ours = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
const otherCurve = generateKeyPairSync("ec", { namedCurve: "secp384r1" });
const pem = (key: string) => `-----BEGIN PUBLIC KEY-----\n${key}\n-----END PUBLIC KEY-----\n`;
const pemOf = ({ publicKey }: typeof ours) => publicKey.export({ type: "spki", format: "pem" });

let list: Server;
let asked: (string | undefined)[] = [];
let admin: TestAdmin;
beforeAll(async () => {
  const keys = [
    { key_identifier: VECTOR.id, key: pem(VECTOR.key), is_current: false },
    { key_identifier: "ours", key: pemOf(ours), is_current: true },
    { key_identifier: "other-curve", key: pemOf(otherCurve), is_current: true },
  ];
  list = createServer((request, answer) => {
    asked.push(request.headers.authorization);
    answer.setHeader("etag", '"1"').end(JSON.stringify({ public_keys: keys }));
  });
  await new Promise<void>((resolve) => list.listen(0, "127.0.0.1", resolve));
  process.env.LEAKGATE_INTAKE_TEST_TOKEN = "made-up-github-token";
  const keysUrl = `http://127.0.0.1:${(list.address() as AddressInfo).port}/keys`;
  const partner = { keysUrl, tokenEnv: "LEAKGATE_INTAKE_TEST_TOKEN", unknown: "false_positive" };
  admin = await TestAdmin.start({ config: { intake: { bodyBytes: 4 * 1024 ** 2, github: { partner } } } });
});
afterAll(async () => {
  expect(await admin.hands((tenants) => tenants.default.store.audit())).toMatchObject({ ok: true });
  await admin.stop();
  await new Promise((resolve) => list.close(resolve));
  Reflect.deleteProperty(process.env, "LEAKGATE_INTAKE_TEST_TOKEN");
});

const send = (body: string, headers: Record<string, string>) =>
  admin.call<Json[]>("POST", PATH, { key: null, body, headers });
const headersOf = (id: string, signature: string) => ({
  "github-public-key-identifier": id,
  "github-public-key-signature": signature,
});
const signed = (matches: readonly Json[], id = "ours", key = ours.privateKey) => {
  const body = JSON.stringify(matches);
  return send(body, headersOf(id, sign("sha256", Buffer.from(body), key).toString("base64")));
};
const leaks = async () => (await admin.call<{ leaks: Json[] }>("GET", "/api/v1/leaks")).body.leaks;
const revision = async () => (await admin.call("GET", "/api/v1/status")).body.revision;

test("GitHub's vector verifies, a replay changes nothing, and one changed byte does not verify", async () => {
  const headers = headersOf(VECTOR.id, VECTOR.signature);
  const first = await send(VECTOR.body, headers);
  expect(first).toMatchObject({ status: 200, headers: expect.anything() });
  const token_hash = hash("sha256", "some_token", "hex");
  const label = { token_hash, token_type: "some_type", label: "false_positive" };
  expect(first.body).toEqual([label]);
  expect(await leaks()).toMatchObject([
    { name: "some_type token in some_url", status: "opened", source: "github" },
  ]);
  const { body } = await admin.call<{ history: Json[] }>("GET", "/api/v1/leaks/leak-1");
  expect(body.history).toMatchObject([
    { action: "leak.register", actor: "intake:github", from: "127.0.0.1" },
  ]);

  const before = await revision();
  expect((await send(VECTOR.body, headers)).body).toEqual([label]);
  expect(await revision()).toBe(before);

  for (const at of [2, 12, VECTOR.body.length - 2]) {
    const changed = Buffer.from(VECTOR.body);
    changed[at]! ^= 1;
    const refused = await send(changed.toString("latin1"), headers);
    expect(refused).toMatchObject({ status: 401, body: { detail: "The sender could not be verified." } });
  }
  expect((await send(`${VECTOR.body} `, headers)).status).toBe(401);
  expect(await leaks()).toHaveLength(1);
  // One list for all of that, asked for with the token.
  expect(asked).toEqual(["Bearer made-up-github-token"]);
});

test("what people said of a token is what GitHub is told", async () => {
  await admin.register("made-up-known-0001");
  const hashes = [`sha256:${hash("sha256", "made-up-hashed-0001", "hex")}`];
  await admin.call("POST", "/api/v1/leaks", { body: { name: "a hash", risk: 5, hashes } });
  const wrong = await admin.register("made-up-false-0001");
  await admin.call("POST", `/api/v1/leaks/${wrong}/mark-false`, { body: { reason: "test_value" } });
  await admin.call("POST", "/api/v1/intake/false-positive-rules", {
    body: { prefix: "made-up-test-", action: "refuse", reason: "test_value" },
  });
  const url =
    "https://someone:made-up-password@github.com/made-up/repository/blob/abc/made-up-known-0001.txt";
  const listed = { name: "billing", tokens: ["made-up-listed-0001"] };
  expect((await admin.call("POST", "/api/v1/inventory", { body: listed })).status).toBe(201);
  const answer = await signed([
    { token: "made-up-known-0001", type: "Made Up Token", url, source: "Commit" },
    { token: "made-up-hashed-0001", type: "made_up", url: "" },
    { token: "made-up-listed-0001", type: "made_up", url: "" },
    { token: "made-up-false-0001", type: "made_up", url: "", source: "gist_content" },
    { token: "made-up-test-0001", type: "made_up", url: "", source: "content" },
    {
      token: "made-up-strange-0001",
      type: "made_up",
      url: "https://github.com/a/b",
      source: "made_up_place",
    },
    { token: "short", type: "made_up", url: "" },
  ]);
  expect(answer.body.map(({ label }) => label)).toEqual([
    "true_positive",
    "true_positive",
    "true_positive",
    "false_positive",
    "false_positive",
    "false_positive",
    "false_positive",
  ]);
  expect(answer.text).not.toContain("made-up-known");
  const { sightings } = (await admin.call<{ sightings: Json[] }>("GET", "/api/v1/leaks/leak-2/sightings"))
    .body;
  expect(sightings).toMatchObject([{ url: "https://github.com/made-up/repository/blob/abc/****.txt" }]);
  const log = admin.log.join("");
  expect(log).toContain('"refused":{"false_positive":1,"too_short":1}');
  expect(log).not.toMatch(/made-up-(?:known|hashed|false|test|strange|github|password)/);
  const [strange] = (await leaks()).filter(({ description }) => String(description).includes("not name"));
  expect(strange).toMatchObject({ description: "GitHub found it in a place it does not name." });
});

test("many matches are taken in at once, and more than 10,000 are refused", async () => {
  const matches = Array.from({ length: 10_001 }, (_, index) => ({
    token: `made-up-match-${index}`,
    type: "made_up",
    url: "https://github.com/a/b",
    source: "content",
  }));
  expect((await signed(matches)).status).toBe(400);
  expect((await signed(matches.slice(0, 500))).status).toBe(200);
  expect((await admin.call("GET", "/metrics")).text).toContain(
    'leakgate_intake_findings_total{receiver="github_partner",outcome="leaks"} 504',
  );
}, 60_000);

test("a flood of unknown keys is no flood of requests, and keys of another curve are none", async () => {
  asked = [];
  const strangers = Array.from({ length: 50 }, (_, index) => signed([], `stranger-${index}`));
  const statuses = new Set((await Promise.all(strangers)).map(({ status }) => status));
  for (const status of statuses) expect([401, 503]).toContain(status);
  expect(asked.length).toBeLessThanOrEqual(1);
  expect((await signed([], "ours")).status).toBe(200);
  expect([401, 503]).toContain((await signed([], "other-curve", otherCurve.privateKey)).status);
});

test("what is no delivery is refused", async () => {
  const headers = headersOf("ours", VECTOR.signature);
  expect((await send("[]", {})).status).toBe(401);
  expect((await send("[]", headersOf("ours", "not base64!"))).status).toBe(401);
  expect((await send("[]", { ...headers, "content-type": "text/plain" })).status).toBe(415);
  expect((await send(`["${"x".repeat(4 * 1024 ** 2)}"]`, headers)).status).toBe(413);
  const deep = `${"[".repeat(33)}${"]".repeat(33)}`;
  const signature = sign("sha256", Buffer.from(deep), ours.privateKey).toString("base64");
  const refused = await send(deep, headersOf("ours", signature));
  expect(refused).toMatchObject({ status: 400, body: { detail: expect.stringContaining("nested") } });
  expect((await signed([{ token: 1 }])).status).toBe(400);
  expect((await admin.call("GET", PATH, { key: null })).status).toBe(405);
  // Receivers that are not configured.
  for (const path of ["/intake/github/alerts", "/intake/gitguardian", "/intake/generic", "/oauth/revoke"])
    expect([path, (await admin.call("POST", path, { key: null, body: {} })).status]).toEqual([path, 404]);
});
