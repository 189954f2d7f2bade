import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Json, TestAdmin } from "../admin.ts";
import { everyAnswer, look, malformed, raw, type Seen } from "./answers.ts";

/* OWASP ASVS 5.0.0, V3 Web Frontend Security; each requirement is quoted, shortened, above its test. */

const SESSION = "/api/v1/session";
const LEAK = { name: "a leak", risk: 5, tokens: ["made-up-token-0001"] };

let admin: TestAdmin;
let answers: Seen[];
beforeAll(async () => {
  admin = await TestAdmin.start();
  await admin.register("made-up-token-0001");
  answers = await everyAnswer(admin);
});
afterAll(() => admin.stop());

async function signIn(): Promise<string> {
  const answer = await admin.call("POST", SESSION, { key: null, body: { key: admin.administrator } });
  expect(answer.status).toBe(201);
  return answer.headers.getSetCookie()[0]!;
}

/** Those answers that do not satisfy; so that a failure says which. */
const without = (satisfies: (headers: Headers) => boolean) =>
  answers.filter(({ headers }) => !satisfies(headers)).map(({ what, status }) => `${status} ${what}`);

test("the answers looked at are of every sort, those of the HTTP server itself included", async () => {
  const statuses = new Set(answers.map(({ status }) => status));
  for (const status of [200, 400, 401, 403, 404, 405, 417, 431, 503])
    expect([status, statuses.has(status)]).toEqual([status, true]);
  for (const [text, status] of malformed) {
    const answer = await raw(admin.port, text);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toMatchObject({ status, requestId: answer.headers.get("x-request-id") });
    expect(answer.text).not.toContain("made-up");
  }
});

/* "Verify that cookies have the 'Secure' attribute set, and if the '__Host-' prefix is not used for the cookie name, the
 * '__Secure-' prefix must be used for the cookie name." */
test("ASVS 3.3.1: every cookie is Secure and has the prefix __Host-", async () => {
  const cookie = await signIn();
  const sent = { cookie: cookie.split(";")[0]!, "sec-fetch-site": "same-origin" };
  const out = await admin.call("DELETE", SESSION, { key: null, headers: sent });
  const cookies = [
    cookie,
    ...out.headers.getSetCookie(),
    ...answers.flatMap((each) => each.headers.getSetCookie()),
  ];
  expect(cookies.length).toBeGreaterThan(1);
  for (const each of cookies) {
    expect(each).toMatch(/^__Host-[a-z]+=/);
    expect(each).toMatch(/; Secure(;|$)/);
    expect(each).toMatch(/; Path=\/(;|$)/);
    expect(each).not.toMatch(/; Domain=/i);
  }
});

/* "Verify that the CORS Access-Control-Allow-Origin header field is a fixed value by the application, or if the Origin
 * HTTP request header field value is used, it is validated against an allowlist of trusted origins." */
test("ASVS 3.4.2: no answer lets another origin in, whatever it says of itself", async () => {
  const from = { origin: "https://made-up.example", authorization: `Bearer ${admin.administrator}` };
  const preflight = {
    ...from,
    "access-control-request-method": "POST",
    "access-control-request-headers": "x",
  };
  const asked = [
    await look(admin, "GET", "/api/v1/leaks", from),
    await look(admin, "GET", "/api/v1/leaks", { ...from, origin: "null" }),
    await look(admin, "OPTIONS", "/api/v1/leaks", preflight),
    await look(admin, "GET", "/healthz", from),
  ];
  for (const { headers } of [...asked, ...answers])
    expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
});

/* "Verify that HTTP responses include a Content-Security-Policy response header field [...]. As a minimum, a global policy
 * must be used which includes the directives object-src 'none' and base-uri 'none' and defines either an allowlist or
 * uses nonces or hashes." */
test("ASVS 3.4.3: every answer has a Content-Security-Policy that lets nothing be loaded or run", () => {
  const directives = ["default-src 'none'", "object-src 'none'", "base-uri 'none'"];
  expect(
    without((headers) => {
      const policy = (headers.get("content-security-policy") ?? "").split("; ");
      return directives.every((directive) => policy.includes(directive));
    }),
  ).toEqual([]);
});

/* "Verify that all HTTP responses contain an 'X-Content-Type-Options: nosniff' header field." */
test("ASVS 3.4.4: every answer says nosniff", () => {
  expect(without((headers) => headers.get("x-content-type-options") === "nosniff")).toEqual([]);
});

/* "Verify that the application sets a referrer policy to prevent leakage of technically sensitive data to third-party
 * services via the 'Referer' HTTP request header field." */
test("ASVS 3.4.5: every answer says that no address of ours is told to others", () => {
  expect(without((headers) => headers.get("referrer-policy") === "no-referrer")).toEqual([]);
});

/* "Verify that the web application uses the frame-ancestors directive of the Content-Security-Policy header field for
 * every HTTP response to ensure that it cannot be embedded by default [...]." */
test("ASVS 3.4.6: no answer may be embedded", () => {
  expect(
    without((headers) =>
      (headers.get("content-security-policy") ?? "").split("; ").includes("frame-ancestors 'none'"),
    ),
  ).toEqual([]);
});

/* "Verify that all HTTP responses that initiate a document rendering (such as responses with Content-Type text/html),
 * include the Cross-Origin-Opener-Policy header field with the same-origin directive [...]." */
test("ASVS 3.4.8: every answer, of whatever type, shares no window with who opened it", () => {
  expect(without((headers) => headers.get("cross-origin-opener-policy") === "same-origin")).toEqual([]);
});

describe("requests that another site makes a browser send, with its cookie", () => {
  const leaks = async () => (await admin.call("GET", "/api/v1/stats")).body.leaks;
  const withCookie = async (more: Record<string, string>) => ({
    cookie: (await signIn()).split(";")[0]!,
    "content-type": "application/json",
    ...more,
  });

  /* "Verify that, if the application does not rely on the CORS preflight mechanism to prevent disallowed cross-origin
   * requests to use sensitive functionality, these requests are validated to ensure they originate from the application
   * itself." */
  test("ASVS 3.5.1: are refused unless the browser says that our own page began them", async () => {
    const before = await leaks();
    for (const told of [
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "none" },
      { origin: "https://made-up.example" },
      { origin: "null" },
      {},
    ]) {
      const answer = await admin.call("POST", "/api/v1/leaks", {
        key: null,
        body: LEAK,
        headers: await withCookie(told as Record<string, string>),
      });
      expect([told, answer.status]).toEqual([told, 403]);
    }
    expect(await leaks()).toBe(before);
    const own = await withCookie({ "sec-fetch-site": "same-origin" });
    expect((await admin.call("POST", "/api/v1/leaks", { key: null, body: LEAK, headers: own })).status).toBe(
      201,
    );
  });

  /* "Verify that, if the application relies on the CORS preflight mechanism [...], it is not possible to call the
   * functionality with a request which does not trigger a CORS-preflight request. This may require checking the values
   * of the 'Origin' and 'Content-Type' request header fields [...]." */
  test("ASVS 3.5.2: are not taken in a form that needs no preflight", async () => {
    const before = await leaks();
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
    ]) {
      for (const key of [null, admin.administrator]) {
        const headers = await withCookie({ "sec-fetch-site": "same-origin", "content-type": type });
        const answer = await admin.call("POST", "/api/v1/leaks", {
          key,
          body: JSON.stringify(LEAK),
          headers,
        });
        expect([type, answer.status]).toEqual([type, 415]);
      }
    }
    expect(await leaks()).toBe(before);
  });

  /* "Verify that HTTP requests to sensitive functionality use appropriate HTTP methods such as POST, PUT, PATCH, or
   * DELETE, and not methods defined by the HTTP specification as "safe" such as HEAD, OPTIONS, or GET." */
  test("ASVS 3.5.3: change nothing by GET, HEAD or OPTIONS, on whatever path", async () => {
    const { paths } = (await admin.call<{ paths: Record<string, object> }>("GET", "/api/v1/openapi.json"))
      .body;
    const state = async () => {
      const { body } = await admin.call<Json>("GET", "/api/v1/status");
      return admin.hands(async ({ control, all }) => [
        body.revision,
        control.revision(),
        ...all.map(({ store }) => store.revision()),
      ]);
    };
    const before = await state();
    const authorization = `Bearer ${admin.administrator}`;
    for (const path of Object.keys(paths)) {
      const target = path.replaceAll(/\{\w+\}/g, "leak-1");
      for (const method of ["GET", "HEAD", "OPTIONS"]) {
        const { status } = await look(admin, method, target, { authorization });
        if (method === "OPTIONS") expect([path, status]).toEqual([path, 405]);
      }
    }
    expect(await state()).toEqual(before);
  });
});
