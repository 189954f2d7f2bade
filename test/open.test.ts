import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { digestTokens } from "../rules/digest.ts";
import type { RuleScope } from "../rules/rule.ts";
import { exchange, RawClient, RawUpstream, type Seen, TestGateway, until } from "./support.ts";

const TOKEN = "made-up-leaked-token-0001";
const OTHER = "made-up-leaked-token-0002";
const HOST = "Host: api\r\n";

let upstream: RawUpstream;
let gateway: TestGateway;
const clients: RawClient[] = [];

/** Switches over and echoes; streams events without an end; does not answer uploads; answers the rest at once. */
function answer(connection: Seen, chunk: Buffer): void {
  const { socket, text } = connection;
  if (text.startsWith("GET /live")) {
    const isHandshake = text.endsWith("\r\n\r\n");
    if (isHandshake)
      socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    else socket.write(chunk);
  } else if (text.startsWith("GET /events")) {
    socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
    socket.write("9\r\ndata: 1\n\n\r\n");
  } else if (text.startsWith("GET /file")) {
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nfirst bytes");
  } else if (text.startsWith("GET")) {
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  }
}

async function start(config: Record<string, unknown> = {}): Promise<void> {
  gateway = await TestGateway.start(upstream, config);
}

beforeEach(async () => {
  upstream = await RawUpstream.start(answer);
});
afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.destroy();
  // First the upstream: answers without an end would keep the gateway draining.
  await upstream.close();
  await gateway.close();
});

function send(request: string): RawClient {
  const client = new RawClient(gateway.port);
  clients.push(client);
  return client.write(request);
}

/** Opens a WebSocket; resolves when the upstream has echoed. */
async function openTunnel(fields: string, target = "/live"): Promise<RawClient> {
  const client = send(
    `GET ${target} HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n${fields}\r\n`,
  );
  await client.sees("101 Switching Protocols");
  await echoes(client, "hello");
  return client;
}

async function echoes(client: RawClient, text: string): Promise<void> {
  await client.write(text).sees(text);
}

/** The connection upstream of the request whose head holds this text. */
function behind(text: string): Seen {
  return upstream.seen.find((connection) => connection.text.includes(text))!;
}

const inspectedAgain = (count: number) =>
  until(`${count} heads were inspected again`, () => gateway.gateway.counters.reinspected >= count);

/** Applies with a scope; resolves when this gateway enforces it. */
async function apply(leak: string, scope: RuleScope): Promise<void> {
  const { revision } = await gateway.store.decide("test", leak, "vpatch", { scope });
  await until("the rule is enforced", () => gateway.policy.enforcedRevision >= revision);
}

describe("an open WebSocket", () => {
  const places: [string, string, string][] = [
    ["a header", `X-Key: ${TOKEN}\r\n`, "/live"],
    ["the query", "", `/live?key=${TOKEN}`],
    ["the query, percent-encoded", "", `/live?key=${TOKEN.replaceAll("-", "%2D")}`],
    ["Basic credentials", `Authorization: Basic ${btoa(`me:${TOKEN}`)}\r\n`, "/live"],
  ];
  test.each(places)("does not outlive the patch of a token in %s", async (_name, fields, target) => {
    await start();
    const leak = await gateway.register(TOKEN);
    const client = await openTunnel(fields, target);
    await echoes(client, "still open");
    await gateway.decide(leak, "vpatch");
    await client.end();
    await until("the upstream's side is closed", () => upstream.seen[0]!.closed);
    expect(client.statuses).toEqual([101]);
    await until("the tunnel is counted off", () => gateway.gateway.counters.openTunnels === 0);
    const { reinspected, closedOpen, blocked, openHeadBytes, openHeadsNotKept } = gateway.gateway.counters;
    expect([reinspected, closedOpen, blocked, openHeadBytes, openHeadsNotKept]).toEqual([1, 1, 1, 0, 0]);
    const events = await gateway.recorded();
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ action: "blocked", leak, method: "GET", host: "api", count: 1 });
    expect(JSON.stringify(events)).not.toContain(TOKEN.slice(8));
  });

  test("lives on with a clean head, and is looked at once a change", async () => {
    await start();
    const client = await openTunnel(`X-Key: ${OTHER}\r\n`);
    await gateway.leak(TOKEN);
    await inspectedAgain(1);
    await echoes(client, "after the first");
    await gateway.leak("made-up-leaked-token-0003");
    await inspectedAgain(2);
    await echoes(client, "after the second");
    expect(gateway.gateway.counters).toMatchObject({ reinspected: 2, closedOpen: 0, openTunnels: 1 });
    expect(await gateway.recorded()).toEqual([]);
  });

  test("is closed when its token is added to a leak that is patched already", async () => {
    await start();
    const leak = await gateway.leak(OTHER);
    const client = await openTunnel(`X-Key: ${TOKEN}\r\n`);
    await gateway.store.addTokens("test", leak, await digestTokens([TOKEN], gateway.pepper));
    await client.end();
    expect((await gateway.recorded())[0]).toMatchObject({ action: "blocked", leak, point: "header x-key" });
  });

  test("is recorded once by a rule that monitors, and closed when the rule blocks", async () => {
    await start();
    const leak = await gateway.register(TOKEN);
    const client = await openTunnel(`X-Key: ${TOKEN}\r\n`);
    await gateway.decide(leak, "vpatch", "monitor");
    await inspectedAgain(1);
    await gateway.leak(OTHER);
    await inspectedAgain(2);
    await echoes(client, "still open");
    expect(await gateway.recorded()).toMatchObject([{ action: "monitored", leak, count: 1 }]);
    await gateway.decide(leak, "vpatch", "block");
    await client.end();
    const events = await gateway.recorded();
    expect(events.map(({ action, count }) => [action, count]).sort()).toEqual([
      ["blocked", 1],
      ["monitored", 1],
    ]);
  });

  test("that a rule's scope does not cover lives on, until the scope does", async () => {
    await start();
    const leak = await gateway.register(TOKEN);
    const client = await openTunnel(`X-Key: ${TOKEN}\r\n`);
    await apply(leak, { hosts: ["other.example"] });
    await inspectedAgain(1);
    await echoes(client, "still open");
    await apply(leak, { hosts: ["api"] });
    await client.end();
  });

  test("is not looked at when a leak is only renamed, or closed", async () => {
    await start();
    const leak = await gateway.leak(TOKEN);
    await openTunnel(`X-Key: ${OTHER}\r\n`);
    await gateway.store.updateLeak("test", leak, { name: "another name" });
    await gateway.decide(leak, "close");
    await gateway.leak("made-up-leaked-token-0003");
    await inspectedAgain(1);
    expect(gateway.gateway.counters.reinspected).toBe(1);
  });

  test("whose head found no place is counted, and not closed", async () => {
    await start({ inspect: { openHeadBytes: 0 } });
    const leak = await gateway.register(TOKEN);
    const tunnel = await openTunnel(`X-Key: ${TOKEN}\r\n`);
    expect(gateway.gateway.counters).toMatchObject({ openHeadsNotKept: 1, openHeadBytes: 0 });
    const stream = send(`GET /events HTTP/1.1\r\n${HOST}X-Key: ${TOKEN}\r\n\r\n`);
    await stream.sees("data: 1");
    await gateway.decide(leak, "vpatch");
    await stream.end();
    await echoes(tunnel, "still open");
  });

  test("gives the place of its head back when it closes", async () => {
    await start({ inspect: { openHeadBytes: 300 } });
    const { counters } = gateway.gateway;
    const first = await openTunnel("X-Key: a\r\n");
    expect(counters.openHeadBytes).toBeGreaterThan(150);
    await openTunnel("X-Key: b\r\n");
    expect(counters.openHeadsNotKept).toBe(1);
    first.socket.destroy();
    await until("its place is free", () => counters.openHeadBytes === 0);
    await openTunnel("X-Key: c\r\n");
    expect(counters.openHeadBytes).toBeGreaterThan(150);
    expect(counters.openHeadsNotKept).toBe(1);
  });

  test("is closed among many that are clean, by a burst of changes", async () => {
    await start();
    const leak = await gateway.register(TOKEN);
    const clean = await Promise.all(
      Array.from({ length: 40 }, (_, number) => openTunnel(`X-Key: clean-${number}\r\n`)),
    );
    const leaked = await openTunnel(`X-Key: ${TOKEN}\r\n`);
    const others = Array.from({ length: 10 }, (_, number) => gateway.leak(`made-up-other-token-${number}`));
    await Promise.all([...others, gateway.decide(leak, "vpatch")]);
    await leaked.end();
    await Promise.all(clean.map((client, number) => echoes(client, `still open ${number}`)));
    expect(gateway.gateway.counters).toMatchObject({ closedOpen: 1, openTunnels: 40 });
  });
});

describe("an exchange under way", () => {
  test.each([
    ["a stream of events", "/events", "data: 1"],
    ["a long download", "/file", "first bytes"],
  ])("%s is cut", async (_name, target, beginning) => {
    await start();
    const leak = await gateway.register(TOKEN);
    const leaked = send(`GET ${target} HTTP/1.1\r\n${HOST}X-Key: ${TOKEN}\r\n\r\n`);
    const clean = send(`GET ${target} HTTP/1.1\r\n${HOST}X-Key: ${OTHER}\r\n\r\n`);
    await Promise.all([leaked.sees(beginning), clean.sees(beginning)]);
    await gateway.decide(leak, "vpatch");
    await leaked.end();
    await inspectedAgain(2);
    await until("the upstream's side is closed", () => behind(TOKEN).closed);
    expect(leaked.text).not.toContain("\r\n0\r\n");
    expect(leaked.statuses).toEqual([200]);
    expect(clean.ended || clean.closed || behind(OTHER).closed).toBe(false);
    expect(await gateway.recorded()).toMatchObject([{ action: "blocked", leak, path: target, count: 1 }]);
    expect(gateway.gateway.counters).toMatchObject({ reinspected: 2, closedOpen: 1, blocked: 1 });
  });

  test("an upload gets 403, and the upstream never the end of it", async () => {
    await start();
    const leak = await gateway.register(TOKEN);
    const client = send(
      `POST /upload HTTP/1.1\r\n${HOST}X-Key: ${TOKEN}\r\nContent-Length: 1000\r\n\r\n${"x".repeat(100)}`,
    );
    await until("the upstream hears of it", () => upstream.text.includes("x".repeat(100)));
    await gateway.decide(leak, "vpatch");
    await client.sees('"status":403');
    client.write("z".repeat(900));
    await until("the upstream's side is closed", () => upstream.seen[0]!.closed);
    expect(upstream.text).not.toContain("zz");
    expect(client.text).not.toContain(TOKEN);
    expect(await gateway.recorded()).toMatchObject([{ action: "blocked", leak, method: "POST", count: 1 }]);
  });

  test("a request whose answer is awaited gets 403, and its connection goes on", async () => {
    await start();
    const leak = await gateway.register(TOKEN);
    const client = send(`POST /slow HTTP/1.1\r\n${HOST}X-Key: ${TOKEN}\r\nContent-Length: 1\r\n\r\nx`);
    await until("the upstream hears of it", () => upstream.text.endsWith("\r\n\r\nx"));
    await gateway.decide(leak, "vpatch");
    await client.sees('"status":403');
    client.write(`GET / HTTP/1.1\r\n${HOST}\r\n`);
    await client.sees("ok");
    expect(client.statuses).toEqual([403, 200]);
  });

  test("what waited for a place upstream does not go out, even before its turn has come", async () => {
    await start({ upstream: { url: upstream.url, connectionsMax: 1 } });
    const leak = await gateway.register(TOKEN);
    const first = send(`GET /events HTTP/1.1\r\n${HOST}\r\n`);
    await first.sees("data: 1");
    const second = send(`GET / HTTP/1.1\r\n${HOST}X-Key: ${TOKEN}\r\n\r\n`);
    await until("the second waits", () => gateway.gateway.counters.queued === 1);
    // Nobody walks the connections: the request itself sees, when it is given a place, that rules have changed.
    gateway.policy.onChange = () => {};
    await gateway.decide(leak, "vpatch");
    upstream.seen[0]!.socket.write("0\r\n\r\n");
    await second.sees('"status":403');
    expect(upstream.text).not.toContain(TOKEN);
    expect((await exchange(gateway.port, `GET / HTTP/1.1\r\n${HOST}\r\n`)).status).toBe(200);
  });

  test("a request id that holds the token is not told", async () => {
    await start({ trust: ["127.0.0.1"] });
    const leak = await gateway.register(TOKEN);
    const client = send(`POST /slow HTTP/1.1\r\n${HOST}X-Request-Id: ${TOKEN}\r\nContent-Length: 1\r\n\r\nx`);
    await until("the upstream hears of it", () => upstream.text.endsWith("\r\n\r\nx"));
    await gateway.decide(leak, "vpatch");
    await client.sees('"status":403');
    expect(client.text).not.toContain(TOKEN);
    expect(JSON.stringify(await gateway.recorded())).not.toContain(TOKEN);
  });

  test("a head that asks for too much work against the tokens added since is refused, not passed", async () => {
    await start({ inspect: { budgetBase: 1_000, budgetPerByte: 1 } });
    // Alike in all but their beginnings: each place where one could end asks for a look at each length.
    const alike = Array.from({ length: 400 }, (_, number) => `${"x".repeat(number + 1)}made-up-ending`);
    const fields = `X-Keys: ${"a-made-up-ending ".repeat(60)}\r\n`;
    const leak = await gateway.register(TOKEN);
    await gateway.decide(leak, "vpatch");
    const client = await openTunnel(fields);
    await gateway.store.addTokens("test", leak, await digestTokens(alike, gateway.pepper));
    await client.end();
    expect(gateway.gateway.counters).toMatchObject({ budgetExhausted: 1, closedOpen: 1, blocked: 0 });
  });
});
