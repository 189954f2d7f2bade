import { afterEach, expect, test, vi } from "vitest";
import { mintKey } from "../rules/access.ts";
import { Pepper } from "../rules/pepper.ts";
import { RulesStore } from "../rules/store.ts";
import { controlFolder } from "../rules/tenants.ts";
import { type AdminSettings, type Json, TestAdmin } from "../test/admin.ts";
import { until } from "../test/support.ts";

const SESSION = "/api/v1/session";
const SESSIONS = "/api/v1/sessions";
const SAME = { "sec-fetch-site": "same-origin" };

let admin: TestAdmin;
afterEach(() => {
  vi.useRealTimers();
  return admin?.stop();
});

/** Signs in as a browser does; answers its cookie, as it sends it. */
async function signIn(key = admin.administrator, headers: Record<string, string> = SAME): Promise<string> {
  const answer = await admin.call("POST", SESSION, { body: { key }, key: null, headers });
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
  return cookieOf(answer.headers);
}

function cookieOf(headers: Headers): string {
  return headers.getSetCookie()[0]!.split(";")[0]!;
}

function by(cookie: string, headers: Record<string, string> = SAME) {
  return { key: null, headers: { cookie, ...headers } };
}

const isIn = async (cookie: string) => (await admin.call("GET", SESSION, by(cookie))).status === 200;

test("ASVS 3.3.1, 7.2.3: the cookie is of this host alone, no script reads it, and 256 bits of it are random", async () => {
  admin = await TestAdmin.start();
  const answer = await admin.call("POST", SESSION, { body: { key: admin.analyst }, key: null });
  const [cookie = "", ...more] = answer.headers.getSetCookie();
  expect(more).toEqual([]);
  expect(cookie).toMatch(
    /^__Host-leakgate=default\.[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
  );
  expect(answer.body).toEqual({
    id: "key-2",
    name: "Bob",
    role: "analyst",
    tenant: "default",
    expiresAt: expect.any(String),
    session: { id: "session-1", createdAt: expect.any(String), idleAt: expect.any(String) },
  });
  const secret = cookie.split(";")[0]!.split(".")[1]!;
  expect(answer.text + admin.log.join("")).not.toContain(secret);
  expect(admin.log.join("")).not.toContain(admin.analyst.slice(13));
});

test("a session may do what its key may; who calls is told; signing out ends it", async () => {
  admin = await TestAdmin.start();
  const cookie = await signIn();
  expect((await admin.call("GET", SESSION, by(cookie))).body).toMatchObject({ id: "key-1", name: "Ann" });
  const body = { name: "a leak", risk: 5, tokens: ["made-up-token-0001"] };
  const made = await admin.call<{ id: string }>("POST", "/api/v1/leaks", { body, ...by(cookie) });
  expect(made.status).toBe(201);
  const { history } = (await admin.call<{ history: Json[] }>("GET", `/api/v1/leaks/${made.body.id}`)).body;
  expect(history[0]).toMatchObject({ actor: "key-1 (Ann)", from: "127.0.0.1" });
  const analyst = await signIn(admin.analyst);
  expect((await admin.call("POST", "/api/v1/leaks", { body, ...by(analyst) })).status).toBe(403);

  const out = await admin.call("DELETE", SESSION, by(cookie));
  expect(out).toMatchObject({ status: 200, body: { logoutUrl: null } });
  expect(out.headers.getSetCookie()[0]).toMatch(/^__Host-leakgate=; Max-Age=0; Path=\/;/);
  expect(await isIn(cookie)).toBe(false);
  expect(await isIn(analyst)).toBe(true);
});

test("a wrong key, a wrong cookie and an empty one are 401", async () => {
  admin = await TestAdmin.start();
  const wrong = [
    "made-up-token-0001",
    `${admin.administrator.slice(0, -1)}0`,
    mintKey(Pepper.load(admin.data), "analyst", "x").clear,
  ];
  for (const key of wrong) {
    const answer = await admin.call("POST", SESSION, { body: { key }, key: null });
    expect(answer.status).toBe(401);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(answer.text).not.toContain(key);
  }
  const good = await signIn();
  const secret = good.split(".")[1]!;
  for (const value of [
    "",
    "x",
    `.${secret}`,
    `acme.${secret}`,
    `default.${secret}.x`,
    `default.${"A".repeat(43)}`,
    `../x.${secret}`,
    admin.administrator,
  ])
    expect([value, await isIn(`__Host-leakgate=${value}`)]).toEqual([value, false]);
  expect(await isIn(`leakgate=${good.split("=")[1]}`)).toBe(false);
  expect(await isIn(good)).toBe(true);
});

test("where a key is sent too, the key counts", async () => {
  admin = await TestAdmin.start();
  const cookie = await signIn();
  const both = await admin.call("GET", SESSION, { key: admin.analyst, headers: { cookie } });
  expect(both.body).toMatchObject({ id: "key-2", session: null });
  const broken = await admin.call("GET", SESSION, { key: "made-up-token-0001", headers: { cookie } });
  expect(broken.status).toBe(401);
  expect((await admin.call("DELETE", SESSION, { headers: { cookie } })).status).toBe(404);
  expect(await isIn(cookie)).toBe(true);
});

test("ASVS 7.2.4: signing in again gives another session, and ends the one before", async () => {
  admin = await TestAdmin.start();
  const first = await signIn();
  const second = await signIn(admin.administrator, { ...SAME, cookie: first });
  expect(second).not.toBe(first);
  expect([await isIn(first), await isIn(second)]).toEqual([false, true]);
});

test("ASVS 7.4.1: whatever ends the key ends its sessions at once", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  admin = await TestAdmin.start();
  const path = "/api/v1/keys/key-2";
  const changes: [string, string, object?][] = [
    ["PATCH", path, { disabled: true }],
    ["POST", `${path}/rotate`, { graceSeconds: 60 }],
    ["DELETE", path],
  ];
  for (const [method, target, body] of changes) {
    const cookie = await signIn(admin.analyst);
    expect(await isIn(cookie)).toBe(true);
    expect((await admin.call(method, target, { body })).status).toBe(200);
    expect([method, await isIn(cookie)]).toEqual([method, false]);
    if (body && "disabled" in body) await admin.call("PATCH", path, { body: { disabled: false } });
  }
  const ends = Date.now() + 1_000;
  const made = await admin.call<{ key: string }>("POST", "/api/v1/keys", {
    body: { name: "Carol", role: "analyst", expiresAt: new Date(ends).toISOString() },
  });
  const cookie = await signIn(made.body.key);
  vi.setSystemTime(ends - 1);
  expect(await isIn(cookie)).toBe(true);
  vi.setSystemTime(ends);
  expect(await isIn(cookie)).toBe(false);
});

test("a session ends when it rests, to the second, and after its time whatever happens", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  admin = await TestAdmin.start({ config: { session: { idleMinutes: 20, absoluteHours: 1 } } });
  const began = Date.now();
  const at = (seconds: number) => vi.setSystemTime(began + seconds * 1000);
  const cookie = await signIn();
  const resting = await signIn(admin.analyst);
  const who = await admin.call<{ expiresAt: string; session: { idleAt: string } }>(
    "GET",
    SESSION,
    by(cookie),
  );
  expect(Date.parse(who.body.expiresAt)).toBe(began + 3_600_000);
  expect(Date.parse(who.body.session.idleAt)).toBe(began + 1_200_000);
  at(1_199);
  expect([await isIn(cookie), await isIn(resting)]).toEqual([true, true]);
  at(2_398);
  expect(await isIn(cookie)).toBe(true);
  at(2_399);
  expect(await isIn(resting)).toBe(false);
  const listed = await admin.call<{ sessions: Json[] }>("GET", SESSIONS, by(cookie));
  expect(listed.body.sessions.map(({ owner }) => owner)).toEqual(["key-1"]);
  at(3_597);
  expect(await isIn(cookie)).toBe(true);
  at(3_599);
  expect(await isIn(cookie)).toBe(true);
  at(3_600);
  expect(await isIn(cookie)).toBe(false);
});

test("what a page asks by itself keeps no session awake", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  admin = await TestAdmin.start({ config: { session: { idleMinutes: 20, absoluteHours: 1 } } });
  const began = Date.now();
  const cookie = await signIn();
  const byItself = { ...by(cookie), headers: { ...by(cookie).headers, "leakgate-unattended": "1" } };
  vi.setSystemTime(began + 1_199_000);
  expect((await admin.call("GET", SESSION, byItself)).status).toBe(200);
  vi.setSystemTime(began + 1_200_000);
  expect((await admin.call("GET", SESSION, byItself)).status).toBe(401);
});

test("times of use are written at most once a minute, and not into the journal", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  admin = await TestAdmin.start();
  const began = Date.now();
  const cookie = await signIn();
  const seen = async () => {
    const { sessions } = (await admin.call<{ sessions: Json[] }>("GET", SESSIONS)).body;
    const { keys } = (await admin.call<{ keys: Json[] }>("GET", "/api/v1/keys")).body;
    return [sessions[0]!.lastSeenAt, keys[0]!.lastUsedAt].map((at) => Date.parse(String(at)) - began);
  };
  for (const [atMs, lastMs] of [
    [1_000, 0],
    [59_999, 0],
    [60_000, 60_000],
    [119_999, 60_000],
  ] as const) {
    vi.setSystemTime(began + atMs);
    expect(await isIn(cookie)).toBe(true);
    await until("both times are written", async () => (await seen()).every((each) => each === lastMs));
  }
  expect((await admin.call("GET", "/api/v1/status")).body.revision).toBe(3);
});

test("ASVS 7.4.5: an administrator sees the sessions of the tenant and ends one; others see and end their own", async () => {
  admin = await TestAdmin.start();
  const [ann, bob, bobAgain] = [await signIn(), await signIn(admin.analyst), await signIn(admin.analyst)];
  const list = async (cookie: string) =>
    (await admin.call<{ sessions: Json[] }>("GET", SESSIONS, by(cookie))).body.sessions;
  expect((await list(ann)).map(({ id, owner, isCurrent }) => [id, owner, isCurrent])).toEqual([
    ["session-1", "key-1", true],
    ["session-2", "key-2", false],
    ["session-3", "key-2", false],
  ]);
  expect((await list(bob)).map(({ id }) => id)).toEqual(["session-2", "session-3"]);
  expect((await list(bob))[0]).toMatchObject({ name: "Bob", from: "127.0.0.1" });
  expect((await admin.call("DELETE", `${SESSIONS}/session-1`, by(bob))).status).toBe(404);
  expect((await admin.call("DELETE", `${SESSIONS}/session-3`, by(bob))).status).toBe(200);
  expect((await admin.call("DELETE", `${SESSIONS}/session-2`, by(ann))).status).toBe(200);
  expect([await isIn(ann), await isIn(bob), await isIn(bobAgain)]).toEqual([true, false, false]);
  expect((await admin.call("DELETE", `${SESSIONS}/session-2`, by(ann))).status).toBe(404);
});

test("a global role signs in too; its sessions lie apart, a tenant's are seen by its name", async () => {
  admin = await TestAdmin.start();
  const pepper = Pepper.load(admin.data);
  const control = await RulesStore.open(controlFolder(admin.data), pepper.id);
  const { clear, record } = mintKey(pepper, "global_administrator", "Root");
  await control.createKey("system", record);
  await control.close();
  const bob = await signIn(admin.analyst);
  const root = await signIn(clear);
  expect(root).toMatch(/^__Host-leakgate=\./);
  expect((await admin.call("GET", SESSION, by(root))).body).toMatchObject({ name: "Root", tenant: null });
  const list = async (query: string) =>
    (await admin.call<{ sessions: Json[] }>("GET", SESSIONS + query, by(root))).body.sessions.map(
      ({ name }) => name,
    );
  expect(await list("")).toEqual(["Root"]);
  expect(await list("?tenant=default")).toEqual(["Bob"]);
  expect((await admin.call("DELETE", `${SESSIONS}/session-1?tenant=default`, by(root))).status).toBe(200);
  expect([await isIn(bob), await isIn(root)]).toEqual([false, true]);
  // Over to a tenant's key in the same browser: the session in the control store ends as well.
  const ann = await signIn(admin.administrator, { ...SAME, cookie: root });
  expect([await isIn(root), await isIn(ann)]).toEqual([false, true]);
});

test.each<[string, Record<string, string>, boolean]>([
  ["the console's own page", { "sec-fetch-site": "same-origin" }, true],
  ["another site", { "sec-fetch-site": "cross-site" }, false],
  ["another host of the site", { "sec-fetch-site": "same-site" }, false],
  ["the address bar", { "sec-fetch-site": "none" }, false],
  ["another site that says our origin", { "sec-fetch-site": "cross-site", origin: "self" }, false],
  ["an older browser on our page", { origin: "self" }, true],
  ["an older browser on our page, by its public name", { origin: "https://leakgate.example" }, true],
  ["an older browser elsewhere", { origin: "https://made-up.example" }, false],
  ["a sandboxed frame", { origin: "null" }, false],
  ["a program that says nothing", {}, false],
])("ASVS 3.5.1, 3.5.3: with a cookie, a change begun by %s", async (_, headers, isTaken) => {
  admin = await TestAdmin.start({ config: { publicUrl: "https://leakgate.example/" } });
  const cookie = await signIn();
  const sent = headers.origin === "self" ? { ...headers, origin: admin.url } : headers;
  const leak = { name: "a leak", risk: 5, tokens: ["made-up-token-0001"] };
  const answer = await admin.call("POST", "/api/v1/leaks", { body: leak, ...by(cookie, sent) });
  expect(answer.status).toBe(isTaken ? 201 : 403);
  // Looking is no change, and a key is never sent by a browser on its own.
  expect((await admin.call("GET", "/api/v1/leaks", by(cookie, sent))).status).toBe(200);
  expect((await admin.call("POST", "/api/v1/leaks", { body: leak, headers: sent })).status).toBe(201);
  // Signing somebody in as somebody else is such a change too; a program says nothing of where it is.
  const isProgram = Object.keys(headers).length === 0;
  const signedIn = await admin.call("POST", SESSION, {
    body: { key: admin.analyst },
    key: null,
    headers: sent,
  });
  expect(signedIn.status).toBe(isTaken || isProgram ? 201 : 403);
});

test("ASVS 3.5.2: what a form can send is not taken", async () => {
  admin = await TestAdmin.start();
  const cookie = await signIn();
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]) {
    const headers = { ...SAME, "content-type": type };
    const body = JSON.stringify({ name: "a leak", risk: 5, tokens: ["made-up-token-0001"] });
    expect((await admin.call("POST", "/api/v1/leaks", { body, ...by(cookie, headers) })).status).toBe(415);
    const key = JSON.stringify({ key: admin.administrator });
    expect((await admin.call("POST", SESSION, { body: key, key: null, headers })).status).toBe(415);
  }
  expect((await admin.call("GET", SESSION, { key: null })).status).toBe(401);
});

const over = (settings: AdminSettings) => ({
  ...settings,
  config: { failuresPerMinute: 3, ...settings.config },
});

test("ASVS 6.3.1: wrong keys from one address are limited; a valid one is taken all the same", async () => {
  admin = await TestAdmin.start(over({ config: { trust: ["127.0.0.1"] } }));
  const from = (address: string) => ({ "x-forwarded-for": address });
  const guess = (address: string) =>
    admin.call("GET", "/api/v1/leaks", { key: "made-up-token-0001", headers: from(address) });
  for (let i = 0; i < 3; i++) expect((await guess("192.0.2.1")).status).toBe(401);
  const limited = await guess("192.0.2.1");
  expect(limited.status).toBe(429);
  expect(Number(limited.headers.get("retry-after"))).toBeGreaterThan(0);
  const signIn = { body: { key: "made-up-token-0002" }, key: null, headers: from("192.0.2.1") };
  expect((await admin.call("POST", SESSION, signIn)).status).toBe(429);

  expect((await guess("192.0.2.2")).status).toBe(401);
  expect((await admin.call("GET", "/api/v1/leaks", { headers: from("192.0.2.1") })).status).toBe(200);
  const good = { body: { key: admin.analyst }, key: null, headers: from("192.0.2.1") };
  expect((await admin.call("POST", SESSION, good)).status).toBe(201);
  // Who sends nothing has not failed.
  for (let i = 0; i < 5; i++)
    expect((await admin.call("GET", "/api/v1/leaks", { key: null, headers: from("192.0.2.3") })).status).toBe(
      401,
    );
});

test("ASVS 16.3.1: each sign-in and each refusal is in the log, by id and public part, and never the key", async () => {
  admin = await TestAdmin.start();
  await signIn(admin.analyst);
  await admin.call("PATCH", "/api/v1/keys/key-2", { body: { disabled: true } });
  await admin.call("POST", SESSION, { body: { key: admin.analyst }, key: null });
  await admin.call("GET", "/api/v1/leaks", { key: "made-up-token-0001" });
  const lines = admin.log.map((line) => JSON.parse(line) as Json);
  expect(lines.filter(({ msg }) => msg === "signed in")).toMatchObject([
    {
      key: "key-2",
      tenant: "default",
      session: "session-1",
      from: "127.0.0.1",
      requestId: expect.any(String),
    },
  ]);
  expect(lines.filter(({ msg }) => msg === "sign-in refused")).toMatchObject([
    { why: "disabled", key: "key-2", publicPart: admin.analyst.slice(4, 12), from: "127.0.0.1" },
    { why: "unknown", from: "127.0.0.1", requestId: expect.any(String) },
  ]);
  expect(admin.log.join("")).not.toMatch(/made-up|lgk_/);
  expect(admin.log.join("")).not.toContain(admin.analyst.slice(13));
});

test("ASVS 16.3.2: each refusal for the role is in the log", async () => {
  admin = await TestAdmin.start();
  await admin.call("DELETE", "/api/v1/leaks/leak-1/tokens/1", { key: admin.analyst });
  const line = admin.log.map((each) => JSON.parse(each) as Json).find(({ msg }) => msg === "not allowed");
  expect(line).toMatchObject({
    key: "key-2",
    role: "analyst",
    tenant: "default",
    method: "DELETE",
    path: "/api/v1/leaks/leak-1/tokens/*",
    from: "127.0.0.1",
  });
});

test("ASVS 3.4.1: behind TLS answers ask browsers never to come without it", async () => {
  admin = await TestAdmin.start({ config: { publicUrl: "https://leakgate.example" } });
  const { headers } = await admin.call("GET", "/healthz");
  expect(headers.get("strict-transport-security")).toBe("max-age=31536000; includeSubDomains");
  await admin.stop();
  admin = await TestAdmin.start({ config: { publicUrl: "http://leakgate.example" } });
  expect((await admin.call("GET", "/healthz")).headers.get("strict-transport-security")).toBeNull();
});
