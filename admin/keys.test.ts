import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { mintKey, type Role } from "../rules/access.ts";
import { Pepper } from "../rules/pepper.ts";
import { RulesStore } from "../rules/store.ts";
import { controlFolder } from "../rules/tenants.ts";
import { type Json, TestAdmin } from "../test/admin.ts";
import { until } from "../test/support.ts";

const KEYS = "/api/v1/keys";
type Made = Json & { id: string; key: string };

let admin: TestAdmin;
beforeEach(async () => {
  admin = await TestAdmin.start();
});
afterEach(() => {
  vi.useRealTimers();
  return admin.stop();
});

async function make(body: object, path = KEYS, key = admin.administrator): Promise<Made> {
  const made = await admin.call<Made>("POST", path, {
    body: { name: "Carol", role: "analyst", ...body },
    key,
  });
  expect(made.status).toBe(201);
  return made.body;
}

/** Writes a key beside the API, as the command line does. */
async function storeKey(folder: string, role: string, name = "made up"): Promise<string> {
  const pepper = Pepper.load(admin.data);
  const store = await RulesStore.open(folder, pepper.id);
  const { clear, record } = mintKey(pepper, role as Role, name);
  await store.createKey("system", record);
  await store.close();
  return clear;
}

const look = async (key: string) => (await admin.call("GET", "/api/v1/leaks", { key })).status;

test("a key is shown once, works at once, is listed without its secret, and stops when revoked", async () => {
  const { key, ...rest } = await make({});
  expect(key).toMatch(/^lgk_[0-9A-Za-z]{8}_[0-9A-Za-z]{46}$/);
  const before = await admin.call<{ keys: Json[] }>("GET", KEYS);
  expect(before.body.keys).toHaveLength(3);
  expect(before.body.keys[2]).toEqual(rest);
  expect(rest).toMatchObject({
    name: "Carol",
    role: "analyst",
    prefix: key.slice(0, 12),
    createdBy: "key-1 (Ann)",
    expiresAt: null,
    lastUsedAt: null,
    disabledAt: null,
    revokedAt: null,
    graceUntil: null,
  });
  expect(await look(key)).toBe(200);
  const revoked = await admin.call("DELETE", `${KEYS}/${rest.id}`);
  expect(revoked).toMatchObject({ status: 200, body: { revokedAt: expect.any(String) } });
  expect(revoked.body.warning).toBeUndefined();
  expect(await look(key)).toBe(401);
  expect((await admin.call("DELETE", `${KEYS}/${rest.id}`)).body).toMatchObject({
    revokedAt: revoked.body.revokedAt,
  });
  const listed = await admin.call("GET", KEYS);
  expect(before.text + listed.text + revoked.text + admin.log.join("")).not.toContain(key.slice(13));
});

test("when a key was last used is listed", async () => {
  const { key, id } = await make({});
  expect(await look(key)).toBe(200);
  await until("the last use is listed", async () => {
    const { body } = await admin.call<{ keys: Json[] }>("GET", KEYS);
    const lastUsedAt = body.keys.find((each) => each.id === id)?.lastUsedAt;
    return typeof lastUsedAt === "string" && Math.abs(Date.parse(lastUsedAt) - Date.now()) < 60_000;
  });
});

test("a key expires by itself; its end can be moved", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const end = Date.now() + 1_000;
  const { key, id } = await make({ expiresAt: new Date(end).toISOString() });
  vi.setSystemTime(end - 1);
  expect(await look(key)).toBe(200);
  vi.setSystemTime(end);
  expect(await look(key)).toBe(401);
  const later = new Date(Date.now() + 3_600_000).toISOString();
  const moved = await admin.call("PATCH", `${KEYS}/${id}`, { body: { expiresAt: later } });
  expect(moved).toMatchObject({ status: 200, body: { expiresAt: later } });
  expect(await look(key)).toBe(200);
  const past = await admin.call("PATCH", `${KEYS}/${id}`, { body: { expiresAt: "2020-01-01" } });
  expect(past).toMatchObject({ status: 400, body: { errors: [{ pointer: "#/expiresAt" }] } });
});

test("a key is switched off and on, and renamed", async () => {
  const { key, id } = await make({});
  const path = `${KEYS}/${id}`;
  const off = await admin.call("PATCH", path, { body: { disabled: true } });
  expect(off.body).toMatchObject({ disabledAt: expect.any(String) });
  expect(await look(key)).toBe(401);
  const on = await admin.call("PATCH", path, { body: { disabled: false, name: "Caroline" } });
  expect(on.body).toMatchObject({ disabledAt: null, name: "Caroline" });
  expect(await look(key)).toBe(200);
  await admin.call("DELETE", path);
  expect((await admin.call("PATCH", path, { body: { disabled: true } })).status).toBe(409);
});

test("a rotated key keeps id and name; the old secret works until its grace ends", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const { key, id } = await make({});
  const rotated = await admin.call<Made>("POST", `${KEYS}/${id}/rotate`, { body: { graceSeconds: 1 } });
  expect(rotated).toMatchObject({ status: 200, body: { id, name: "Carol", graceUntil: expect.any(String) } });
  const end = Date.parse(String(rotated.body.graceUntil));
  expect([await look(key), await look(rotated.body.key)]).toEqual([200, 200]);
  vi.setSystemTime(end - 1);
  expect(await look(key)).toBe(200);
  vi.setSystemTime(end);
  expect(await look(key)).toBe(401);
  const again = await admin.call<Made>("POST", `${KEYS}/${id}/rotate`);
  expect([await look(rotated.body.key), await look(again.body.key)]).toEqual([401, 200]);
  expect(admin.log.join("")).not.toContain(again.body.key.slice(13));
});

test("whoever takes away the last administrator's key is warned", async () => {
  const off = await admin.call("PATCH", `${KEYS}/key-1`, { body: { disabled: true } });
  expect(off).toMatchObject({
    status: 200,
    body: { warning: expect.stringContaining("leakgate keys create") },
  });
  expect(await look(admin.administrator)).toBe(401);
});

test.each([
  [{ name: "", role: "analyst" }, "#/name"],
  [{ name: " ", role: "analyst" }, "#/name"],
  [{ name: "x".repeat(65), role: "analyst" }, "#/name"],
  [{ name: "a\u0007", role: "analyst" }, "#/name"],
  [{ name: "x", role: "boss" }, "#/role"],
  [{ name: "x" }, "#/role"],
  [{ name: "x", role: "analyst", expiresAt: "soon" }, "#/expiresAt"],
  [{ name: "x", role: "analyst", expiresAt: "2020-01-01" }, "#/expiresAt"],
  [{ name: "x", role: "analyst", key: "lgk_made-up-token-0001" }, "#"],
])("refuses %j", async (body, pointer) => {
  const answer = await admin.call("POST", KEYS, { body });
  expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
  expect(answer.text).not.toContain("made-up");
});

test("an unknown key is 404, whatever is wanted of it", async () => {
  for (const [method, path, body] of [
    ["DELETE", "key-999"],
    ["DELETE", "made-up-token-0001"],
    ["PATCH", "key-999", { disabled: true }],
    ["POST", "key-999/rotate"],
  ] as const) {
    const answer = await admin.call(method, `${KEYS}/${path}`, { body });
    expect([path, answer.status]).toEqual([path, 404]);
    expect(answer.text).not.toContain("made-up");
  }
});

test("a key of a role that nobody knows is known, and may see and do nothing", async () => {
  const key = await storeKey(admin.data, "auditor");
  const calls = [
    ["GET", "/api/v1/leaks"],
    ["GET", "/api/v1/status"],
    ["GET", "/api/v1/openapi.json"],
    ["GET", "/api/v1/session"],
    ["GET", KEYS],
    ["POST", "/api/v1/leaks"],
    ["GET", "/api/v1/tenants"],
  ] as const;
  for (const [method, path] of calls)
    expect([path, (await admin.call(method, path, { key })).status]).toEqual([path, 403]);
  expect((await admin.call("POST", "/api/v1/session", { body: { key }, key: null })).status).toBe(403);
  const refused = admin.log.filter((line) => line.includes('"not allowed"'));
  expect(refused).toHaveLength(calls.length + 1);
});

test("ASVS 8.2.1, 8.3.2: a tenant's administrator gives no global role, and a change of the key counts at once", async () => {
  for (const role of ["global_administrator", "global_analyst"])
    expect((await admin.call("POST", KEYS, { body: { name: "x", role } })).status).toBe(403);
  for (const path of [KEYS, `${KEYS}/key-1`, `${KEYS}/key-1/rotate`]) {
    const method = path === KEYS ? "GET" : path.endsWith("rotate") ? "POST" : "DELETE";
    expect([path, (await admin.call(method, `${path}?scope=global`)).status]).toEqual([path, 403]);
  }
});

test("a global administrator makes global keys, which lie apart, and keys of each tenant", async () => {
  const root = await storeKey(controlFolder(admin.data), "global_administrator", "Root");
  const { id, key } = await make({ role: "global_analyst" }, KEYS, root);
  expect(id).toBe("key-2");
  expect(await look(key)).toBe(200);
  const list = async (query: string) =>
    (await admin.call<{ keys: Json[] }>("GET", KEYS + query, { key: root })).body.keys.map(
      ({ role }) => role,
    );
  expect(await list("?scope=global")).toEqual(["global_administrator", "global_analyst"]);
  expect(await list("")).toEqual(["administrator", "analyst"]);

  await admin.call("POST", "/api/v1/tenants", { body: { name: "acme" }, key: root });
  const acme = await make({ role: "administrator" }, `${KEYS}?tenant=acme`, root);
  expect(acme.id).toBe("key-1");
  const own = await admin.call<{ keys: Json[] }>("GET", KEYS, { key: acme.key });
  expect(own.body.keys.map(({ name }) => name)).toEqual(["Carol"]);
  expect((await admin.call("GET", `${KEYS}?tenant=default`, { key: acme.key })).status).toBe(404);

  await admin.call("PATCH", `${KEYS}/key-2?scope=global`, { body: { disabled: true }, key: root });
  expect(await look(key)).toBe(401);
  expect((await admin.call("GET", `${KEYS}?scope=global`, { key })).status).toBe(401);
  const last = await admin.call("DELETE", `${KEYS}/key-1?scope=global`, { key: root });
  expect(last.body.warning).toEqual(expect.any(String));
});
