import pino from "pino";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Json, TestAdmin } from "../test/admin.ts";
import { clientSecret, TestBrowser, TestProvider } from "../test/oidc.ts";
import { adminSchema } from "./config.ts";
import { Oidc } from "./oidc.ts";
import { startAdmin as startAdminAlone } from "./start.ts";

const publicUrl = "https://leakgate.example";
const SESSION = `${publicUrl} __Host-leakgate`;
const PENDING = `${publicUrl} __Host-leakgate-oidc`;
const people = {
  ann: { name: "Ann", groups: ["staff", "security"] },
  bob: { name: "Bob\u0007 the\u202e analyst", groups: ["staff"] },
  carol: { groups: ["acme-admins", "staff", "platform-readers"] },
  dave: { name: "Dave", groups: ["nobody"] },
  eve: { name: "Eve" },
  frank: { name: "Frank", groups: "staff" },
  gina: { name: "Gina", groups: ["ghosts"] },
};
const mapping = [
  { group: "staff", role: "analyst" },
  { group: "security", role: "administrator" },
  { group: "platform-readers", role: "global_analyst" },
  { group: "ghosts", role: "administrator", tenant: "ghost" },
];

let provider: TestProvider;
let admin: TestAdmin;
let browser: TestBrowser;
// The provider reminds that it is not set up for production.
beforeEach(() => {
  for (const level of ["info", "warn"] as const) vi.spyOn(console, level).mockImplementation(() => {});
});
afterEach(async () => {
  vi.restoreAllMocks();
  Reflect.deleteProperty(process.env, "LEAKGATE_OIDC_CLIENT_SECRET");
  await admin?.stop();
  await provider?.stop();
});

async function start(more: { isTokenFull?: boolean; oidc?: object } = {}): Promise<void> {
  provider = await TestProvider.start({ publicUrl, people, ...more });
  await startAdmin(provider.issuer, more.oidc);
}

async function startAdmin(issuer: string, more: object = {}): Promise<void> {
  process.env.LEAKGATE_OIDC_CLIENT_SECRET = clientSecret;
  const oidc = { issuer, clientId: "leakgate", allowInsecureIssuer: true, mapping, ...more };
  admin = await TestAdmin.start({ config: { publicUrl, oidc } });
  browser = new TestBrowser(publicUrl, admin.url);
}

const login = (query = "") => browser.go(`${publicUrl}/auth/oidc/login${query}`);

/** Signs in up to where the provider sends back to; `change` is done to the URL that leads there. */
async function comeBack(name: string, change = (_: URL) => {}): Promise<string> {
  const url = new URL((await login()).headers.get("location")!);
  change(url);
  return browser.authorize(url.href, name);
}

async function signIn(name: string): Promise<Response> {
  return browser.go(await comeBack(name));
}

async function who(): Promise<{ status: number; body: Json }> {
  const cookie = `__Host-leakgate=${browser.cookies.get(SESSION) ?? ""}`;
  return admin.call("GET", "/api/v1/session", { key: null, headers: { cookie } });
}

describe("signing in by an OpenID provider", () => {
  test("the code flow with PKCE, state and nonce ends in a session of the person, who acts by that name", async () => {
    await start();
    const begun = await login("?return=%2Fleaks%3Frisk%3Dhigh%26q%3Da");
    expect(begun.status).toBe(303);
    expect(begun.headers.getSetCookie()[0]).toMatch(
      /^__Host-leakgate-oidc=[\w-]+; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    const url = new URL(begun.headers.get("location")!);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      client_id: "leakgate",
      response_type: "code",
      redirect_uri: `${publicUrl}/auth/oidc/callback`,
      scope: "openid profile",
      code_challenge_method: "S256",
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
    });
    const back = await browser.authorize(url.href, "ann");
    const answer = await browser.go(back);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('content="0;url=/leaks?risk=high&#38;q=a"');
    expect(answer.headers.getSetCookie()[0]).toMatch(/; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
    expect(browser.cookies.has(PENDING)).toBe(false);
    expect((await who()).body).toMatchObject({
      id: "oidc:ann",
      name: "Ann",
      role: "administrator",
      tenant: "default",
      session: { id: "session-1" },
    });

    const cookie = `__Host-leakgate=${browser.cookies.get(SESSION)}`;
    const headers = { cookie, "sec-fetch-site": "same-origin" };
    const body = { name: "a leak", risk: 5, tokens: ["made-up-token-0001"] };
    const leak = await admin.call<{ id: string }>("POST", "/api/v1/leaks", { key: null, headers, body });
    expect(leak.status).toBe(201);
    const shown = await admin.call<{ history: Json[] }>("GET", `/api/v1/leaks/${leak.body.id}`);
    expect(shown.body.history[0]).toMatchObject({ actor: "oidc:ann (Ann)", from: "127.0.0.1" });

    const out = await admin.call<{ logoutUrl: string }>("DELETE", "/api/v1/session", { key: null, headers });
    const logout = new URL(out.body.logoutUrl);
    expect(logout.origin).toBe(provider.issuer);
    expect(logout.searchParams.get("post_logout_redirect_uri")).toBe(`${publicUrl}/`);
    expect((await browser.go(logout.href)).status).toBe(200);
    expect((await who()).status).toBe(401);

    const code = new URL(back).searchParams.get("code")!;
    for (const secret of [code, clientSecret, cookie.slice(16), url.searchParams.get("state")!])
      expect(admin.log.join("")).not.toContain(secret);
    const lines = admin.log.map((line) => JSON.parse(line) as Json);
    expect(lines.find(({ msg }) => msg === "signed in")).toMatchObject({
      key: "oidc:ann",
      session: "session-1",
    });
  });

  test.each([
    ["bob", { role: "analyst", tenant: "default", name: "Bob the analyst" }],
    ["carol", { role: "global_analyst", tenant: null, name: "carol" }],
    ["frank", { role: "analyst", tenant: "default" }],
  ])("%s gets the highest role of the groups", async (name, expected) => {
    await start();
    expect((await signIn(name)).status).toBe(200);
    expect(await who()).toMatchObject({ status: 200, body: expected });
  });

  test("groups that only the user info tells count too", async () => {
    await start({ isTokenFull: false });
    expect((await signIn("ann")).status).toBe(200);
    expect((await who()).body).toMatchObject({ name: "Ann", role: "administrator" });
  });

  test.each([
    ["dave", "no role"],
    ["eve", "no role"],
    ["gina", "no tenant"],
  ])("%s, whose groups have no place here, is not let in", async (name, why) => {
    await start();
    const answer = await signIn(name);
    expect(answer.status).toBe(403);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(browser.cookies.has(SESSION)).toBe(false);
    const lines = admin.log.map((line) => JSON.parse(line) as Json);
    expect(lines.find(({ msg }) => msg === "sign-in refused")).toMatchObject({ why, key: `oidc:${name}` });
  });

  test("signing in again ends the session that the browser had", async () => {
    await start();
    await signIn("bob");
    const first = browser.cookies.get(SESSION);
    await signIn("bob");
    expect((await who()).body).toMatchObject({ session: { id: "session-2" } });
    browser.cookies.set(SESSION, first!);
    expect((await who()).status).toBe(401);
  });

  test("an administrator ends a person's session; whoever switches OpenID off ends them all", async () => {
    await start();
    await signIn("ann");
    const { sessions } = (await admin.call<{ sessions: Json[] }>("GET", "/api/v1/sessions")).body;
    expect(sessions).toMatchObject([{ owner: "oidc:ann", name: "Ann", from: "127.0.0.1" }]);
    expect((await admin.call("DELETE", "/api/v1/sessions/session-1")).status).toBe(200);
    expect((await who()).status).toBe(401);

    await signIn("bob");
    const without = await startAdminAlone({
      data: admin.data,
      listen: { host: "127.0.0.1", port: 0 },
      config: adminSchema.parse({ publicUrl }),
      logger: pino({ level: "silent" }),
      version: "0.0.0-test",
    });
    const cookie = `__Host-leakgate=${browser.cookies.get(SESSION)}`;
    const url = `http://127.0.0.1:${without.address.port}/api/v1/session`;
    expect((await fetch(url, { headers: { cookie } })).status).toBe(401);
    await without.close();
    expect((await who()).status).toBe(200);
  });
});

describe("what does not come back as it was begun", () => {
  test.each<[string, (back: URL) => void]>([
    ["another state", (back) => back.searchParams.set("state", "made-up-state")],
    ["no state", (back) => back.searchParams.delete("state")],
    ["another issuer", (back) => back.searchParams.set("iss", "https://made-up.example")],
    ["another code", (back) => back.searchParams.set("code", "made-up-code")],
    ["an error of the provider", (back) => back.searchParams.set("error", "access_denied")],
  ])("%s is refused", async (_, change) => {
    await start();
    const back = new URL(await comeBack("ann"));
    change(back);
    const answer = await browser.go(back.href);
    expect(answer.status).toBe(401);
    expect(await answer.text()).not.toContain("made-up");
    expect(browser.cookies.has(SESSION)).toBe(false);
    expect(admin.log.join("")).not.toContain("made-up");
  });

  test.each(["nonce", "code_challenge"])("an authorization with another %s is refused", async (name) => {
    await start();
    const back = await comeBack("ann", (url) => url.searchParams.set(name, "A".repeat(43)));
    expect((await browser.go(back)).status).toBe(401);
    expect(browser.cookies.has(SESSION)).toBe(false);
  });

  test("a code counts once, and only in the browser that began", async () => {
    await start();
    const back = await comeBack("ann");
    const other = new TestBrowser(publicUrl, admin.url);
    expect((await other.go(back)).status).toBe(400);
    const pending = browser.cookies.get(PENDING)!;
    expect((await browser.go(back)).status).toBe(200);
    expect((await browser.go(back)).status).toBe(400);
    browser.cookies.set(PENDING, pending);
    expect((await browser.go(back)).status).toBe(401);
    browser.cookies.set(PENDING, `${pending.slice(0, -4)}AAAA`);
    expect((await browser.go(back)).status).toBe(400);
  });

  test.each([
    "https://made-up.example/",
    "//made-up.example",
    "/\\made-up.example",
    "leaks",
    "/%0a",
    "/.//made-up.example",
    "javascript:x",
  ])("nobody is sent on to %j", async (target) => {
    await start();
    const answer = await login(`?return=${target.startsWith("/%") ? target : encodeURIComponent(target)}`);
    expect(answer.status).toBe(400);
    expect(await answer.text()).not.toContain("made-up");
  });
});

describe("what people see of it", () => {
  const ways = () => admin.call("GET", "/api/v1/sign-in", { key: null });

  test("the sign-in says without a key that there is a provider, and what it is called", async () => {
    await start();
    expect(await ways()).toMatchObject({
      status: 200,
      body: { oidc: { label: new URL(provider.issuer).host } },
    });
    await admin.stop();
    await startAdmin(provider.issuer, { label: "Acme" });
    expect((await ways()).body).toEqual({ oidc: { label: "Acme" } });
    await admin.stop();
    admin = await TestAdmin.start();
    expect((await ways()).body).toEqual({ oidc: null });
  });

  test("a browser is led back to where it came from when the sign-in comes to nothing, and no further", async () => {
    await start();
    /** Begins, and comes back with what was not begun. */
    const outcome = async (back: string) => {
      const begun = await login(`?return=${encodeURIComponent(back)}`);
      const [cookie] = begun.headers.getSetCookie()[0]!.split(";");
      const headers = { accept: "text/html,*/*", cookie: cookie! };
      const callback = `${admin.url}/auth/oidc/callback?code=made-up&state=made-up`;
      const answer = await fetch(callback, { headers, redirect: "manual" });
      return [answer.status, answer.headers.get("location")];
    };
    expect(await outcome("/console/?risk=high")).toEqual([303, "/console/?risk=high&sign-in=refused"]);
    expect(await outcome("/elsewhere?sign-in=x")).toEqual([303, "/console/?sign-in=refused"]);
    const headers = { accept: "text/html" };
    const without = await fetch(`${admin.url}/auth/oidc/callback`, { headers, redirect: "manual" });
    expect(without.headers.get("location")).toBe("/console/?sign-in=expired");
    const isProblem = await fetch(`${admin.url}/auth/oidc/callback`, { redirect: "manual" });
    expect([isProblem.status, isProblem.headers.get("content-type")]).toEqual([
      400,
      "application/problem+json",
    ]);
  });
});

test("a provider that is down keeps nobody from starting, or from signing in with a key; it is asked again", async () => {
  const gone = await TestProvider.start({ publicUrl, people });
  await gone.stop();
  await startAdmin(gone.issuer);
  expect((await login()).status).toBe(503);
  const key = { body: { key: admin.administrator }, key: null };
  expect((await admin.call("POST", "/api/v1/session", key)).status).toBe(201);
  provider = await TestProvider.start({ publicUrl, people, port: Number(new URL(gone.issuer).port) });
  expect((await signIn("ann")).status).toBe(200);
});

test("a wrong client secret signs nobody in", async () => {
  await start();
  process.env.LEAKGATE_OIDC_CLIENT_SECRET = "made-up-client-secret-0002";
  expect((await signIn("ann")).status).toBe(401);
  expect(admin.log.join("")).not.toContain("made-up");
});

test("without OpenID there are no such paths", async () => {
  admin = await TestAdmin.start();
  expect((await admin.call("GET", "/auth/oidc/login")).status).toBe(404);
  expect((await admin.call("GET", "/auth/oidc/callback", { key: null })).status).toBe(404);
  expect((await admin.call("POST", "/auth/oidc/login", { key: null })).status).toBe(401);
});

test("of several groups the highest role counts, then the first line", () => {
  const config = {
    issuer: "https://id.example",
    clientId: "x",
    scopes: [],
    groupsClaim: "groups",
    allowInsecureIssuer: false,
  };
  const lines = [
    { group: "a", role: "analyst", tenant: "one" },
    { group: "b", role: "analyst", tenant: "two" },
    { group: "c", role: "global_analyst" },
    { group: "d", role: "administrator" },
    { group: "e", role: "global_administrator" },
  ] as const;
  const oidc = new Oidc({ ...config, mapping: [...lines] }, publicUrl, {});
  expect(oidc.roleOf([])).toBeNull();
  expect(oidc.roleOf(["b"])).toEqual({ role: "analyst", tenant: "two" });
  expect(oidc.roleOf(["b", "a"])).toEqual({ role: "analyst", tenant: "one" });
  expect(oidc.roleOf(["a", "c"])).toEqual({ role: "global_analyst", tenant: null });
  expect(oidc.roleOf(["c", "d"])).toEqual({ role: "administrator", tenant: "default" });
  expect(oidc.roleOf(["d", "e"])).toEqual({ role: "global_administrator", tenant: null });
});
