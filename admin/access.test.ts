import { request as httpRequest } from "node:http";
import pino from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Tenants } from "../rules/tenants.ts";
import { type Json, TestAdmin } from "../test/admin.ts";
import { adminApp } from "./app.ts";
import { openPaths, SignIns, signInCalls } from "./auth.ts";
import { adminSchema } from "./config.ts";
import { Identity } from "./identity.ts";
import { Notifier } from "./notify/notifier.ts";
import { Watch } from "./scan/watch.ts";
import { IntakeCounts } from "./told/counts.ts";

let admin: TestAdmin;
let calls: { method: string; path: string }[];
beforeAll(async () => {
  admin = await TestAdmin.start();
  await admin.register("made-up-token-0001");
  const tenants = await Tenants.open(admin.data);
  const [config, logger] = [adminSchema.parse({}), pino({ level: "silent" })];
  const notifier = new Notifier(tenants, { config: config.notify, smtp: undefined, logger, everyMs: null });
  const closing = new AbortController().signal;
  const { runtime } = admin;
  const services = { runtime, closing, config, version: "0.0.0" };
  const watch = new Watch(tenants, {
    config: config.scan,
    services,
    data: admin.data,
    logger,
    everyMs: null,
  });
  const app = adminApp({
    tenants,
    runtime,
    notifier,
    watch,
    logger,
    config,
    identity: new Identity({ tenants, config, logger }),
    signIns: new SignIns(logger, 1),
    oidc: null,
    intakeCounts: new IntakeCounts(),
    version: "0.0.0-test",
    startedAt: 0,
    expectsWorkers: false,
    closing,
  });
  calls = app.routes.filter(({ method }) => method !== "ALL").map(({ method, path }) => ({ method, path }));
  await notifier.close();
  await tenants.close();
});
afterAll(() => admin.stop());

/** A request whose target goes out as it stands here. */
function plain(
  method: string,
  target: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port: admin.port, method, path: target, headers };
    const sent = httpRequest(options, (answer) => {
      let text = "";
      answer.setEncoding("latin1").on("data", (piece: string) => {
        text += piece;
      });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    sent.on("error", reject).end();
  });
}

/** Whether the path is one of those that the shape stands for. */
const covers = (shape: string, path: string) =>
  new RegExp(`^${shape.replaceAll(/:\w+/g, "[^/]+")}$`).test(path);

const filled = (path: string) =>
  path.replace(":token", "999").replace(":id", "leak-999").replaceAll(/:\w+/g, "absent");

describe("every route the router has", () => {
  test("are those of the document, and those that need no key are few", async () => {
    const { paths } = (await admin.call<{ paths: Record<string, object> }>("GET", "/api/v1/openapi.json"))
      .body;
    const declared = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`),
    );
    const health = [...openPaths].map((path) => `GET ${path}`);
    const routed = calls.map(({ method, path }) => `${method} ${path}`);
    expect(routed.sort()).toEqual([...declared, ...health].sort());
    expect([...openPaths]).toEqual(["/healthz", "/readyz", "/metrics"]);
    expect(routed.filter((call) => signInCalls.has(call))).toEqual([
      "GET /api/v1/sign-in",
      "POST /api/v1/session",
    ]);
  });

  test("answers 401 without a key, with a wrong one, and with one in the wrong place", async () => {
    const wrong: Record<string, string>[] = [
      {},
      { authorization: "Bearer" },
      { authorization: `Basic ${admin.administrator}` },
      { authorization: admin.administrator },
      { authorization: `Bearer ${admin.administrator.slice(0, -1)}0` },
      { authorization: `Bearer ${admin.administrator} ${admin.administrator}` },
      { authorization: "Bearer made-up-token-0001" },
      { "x-api-key": admin.administrator },
    ];
    for (const { method, path } of calls) {
      if (openPaths.has(path) || signInCalls.has(`${method} ${path}`)) continue;
      for (const headers of wrong) {
        const answer = await admin.call(method, filled(path), { key: null, headers });
        expect([method, path, answer.status]).toEqual([method, path, 401]);
        expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="leakgate"');
        expect(answer.text).not.toContain("made-up");
      }
      const asQuery = await admin.call(method, `${filled(path)}?access_token=${admin.administrator}`, {
        key: null,
      });
      expect(asQuery.status).toBe(401);
    }
    expect(admin.log.join("")).not.toMatch(/lgk_|made-up/);
  });

  test("takes HEAD where it takes GET: the same answer without its body", async () => {
    for (const { path } of calls.filter(({ method }) => method === "GET")) {
      const [get, head] = [await admin.call("GET", filled(path)), await admin.call("HEAD", filled(path))];
      expect([path, head.status, head.text]).toEqual([path, get.status, ""]);
    }
  });

  test("another method gets 405 with those that are allowed; 401 without a key", async () => {
    const taken = new Map<string, string[]>();
    for (const { method, path } of calls) taken.set(path, [...(taken.get(path) ?? []), method]);
    for (const path of taken.keys()) {
      // `/leaks/bulk` has the shape of `/leaks/:id` too.
      const shapes = [...taken].filter(([shape]) => covers(shape, path));
      const methods = [...new Set(shapes.flatMap(([, each]) => each))];
      const allowed = methods.includes("GET") ? [...methods, "HEAD"] : methods;
      for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
        if (allowed.includes(method)) continue;
        const answer = await admin.call(method, filled(path));
        expect([method, path, answer.status]).toEqual([method, path, 405]);
        expect(answer.headers.get("allow")).toBe([...allowed].sort().join(", "));
        expect((await admin.call(method, filled(path), { key: null })).status).toBe(401);
        const override = { "x-http-method-override": allowed[0]! };
        expect((await admin.call(method, filled(path), { headers: override })).status).toBe(405);
      }
    }
  }, 120_000);
});

test("an unknown path is 401 without a key and 404 with one, however it is spelled", async () => {
  const paths = [
    "/api",
    "/api/v1",
    "/api/v1/",
    "/api/v1/leaks/",
    "/api/v1/Leaks",
    "/API/v1/leaks",
    "/api//v1/leaks",
    "//api/v1/leaks",
    "/api/v1/leaks;x",
    "/api%2Fv1%2Fleaks",
    "/api/v1/leaks/leak-1%2Fclose",
    "/healthz/",
    "/healthz/../api/v1/nothing",
    "/metrics/leaks",
    "/api/v1/leaks/leak-1/vpatch/more",
    "/made-up-token-0001",
  ];
  for (const path of paths) {
    expect([path, (await admin.call("GET", path, { key: null })).status]).toEqual([path, 401]);
    const answer = await admin.call("GET", path);
    expect([path, answer.status]).toEqual([path, 404]);
    expect(answer.text).not.toContain("made-up");
  }
  expect(admin.log.join("")).not.toContain("made-up");
});

describe("no route answers without a key", () => {
  /** Spellings of a path that some server, proxy or framework takes for the path itself. */
  const spelled = (path: string): string[] => [
    path,
    `${path}/`,
    `/${path}`,
    path.replace("/api/", "/api//"),
    path.replace("/api/v1/", "/api/v1//"),
    path.replace("/api/v1", "/api%2Fv1"),
    path.replace("/v1/", "/v1%2f"),
    path.replace("/api", "/%61pi"),
    path.toUpperCase(),
    path.replace("/api", "/Api"),
    `${path};x`,
    `${path};jsessionid=1`,
    path.replace("/v1", "/v1;x=y"),
    `/.${path}`,
    `/healthz/..${path}`,
    `/healthz/%2e%2e${path}`,
    `/healthz/..;${path}`,
    `/healthz\\..${path.replaceAll("/", "\\")}`,
    `/healthz%2F..${path}`,
    path.replace("/v1/", "/v1/../v1/./"),
    `${path}%00`,
    `${path}%20`,
    `${path}.json`,
    `${path}?/healthz`,
    `/healthz?${path}`.replace("/healthz?", "/healthz%3f"),
    `${path}#/healthz`,
    `http://made-up.example${path}`,
    `http://healthz${path}`,
  ];
  const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"];

  test("however its path is spelled, and whatever the method", async () => {
    const isToBeSeen = (path: string) => openPaths.has(path) || signInCalls.has(`GET ${path}`);
    const paths = new Set(calls.map(({ path }) => path).filter((path) => !isToBeSeen(path)));
    for (const path of paths) {
      const taken = ["GET", ...calls.filter((each) => each.path === path).map(({ method }) => method)];
      const answers = spelled(filled(path)).flatMap((spelling, at) =>
        (at === 0 ? methods : [...new Set(taken)]).map(
          async (method) => [method, spelling, (await plain(method, spelling)).status] as const,
        ),
      );
      const others = (await Promise.all(answers)).filter(([, , status]) => status !== 401);
      // A target that is no URL is refused before anybody asks who calls.
      expect(others.filter(([, , status]) => status !== 400)).toEqual([]);
      expect(others.length).toBeLessThan(answers.length / 4);
    }
  }, 180_000);

  test("and what needs none is open in its one spelling, to be looked at", async () => {
    for (const path of openPaths) {
      expect((await plain("GET", path)).status).not.toBe(401);
      for (const method of methods.slice(2))
        expect([method, path, (await plain(method, path)).status]).toEqual([method, path, 401]);
      const spellings = [
        `${path}/`,
        `/${path}`,
        path.toUpperCase(),
        `${path};x`,
        `${path}%00`,
        `/x%2f..${path}`,
      ];
      for (const spelling of spellings)
        expect([spelling, (await plain("GET", spelling)).status]).toEqual([spelling, 401]);
    }
  });

  test("nor is a method, path or key taken from a place where it does not stand", async () => {
    const names = ["x-http-method-override", "x-http-method", "x-method-override"];
    for (const { method, path } of calls.filter((each) => !openPaths.has(each.path))) {
      const target = filled(path);
      // Where people sign in, a call without a body is one that is wrong.
      const refusal = (by: string) => (signInCalls.has(`${by} ${path}`) ? 400 : 401);
      for (const name of names)
        expect((await plain("POST", target, { [name]: method })).status).toBe(refusal("POST"));
      for (const name of ["x-original-url", "x-rewrite-url", "x-forwarded-uri"]) {
        const answer = await plain("GET", "/healthz", { [name]: target });
        expect(answer).toEqual({ status: 200, text: '{"status":"ok"}' });
      }
      expect((await plain(method, `${target}?_method=GET`)).status).toBe(refusal(method));
    }
  });

  test("an analyst's call is not another by a header or a parameter", async () => {
    const authorization = `Bearer ${admin.analyst}`;
    const before = (await admin.call("GET", "/api/v1/status")).body.revision;
    for (const name of ["x-http-method-override", "x-http-method", "x-method-override"]) {
      const close = await plain("POST", "/api/v1/leaks/leak-1/close", { authorization, [name]: "GET" });
      expect(close.status).toBe(403);
      const look = await plain("GET", "/api/v1/leaks/leak-1", { authorization, [name]: "PATCH" });
      expect(look.status).toBe(200);
    }
    const query = await plain("GET", "/api/v1/leaks/leak-1?_method=PATCH", { authorization });
    expect(query.status).toBe(400);
    expect((await admin.call("GET", "/api/v1/status")).body.revision).toBe(before);
  });
});

test("every answer carries the security headers, none lets another origin in", async () => {
  const answers = [
    await admin.call("GET", "/healthz"),
    await admin.call("GET", "/metrics"),
    await admin.call("GET", "/api/v1/leaks"),
    await admin.call("GET", "/api/v1/leaks", { key: null }),
    await admin.call("GET", "/nothing", { headers: { origin: "https://made-up.example" } }),
    await admin.call("POST", "/api/v1/leaks", { body: "{" }),
    await admin.call("OPTIONS", "/api/v1/leaks", { headers: { origin: "https://made-up.example" } }),
  ];
  for (const { headers } of answers) {
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("x-request-id")).toMatch(/^[0-9a-f]{16}$/);
    expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  }
});

test("the log tells each call by method, path, status and key id; no query, no body, no name", async () => {
  await admin.call("GET", "/api/v1/leaks/leak-1?made-up-token-0001=made-up-token-0001");
  await admin.call("GET", "/api/v1/leaks/leak-1/tokens?limit=1");
  const lines = admin.log.map((line) => JSON.parse(line) as Json);
  expect(lines.at(-2)).toMatchObject({
    msg: "admin call",
    path: "/api/v1/leaks/leak-1",
    status: 400,
    key: "key-1",
  });
  expect(lines.at(-1)).toMatchObject({
    method: "GET",
    path: "/api/v1/leaks/leak-1/tokens",
    status: 200,
    ms: expect.any(Number),
    key: "key-1",
    requestId: expect.any(String),
  });
  expect(
    lines
      .slice(-2)
      .map((line) => JSON.stringify(line))
      .join(""),
  ).not.toMatch(/made-up|limit|lgk_|Ann/);
});
