import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Json, TestAdmin } from "../admin.ts";
import { until } from "../support.ts";
import { everyAnswer, look, raw, type Seen, spoil } from "./answers.ts";

/*
 * OWASP ASVS 5.0.0: V13 Configuration, V14 Data Protection, V15 Secure Coding; each requirement is quoted, shortened,
 * above its test.
 */

const BODY_BYTES = 8 * 1024 ** 2;

let admin: TestAdmin;
let answers: Seen[];
beforeAll(async () => {
  admin = await TestAdmin.start({ config: { bodyBytes: BODY_BYTES } });
  await admin.register("made-up-token-0001");
  answers = await everyAnswer(admin);
});
afterAll(() => admin.stop());

const withKey = () => ({ authorization: `Bearer ${admin.administrator}` });

/* "Verify that debug modes are disabled for all components in production environments to prevent exposure of debugging
 * features and information leakage." */
test("ASVS 13.4.2: nothing switches debugging on, and a failure shows no stack to anybody", async () => {
  await spoil(
    admin,
    "leaks",
    Number((await admin.register("made-up-token-0002")).split("-")[1]),
    (stored) => ({
      ...stored,
      leak: { id: "leak-2" },
    }),
  );
  const tries: readonly (readonly [path: string, headers: Record<string, string>])[] = [
    ["/api/v1/leaks/leak-2", {}],
    ["/api/v1/leaks/leak-2", { "x-debug": "1", accept: "text/html", cookie: "debug=1; XDEBUG_SESSION=1" }],
    ["/api/v1/leaks/leak-2?tenant=default", { "x-forwarded-for": "127.0.0.1", "user-agent": "development" }],
  ];
  for (const [path, headers] of tries) {
    const answer = await look(admin, "GET", path, { ...withKey(), ...headers });
    expect(answer.status).toBe(500);
    expect(Object.keys(JSON.parse(answer.text) as Json).sort()).toEqual([
      "detail",
      "requestId",
      "status",
      "title",
      "type",
    ]);
    expect(answer.text).not.toMatch(
      /\\n +at |\.ts:|\.js:|node_modules|(?:Type|Range)Error|Invalid|undefined/,
    );
  }
  for (const path of ["/debug", "/api/v1/debug", "/debug/pprof", "/json/version", "/__inspect", "/trace"])
    expect([path, (await look(admin, "GET", path, withKey())).status]).toEqual([path, 404]);
});

/* "Verify that using the HTTP TRACE method is not supported in production environments, to avoid potential information
 * leakage." */
test("ASVS 13.4.4: TRACE is refused on every path, and repeats nothing of what was sent", async () => {
  const { paths } = (await admin.call<{ paths: Record<string, object> }>("GET", "/api/v1/openapi.json")).body;
  const targets = [
    ...Object.keys(paths).map((path) => path.replaceAll(/\{\w+\}/g, "leak-1")),
    "/healthz",
    "/metrics",
    "/",
  ];
  for (const method of ["TRACE", "TRACK"]) {
    for (const target of targets) {
      const head = `${method} ${target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nx-made-up: made-up-token-0003\r\n`;
      for (const key of ["", `authorization: Bearer ${admin.administrator}\r\n`]) {
        const answer = await raw(admin.port, `${head}${key}\r\n`);
        expect([method, target, [400, 401, 404, 405].includes(answer.status)]).toEqual([
          method,
          target,
          true,
        ]);
        expect(answer.text).not.toContain("made-up");
        expect(answer.text).not.toContain(admin.administrator.slice(0, 12));
      }
    }
  }
});

/* "Verify that documentation (such as for internal APIs) and monitoring endpoints are not exposed unless explicitly
 * intended." */
test("ASVS 13.4.5: the document needs a key; what is open names no leak, tenant, key or address", async () => {
  const guessed = [
    "/api/v1/openapi.json",
    "/openapi.json",
    "/api/v1/docs",
    "/docs",
    "/swagger",
    "/swagger-ui/",
    "/api-docs",
    "/redoc",
    "/graphql",
    "/actuator",
    "/server-status",
    "/metrics/",
    "/prometheus",
    "/.git/HEAD",
    "/.env",
    "/package.json",
    "/leakgate.yaml",
    "/pepper",
    "/data/pepper",
    "/.well-known/openapi.json",
  ];
  for (const path of guessed) expect([path, (await look(admin, "GET", path)).status]).toEqual([path, 401]);
  for (const path of guessed.slice(1))
    expect([path, (await look(admin, "GET", path, withKey())).status]).toEqual([path, 404]);
  await admin.keyOf("administrator", "acme");
  await admin.attempt(Date.now());
  for (const path of ["/healthz", "/readyz", "/metrics"]) {
    const { text } = await look(admin, "GET", path);
    expect(text).not.toMatch(/leak-\d|rule-\d|key-\d|acme|Ann|a leak|made|lgk_|192\.0\.2|\/orders/);
  }
});

/* "Verify that the application does not expose detailed version information of backend components." */
test("ASVS 13.4.6: no answer names a server, and none without a key a version", async () => {
  for (const { what, headers } of answers) {
    for (const name of ["server", "x-powered-by", "via", "x-runtime", "x-generator"])
      expect([what, name, headers.get(name)]).toEqual([what, name, null]);
  }
  const manifest = JSON.parse(
    readFileSync(fileURLToPath(new URL("../../package.json", import.meta.url)), "utf8"),
  ) as { dependencies: Record<string, string> };
  const versions = [
    ...Object.values(manifest.dependencies),
    process.versions.node,
    process.versions.v8,
    "0.0.0-test",
  ];
  for (const path of ["/healthz", "/readyz", "/metrics", "/", "/api/v1/status"]) {
    const { text } = await look(admin, "GET", path);
    expect(versions.filter((version) => text.includes(version))).toEqual([]);
    expect(text).not.toMatch(/hono|lmdb|undici|version/i);
  }
  // Who has a key is told Leakgate's own version, and no other.
  const { text } = await look(admin, "GET", "/api/v1/status", withKey());
  expect(versions.filter((version) => text.includes(version))).toEqual(["0.0.0-test"]);
});

/* "Verify that sensitive data is only sent to the server in the HTTP message body or header fields, and that the URL and
 * query string do not contain sensitive information, such as an API key or session token." */
test("ASVS 14.2.1: keys, tokens and sessions are taken from no URL, are in none that we give out, and in no log line", async () => {
  const document = await admin.call<{
    paths: Record<string, Record<string, { parameters: { name: string; in: string }[] }>>;
  }>("GET", "/api/v1/openapi.json");
  const operations = Object.values(document.body.paths).flatMap((methods) => Object.values(methods));
  const inQuery = operations.flatMap(({ parameters }) => parameters.filter((each) => each.in === "query"));
  expect(inQuery.length).toBeGreaterThan(20);
  expect(inQuery.filter(({ name }) => /key|token|secret|password|cookie|session|auth/i.test(name))).toEqual(
    [],
  );
  const key = admin.administrator;
  for (const name of ["key", "api_key", "access_token", "token", "authorization", "session"])
    expect([name, (await look(admin, "GET", `/api/v1/leaks?${name}=${key}`)).status]).toEqual([name, 401]);
  for (const target of [`http://${key}@a/api/v1/leaks`, `/api/v1/leaks/${key}`, `/${key}/api/v1/leaks`]) {
    const answer = await raw(admin.port, `GET ${target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
    expect([400, 401]).toContain(answer.status);
  }
  for (const path of [
    "/api/v1/leaks?token=made-up-token-0004",
    "/api/v1/leaks/leak-1/tokens/made-up-token-0004",
  ]) {
    const answer = await look(admin, path.includes("?") ? "GET" : "DELETE", path, withKey());
    expect([400, 404]).toContain(answer.status);
    expect(answer.text).not.toContain("made-up");
  }
  const made = await admin.call("POST", "/api/v1/leaks", {
    body: { name: "x", risk: 5, tokens: ["made-up-token-0005"] },
  });
  expect(made.headers.get("location")).toMatch(/^\/api\/v1\/leaks\/leak-\d+$/);
  const log = admin.log.join("");
  expect(log).not.toContain("made-up");
  expect(log).not.toContain(key.slice(13));
});

/* "Verify that the application has implemented defenses against loss of availability due to functionality which is
 * time-consuming or resource-demanding, based on the documented security decisions and strategies for this." */
test("ASVS 15.2.2: what takes much is limited, and what takes long does not keep others waiting", async () => {
  const head = `POST /api/v1/leaks HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n`;
  const large = `${head}authorization: Bearer ${admin.administrator}\r\ncontent-length: ${BODY_BYTES + 1}\r\n\r\n`;
  expect((await raw(admin.port, large)).status).toBe(413);
  for (const path of [
    "/api/v1/leaks?limit=201",
    "/api/v1/leaks/leak-1/tokens?limit=1001",
    "/api/v1/events?limit=201",
    "/api/v1/stats?buckets=1001",
    `/api/v1/leaks?status=${Array(65).fill("opened").join(",")}`,
    `/api/v1/leaks?q=${"x".repeat(256)}`,
  ])
    expect([path, (await look(admin, "GET", path, withKey())).status]).toEqual([path, 400]);

  // A registration of 20,000 tokens is under way while others are answered.
  const tokens = Array.from(
    { length: 20_000 },
    (_, index) => `made-up-token-${String(index).padStart(12, "0")}`,
  );
  let isOver = false;
  const registration = admin
    .call("POST", "/api/v1/leaks", { body: { name: "large", risk: 5, tokens } })
    .finally(() => {
      isOver = true;
    });
  let meanwhile = 0;
  await until(
    "the registration is over",
    async () => {
      if ((await look(admin, "GET", "/api/v1/leaks?limit=1", withKey())).status === 200 && !isOver)
        meanwhile++;
      return isOver;
    },
    60_000,
  );
  expect((await registration).status).toBe(201);
  expect(meanwhile).toBeGreaterThan(3);
});

test("who sends slowly is cut off in time, and holds nobody up until then", async () => {
  const quick = await TestAdmin.start({ headMs: 500 });
  const slow = Array.from({ length: 50 }, () => connect(quick.port, "127.0.0.1"));
  for (const socket of slow)
    socket
      .resume()
      .on("error", () => {})
      .write("GET /healthz HTTP/1.1\r\nhost: a\r\n");
  expect((await look(quick, "GET", "/healthz")).status).toBe(200);
  await until("they are cut off", () => slow.every((socket) => socket.closed), 40_000);
  await quick.stop();
});
