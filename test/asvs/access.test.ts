import { afterEach, expect, test, vi } from "vitest";
import { type AdminSettings, type Json, TestAdmin } from "../admin.ts";
import { until } from "../support.ts";
import { look } from "./answers.ts";

/*
 * OWASP ASVS 5.0.0: V4 API, V6 Authentication, V7 Session Management, V8 Authorization; each requirement is quoted,
 * shortened, above its test. Every call by everybody is in admin/matrix.test.ts.
 */

const LEAKS = "/api/v1/leaks";
const SESSION = "/api/v1/session";
const SAME = { "sec-fetch-site": "same-origin" };

let admin: TestAdmin;
afterEach(async () => {
  vi.useRealTimers();
  await admin.stop();
});
const start = async (settings?: AdminSettings) => {
  admin = await TestAdmin.start(settings);
};

/** Signs in; answers the cookie as it is sent back. */
async function signIn(key: string, headers: Record<string, string> = SAME): Promise<string> {
  const answer = await admin.call("POST", SESSION, { body: { key }, key: null, headers });
  expect(answer.status).toBe(201);
  return answer.headers.getSetCookie()[0]!.split(";")[0]!;
}
const by = (cookie: string) => ({ key: null, headers: { cookie, ...SAME } });
const isIn = async (cookie: string) => (await admin.call("GET", SESSION, by(cookie))).status === 200;
const lines = () => admin.log.map((line) => JSON.parse(line) as Json);

/* "Verify that any HTTP header field used by the application and set by an intermediary layer, such as a load balancer
 * [...], cannot be overridden by the end-user. Example headers might include X-Real-IP, X-Forwarded-*, or X-User-ID." */
test("ASVS 4.1.3: headers of intermediaries are not believed from a client", async () => {
  await start({ config: { trust: ["10.0.0.0/8"] } });
  const forged = {
    "x-forwarded-for": "192.0.2.66",
    "x-real-ip": "192.0.2.66",
    forwarded: "for=192.0.2.66;host=made-up.example;proto=https",
    "x-forwarded-host": "made-up.example",
    "x-forwarded-proto": "https",
    "x-user-id": "key-1",
    "x-tenant": "acme",
    "x-request-id": "made-up-request",
  };
  const id = await admin.register("made-up-token-0001");
  const changed = await admin.call("PATCH", `${LEAKS}/${id}`, { body: { risk: 9 }, headers: forged });
  expect(changed.status).toBe(200);
  expect(changed.headers.get("x-request-id")).not.toContain("made-up");
  const { history } = (await admin.call<{ history: Json[] }>("GET", `${LEAKS}/${id}`)).body;
  expect(history[0]).toMatchObject({ actor: "key-1 (Ann)", from: "127.0.0.1" });
  expect((await admin.call("GET", LEAKS, { key: null, headers: forged })).status).toBe(401);
  // Nor does one make another site's page our own.
  const cookie = await signIn(admin.administrator);
  const foreign = { cookie, origin: "https://made-up.example", ...forged };
  const refused = await admin.call("PATCH", `${LEAKS}/${id}`, {
    key: null,
    body: { risk: 1 },
    headers: foreign,
  });
  expect(refused.status).toBe(403);
  expect(admin.log.join("")).not.toMatch(/192\.0\.2\.66|made-up/);
});

/* "Verify that controls to prevent attacks such as credential stuffing and password brute force are implemented according
 * to the application's security documentation." */
test("ASVS 6.3.1: wrong keys are counted by address, answered 429 beyond the limit, and logged", async () => {
  await start({ config: { failuresPerMinute: 3 } });
  const guess = async (where: "header" | "sign-in") =>
    where === "header"
      ? admin.call("GET", LEAKS, { key: "lgk_made-up-guess" })
      : admin.call("POST", SESSION, { key: null, body: { key: "lgk_made-up-guess" } });
  for (let count = 0; count < 3; count++) expect((await guess("header")).status).toBe(401);
  for (const where of ["sign-in", "header"] as const) {
    const answer = await guess(where);
    expect([where, answer.status]).toEqual([where, 429]);
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  }
  // Nobody is locked out by somebody else's guesses.
  expect((await admin.call("GET", LEAKS)).status).toBe(200);
  const refused = lines().filter(({ msg }) => msg === "sign-in refused");
  expect(refused.map(({ isLimited }) => isLimited)).toEqual([false, false, false, true, true]);
});

/* "Verify that default user accounts (e.g., "root", "admin", or "sa") are not present in the application or are
 * disabled." */
test("ASVS 6.3.2: a new installation has no account, and no well-known name or password opens it", async () => {
  await start();
  // Those of this test, made by the test, in no other tenant and not for all of them.
  const ids = await admin.hands(async ({ control, all }) => [
    control.keys().length,
    ...all.map(({ store }) => store.keys().length),
  ]);
  expect(ids).toEqual([0, 2]);
  await admin.hands(async (tenants) =>
    expect((await tenants.create("system", "acme")).store.keys()).toEqual([]),
  );
  const names = ["root", "admin", "sa", "administrator", "leakgate", "test", "guest"];
  const secrets = ["", "root", "admin", "password", "leakgate", "changeme", "sa"];
  for (const name of names) {
    for (const secret of secrets) {
      const basic = Buffer.from(`${name}:${secret}`).toString("base64");
      for (const authorization of [`Basic ${basic}`, `Bearer ${name}`, `Bearer lgk_${name}_${secret}`]) {
        const { status } = await look(admin, "GET", LEAKS, { authorization });
        expect([name, secret, [401, 429].includes(status)]).toEqual([name, secret, true]);
      }
    }
  }
});

/* "Verify that if reference tokens are used to represent user sessions, they are unique and generated using a
 * cryptographically secure pseudo-random number generator (CSPRNG) and possess at least 128 bits of entropy." */
test("ASVS 7.2.3: a session's cookie is 256 random bits, new each time", async () => {
  await start();
  const count = 64;
  const secrets: Buffer[] = [];
  for (let made = 0; made < count; made++) {
    const cookie = await signIn(admin.analyst, {});
    secrets.push(Buffer.from(cookie.slice(cookie.indexOf(".") + 1), "base64url"));
  }
  expect(new Set(secrets.map((secret) => secret.toString("hex"))).size).toBe(count);
  expect(secrets.every((secret) => secret.length === 32)).toBe(true);
  // Each bit is set in about half of them; that one is set, or is not, in fewer than three is not to be expected ever.
  for (let bit = 0; bit < 256; bit++) {
    const set = secrets.filter((secret) => ((secret[bit >> 3]! >> (bit & 7)) & 1) === 1).length;
    expect(Math.abs(set - count / 2)).toBeLessThan(30);
  }
});

/* "Verify that the application generates a new session token on user authentication, including re-authentication, and
 * terminates the current session token." */
test("ASVS 7.2.4: signing in again gives a new session, never one that was brought along, and ends the old one", async () => {
  await start();
  const first = await signIn(admin.administrator);
  const second = await signIn(admin.administrator, { ...SAME, cookie: first });
  const fixed = `__Host-leakgate=default.${"A".repeat(43)}`;
  const third = await signIn(admin.administrator, { ...SAME, cookie: fixed });
  expect(new Set([first, second, third, fixed]).size).toBe(4);
  const known = [];
  for (const cookie of [first, second, third, fixed]) known.push(await isIn(cookie));
  expect(known).toEqual([false, true, true, false]);
});

/* "Verify that when session termination is triggered (such as logout or expiration), the application disallows any further
 * use of the session. For reference tokens or stateful sessions, this means invalidating the session data at the
 * application backend." */
test("ASVS 7.4.1: a session that was left, rested too long, or is too old is of no use any more", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  await start({ config: { session: { idleMinutes: 1, absoluteHours: 1 } } });
  const [left, resting] = [await signIn(admin.administrator), await signIn(admin.administrator)];
  expect((await admin.call("DELETE", SESSION, by(left))).status).toBe(200);
  expect([await isIn(left), await isIn(resting)]).toEqual([false, true]);
  // It stays so in an admin started anew: the end is in the store.
  await admin.restart();
  expect([await isIn(left), await isIn(resting)]).toEqual([false, true]);
  vi.setSystemTime(Date.now() + 61_000);
  expect(await isIn(resting)).toBe(false);
  vi.setSystemTime(Date.now() - 61_000);
  const began = Date.now();
  const busy = await signIn(admin.administrator);
  for (let seconds = 50; seconds < 3_600; seconds += 50) {
    vi.setSystemTime(began + seconds * 1000);
    expect([seconds, await isIn(busy)]).toEqual([seconds, true]);
  }
  vi.setSystemTime(began + 3_600_000);
  expect(await isIn(busy)).toBe(false);
});

/* "Verify that application administrators are able to terminate active sessions for an individual user or for all
 * users." */
test("ASVS 7.4.5: an administrator ends one session, or all of somebody", async () => {
  await start();
  const ann = await signIn(admin.administrator);
  const [one, other, third] = [
    await signIn(admin.analyst),
    await signIn(admin.analyst),
    await signIn(admin.analyst),
  ];
  const { sessions } = (
    await admin.call<{ sessions: { id: string; owner: string }[] }>("GET", "/api/v1/sessions")
  ).body;
  const bobs = sessions.filter(({ owner }) => owner === "key-2");
  expect(bobs).toHaveLength(3);
  expect((await admin.call("DELETE", `/api/v1/sessions/${bobs[0]!.id}`)).status).toBe(200);
  expect([await isIn(one), await isIn(other), await isIn(third)]).toEqual([false, true, true]);
  expect((await admin.call("PATCH", "/api/v1/keys/key-2", { body: { disabled: true } })).status).toBe(200);
  expect([await isIn(other), await isIn(third), await isIn(ann)]).toEqual([false, false, true]);
});

/* "Verify that the application ensures that function-level access is restricted to consumers with explicit
 * permissions." */
test("ASVS 8.2.1: an analyst changes nothing, an administrator no tenants, an unknown role sees nothing", async () => {
  await start();
  const id = await admin.register("made-up-token-0001");
  const { clear: unknown } = await admin.keyOf("auditor");
  const { clear: acrossAll } = await admin.keyOf("global_analyst");
  const cases: readonly (readonly [key: string, method: string, path: string, status: number])[] = [
    [admin.analyst, "GET", `${LEAKS}/${id}`, 200],
    [admin.analyst, "POST", `${LEAKS}/${id}/vpatch`, 403],
    [admin.analyst, "DELETE", `${LEAKS}/${id}/tokens/1`, 403],
    [admin.analyst, "GET", "/api/v1/keys", 403],
    [admin.administrator, "GET", "/api/v1/tenants", 403],
    [admin.administrator, "POST", "/api/v1/tenants", 403],
    [acrossAll, "GET", "/api/v1/tenants", 200],
    [acrossAll, "POST", "/api/v1/tenants", 403],
    [acrossAll, "POST", `${LEAKS}/${id}/close`, 403],
    [unknown, "GET", LEAKS, 403],
    [unknown, "GET", "/api/v1/openapi.json", 403],
    [unknown, "GET", SESSION, 403],
  ];
  for (const [key, method, path, status] of cases)
    expect([method, path, (await admin.call(method, path, { key })).status]).toEqual([method, path, status]);
  const { body } = await admin.call("GET", `${LEAKS}/${id}`);
  expect(body).toMatchObject({ status: "opened", tokenCount: 1 });
});

/* "Verify that the application ensures that data-specific access is restricted to consumers with explicit permissions to
 * specific data items to mitigate insecure direct object reference (IDOR) and broken object level authorization
 * (BOLA)." */
test("ASVS 8.2.2: what is another tenant's is not there, by its id, in no list, count or search", async () => {
  await start();
  const { clear: acme } = await admin.keyOf("administrator", "acme");
  const id = await admin.register("made-up-token-0001");
  await admin.call("POST", `${LEAKS}/${id}/vpatch`);
  const event = await admin.attempt(Date.now());
  await signIn(admin.administrator);
  const absent = [
    `${LEAKS}/${id}`,
    `${LEAKS}/${id}/tokens`,
    "/api/v1/rules/rule-1",
    `/api/v1/events/${event.id}`,
    `${LEAKS}?tenant=default`,
    "/api/v1/events?tenant=default",
  ];
  for (const path of absent) {
    expect([path, (await admin.call("GET", path)).status]).toEqual([path, 200]);
    const answer = await admin.call("GET", path, { key: acme });
    expect([path, answer.status]).toEqual([path, 404]);
    expect(answer.text).not.toMatch(/leak-1|a leak|default/);
  }
  for (const [method, path] of [
    ["POST", `${LEAKS}/${id}/close`],
    ["PATCH", `${LEAKS}/${id}`],
    ["DELETE", `${LEAKS}/${id}/tokens/1`],
    ["DELETE", "/api/v1/keys/key-2"],
    ["DELETE", "/api/v1/sessions/session-1"],
  ] as const) {
    const body = method === "PATCH" ? { risk: 1 } : undefined;
    expect([path, (await admin.call(method, path, { key: acme, body })).status]).toEqual([path, 404]);
  }
  const look = async (path: string) => (await admin.call("GET", path, { key: acme })).body;
  expect(await look(LEAKS)).toMatchObject({ leaks: [] });
  expect(await look(`${LEAKS}?q=leak`)).toMatchObject({ leaks: [] });
  expect(await look("/api/v1/rules")).toMatchObject({ rules: [] });
  expect(await look("/api/v1/events")).toMatchObject({ events: [] });
  expect(await look("/api/v1/stats")).toMatchObject({ leaks: 0, tokens: 0 });
  // The same token has another digest there: nobody can tell that both have it.
  const same = { name: "theirs", risk: 5, tokens: ["made-up-token-0001"] };
  expect((await admin.call("POST", LEAKS, { key: acme, body: same })).status).toBe(201);
  const digests = await admin.hands(async ({ all }) =>
    all.map(({ store }) => Buffer.from(store.tokenPage("leak-1", 0).at(0).digest).toString("hex")),
  );
  expect(new Set(digests).size).toBe(2);
});

/* "Verify that the application ensures that field-level access is restricted to consumers with explicit permissions to
 * specific fields to mitigate broken object property level authorization (BOPLA)." */
test("ASVS 8.2.3: fields that one may not set are refused, and those that one may not see are not shown", async () => {
  await start();
  const id = await admin.register("made-up-token-0001");
  const before = (await admin.call("GET", `${LEAKS}/${id}`)).text;
  for (const [field, value] of Object.entries({
    id: "leak-9",
    status: "closed",
    rule: null,
    tokenCount: 0,
    version: 9,
    createdAt: "2026-01-01T00:00:00.000Z",
    updatedAt: "2026-01-01T00:00:00.000Z",
    riskLevel: "low",
    tenant: "acme",
  })) {
    const patched = await admin.call("PATCH", `${LEAKS}/${id}`, { body: { risk: 5, [field]: value } });
    expect([field, patched.status]).toEqual([field, 400]);
  }
  expect((await admin.call("GET", `${LEAKS}/${id}`)).text).toBe(before);
  // A tenant's administrator gives no role beyond the tenant; nobody sees what a key is made of.
  for (const role of ["global_administrator", "global_analyst"]) {
    const made = await admin.call("POST", "/api/v1/keys", { body: { name: "x", role } });
    expect([role, made.status]).toEqual([role, 403]);
  }
  const { keys } = (await admin.call<{ keys: Json[] }>("GET", "/api/v1/keys")).body;
  for (const key of keys)
    expect(Object.keys(key).filter((name) => /digest|secret|^key$/.test(name))).toEqual([]);
  // The figures of all tenants together are for who runs the gateway.
  await admin.report(1, 0, { counters: { requests: 7 } });
  const { clear: acme } = await admin.keyOf("analyst", "acme");
  const countersOf = async (key: string) =>
    (await admin.call<{ workers: { counters: object }[] }>("GET", "/api/v1/status", { key })).body.workers[0]!
      .counters;
  expect(await countersOf(admin.analyst)).toEqual({ requests: 7 });
  expect(await countersOf(acme)).toEqual({});
});

/* "Verify that changes to values on which authorization decisions are made are applied immediately." */
test("ASVS 8.3.2: what ends a key counts from the next call on, whoever ended it and wherever", async () => {
  await start();
  const cookie = await signIn(admin.analyst);
  const works = async (key: string) => (await admin.call("GET", LEAKS, { key })).status === 200;
  expect([await works(admin.analyst), await isIn(cookie)]).toEqual([true, true]);
  await admin.call("PATCH", "/api/v1/keys/key-2", { body: { disabled: true } });
  expect([await works(admin.analyst), await isIn(cookie)]).toEqual([false, false]);
  await admin.call("PATCH", "/api/v1/keys/key-2", { body: { disabled: false } });
  expect(await works(admin.analyst)).toBe(true);
  // By another process, as the command line does it.
  await admin.hands(({ default: { store } }) => store.revokeKey("system", "key-2"));
  expect(await works(admin.analyst)).toBe(false);
  const made = await admin.call<{ id: string; key: string }>("POST", "/api/v1/keys", {
    body: { name: "x", role: "administrator" },
  });
  const rotated = await admin.call<{ key: string }>("POST", `/api/v1/keys/${made.body.id}/rotate`);
  expect([await works(made.body.key), await works(rotated.body.key)]).toEqual([false, true]);
  const expiresAt = new Date(Date.now() + 500).toISOString();
  expect((await admin.call("PATCH", `/api/v1/keys/${made.body.id}`, { body: { expiresAt } })).status).toBe(
    200,
  );
  await until("the key has expired", async () => !(await works(rotated.body.key)));
});
