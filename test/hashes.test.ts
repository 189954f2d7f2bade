import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import pino from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Policy } from "../proxy/policy.ts";
import { digestTokens } from "../rules/digest.ts";
import { Matcher } from "../rules/matcher.ts";
import { digestHashes, type HashAlgorithm } from "../rules/tokenhash.ts";
import { GatewayProcess } from "./process.ts";
import { exchange, plainUpstream, RawClient, type RawUpstream, TestGateway, until } from "./support.ts";

const TOKEN = "made-up-leaked-token-0001";
const TWIN = "made-up-leaked-token-0002";
const HOST = "Host: api\r\n";

const hashOf = (token: string, algorithm: HashAlgorithm = "sha256") =>
  `${algorithm}:${createHash(algorithm).update(token).digest("hex")}`;

let upstream: RawUpstream;
let gateway: TestGateway;
beforeEach(async () => {
  upstream = await plainUpstream();
  gateway = await TestGateway.start(upstream);
});
afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

/** Registers a leak of these hashes; answers its id. */
async function register(...hashes: string[]): Promise<string> {
  const tokens = await digestHashes(hashes, gateway.pepper);
  const input = { name: "test leak", description: "", risk: 5, source: "custom", tokens };
  return (await gateway.store.register("test", input)).leak.id;
}

async function leak(...hashes: string[]): Promise<string> {
  const id = await register(...hashes);
  await gateway.decide(id, "vpatch");
  return id;
}

const loaded = () => gateway.policy.matcher.hashes.count;
const send = async (request: string) => (await exchange(gateway.port, request)).status;
const get = (token: string) => `GET / HTTP/1.1\r\n${HOST}Authorization: Bearer ${token}\r\n\r\n`;
const field = (text: string) => `GET / HTTP/1.1\r\n${HOST}${text}\r\n\r\n`;
const target = (text: string) => `GET ${text} HTTP/1.1\r\n${HOST}\r\n`;
const post = (type: string, body: string) =>
  `POST / HTTP/1.1\r\n${HOST}Content-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const JSON_TYPE = "application/json";
const FORM_TYPE = "application/x-www-form-urlencoded";

/** Each place, the point that its event names, and a request with the token there. */
const PLACES: [string, string, (token: string) => string][] = [
  ["a bare header", "header x-api-key", (t) => field(`X-API-Key: ${t}`)],
  ["a quoted header", "header x-api-key", (t) => field(`X-API-Key: "${t}"`)],
  ["a bearer token", "header authorization", get],
  ["a parameter", "header authorization", (t) => field(`Authorization: Token token="${t}", a=b`)],
  ["a member of a list", "header x-key", (t) => field(`X-Key: a, ${t}`)],
  ["Basic user", "header authorization", (t) => field(`Authorization: Basic ${btoa(`${t}:x`)}`)],
  ["Basic password", "header authorization", (t) => field(`Authorization: bAsIc ${btoa(`me:${t}`)}`)],
  [
    "Basic password after colons",
    "header authorization",
    (t) => field(`Authorization: Basic ${btoa(`a:b:${t}`)}`),
  ],
  ["a cookie", "cookie sid", (t) => field(`Cookie: a=b; sid="${t}"; c=d`)],
  ["a query value", "query api_key", (t) => target(`/?a=b&api_key=${t}`)],
  ["a percent-encoded query value", "query k", (t) => target(`/?k=${t.replaceAll("-", "%2D")}`)],
  ["a path segment", "path", (t) => target(`/a/${t}/b`)],
  ["a percent-encoded path segment", "path", (t) => target(`/a/%6dade${t.slice(4)}`)],
  ["a JSON value", "body json /a/0/key", (t) => post(JSON_TYPE, `{"a":[{"key":"${t}"}]}`)],
  ["an escaped JSON value", "body json /key", (t) => post(JSON_TYPE, `{"key":"\\u006dade${t.slice(4)}"}`)],
  [
    "a GraphQL variable",
    "body graphql variable t",
    (t) => post(JSON_TYPE, `{"query":"{a}","variables":{"t":"${t}"}}`),
  ],
  ["a form value", "body form key", (t) => post(FORM_TYPE, `a=b&key=${t}`)],
  [
    "a percent-encoded form value",
    "body form key",
    (t) => post(FORM_TYPE, `key=${t.replaceAll("-", "%2d")}&a=b`),
  ],
  ["a body that is the token", "body", (t) => post("text/plain", t)],
];

describe("places", () => {
  test.each(PLACES)("%s", async (_name, point, request) => {
    const id = await register(hashOf(TOKEN));
    await until("it is loaded", () => loaded() === 1);
    expect(await send(request(TOKEN))).toBe(200);
    await gateway.decide(id, "vpatch");
    const before = upstream.text.length;
    const blocked = await exchange(gateway.port, request(TOKEN));
    expect(blocked.status).toBe(403);
    expect(blocked.text).not.toContain(TOKEN);
    expect(upstream.text.length).toBe(before);
    expect(await send(request(TWIN))).toBe(200);
    const events = await gateway.recorded();
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ leak: id, action: "blocked", point });
    expect(JSON.stringify(events)).not.toContain(TOKEN);
    await gateway.decide(id, "close");
    expect(await send(request(TOKEN))).toBe(200);
  });

  test("a whole value only: with more around it, it is another one", async () => {
    await leak(hashOf(TOKEN));
    for (const value of [
      `${TOKEN}x`,
      `x${TOKEN}`,
      `${TOKEN}.x`,
      `a ${TOKEN} b`,
      hashOf(TOKEN),
      hashOf(TOKEN).slice(7),
    ])
      expect(await send(field(`X-Key: ${value}`))).toBe(200);
    expect(await send(post(JSON_TYPE, `{"${TOKEN}":1}`))).toBe(200);
  });

  test("a JWT as a whole, and by what its signature signs", async () => {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const signed = (sub: string) => `${part({ alg: "HS256", made: "up" })}.${part({ sub })}`;
    await leak(hashOf(`${signed("whole")}.c2lnbmF0dXJl`), hashOf(signed("signed")));
    expect(await send(get(`${signed("whole")}.c2lnbmF0dXJl`))).toBe(403);
    expect(await send(get(`${signed("whole")}.c2lnbmF0dXJm`))).toBe(200);
    expect(await send(get(`${signed("signed")}.c2lnbmF0dXJm`))).toBe(403);
    expect(await send(get(`${signed("other")}.c2lnbmF0dXJl`))).toBe(200);
  });
});

describe("leaks", () => {
  test("SHA-1 and SHA-256 in one leak, beside a token in clear", async () => {
    const id = await leak(hashOf(TOKEN), hashOf(TWIN, "sha1"));
    const more = await digestTokens(["made-up-leaked-token-0003"], gateway.pepper);
    const { revision } = await gateway.store.addTokens("test", id, more);
    await until(
      "it is enforced",
      () => gateway.policy.enforcedRevision >= revision && gateway.policy.tokenCount === 3,
    );
    for (const token of [TOKEN, TWIN, "made-up-leaked-token-0003"]) expect(await send(get(token))).toBe(403);
    expect(await send(get("made-up-leaked-token-0004"))).toBe(200);
  });

  test("opened passes, patched blocks, closed passes, reopened passes until applied again, marked false passes", async () => {
    const id = await register(hashOf(TOKEN));
    const steps = [
      ["vpatch", 403],
      ["close", 200],
      ["reopen", 200],
      ["vpatch", 403],
      ["mark_false", 200],
    ] as const;
    expect(await send(get(TOKEN))).toBe(200);
    for (const [decision, status] of steps) {
      await gateway.decide(id, decision);
      expect(await send(get(TOKEN))).toBe(status);
    }
    await until("it is unloaded", () => loaded() === 0);
    expect(gateway.policy.tokenCount).toBe(0);
  });

  test("one removed passes, the others of its leak do not", async () => {
    const id = await leak(hashOf(TOKEN), hashOf(TWIN));
    const { revision } = await gateway.store.removeToken("test", id, 1);
    await until("it is enforced", () => gateway.policy.enforcedRevision >= revision);
    expect(await send(get(TOKEN))).toBe(200);
    expect(await send(get(TWIN))).toBe(403);
    expect(loaded()).toBe(1);
  });

  test("one that two leaks hold, as a hash and in clear, stays blocked until the last lets go", async () => {
    const byHash = await leak(hashOf(TOKEN));
    const inClear = await gateway.leak(TOKEN);
    await gateway.decide(inClear, "close");
    expect(await send(get(TOKEN))).toBe(403);
    await gateway.decide(byHash, "close");
    expect(await send(get(TOKEN))).toBe(200);
  });

  test("5,000 at once, some of them removed, as a worker that starts loads them", async () => {
    const many = Array.from({ length: 5_000 }, (_none, index) => hashOf(`made-up-token-${index}`));
    const id = await leak(...many, hashOf(TOKEN, "sha1"));
    await gateway.store.removeToken("test", id, 17);
    const policy = new Policy(gateway.store, new Matcher(gateway.pepper), pino({ level: "silent" }));
    await policy.start();
    policy.close();
    expect(policy.tokenCount).toBe(5_000);
    expect(policy.matcher.tokenCount).toBe(0);
    for (const status of await Promise.all([send(get(TOKEN)), send(get("made-up-token-4999"))]))
      expect(status).toBe(403);
  });

  test("monitor lets pass and tells; scope holds", async () => {
    const id = await register(hashOf(TOKEN));
    await gateway.decide(id, "vpatch", "monitor");
    expect(await send(get(TOKEN))).toBe(200);
    expect((await gateway.recorded())[0]).toMatchObject({
      action: "monitored",
      leak: id,
      point: "header authorization",
    });
    const scope = { hosts: ["other"], methods: [] };
    const { revision } = await gateway.store.decide("test", id, "vpatch", { mode: "block", scope });
    await until("it is enforced", () => gateway.policy.enforcedRevision >= revision);
    expect(await send(get(TOKEN))).toBe(200);
    expect(await send(get(TOKEN).replace("Host: api", "Host: other"))).toBe(403);
  });
});

describe("bodies", () => {
  const chunk = (body: string) => `${body.length.toString(16)}\r\n${body}\r\n`;
  const chunkedHead = `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`;

  test("in pieces of a byte; never complete upstream also where its start has gone on", async () => {
    await leak(hashOf(TOKEN));
    const body = (token: string) => `{"key":"${token}"}`;
    expect(await send(`${chunkedHead}${[...body(TOKEN)].map(chunk).join("")}0\r\n\r\n`)).toBe(403);
    expect(await send(`${chunkedHead}${[...body(TWIN)].map(chunk).join("")}0\r\n\r\n`)).toBe(200);
    const client = new RawClient(gateway.port);
    client.write(`${chunkedHead}${chunk(body(TOKEN).slice(0, -3))}`);
    await until("the upstream sees the start", () => upstream.text.includes(TOKEN.slice(0, -3)));
    client.write(`${chunk(body(TOKEN).slice(-3))}0\r\n\r\n`);
    await client.sees("403");
    await until("the upstream connection is cut", () => upstream.seen.at(-1)!.closed);
    expect(upstream.text).not.toContain(TOKEN);
    client.socket.destroy();
  });

  test("in a content coding, also where it comes in pieces", async () => {
    await leak(hashOf(TOKEN));
    const coded = (token: string) => gzipSync(`{"a":{"key":"${token}"}}`);
    const head = `Host: api\r\nContent-Type: ${JSON_TYPE}\r\nContent-Encoding: gzip\r\n`;
    for (const [token, status] of [
      [TOKEN, "403"],
      [TWIN, "200 OK"],
    ] as const) {
      const client = new RawClient(gateway.port);
      client.write(`POST / HTTP/1.1\r\n${head}Content-Length: ${coded(token).length}\r\n\r\n`);
      client.write(coded(token).subarray(0, 10)).write(coded(token).subarray(10));
      await client.sees(status);
      client.socket.destroy();
    }
    expect((await gateway.recorded()).map(({ point }) => point)).toEqual(["body json /a/key"]);
  });

  test("in UTF-16", async () => {
    await leak(hashOf(TOKEN));
    const wide = (token: string) => Buffer.from(`{"key":"${token}"}`, "utf16le").toString("latin1");
    expect(await send(post(JSON_TYPE, wide(TOKEN)))).toBe(403);
    expect(await send(post(JSON_TYPE, wide(TWIN)))).toBe(200);
  });

  test("beyond the hold it is not looked at, and counted", async () => {
    await leak(hashOf(TOKEN));
    const body = (bytes: number) => `{"key":"${TOKEN}","a":"${"x".repeat(bytes - 42)}"}`;
    expect(body(65_536)).toHaveLength(65_536);
    expect(await send(post(JSON_TYPE, body(65_536)))).toBe(403);
    expect(gateway.gateway.counters.hashBodiesTooLong).toBe(0);
    expect(await send(post(JSON_TYPE, body(65_537)))).toBe(200);
    expect(gateway.gateway.counters.hashBodiesTooLong).toBe(1);
  });
});

describe("limits", () => {
  test("beyond hashCandidates the rest is not looked at, and the request is counted once", async () => {
    await leak(hashOf(TOKEN));
    const values = (count: number) =>
      Array.from({ length: count }, (_none, index) => `"made-up-value-${index}"`);
    const { counters } = gateway.gateway;
    expect(await send(post(JSON_TYPE, `[${values(20)},"${TOKEN}"]`))).toBe(403);
    expect(counters.hashCandidatesExceeded).toBe(0);
    expect(await send(post(JSON_TYPE, `[${values(100)},"${TOKEN}"]`))).toBe(200);
    expect(counters.hashCandidatesExceeded).toBe(1);
    // Padding does not hide what has the name of a credential.
    expect(await send(post(JSON_TYPE, `[${values(100)},{"token":"${TOKEN}"}]`))).toBe(403);
    const padding = Array.from(
      { length: 70 },
      (_none, index) => `X-Made-Up-${index}: made-up-value-${index}\r\n`,
    );
    expect(
      await send(
        `GET /?q=made-up HTTP/1.1\r\n${HOST}${padding.join("")}Authorization: Bearer ${TOKEN}\r\n\r\n`,
      ),
    ).toBe(403);
    expect(counters.hashCandidatesExceeded).toBe(1);
  });

  test("one value over and over is soon too much to take, and counted", async () => {
    await leak(hashOf(TOKEN));
    const same = Array.from({ length: 5_000 }, () => '"made-up"');
    expect(await send(post(JSON_TYPE, `[${same}]`))).toBe(200);
    expect(gateway.gateway.counters.hashCandidatesExceeded).toBe(1);
  });

  test("hashOverflow: block refuses what was not all looked at, where a rule that blocks has such tokens", async () => {
    await gateway.close();
    gateway = await TestGateway.start(upstream, { inspect: { hashOverflow: "block" } });
    const values = Array.from({ length: 100 }, (_none, index) => `"made-up-value-${index}"`);
    const id = await leak(hashOf(TOKEN));
    const fields = values.map((value, index) => `X-Made-Up-${index}: ${value}\r\n`).slice(0, 70);
    expect(await send(post(JSON_TYPE, `[${values},"${TOKEN}"]`))).toBe(413);
    expect(await send(post(JSON_TYPE, `["${"x".repeat(70_000)}"]`))).toBe(413);
    expect(await send(`GET / HTTP/1.1\r\n${HOST}${fields.join("")}\r\n`)).toBe(431);
    expect(await send(post(JSON_TYPE, `[${values.slice(0, 20)}]`))).toBe(200);
    await gateway.store.decide("system", id, "vpatch", { mode: "monitor" });
    await until("monitoring", () => gateway.policy.enforcedRevision === gateway.store.revision());
    expect(await send(post(JSON_TYPE, `[${values},"${TOKEN}"]`))).toBe(200);
  });

  test("without such a leak nothing is looked at", async () => {
    await gateway.leak("made-up-other-token");
    const same = Array.from({ length: 5_000 }, () => '"made-up"');
    expect(await send(post(JSON_TYPE, `[${same}]`))).toBe(200);
    expect(gateway.gateway.counters.hashCandidatesExceeded).toBe(0);
  });

  test.each([
    [5, 200],
    [6, 403],
    [4_096, 403],
    [4_097, 200],
  ])("a value of %i bytes: %i", async (bytes, status) => {
    const token = "mk-".repeat(2_000).slice(0, bytes);
    await leak(hashOf(token));
    expect(await send(field(`X-Key: ${token}`))).toBe(status);
  });
});

describe("events", () => {
  test.each([
    ["its own places", TOKEN],
    ["percent-encoded", TOKEN.replaceAll("-", "%2D")],
    ["percent-encoded twice", TOKEN.replaceAll("-", "%252D")],
    ["with letters before it", `x.${TOKEN}`],
    ["in base64", btoa(`xx${TOKEN}`)],
  ])("no field holds the token that was met, in %s", async (_name, spelled) => {
    await leak(hashOf(TOKEN));
    await exchange(
      gateway.port,
      `GET /a/${spelled}/b?${spelled}=1&plain=${spelled} HTTP/1.1\r\n${HOST}User-Agent: made-up/1.0 ${spelled}\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`,
    );
    const [event] = await gateway.recorded();
    expect(event).toMatchObject({ point: "header authorization", query: ["***", "plain"], userAgent: "***" });
    expect(event!.path).toMatch(/^\/(?:a\/\*{3}\/b|\*{3})$/);
    expect(JSON.stringify(event)).not.toContain(spelled);
  });

  test("nor where it is the name of the point", async () => {
    await leak(hashOf(TOKEN));
    expect(await send(target(`/?${TOKEN}`))).toBe(403);
    expect((await gateway.recorded())[0]).toMatchObject({ point: "query ***", query: ["***"] });
  });

  test("nor where another leak's token was met, and this one is not even enforced", async () => {
    await register(hashOf(TOKEN));
    const other = await gateway.leak("made-up-other-token");
    await until("both are loaded", () => gateway.policy.tokenCount === 2);
    const request = `GET /a/${TOKEN}?${TOKEN}=1 HTTP/1.1\r\n${HOST}User-Agent: made-up/1.0 (${TOKEN})\r\nX-Key: made-up-other-token\r\n\r\n`;
    expect(await send(request)).toBe(403);
    const [event] = await gateway.recorded();
    expect(event).toMatchObject({ leak: other, path: "/a/***", query: ["***"], userAgent: "***" });
  });

  test("what was met blocks nothing elsewhere, and is not counted as a token", async () => {
    await leak(hashOf(TOKEN));
    expect(await send(get(TOKEN))).toBe(403);
    expect(gateway.policy.tokenCount).toBe(1);
    expect(await send(field(`X-Key: a ${TOKEN} b`))).toBe(200);
  });
});

test("through the API: registered by hash, applied, 403 on a worker, the same after a restart", async () => {
  const options = { upstream: upstream.url, data: gateway.folder.path, workers: 1 };
  let running = await GatewayProcess.start(options);
  try {
    const body = { name: "made up", risk: 5, hashes: [hashOf(TOKEN), hashOf(TWIN, "sha1").toUpperCase()] };
    const registered = await running.call<{ id: string; tokens: object[] }>("/leaks", body);
    expect(registered).toMatchObject({ status: 201, body: { tokenCount: 2 } });
    const { id, tokens } = registered.body;
    expect(tokens).toMatchObject([
      { id: "1", kind: "sha256", preview: "sha256****", length: null },
      { id: "2", kind: "sha1", preview: "sha1****", length: null },
    ]);
    expect((await running.get(TOKEN)).status).toBe(200);
    await running.decide(id, "vpatch");
    for (const token of [TOKEN, TWIN]) expect((await running.get(token)).status).toBe(403);
    await running.stop();
    running = await GatewayProcess.start({ ...options, key: running.key });
    for (const token of [TOKEN, TWIN]) expect((await running.get(token)).status).toBe(403);
    expect((await running.get("made-up-leaked-token-0003")).status).toBe(200);
    const [worker] = await running.workers();
    expect(worker).toMatchObject({
      tokens: 2,
      counters: { hashCandidatesExceeded: 0, hashBodiesTooLong: 0 },
    });
    await running.decide(id, "close");
    expect((await running.get(TOKEN)).status).toBe(200);
  } finally {
    await running.stop();
  }
});
