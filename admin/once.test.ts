import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AdminAnswer, type CallOptions, type Json, TestAdmin } from "../test/admin.ts";
import { until } from "../test/support.ts";

const LEAKS = "/api/v1/leaks";
const leak = (name: string) => ({ name, risk: 5, tokens: [`made-up-token-${name}`] });

let admin: TestAdmin;
beforeAll(async () => {
  admin = await TestAdmin.start({ config: { enforcedWaitMs: 20_000 } });
});
afterAll(() => admin.stop());

function post(
  path: string,
  key: string,
  body?: unknown,
  { headers = {}, ...more }: CallOptions = {},
): Promise<AdminAnswer<Json>> {
  return admin.call("POST", path, { body, headers: { "idempotency-key": key, ...headers }, ...more });
}
const isReplayed = ({ headers }: AdminAnswer<Json>) => headers.get("idempotency-replayed");
const revision = async () => (await admin.call("GET", "/api/v1/status")).body.revision;

describe("the same call with the same key", () => {
  test("gets the same answer and changes nothing, also of an admin started anew", async () => {
    const first = await post(LEAKS, "same-1", leak("same"));
    expect(first).toMatchObject({ status: 201, body: { name: "same" } });
    expect(isReplayed(first)).toBeNull();
    const before = await revision();
    for (const isRestarted of [false, true]) {
      if (isRestarted) await admin.restart();
      const again = await post(LEAKS, "same-1", leak("same"));
      expect([again.status, again.text]).toEqual([201, first.text]);
      for (const name of ["etag", "location", "content-type"])
        expect(again.headers.get(name)).toBe(first.headers.get(name));
      expect(isReplayed(again)).toBe("true");
      expect(again.headers.get("x-request-id")).not.toBe(first.headers.get("x-request-id"));
      expect(again.headers.get("cache-control")).toBe("no-store");
    }
    expect(await revision()).toBe(before);
  });

  test("is another call with another key, without one, by somebody else, or of another path", async () => {
    const { clear: key } = await admin.keyOf("administrator");
    const { clear: acme } = await admin.keyOf("administrator", "acme");
    const { clear: everywhere } = await admin.keyOf("global_administrator");
    const answers = [
      await post(LEAKS, "other-1", leak("other")),
      await post(LEAKS, "other-2", leak("other")),
      await admin.call("POST", LEAKS, { body: leak("other") }),
      await post(LEAKS, "other-1", leak("other"), { key }),
      await post(LEAKS, "other-1", leak("other"), { key: acme }),
      await post(LEAKS, "other-1", leak("other"), { key: everywhere }),
      await post(`${LEAKS}?tenant=acme`, "other-1", leak("other"), { key: everywhere }),
    ];
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    expect(answers.map(isReplayed)).toEqual(answers.map(() => null));
    const [one, two] = answers.map(({ body }) => body.id as string);
    expect((await post(`${LEAKS}/${one}/close`, "other-3")).body.id).toBe(one);
    expect((await post(`${LEAKS}/${two}/close`, "other-3")).body.id).toBe(two);
    expect(isReplayed(await post(LEAKS, "other-1", leak("other"), { key: acme }))).toBe("true");
  });

  test("is refused with another body, parameter or version: 422, and nothing is done", async () => {
    const id = (await post(LEAKS, "fingerprint-1", leak("fingerprint"))).body.id;
    await post(
      `${LEAKS}/${id}/vpatch`,
      "fingerprint-2",
      { mode: "monitor" },
      { headers: { "if-match": '"1"' } },
    );
    const before = await revision();
    const refused = [
      await post(LEAKS, "fingerprint-1", leak("another")),
      await post(
        `${LEAKS}/${id}/vpatch`,
        "fingerprint-2",
        { mode: "block" },
        { headers: { "if-match": '"1"' } },
      ),
      await post(`${LEAKS}/${id}/vpatch`, "fingerprint-2", { mode: "monitor" }),
      await post(
        `${LEAKS}/${id}/vpatch?wait=enforced`,
        "fingerprint-2",
        { mode: "monitor" },
        {
          headers: { "if-match": '"1"' },
        },
      ),
    ];
    for (const answer of refused) {
      expect(answer).toMatchObject({ status: 422, body: { title: "Unprocessable Entity" } });
      expect(answer.text).not.toMatch(/fingerprint|made-up/);
    }
    expect(await revision()).toBe(before);
  });

  test("at once: one is carried out, the others are told that it is under way, or get its answer", async () => {
    const before = (await admin.call("GET", "/api/v1/stats")).body.leaks as number;
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => post(LEAKS, "at-once", leak("at-once"))),
    );
    const made = answers.filter(({ status }) => status === 201);
    expect(made.filter((answer) => isReplayed(answer) === null)).toHaveLength(1);
    expect(new Set(made.map(({ text }) => text)).size).toBe(1);
    expect(answers.filter(({ status }) => status !== 201).map(({ status }) => status)).toEqual(
      Array(20 - made.length).fill(409),
    );
    expect((await admin.call("GET", "/api/v1/stats")).body.leaks).toBe(before + 1);
  });

  test("while the first is under way: 409, and its answer once it has one", async () => {
    const id = (await post(LEAKS, "slow-1", leak("slow"))).body.id as string;
    await admin.report(1, 0);
    const path = `${LEAKS}/${id}/vpatch?wait=enforced`;
    const first = post(path, "slow-2");
    await until("the leak is patched", async () => {
      const { body } = await admin.call("GET", `${LEAKS}/${id}`);
      return body.status === "patched";
    });
    const meanwhile = await post(path, "slow-2");
    expect(meanwhile).toMatchObject({
      status: 409,
      body: { detail: "The call with this Idempotency-Key is still under way." },
    });
    expect((await post(path, "slow-2", { mode: "monitor" })).status).toBe(422);
    await admin.report(1, Number.MAX_SAFE_INTEGER);
    const { status, text } = await first;
    expect(status).toBe(200);
    expect(await post(path, "slow-2")).toMatchObject({ status: 200, text });
  });

  test("whose answer was a refusal of the rules is refused in the same words, though it could be done by now", async () => {
    const id = (await post(LEAKS, "refused-1", leak("refused"))).body.id as string;
    const first = await post(`${LEAKS}/${id}/reopen`, "refused-2");
    expect(first.status).toBe(409);
    await post(`${LEAKS}/${id}/close`, "refused-3");
    const again = await post(`${LEAKS}/${id}/reopen`, "refused-2");
    expect(again).toMatchObject({ status: 409, text: first.text });
    expect(isReplayed(again)).toBe("true");
    expect((await post(`${LEAKS}/${id}/reopen`, "refused-4")).status).toBe(200);
  });

  test("that was refused before it was begun is new when it is right", async () => {
    expect((await post(LEAKS, "wrong-1", { name: "x" })).status).toBe(400);
    expect((await post(LEAKS, "wrong-1", leak("wrong"), { key: admin.analyst })).status).toBe(403);
    expect((await post(LEAKS, "wrong-1", leak("wrong"))).status).toBe(201);
  });
});

test("of a global call: the tenant is made once", async () => {
  const { clear: key } = await admin.keyOf("global_administrator");
  const first = await post("/api/v1/tenants", "tenant-1", { name: "once" }, { key });
  expect(first.status).toBe(201);
  expect(await post("/api/v1/tenants", "tenant-1", { name: "once" }, { key })).toMatchObject({
    status: 201,
    text: first.text,
  });
  expect((await post("/api/v1/tenants", "tenant-2", { name: "once" }, { key })).status).toBe(409);
});

test("an answer that holds a secret is not kept: the repetition is told so, and no second key is made", async () => {
  const body = { name: "Carol", role: "analyst" };
  const made = await post("/api/v1/keys", "key-1", body);
  expect(made.status).toBe(201);
  const before = (await admin.call<{ keys: Json[] }>("GET", "/api/v1/keys")).body.keys.length;
  const again = await post("/api/v1/keys", "key-1", body);
  expect(again).toMatchObject({ status: 409, body: { detail: expect.stringContaining("was carried out") } });
  expect((await admin.call<{ keys: Json[] }>("GET", "/api/v1/keys")).body.keys).toHaveLength(before);
  const stored = readFileSync(join(admin.data, "rules", "data.mdb"), "latin1");
  expect(stored).not.toContain((made.body.key as string).slice(13));
});

test("neither the key nor what was sent is in the store, in clear or as a plain hash", async () => {
  await post(LEAKS, "made-up-idempotency-key", leak("0001"));
  const stored = readFileSync(join(admin.data, "rules", "data.mdb"), "latin1");
  expect(stored).not.toContain("made-up-idempotency-key");
  expect(stored).not.toContain("made-up-token-0001");
  expect(admin.log.join("")).not.toContain("made-up-");
});

test.each([[""], ["a b"], ["x".repeat(256)], ["caf\u00e9"], ["a\tb"], ["a, b"]])(
  "refuses the key %j, and nothing is done",
  async (key) => {
    const before = await revision();
    const answer = await post(LEAKS, key, leak("key"));
    expect(answer).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining("Idempotency-Key") },
    });
    expect(await revision()).toBe(before);
  },
);

test("takes keys of up to 255 characters, and any that is visible", async () => {
  for (const key of ["x".repeat(255), '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "!~%2F;,"])
    expect((await post(LEAKS, key, leak("long"))).status).toBe(201);
});

test("other methods take the header and are as idempotent as they are without it", async () => {
  const headers = { "idempotency-key": "other-methods" };
  const id = await admin.register("made-up-token-0009");
  for (const risk of [6, 7]) {
    const answer = await admin.call("PATCH", `${LEAKS}/${id}`, { body: { risk }, headers });
    expect(answer).toMatchObject({ status: 200, body: { risk } });
  }
  expect((await admin.call("GET", `${LEAKS}/${id}`, { headers })).status).toBe(200);
});
