import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Json, TestAdmin } from "../admin.ts";
import { inStore, raw } from "./answers.ts";

/* OWASP ASVS 5.0.0, V16 Security Logging; each requirement is quoted, shortened, above its test. */

const LEAKS = "/api/v1/leaks";
const SESSION = "/api/v1/session";
const SAME = { "sec-fetch-site": "same-origin" };

let admin: TestAdmin;
beforeEach(async () => {
  admin = await TestAdmin.start({ config: { failuresPerMinute: 2 } });
});
afterEach(() => admin.stop());

const lines = () => admin.log.map((line) => JSON.parse(line) as Json);
const last = (msg: string) => lines().findLast((line) => line.msg === msg);

/* "Verify that when logging sensitive data, the application enforces logging based on the data's protection level. For
 * example, it may not be allowed to log certain data, such as credentials or payment details. Other data, such as session
 * tokens, may only be logged by being hashed or masked, either in full or partially." */
test("ASVS 16.2.5: no token, key, cookie, body, query or name is in the log, wherever it was sent", async () => {
  const token = "made-up-token-0001";
  const { key } = (
    await admin.call<{ key: string }>("POST", "/api/v1/keys", {
      body: { name: "made-up name", role: "analyst" },
    })
  ).body;
  const signedIn = await admin.call("POST", SESSION, { key: null, body: { key } });
  const cookie = signedIn.headers.getSetCookie()[0]!.split(";")[0]!;
  await admin.call("POST", LEAKS, { body: { name: token, risk: 5, tokens: [token] } });
  await admin.call("POST", LEAKS, { body: { name: "x", risk: 5, tokens: [`${token} with blanks`] } });
  await admin.call("POST", LEAKS, { body: `{"name":"x","risk":5,"tokens":["${token}"` });
  await admin.call("POST", LEAKS, { body: { [token]: token } });
  await admin.call("GET", `${LEAKS}/${token}?${token}=${token}`);
  await admin.call("GET", `/${token}`, { headers: { [token]: token, cookie, referer: `http://a/${token}` } });
  await admin.call("GET", LEAKS, { key: token });
  await admin.call("GET", SESSION, { key: null, headers: { cookie: `${cookie}x`, ...SAME } });
  await raw(admin.port, `GET /${token} HTTP/1.1\r\nhost: ${token} x\r\nconnection: close\r\n\r\n`);
  await raw(admin.port, `${token}\r\n\r\n`);
  const log = admin.log.join("");
  expect(admin.log.length).toBeGreaterThan(10);
  expect(log).not.toContain("made-up");
  for (const secret of [key.slice(13), admin.administrator.slice(13), cookie.slice(cookie.indexOf(".") + 1)])
    expect(log).not.toContain(secret);
});

/* "Verify that all authentication operations are logged, including successful and unsuccessful attempts. Additional
 * metadata, such as the type of authentication or factors used, should also be collected." */
test("ASVS 16.3.1: signing in, being refused and each use of a key is a line, with who, how and from where", async () => {
  await admin.call("POST", SESSION, { key: null, body: { key: admin.analyst } });
  const who = { key: "key-2", tenant: "default", from: "127.0.0.1", requestId: expect.any(String) };
  expect(last("signed in")).toMatchObject({ ...who, session: "session-1", time: expect.any(Number) });
  await admin.call("GET", LEAKS, { key: admin.analyst });
  expect(last("admin call")).toMatchObject({ ...who, status: 200 });
  await admin.hands(({ default: { store } }) => store.revokeKey("system", "key-2"));
  for (const how of ["header", "sign-in"]) {
    if (how === "header") await admin.call("GET", LEAKS, { key: admin.analyst });
    else await admin.call("POST", SESSION, { key: null, body: { key: admin.analyst } });
    expect(last("sign-in refused")).toMatchObject({ why: "revoked", key: "key-2", from: "127.0.0.1" });
    expect(last("admin call")).toMatchObject({ status: 401 });
  }
});

/* "Verify that failed authorization attempts are logged." */
test("ASVS 16.3.2: whoever asks for what their role does not allow is in the log, with what", async () => {
  const { clear: acme, id } = await admin.keyOf("administrator", "acme");
  for (const [key, method, path, expected] of [
    [admin.analyst, "POST", `${LEAKS}/leak-1/close`, { key: "key-2", role: "analyst", tenant: "default" }],
    [admin.administrator, "POST", "/api/v1/tenants", { key: "key-1", role: "administrator" }],
    [acme, "GET", "/api/v1/tenants", { key: id, tenant: "acme" }],
  ] as const) {
    expect((await admin.call(method, path, { key })).status).toBe(403);
    expect(last("not allowed")).toMatchObject({ method, path, from: "127.0.0.1", ...expected });
  }
});

/* "Verify that the application logs the security events that are defined in the documentation and also logs attempts to
 * bypass the security controls, such as input validation, business logic, and anti-automation." */
test("ASVS 16.3.3: who tries to get round a control leaves a line with the answer, the key and the address", async () => {
  const id = await admin.register("made-up-token-0001");
  const { clear: acme, id: foreigner } = await admin.keyOf("administrator", "acme");
  const who = { key: "key-1", tenant: "default", from: "127.0.0.1" };
  const cases: readonly (readonly [
    what: string,
    call: () => Promise<{ status: number }>,
    status: number,
    who: object,
  ])[] = [
    ["validation", () => admin.call("POST", LEAKS, { body: { name: "x", risk: 99, tokens: [] } }), 400, who],
    [
      "an unknown field",
      () => admin.call("PATCH", `${LEAKS}/${id}`, { body: { status: "closed" } }),
      400,
      who,
    ],
    ["the lifecycle", () => admin.call("POST", `${LEAKS}/${id}/reopen`), 409, who],
    [
      "an old version",
      () => admin.call("POST", `${LEAKS}/${id}/close`, { headers: { "if-match": '"9"' } }),
      412,
      who,
    ],
    ["another method", () => admin.call("PUT", `${LEAKS}/${id}`), 405, who],
    [
      "another type",
      () => admin.call("POST", LEAKS, { body: "{}", headers: { "content-type": "text/plain" } }),
      415,
      who,
    ],
    [
      "another tenant",
      () => admin.call("GET", `${LEAKS}?tenant=default`, { key: acme }),
      404,
      { key: foreigner, tenant: "acme" },
    ],
    [
      "another's leak",
      () => admin.call("GET", `${LEAKS}/${id}`, { key: acme }),
      404,
      { key: foreigner, tenant: "acme" },
    ],
    ["no key", () => admin.call("GET", LEAKS, { key: null }), 401, { from: "127.0.0.1" }],
  ];
  for (const [what, call, status, expected] of cases) {
    expect([what, (await call()).status]).toEqual([what, status]);
    expect(last("admin call")).toMatchObject({ status, requestId: expect.any(String), ...expected });
  }
  // Forged requests, guesses beyond the limit, and what is no HTTP.
  const signedIn = await admin.call("POST", SESSION, { key: null, body: { key: admin.administrator } });
  const cookie = signedIn.headers.getSetCookie()[0]!.split(";")[0]!;
  const forged = { key: null, headers: { cookie, "sec-fetch-site": "cross-site" } };
  expect((await admin.call("POST", `${LEAKS}/${id}/close`, forged)).status).toBe(403);
  expect(last("not allowed")).toMatchObject({ key: "key-1", path: `${LEAKS}/${id}/close` });
  for (let guess = 0; guess < 3; guess++) await admin.call("GET", LEAKS, { key: "made-up-token-0002" });
  expect(last("sign-in refused")).toMatchObject({ isLimited: true, from: "127.0.0.1" });
  await raw(
    admin.port,
    "GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
  );
  expect(last("not a request")).toMatchObject({ status: 400, from: "127.0.0.1" });
});

/* "Verify that all logging components appropriately encode data to prevent log injection." */
test("ASVS 16.4.1: whatever is sent, each line of the log is one object of JSON that we wrote", async () => {
  const evil = '\r\n{"level":60,"msg":"forged"}\r\n\u001b[2J\u2028';
  const body = { name: "made up", role: "analyst" };
  await admin.call("GET", `${LEAKS}/${encodeURIComponent(evil)}?${encodeURIComponent(evil)}=1`);
  await admin.call("GET", `/${encodeURIComponent(evil)}`);
  await admin.call("POST", "/api/v1/keys", { body: { ...body, name: evil } });
  await admin.call("POST", "/api/v1/keys", { body: { ...body, name: '","msg":"forged","a":"' } });
  await admin.call("POST", LEAKS, { body: { [evil]: evil, name: evil } });
  await admin.call("GET", LEAKS, { key: '","msg":"forged' });
  await admin.call("POST", SESSION, { key: null, body: { key: evil } });
  await admin.call("GET", LEAKS, { headers: { "x-forwarded-for": '","msg":"forged', "user-agent": '"}{' } });
  await raw(admin.port, 'GET /"}\\r\\n{"msg":"forged"} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
  await raw(admin.port, '{"level":60,"msg":"forged"}\r\n\r\n');
  for (const line of admin.log) {
    expect(line.endsWith("\n")).toBe(true);
    expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f\u2028\u2029]/);
    const { msg, level } = JSON.parse(line) as Json;
    expect(["forged", undefined]).not.toContain(msg);
    expect(level).not.toBe(60);
  }
  expect(admin.log.join("")).not.toContain("forged");
});

/* "Verify that logs are protected from unauthorized access and cannot be modified." */
test("ASVS 16.4.2: journal and events are the owner's alone, no call changes them, and a change by hand is found", async () => {
  const id = await admin.register("made-up-token-0001");
  await admin.call("POST", `${LEAKS}/${id}/vpatch`);
  await admin.attempt(Date.now());
  const all = readdirSync(admin.data, { recursive: true, withFileTypes: true });
  expect(all.length).toBeGreaterThan(6);
  for (const entry of all) {
    const { mode } = statSync(join(entry.parentPath, entry.name));
    // A file is safe within a folder that only its owner enters.
    if (entry.isDirectory()) expect([entry.name, mode & 0o077]).toEqual([entry.name, 0]);
  }
  expect(statSync(admin.data).mode & 0o077).toBe(0);

  const { paths } = (await admin.call<{ paths: Record<string, object> }>("GET", "/api/v1/openapi.json")).body;
  const changing = Object.entries(paths)
    .filter(([path]) => /\/(?:events|audit|journal|history|log)\b/.test(path))
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
  expect(changing.length).toBeGreaterThan(0);
  expect(changing.filter((call) => /^(?:put|patch|delete) /.test(call))).toEqual([]);

  const verdict = () => admin.hands(({ default: { store } }) => store.audit());
  expect(await verdict()).toMatchObject({ ok: true });
  /** Writes over an entry; undefined removes it. Answers what was there. */
  const overwrite = (revision: number, change: (entry: string) => string | undefined) =>
    inStore(admin, async (root) => {
      const journal = root.openDB<string, number>({ name: "journal", encoding: "string" });
      const entry = journal.get(revision)!;
      const changed = change(entry);
      await (changed === undefined ? journal.remove(revision) : journal.put(revision, changed));
      return entry;
    });
  const entry = await overwrite(3, (text) => text.replace("Ann", "Bob"));
  expect(await verdict()).toMatchObject({ ok: false, revision: 3 });
  await overwrite(3, () => entry);
  expect(await verdict()).toMatchObject({ ok: true });
  await overwrite(3, () => undefined);
  expect(await verdict()).toMatchObject({ ok: false, revision: 3 });
});
