import { afterEach, describe, expect, test } from "vitest";
import { completeRequests, RawClient, RawUpstream, type Seen, TestGateway, until } from "./support.ts";

const TOKEN = "made-up-leaked-token-0001";
const HOST = "Host: api.example.com\r\n";

let upstream: RawUpstream;
let gateway: TestGateway;
const clients: RawClient[] = [];

afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.destroy();
  await gateway.close();
  await upstream.close();
});

const get = (target: string, method = "GET", fields = ""): string =>
  `${method} ${target} HTTP/1.1\r\n${HOST}${fields}\r\n`;
const answer = (text: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`;

function client(): RawClient {
  const made = new RawClient(gateway.port);
  clients.push(made);
  return made;
}

/** An upstream that answers to `/first` by itself, so that the connection is known to be kept; all else is the test's to answer. */
async function start(pipelining: number): Promise<void> {
  const answered = new Set<Seen>();
  upstream = await RawUpstream.start((connection) => {
    if (answered.has(connection) || !connection.text.includes("GET /first ")) return;
    answered.add(connection);
    connection.socket.write(answer("first"));
  });
  gateway = await TestGateway.start(upstream, { drainMs: 100, upstream: { url: upstream.url, pipelining } });
  await client().write(get("/first")).sees("first");
}

/** Requests by clients of their own, each only once the one before is upstream. */
async function ask(...requests: string[]): Promise<RawClient[]> {
  const asked: RawClient[] = [];
  for (const request of requests) {
    const before = forwarded();
    asked.push(client().write(request));
    await until("the upstream has it", () => forwarded() > before);
  }
  return asked;
}

/** Heads that the upstream has seen. */
const forwarded = (): number => upstream.seen.reduce((sum, { text }) => sum + completeRequests(text), 0);
const shared = (): Seen => upstream.seen[0]!;
const targets = (text: string): string[] =>
  [...text.matchAll(/^[A-Z]+ (\S+) HTTP/gm)].map((match) => match[1]!);

describe("upstream.pipelining", () => {
  test("sends safe requests before the answers, and hands each client its own", async () => {
    await start(8);
    const [a, b, c, d, e] = await ask(
      get("/a"),
      get("/b", "HEAD"),
      get("/c"),
      get("/d", "OPTIONS"),
      get("/e"),
    );
    expect(upstream.seen.length).toBe(1);
    expect(targets(shared().text)).toEqual(["/first", "/a", "/b", "/c", "/d", "/e"]);
    expect(gateway.gateway.counters.pipelined).toBe(4);
    const all = [
      "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfor a\r\n0\r\nX-After: a\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nX-For: b\r\n\r\n",
      answer("for c"),
      "HTTP/1.1 204 No Content\r\nX-For: d\r\n\r\n",
      answer("for e"),
    ].join("");
    // Cut where it hurts: within heads, between answers, within a body.
    const { socket } = shared();
    for (let at = 0; at < all.length; at += 7) {
      socket.write(all.slice(at, at + 7));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await a!.sees("5\r\nfor a\r\n0\r\nX-After: a\r\n\r\n");
    await b!.sees("X-For: b\r\n");
    await c!.sees("for c");
    await d!.sees("X-For: d\r\n");
    await e!.sees("for e");
    expect([a, b, c, d, e].map((each) => each!.statuses.at(-1))).toEqual([200, 200, 200, 204, 200]);
    expect(b!.text).not.toContain("for");
    expect(gateway.gateway.counters.inFlight).toBe(0);
    // The connection is an ordinary one again.
    const [last] = await ask(get("/last"));
    socket.write(answer("for the last"));
    await last!.sees("for the last");
    expect(upstream.seen.length).toBe(1);
  });

  test("takes answers that come all at once", async () => {
    await start(64);
    const asked = await ask(...Array.from({ length: 20 }, (_, number) => get(`/${number}`)));
    shared().socket.write(asked.map((_, number) => answer(`body ${number}.`)).join(""));
    await Promise.all(asked.map((each, number) => each.sees(`body ${number}.`)));
    expect(asked.map(({ text }) => text.match(/body/g)!.length)).toEqual(asked.map(() => 1));
    expect(upstream.seen.length).toBe(1);
  });

  test("keeps to its number, and opens other connections beyond", async () => {
    await start(2);
    await ask(get("/a"), get("/b"), get("/c"));
    expect(upstream.seen.map(({ text }) => targets(text))).toEqual([["/first", "/a", "/b"], ["/c"]]);
  });

  test("is off unless it is asked for", async () => {
    await start(1);
    await ask(get("/a"), get("/b"));
    expect(upstream.seen.map(({ text }) => targets(text))).toEqual([["/first", "/a"], ["/b"]]);
    expect(gateway.gateway.counters.pipelined).toBe(0);
  });

  test("sends nothing else behind another, and nothing behind anything else", async () => {
    await start(8);
    await ask(get("/a"), `POST /b HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\nab`, get("/c"));
    const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    await ask(
      get("/d", "GET", upgrade),
      get("/e"),
      get("/f", "DELETE"),
      `${get("/g", "GET", "Content-Length: 2\r\n")}ab`,
    );
    expect(upstream.seen.map(({ text }) => targets(text)[0])).toEqual([
      "/first",
      "/b",
      "/c",
      "/d",
      "/e",
      "/f",
      "/g",
    ]);
    expect(gateway.gateway.counters.pipelined).toBe(0);
  });

  test("blocks a leaked token as ever", async () => {
    await start(8);
    await gateway.leak(TOKEN);
    const [a] = await ask(get("/a"));
    const blocked = client().write(get(`/${TOKEN}`));
    await blocked.sees("403 Forbidden");
    shared().socket.write(answer("for a"));
    await a!.sees("for a");
    expect(upstream.text).not.toContain(TOKEN);
  });
});

describe("requests behind another", () => {
  test("are asked again, apart, when the upstream closes after an answer", async () => {
    await start(8);
    const [a, b, c] = await ask(get("/a"), get("/b"), get("/c"));
    shared().socket.end(
      `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nfor a${answer("not for b")}`,
    );
    await a!.sees("for a");
    await until("both are asked again", () => forwarded() === 6);
    expect(upstream.seen.slice(1).map(({ text }) => targets(text))).toEqual([["/b"], ["/c"]]);
    // Nothing joins them: once more, and they would have failed.
    await ask(get("/d"));
    expect(targets(upstream.seen[3]!.text)).toEqual(["/d"]);
    upstream.seen[1]!.socket.write(answer("for b"));
    upstream.seen[2]!.socket.write(answer("for c"));
    await b!.sees("for b");
    await c!.sees("for c");
    expect(b!.text).not.toContain("not for b");
  });

  test("are asked again when the first one's answer is broken, which alone is 502", async () => {
    await start(8);
    const [a, b] = await ask(get("/a"), get("/b"));
    shared().socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab");
    await a!.sees("502 Bad Gateway");
    await until("the other is asked again", () => forwarded() === 4);
    upstream.seen[1]!.socket.write(answer("for b"));
    await b!.sees("for b");
  });

  test("are asked again when the first one's client leaves, and never get its answer", async () => {
    await start(8);
    const [a, b] = await ask(get("/a"), get("/b"));
    a!.socket.resetAndDestroy();
    await until("the other is asked again", () => forwarded() === 4);
    expect(shared().closed || shared().ended).toBe(true);
    upstream.seen[1]!.socket.write(answer("for b"));
    await b!.sees("for b");
  });

  test("whose client left is passed over, and the answer before it arrives whole", async () => {
    await start(8);
    const [a, b, c] = await ask(get("/a"), get("/b"), get("/c"));
    const { socket } = shared();
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf ");
    await a!.sees("half ");
    b!.socket.resetAndDestroy();
    await until("its client is gone", () => gateway.gateway.counters.inFlight === 2);
    socket.write(`whole${answer("for b")}${answer("not for c")}`);
    await a!.sees("half whole");
    await until("the last is asked again", () => forwarded() === 5);
    upstream.seen[1]!.socket.write(answer("for c"));
    await c!.sees("for c");
    expect(c!.text).not.toContain("for b");
    expect(c!.text).not.toContain("not for c");
  });

  test("are ended when their token becomes leaked meanwhile; the others go on", async () => {
    await start(8);
    const [a, b, c] = await ask(get("/a"), get("/b", "GET", `X-Api-Key: ${TOKEN}\r\n`), get("/c"));
    await gateway.leak(TOKEN);
    await b!.sees("403 Forbidden");
    shared().socket.write(answer("for a") + answer("for b"));
    await a!.sees("for a");
    await until("the last is asked again", () => forwarded() === 5);
    upstream.seen[1]!.socket.write(answer("for c"));
    await c!.sees("for c");
    expect(b!.text).not.toContain("for b");
  });
});
