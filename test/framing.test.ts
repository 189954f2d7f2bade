import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { exchange, plainUpstream, RawClient, RawUpstream, TestGateway, until } from "./support.ts";

const HOST = "Host: api\r\n";

describe("what comes in", () => {
  let upstream: RawUpstream;
  let gateway: TestGateway;
  beforeEach(async () => {
    upstream = await plainUpstream();
    gateway = await TestGateway.start(upstream, {
      limits: { headBytes: 4096, targetBytes: 512, headMs: 150, bodyIdleMs: 150, framingBytes: 256 },
    });
  });
  afterEach(async () => {
    await gateway.close();
    await upstream.close();
  });

  const post = `POST / HTTP/1.1\r\n${HOST}`;
  const chunked = `${post}Transfer-Encoding: chunked\r\n\r\n`;

  test.each([
    [
      "content-length with transfer-encoding",
      `${post}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
    ],
    ["bare LF", `GET / HTTP/1.1\n${HOST}\n`, 400],
    ["a bare LF head that never ends in CRLF", "GET / HTTP/1.1\nHost: a\n\n", 400],
    ["a TLS greeting", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400],
    ["a chunk size that is no number", `${chunked}zz\r\nab\r\n0\r\n\r\n`, 400],
    ["a chunk size with a sign", `${chunked}+2\r\nab\r\n0\r\n\r\n`, 400],
    ["a chunk size with 0x", `${chunked}0x2\r\nab\r\n0\r\n\r\n`, 400],
    ["a chunk longer than its size", `${chunked}2\r\nabc\r\n0\r\n\r\n`, 400],
    ["a chunk ended by bare LF", `${chunked}2\nab\n0\n\n`, 400],
    ["a chunk size beyond 64 bits", `${chunked}fffffffffffffffff\r\nab`, 400],
    ["an endless chunk extension", `${chunked}2;${"x".repeat(400)}`, 400],
    ["endless zeros before a chunk size", `${chunked}${"0".repeat(400)}`, 400],
    ["Host in trailers", `${chunked}2\r\nab\r\n0\r\nHost: b\r\n\r\n`, 400],
    ["Content-Length in trailers", `${chunked}2\r\nab\r\n0\r\nContent-Length: 2\r\n\r\n`, 400],
    ["a head too large", `GET / HTTP/1.1\r\n${HOST}X: ${"x".repeat(5000)}\r\n\r\n`, 431],
    ["a head too large and unfinished", `GET / HTTP/1.1\r\n${HOST}X: ${"x".repeat(5000)}`, 431],
    ["a target too long", `GET /${"x".repeat(600)} HTTP/1.1\r\n${HOST}\r\n`, 414],
    ["a target too long and unfinished", `GET /${"x".repeat(600)}`, 414],
    ["too many fields", `GET / HTTP/1.1\r\n${HOST}${"X: y\r\n".repeat(101)}\r\n`, 431],
    ["CONNECT", `CONNECT a:443 HTTP/1.1\r\n${HOST}\r\n`, 405],
    ["an unknown method", `BREW / HTTP/1.1\r\n${HOST}\r\n`, 501],
    ["an expectation", `${post}Expect: tea\r\nContent-Length: 1\r\n\r\nx`, 417],
    ["an unfinished head", `GET / HTTP/1.1\r\n${HOST}X:`, 408],
    ["an unfinished body", `${post}Content-Length: 10\r\n\r\nabc`, 408],
  ])("%s", async (_name, request, status) => {
    const client = new RawClient(gateway.port);
    client.write(request);
    await client.end();
    expect(client.statuses[0]).toBe(status);
    expect(client.text).toContain("Connection: close");
    expect(client.text).toContain("application/problem+json");
    expect(upstream.text.includes("\r\n0\r\n\r\n")).toBe(false);
    if (status !== 408) expect(upstream.seen).toHaveLength(0);
  });

  test("a request split at every byte is the same request", async () => {
    const request = `POST /a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n`;
    for (let at = 1; at < request.length; at++) {
      const client = new RawClient(gateway.port);
      client.write(request.slice(0, at));
      await new Promise((resolve) => setImmediate(resolve));
      client.write(request.slice(at));
      await client.sees("200 OK");
      client.socket.destroy();
    }
    expect(upstream.text.match(/0\r\nX-T: 1\r\n\r\n/g)).toHaveLength(request.length - 1);
  });

  test("pipelined requests are answered in order, local replies among them", async () => {
    const client = new RawClient(gateway.port);
    await gateway.leak("made-up-leaked-token");
    const get = (path: string) => `GET ${path} HTTP/1.1\r\n${HOST}\r\n`;
    client.write(
      `${get("/1") + get("/made-up-leaked-token")}${post}Content-Length: 3\r\n\r\nabc${get("/4")}`,
    );
    await until("four answers", () => client.statuses.length === 4);
    expect(client.statuses).toEqual([200, 403, 200, 200]);
    client.socket.end(get("/5"));
    await client.end();
    expect(client.statuses).toEqual([200, 403, 200, 200, 200]);
  });

  test("what a proxy must say, it says; what it must not pass on, it drops", async () => {
    await exchange(
      gateway.port,
      `GET /a HTTP/1.1\r\nHost: api:8\r\nConnection: keep-alive, X-Drop\r\nX-Drop: 1\r\nKeep-Alive: 5\r\nX-Forwarded-For: 9.9.9.9\r\nForwarded: for=9.9.9.9\r\nX-Request-Id: mine\r\nHTTP2-Settings: AA\r\nX-Stay: 1\r\n\r\n`,
    );
    const head = upstream.text;
    expect(head).toMatch(
      /^GET \/a HTTP\/1\.1\r\nHost: api:8\r\nX-Stay: 1\r\nX-Forwarded-For: 127\.0\.0\.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: api:8\r\nX-Request-Id: [0-9a-f]{12}-1\r\n\r\n$/,
    );
  });

  test("HTTP/1.0 without Host goes on with the upstream's name and is closed after", async () => {
    const client = new RawClient(gateway.port);
    client.write("GET /health HTTP/1.0\r\n\r\n");
    await client.end();
    expect(client.text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(client.text).toContain("Connection: close\r\n");
    expect(upstream.text).toContain(`Host: 127.0.0.1:${upstream.port}\r\n`);
  });

  test("a client that leaves mid-body leaves nothing complete upstream", async () => {
    const client = new RawClient(gateway.port);
    client.write(`${post}Content-Length: 100\r\n\r\nabc`);
    await until("the upstream sees the start", () => upstream.text.endsWith("abc"));
    client.socket.destroy();
    await until("the upstream connection is cut", () => upstream.seen[0]!.closed);
  });
});

describe("trusted proxies in front", () => {
  test("are believed", async () => {
    const upstream = await plainUpstream();
    const gateway = await TestGateway.start(upstream, {
      trust: ["127.0.0.0/8"],
      upstream: { url: upstream.url, host: "inner.example" },
    });
    await gateway.leak("made-up-leaked-token");
    await exchange(
      gateway.port,
      `GET / HTTP/1.1\r\nHost: outer\r\nX-Forwarded-For: 9.9.9.9, 127.0.0.9\r\nX-Forwarded-Proto: https\r\nX-Request-Id: theirs-1\r\n\r\n`,
    );
    expect(upstream.text).toContain("Host: inner.example\r\n");
    expect(upstream.text).toContain("X-Forwarded-For: 9.9.9.9, 127.0.0.9, 127.0.0.1\r\n");
    expect(upstream.text.match(/X-Forwarded-Proto: https/g)).toHaveLength(1);
    expect(upstream.text).not.toContain("X-Forwarded-Proto: http\r\n");
    expect(upstream.text).toContain("X-Request-Id: theirs-1\r\n");
    await exchange(
      gateway.port,
      `GET /made-up-leaked-token HTTP/1.1\r\nHost: outer\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n`,
    );
    expect((await gateway.recorded())[0]).toMatchObject({ ip: "9.9.9.9", host: "outer" });
    await gateway.close();
    await upstream.close();
  });
});

describe("what comes back", () => {
  /** A gateway before an upstream that answers each piece of bytes with the next of `answers`. */
  async function gatewayBefore(
    answers: readonly (string | ((upstream: RawUpstream) => void))[],
    config = {},
  ) {
    let next = 0;
    const upstream: RawUpstream = await RawUpstream.start((connection) => {
      const answer = answers[next++];
      if (typeof answer === "string") connection.socket.write(Buffer.from(answer, "latin1"));
      else answer?.(upstream);
    });
    const gateway = await TestGateway.start(upstream, config);
    return {
      upstream,
      gateway,
      close: async () => {
        await gateway.close();
        await upstream.close();
      },
    };
  }
  const get = `GET / HTTP/1.1\r\n${HOST}\r\n`;

  test.each<[string, string, string, RegExp]>([
    [
      "content-length",
      get,
      "HTTP/1.1 200 Fine\r\nContent-Length: 3\r\nX-A: b\r\n\r\nabc",
      /^HTTP\/1\.1 200 Fine\r\nX-A: b\r\nContent-Length: 3\r\n\r\nabc$/,
    ],
    [
      "chunked with trailers",
      get,
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-T: 1\r\n\r\n",
      /^HTTP\/1\.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\nX-T: 1\r\n\r\n$/,
    ],
    ["204", get, "HTTP/1.1 204 No Content\r\n\r\n", /^HTTP\/1\.1 204 No Content\r\n\r\n$/],
    [
      "304 keeps its length",
      get,
      "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
      /^HTTP\/1\.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n$/,
    ],
    [
      "HEAD keeps its length",
      `HEAD / HTTP/1.1\r\n${HOST}\r\n`,
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
      /^HTTP\/1\.1 200 OK\r\nContent-Length: 9\r\n\r\n$/,
    ],
    [
      "103 then 200",
      get,
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
      /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a>\r\n\r\nHTTP\/1\.1 200 OK\r\nContent-Length: 0\r\n\r\n$/,
    ],
    [
      "100 is ours to say",
      get,
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
      /^HTTP\/1\.1 200 OK\r\n/,
    ],
    [
      "hop-by-hop fields end here",
      get,
      "HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n",
      /^HTTP\/1\.1 200 OK\r\nContent-Length: 0\r\n\r\n$/,
    ],
    ["no reason phrase", get, "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", /^HTTP\/1\.1 200 \r\n/],
    [
      "chunked to HTTP/1.0 is ended by closing",
      "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
      /^HTTP\/1\.1 200 OK\r\nConnection: close\r\n\r\nabc$/,
    ],
  ])("%s", async (_name, request, answer, expected) => {
    const { gateway, close } = await gatewayBefore([answer]);
    const client = new RawClient(gateway.port);
    client.write(request);
    await until(`the whole answer, has ${JSON.stringify(client.text)}`, () =>
      expected.test(client.text),
    ).catch(() => {});
    expect(client.text).toMatch(expected);
    client.socket.destroy();
    await close();
  });

  test("an answer delimited by close becomes chunked", async () => {
    const { gateway, upstream, close } = await gatewayBefore(["HTTP/1.1 200 OK\r\n\r\nabc"]);
    const upstreamEnds = new RawClient(gateway.port);
    upstreamEnds.write(get);
    await upstreamEnds.sees("3\r\nabc\r\n");
    upstream.seen[0]!.socket.end();
    await upstreamEnds.sees("0\r\n\r\n");
    upstreamEnds.socket.destroy();
    await close();
    expect(upstreamEnds.text).toMatch(/^HTTP\/1\.1 200 OK\r\nTransfer-Encoding: chunked\r\n/);
  });

  test.each([
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na"],
    [
      "length and chunked",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n"],
    ["101 that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"],
    ["a head without an end", `HTTP/1.1 200 OK\r\nX: ${"x".repeat(40_000)}`],
    ["bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n"],
  ])("502 for %s", async (_name, answer) => {
    const { gateway, close } = await gatewayBefore([answer]);
    expect((await exchange(gateway.port, get)).status).toBe(502);
    await close();
  });

  test("502 when nobody listens, 504 when nobody answers, 502 when it hangs up", async () => {
    const dead = await RawUpstream.start(() => {});
    const gateway = await TestGateway.start(dead, { upstream: { url: dead.url, answerMs: 50 } });
    expect((await exchange(gateway.port, get)).status).toBe(504);
    await dead.close();
    expect((await exchange(gateway.port, get)).status).toBe(502);
    await gateway.close();
    const rude = await RawUpstream.start((connection) => connection.socket.destroy());
    const second = await TestGateway.start(rude);
    expect((await exchange(second.port, get)).status).toBe(502);
    await second.close();
    await rude.close();
  });

  test("an answer cut short is cut short for the client", async () => {
    const { gateway, upstream, close } = await gatewayBefore([
      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
    ]);
    const client = new RawClient(gateway.port);
    client.write(get);
    await client.sees("abc");
    upstream.seen[0]!.socket.destroy();
    await client.end();
    expect(client.text).toMatch(/abc$/);
    await close();
  });

  test("a connection is used again, and a stale one is worth one retry of a safe request", async () => {
    const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    const { gateway, upstream, close } = await gatewayBefore([
      ok,
      ok,
      (up) => up.seen[0]!.socket.destroy(),
      ok,
    ]);
    expect((await exchange(gateway.port, get)).status).toBe(200);
    expect((await exchange(gateway.port, get)).status).toBe(200);
    expect(upstream.seen).toHaveLength(1);
    // The third is read by the upstream and dropped without a byte of answer.
    expect((await exchange(gateway.port, get)).status).toBe(200);
    expect(upstream.seen).toHaveLength(2);
    expect(gateway.gateway.counters.retries).toBe(1);
    await close();
  });

  test("a POST on a stale connection is not repeated", async () => {
    const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    const { gateway, upstream, close } = await gatewayBefore([ok, (up) => up.seen[0]!.socket.destroy(), ok]);
    expect((await exchange(gateway.port, get)).status).toBe(200);
    const post = `POST / HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`;
    expect((await exchange(gateway.port, post)).status).toBe(502);
    expect(upstream.seen).toHaveLength(1);
    await close();
  });

  test("an idle connection is let go when the upstream's Keep-Alive says so", async () => {
    const { gateway, upstream, close } = await gatewayBefore([
      "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 0\r\n\r\n",
    ]);
    expect((await exchange(gateway.port, get)).status).toBe(200);
    await until("the connection is closed", () => upstream.seen[0]!.closed);
    await close();
  });

  test("bytes that nobody asked for are not the next answer", async () => {
    const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    const { gateway, upstream, close } = await gatewayBefore([
      `${ok}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`,
      ok,
    ]);
    expect((await exchange(gateway.port, get)).text).toMatch(/ok$/);
    expect((await exchange(gateway.port, get)).text).toMatch(/ok$/);
    expect(upstream.seen).toHaveLength(2);
    await close();
  });

  test("an answer before the upload ends reaches the client, and both connections close", async () => {
    const { gateway, upstream, close } = await gatewayBefore([
      "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig",
    ]);
    const client = new RawClient(gateway.port);
    client.write(`POST / HTTP/1.1\r\n${HOST}Content-Length: 100000\r\n\r\n${"x".repeat(70_000)}`);
    await client.sees("big");
    expect(client.text).toContain("Connection: close\r\n");
    await client.end();
    await until("the upstream connection is cut", () => upstream.seen[0]!.closed);
    await close();
  });

  test("503 with Retry-After when the queue is full, and when the wait is too long", async () => {
    const upstream = await RawUpstream.start(() => {});
    const small = await TestGateway.start(upstream, {
      upstream: { url: upstream.url, connectionsMax: 1 },
      limits: { queue: 1, queueMs: 100 },
      // The first is never answered.
      drainMs: 1,
    });
    const first = new RawClient(small.port).write(get);
    await until("the first is forwarded", () => upstream.seen.length === 1 && upstream.seen[0]!.bytes > 0);
    const second = new RawClient(small.port).write(get);
    await until("the second waits", () => small.gateway.counters.queued === 1);
    const third = await exchange(small.port, get);
    expect(third.status).toBe(503);
    expect(third.text).toContain("Retry-After: 1\r\n");
    await second.sees("503 Service Unavailable");
    first.socket.destroy();
    second.socket.destroy();
    await small.close();
    await upstream.close();
  });

  test("one connection more than allowed gets 503", async () => {
    const upstream = await plainUpstream();
    const gateway = await TestGateway.start(upstream, { limits: { connections: 1 } });
    const first = new RawClient(gateway.port).write(get);
    await first.sees("200 OK");
    const second = new RawClient(gateway.port);
    await second.sees("503");
    await second.end();
    first.socket.destroy();
    await gateway.close();
    await upstream.close();
  });
});
