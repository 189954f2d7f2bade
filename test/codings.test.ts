import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { exchange, plainUpstream, RawClient, type RawUpstream, TestGateway, until } from "./support.ts";

const TOKEN = "made-up-leaked-token-0001";
const TWIN = "made-up-leaked-token-0002";

let upstream: RawUpstream;
let gateway: TestGateway;

beforeEach(async () => {
  upstream = await plainUpstream();
  gateway = await TestGateway.start(upstream);
  await gateway.leak(TOKEN);
});
afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

function post(coding: string, body: Buffer): string {
  return `POST / HTTP/1.1\r\nHost: api\r\nContent-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\n\r\n${body.toString("latin1")}`;
}

function chunked(coding: string, body: Buffer, size: number): string {
  let text = `POST / HTTP/1.1\r\nHost: api\r\nContent-Encoding: ${coding}\r\nTransfer-Encoding: chunked\r\n\r\n`;
  for (let at = 0; at < body.length; at += size) {
    const piece = body.subarray(at, at + size);
    text += `${piece.length.toString(16)}\r\n${piece.toString("latin1")}\r\n`;
  }
  return `${text}0\r\n\r\n`;
}

const json = (token: string) => Buffer.from(JSON.stringify({ user: "me", key: token }));

describe("a token behind a content coding", () => {
  test.each<[string, string, (token: string) => Buffer]>([
    ["gzip", "gzip", (token) => gzipSync(json(token))],
    ["deflate", "Deflate", (token) => deflateSync(json(token))],
    ["br", "br", (token) => brotliCompressSync(json(token))],
    ["br over gzip", "gzip, br", (token) => brotliCompressSync(gzipSync(json(token)))],
    ["the whole text", "gzip", (token) => gzipSync(token)],
    ["escaped as well", "gzip", (token) => gzipSync(json(token).toString().replace("made", "\\u006dade"))],
    [
      "over two members",
      "gzip",
      (token) => Buffer.concat([gzipSync(token.slice(0, 9)), gzipSync(token.slice(9))]),
    ],
  ])("is blocked and its twin arrives as it was: %s", async (_name, coding, encode) => {
    for (const request of [post(coding, encode(TOKEN)), chunked(coding, encode(TOKEN), 7)])
      expect((await exchange(gateway.port, request)).status).toBe(403);
    expect(upstream.seen).toHaveLength(0);
    expect((await exchange(gateway.port, post(coding, encode(TWIN)))).status).toBe(200);
    expect(upstream.text).toContain(encode(TWIN).toString("latin1"));
    const [event] = await gateway.recorded();
    expect(event).toMatchObject({ type: "vpatch", action: "blocked", point: "body" });
  });

  test("deep in a long body it is found before the request is whole", async () => {
    const noise = Array.from({ length: 20_000 }, (_, index) => (index * 7_919) % 100_003).join(" ");
    const body = gzipSync(`${noise} ${TOKEN} ${noise}`);
    const client = new RawClient(gateway.port);
    client.write(post("gzip", body).slice(0, -20));
    await client.sees("403");
    await client.end();
    expect(upstream.text).not.toContain(body.subarray(-200).toString("latin1"));
  });

  test("at the end of a piece it waits for what follows", async () => {
    const body = gzipSync(TOKEN);
    const client = new RawClient(gateway.port);
    const head = `POST / HTTP/1.1\r\nHost: api\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`;
    client.write(head + body.subarray(0, -8).toString("latin1"));
    client.write(body.subarray(-8));
    await client.sees("403");
    expect(upstream.seen).toHaveLength(0);
    client.socket.destroy();
  });

  test("two requests on one connection are answered in their order", async () => {
    const client = new RawClient(gateway.port);
    client.write(
      post("gzip", gzipSync(json(TWIN))) +
        post("gzip", gzipSync(json(TOKEN))) +
        post("br", brotliCompressSync("{}")),
    );
    await until("three answers", () => client.statuses.length === 3);
    expect(client.statuses).toEqual([200, 403, 200]);
    client.socket.destroy();
  });
});

describe("what is not decoded", () => {
  const bomb = () => gzipSync(Buffer.alloc(64 * 2 ** 20));

  test.each<[string, string, Buffer, number]>([
    ["a bomb", "gzip", bomb(), 413],
    ["more codings than are undone", "gzip, gzip, gzip, gzip, gzip", Buffer.from("x"), 413],
    ["a coding that is a lie", "gzip", json(TWIN), 415],
    ["a coding that is cut", "gzip", gzipSync(json(TWIN)).subarray(0, -9), 415],
  ])("is refused: %s", async (_name, coding, body, status) => {
    expect((await exchange(gateway.port, post(coding, body))).status).toBe(status);
    expect(upstream.text).not.toContain("\r\n\r\n");
  });

  test("more bodies at once than a worker decodes get 503, and are decoded once one has ended", async () => {
    const small = await TestGateway.start(upstream, { inspect: { codings: { open: 1 } } });
    await small.leak(TOKEN);
    const body = gzipSync(json(TWIN));
    const first = new RawClient(small.port);
    first.write(post("gzip", body).slice(0, -5));
    await until("one is being decoded", () => small.gateway.counters.decoding === 1);
    const second = await exchange(small.port, post("gzip", body));
    expect(second.status).toBe(503);
    expect(second.text).toContain("Retry-After: 1");
    first.write(body.subarray(-5));
    await first.sees("200 OK");
    expect(small.gateway.counters.decoding).toBe(0);
    expect((await exchange(small.port, post("gzip", gzipSync(json(TOKEN))))).status).toBe(403);
    expect(small.gateway.counters.decoding).toBe(0);
    first.socket.destroy();
    await small.close();
  });

  test("an unknown coding passes, counted, as an event, its raw bytes inspected", async () => {
    expect((await exchange(gateway.port, post("exi", json(TWIN)))).status).toBe(200);
    const [event] = await gateway.recorded();
    expect(event).toMatchObject({
      type: "undecoded",
      action: "passed",
      leak: null,
      rule: null,
      point: "body coding unknown",
    });
    expect(gateway.gateway.counters.undecoded).toBe(1);
    expect((await exchange(gateway.port, post("exi", json(TOKEN)))).status).toBe(403);
  });
});
