import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { VpatchEvent } from "../rules/events.ts";
import { exchange, plainUpstream, type RawUpstream, TestGateway, until } from "./support.ts";

const TOKEN = "made-up-leaked-token-0001";
const OTHER = "made-up-leaked-token-0002";
/** A token with slashes, as web hooks have them. */
const HOOK = "T0MADEUP/B0MADEUP/made-up-hook-0001";

let upstream: RawUpstream;
let gateway: TestGateway;

beforeEach(async () => {
  upstream = await plainUpstream();
  // Whoever the tests are may name a request and its client.
  gateway = await TestGateway.start(upstream, { trust: ["127.0.0.1"] });
});
afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

interface Asked {
  readonly method?: string;
  readonly target?: string;
  readonly host?: string;
  readonly agent?: string;
  readonly client?: string;
  readonly id?: string;
  readonly field?: string;
}

const ASKED = { method: "GET", target: "/v1/users?page=1&limit=2", host: "api", agent: "made-up-client/1.0" };

async function ask(asked: Asked = {}): Promise<number> {
  const { method, target, host, agent, client, id, field } = { ...ASKED, ...asked };
  const { status } = await exchange(
    gateway.port,
    `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: ${agent}\r\n` +
      `X-Forwarded-For: ${client ?? "192.0.2.1"}\r\n` +
      `${id === undefined ? "" : `X-Request-Id: ${id}\r\n`}${field ?? `X-Key: ${TOKEN}`}\r\n\r\n`,
  );
  return status;
}

/** All events, with their last counts: the windows are over. */
async function told(): Promise<VpatchEvent[]> {
  await gateway.recorder.close();
  return (await gateway.events.query({}, 1_000)).events;
}

const attemptsIn = (events: readonly VpatchEvent[]) => events.reduce((sum, { count }) => sum + count, 0);

describe("identical attempts", () => {
  test("of a flood are one record a second, with the exact count", async () => {
    await gateway.leak(TOKEN);
    const began = Date.now();
    for (let wave = 0; wave < 10; wave++) {
      // The values of a query, and the request's own id, are no part of the record.
      const asked = Array.from({ length: 20 }, (_, index) =>
        ask({ target: `/v1/users?page=${wave}&limit=${index}`, id: `request-${wave}-${index}` }),
      );
      expect(new Set(await Promise.all(asked))).toEqual(new Set([403]));
    }
    const seconds = Math.ceil((Date.now() - began) / 1_000);
    const events = await told();
    expect(attemptsIn(events)).toBe(200);
    expect(events.length).toBeLessThanOrEqual(seconds + 1);
    expect(events.at(-1)).toMatchObject({
      method: "GET",
      host: "api",
      path: "/v1/users",
      query: ["page", "limit"],
    });
    expect(gateway.recorder.counters).toMatchObject({ recorded: events.length, folded: 200 - events.length });
  });

  test("are known by what the record shows: tokens that are masked alike are one", async () => {
    await gateway.leak(TOKEN, OTHER);
    const began = Date.now();
    for (let index = 0; index < 5; index++)
      for (const token of [TOKEN, OTHER]) await ask({ target: `/bot${token}/send`, field: "X-Key: none" });
    const seconds = Math.ceil((Date.now() - began) / 1_000);
    const events = await told();
    expect(new Set(events.map(({ path }) => path))).toEqual(new Set(["/***/send"]));
    expect(attemptsIn(events)).toBe(10);
    // One rule has both: what the client sent differs, and the record does not.
    expect(events.length).toBeLessThanOrEqual(seconds + 1);
  });

  test.each<Asked>([
    { method: "DELETE" },
    { target: "/v1/users?page=1" },
    { target: "/v1/users?page=1&limit=2&" },
    { target: "/v1/users?page&limi=t2" },
    { target: "/v1/users/?page=1&limit=2" },
    { target: "/v1/users&page=1?limit=2" },
    { host: "api:80" },
    { agent: "made-up-client/1.1" },
    { agent: "" },
    { client: "192.0.2.2" },
    { field: `X-Kez: ${TOKEN}` },
    { field: `Cookie: X-Key=${TOKEN}` },
  ])("are not those that differ in %o", async (other) => {
    await gateway.leak(TOKEN);
    for (const asked of [{}, other, {}, other]) expect(await ask(asked)).toBe(403);
    const events = await told();
    const counts = new Map<string, number>();
    for (const { id, at, lastAt, count, requestId, ...fields } of events) {
      const kind = JSON.stringify(fields);
      counts.set(kind, (counts.get(kind) ?? 0) + count);
    }
    // Twice each, in however many windows.
    expect([...counts.values()]).toEqual([2, 2]);
  });

  test("are different once another token is loaded: what is masked follows", async () => {
    await gateway.leak(TOKEN);
    const agent = `client ${OTHER}`;
    await ask({ agent });
    await gateway.register(OTHER);
    await until("the token is loaded", () => gateway.policy.tokenCount === 2);
    await ask({ agent });
    await ask({ agent });
    const events = await told();
    const masked = events.filter(({ userAgent }) => userAgent === "***");
    expect(attemptsIn(masked)).toBe(2);
    expect(attemptsIn(events.filter(({ userAgent }) => userAgent === agent))).toBe(1);
    expect(attemptsIn(events)).toBe(3);
  });

  test("of a rule in another mode are another record", async () => {
    const leak = await gateway.leak(TOKEN);
    expect(await ask()).toBe(403);
    await gateway.decide(leak, "vpatch", "monitor");
    expect(await ask()).toBe(200);
    expect((await told()).map(({ action, count }) => [action, count])).toEqual([
      ["monitored", 1],
      ["blocked", 1],
    ]);
  });
});

describe("a recorded field that holds a token is masked, and the others are not", () => {
  /** Spellings with a mark, and some without: those are looked at together. */
  const spellings: [string, (token: string) => string][] = [
    ["as it is", (token) => token],
    ["percent", (token) => token.replaceAll("-", "%2D")],
    ["twice percent", (token) => token.replaceAll("-", "%252D")],
    ["entities", (token) => token.replaceAll("-", "&#45;")],
    ["escapes", (token) => token.replaceAll("-", "\\x2d")],
    ["quoted-printable", (token) => token.replaceAll("-", "=2D")],
    ["base64", (token) => Buffer.from(token).toString("base64")],
    ["base64 without its padding", (token) => Buffer.from(token).toString("base64url").replaceAll("=", "")],
    ["after another word", (token) => `other.${token}`],
  ];
  test.each(spellings)("%s", async (_name, spelled) => {
    await gateway.leak(TOKEN, OTHER);
    await ask({ agent: `agent ${spelled(OTHER)}` });
    await ask({ id: spelled(OTHER).replaceAll(/[^A-Za-z0-9._:/+=-]/g, "") });
    // A number sign ends a target.
    const inTarget = spelled(OTHER).replaceAll("#", "%23");
    await ask({ target: `/v1/${inTarget}/users?page=1` });
    await ask({ target: `/v1/users?page=1&${inTarget.replaceAll(/[&=]/g, "")}=1&last` });
    const events = await told();
    expect(attemptsIn(events)).toBe(4);
    for (const shown of [TOKEN, OTHER, spelled(OTHER)]) expect(JSON.stringify(events)).not.toContain(shown);
    for (const { host, userAgent, ip, path } of events) {
      expect([host, ip]).toEqual(["api", "192.0.2.1"]);
      expect(["made-up-client/1.0", "***"]).toContain(userAgent);
      expect(["/v1/users", "/v1/***/users", "/***"]).toContain(path);
    }
    expect(events.filter(({ userAgent }) => userAgent === "***")).toHaveLength(1);
  });

  test("a token with slashes takes the whole path with it", async () => {
    await gateway.leak(TOKEN, HOOK);
    await ask({ target: `/services/${HOOK}?page=1` });
    await ask({ target: `/services/./${HOOK.replace("/", "//")}?page=1` });
    expect((await told()).map(({ path, query }) => [path, query])).toContainEqual(["/***", ["page"]]);
    expect(JSON.stringify(await told())).not.toContain("T0MADEUP");
  });

  test("a token that begins in one field and ends in the next is none", async () => {
    await gateway.leak(TOKEN, OTHER);
    await ask({ target: `/v1/${OTHER.slice(0, 12)}`, agent: OTHER.slice(12) });
    expect(await told()).toMatchObject([
      { path: `/v1/${OTHER.slice(0, 12)}`, userAgent: OTHER.slice(12), count: 1 },
    ]);
  });
});
