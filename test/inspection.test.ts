import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { exchange, plainUpstream, RawClient, type RawUpstream, TestGateway, until } from "./support.ts";

const TOKEN = "made-up-leaked-token-0001";
const HOST = "Host: api\r\n";

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

/** Sends the request with the token, and a twin with its last letter changed: the first is blocked, the twin arrives. */
async function blocksOnly(request: (token: string) => string): Promise<void> {
  const before = upstream.text.length;
  const blocked = await exchange(gateway.port, request(TOKEN));
  expect(blocked.status).toBe(403);
  expect(upstream.text.length).toBe(before);
  expect(blocked.text).not.toContain(TOKEN);
  expect((await exchange(gateway.port, request("made-up-leaked-token-0002"))).status).toBe(200);
}

describe("places in a head", () => {
  const places: [string, (token: string) => string][] = [
    ["a bearer token", (t) => `GET / HTTP/1.1\r\n${HOST}Authorization: Bearer ${t}\r\n\r\n`],
    [
      "the second Authorization",
      (t) => `GET / HTTP/1.1\r\n${HOST}Authorization: Bearer x\r\nAuthorization: Bearer ${t}\r\n\r\n`,
    ],
    [
      "the first Authorization",
      (t) => `GET / HTTP/1.1\r\n${HOST}Authorization: Bearer ${t}\r\nAuthorization: Bearer x\r\n\r\n`,
    ],
    ["a header nobody listed", (t) => `GET / HTTP/1.1\r\n${HOST}X-Whatever: a, b=${t}\r\n\r\n`],
    ["a cookie", (t) => `GET / HTTP/1.1\r\n${HOST}Cookie: a=b; sid="${t}"; c=d\r\n\r\n`],
    ["a query value", (t) => `GET /?a=b&api_key=${t} HTTP/1.1\r\n${HOST}\r\n`],
    ["the path", (t) => `GET /bot${t}/send HTTP/1.1\r\n${HOST}\r\n`],
    ["a percent-encoded query value", (t) => `GET /?k=${t.replaceAll("-", "%2D")} HTTP/1.1\r\n${HOST}\r\n`],
    ["a percent-encoded path", (t) => `GET /x/%6dade${t.slice(4)} HTTP/1.1\r\n${HOST}\r\n`],
    ["Basic user", (t) => `GET / HTTP/1.1\r\n${HOST}Authorization: Basic ${btoa(`${t}:`)}\r\n\r\n`],
    ["Basic password", (t) => `GET / HTTP/1.1\r\n${HOST}Authorization: bAsIc   ${btoa(`me:${t}`)}\r\n\r\n`],
    ["an absolute target", (t) => `GET http://api/?k=${t} HTTP/1.1\r\n${HOST}\r\n`],
    ["Referer", (t) => `GET / HTTP/1.1\r\n${HOST}Referer: http://x/?k=${t}\r\n\r\n`],
    ["HTTP/1.0", (t) => `GET /?k=${t} HTTP/1.0\r\n\r\n`],
    ["a header name's neighbour", (t) => `GET / HTTP/1.1\r\n${HOST}A:${t}\r\n\r\n`],
  ];
  test.each(places)("%s", async (_name, request) => {
    await gateway.leak(TOKEN);
    await blocksOnly(request);
  });

  test("a token with more letters after it is another token; letters before do not hide it", async () => {
    await gateway.leak(TOKEN);
    const get = (value: string) => exchange(gateway.port, `GET / HTTP/1.1\r\n${HOST}X-Key: ${value}\r\n\r\n`);
    expect((await get(`${TOKEN}x`)).status).toBe(200);
    expect((await get(`${TOKEN}_`)).status).toBe(200);
    expect((await get(TOKEN.slice(0, -1))).status).toBe(200);
    expect((await get(`x${TOKEN}`)).status).toBe(403);
    expect((await get(`${TOKEN}.x`)).status).toBe(403);
  });

  test("a JWT is known by what its signature signs", async () => {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const signed = `${part({ alg: "HS256", made: "up" })}.${part({ sub: "made-up", iat: 1 })}`;
    await gateway.leak(`${signed}.c2lnbmF0dXJl`);
    const get = (value: string) =>
      exchange(gateway.port, `GET / HTTP/1.1\r\n${HOST}Authorization: Bearer ${value}\r\n\r\n`);
    expect((await get(`${signed}.c2lnbmF0dXJm`)).status).toBe(403);
    expect((await get(`${signed}.`)).status).toBe(403);
    expect((await get(`${signed}x.c2lnbmF0dXJl`)).status).toBe(200);
  });
});

describe("bodies", () => {
  const lengthBody = (body: string) =>
    `POST / HTTP/1.1\r\n${HOST}Content-Length: ${body.length}\r\n\r\n${body}`;
  const chunk = (body: string) => `${body.length.toString(16)}\r\n${body}\r\n`;
  const chunkedHead = `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`;

  test.each<[string, (token: string) => string]>([
    ["JSON", (t) => lengthBody(`{"key":"${t}"}`)],
    ["a body that ends with the token", (t) => lengthBody(`key=${t}`)],
    ["a body that is the token", (t) => lengthBody(t)],
    ["one chunk", (t) => `${chunkedHead}${chunk(`{"key":"${t}"}`)}0\r\n\r\n`],
    ["a chunk a byte", (t) => `${chunkedHead}${[...`{"key":"${t}"}`].map(chunk).join("")}0\r\n\r\n`],
    ["a chunk that ends with the token", (t) => `${chunkedHead}${chunk(`key=${t}`)}0\r\n\r\n`],
    [
      "chunk extensions between",
      (t) =>
        `${chunkedHead}5;a=b\r\n${t.slice(0, 5)}\r\n${(t.length - 5).toString(16)};c\r\n${t.slice(5)}\r\n0\r\n\r\n`,
    ],
    ["a trailer", (t) => `${chunkedHead}${chunk("x")}0\r\nX-Sum: ${t}\r\n\r\n`],
  ])("%s", async (_name, request) => {
    await gateway.leak(TOKEN);
    await blocksOnly(request);
  });

  test("the same body arrives byte for byte where nothing is leaked, trailers too", async () => {
    await gateway.leak(TOKEN);
    await exchange(gateway.port, `${chunkedHead}${chunk("hello ")}${chunk("world")}0\r\nX-Sum: 1\r\n\r\n`);
    expect(upstream.text).toContain("\r\n\r\nb\r\nhello world\r\n0\r\nX-Sum: 1\r\n\r\n");
  });

  test("an ordinary body is held until its end: the upstream does not hear of a blocked one", async () => {
    await gateway.leak(TOKEN);
    const client = new RawClient(gateway.port);
    client
      .write(`POST / HTTP/1.1\r\n${HOST}Content-Length: ${8 + TOKEN.length}\r\n\r\n`)
      .write(`{"k": "${TOKEN}`);
    await client.write('"').sees("403");
    expect(upstream.seen).toHaveLength(0);
    // The body came whole, so the connection can go on.
    await client.write(`GET / HTTP/1.1\r\n${HOST}\r\n`).sees("200 OK");
    client.socket.destroy();
  });

  test("a token is seen in its longest spelling, whatever pieces it comes in", async () => {
    await gateway.leak(TOKEN);
    const spelled = [...TOKEN].map((letter) => `&#x00${letter.charCodeAt(0).toString(16)};`).join("");
    const body = Buffer.from(`<key>${spelled}</key>`, "utf16le");
    const client = new RawClient(gateway.port);
    client.write(chunkedHead);
    for (let at = 0; at < body.length; at += 40) {
      const before = upstream.text.length;
      client.write(chunk(body.subarray(at, at + 40).toString("latin1")));
      if (at + 40 < body.length) await until("a piece has gone on", () => upstream.text.length > before);
    }
    client.write("0\r\n\r\n");
    await client.sees("403");
    expect(upstream.text).not.toContain("\r\n0\r\n");
    client.socket.destroy();
  });

  test("a stream that sends 50 bytes and waits is not held for ever", async () => {
    const client = new RawClient(gateway.port);
    client.write(`${chunkedHead}${chunk("x".repeat(50))}`);
    await until("the upstream sees the bytes", () => upstream.text.includes("x".repeat(50)));
    client.write(`${chunk("more")}0\r\n\r\n`);
    await client.sees("200 OK");
    client.socket.destroy();
  });

  test("a token that comes after the hold is never forwarded whole, and the request never completes", async () => {
    await gateway.leak(TOKEN);
    const client = new RawClient(gateway.port);
    client.write(`${chunkedHead}${chunk("first part ")}`);
    await until("the upstream sees the start", () => upstream.text.includes("first part "));
    client.write(chunk(`key=${TOKEN.slice(0, 10)}`));
    await until("and half a token", () => upstream.text.includes(TOKEN.slice(0, 10)));
    client.write(`${chunk(`${TOKEN.slice(10)}"`)}0\r\n\r\n`);
    await client.sees("403");
    await until("the upstream connection is cut", () => upstream.seen[0]!.closed);
    expect(upstream.text).not.toContain(TOKEN.slice(10));
    expect(upstream.text).not.toContain("\r\n0\r\n");
    client.socket.destroy();
  });

  test("a token at a chunk's very end waits for the next byte: a letter makes it another one", async () => {
    await gateway.leak(TOKEN);
    const client = new RawClient(gateway.port);
    client.write(`${chunkedHead}${chunk("start ")}`);
    await until("the upstream sees the start", () => upstream.text.includes("start "));
    client.write(chunk(TOKEN));
    await until("all but the last byte goes on", () => upstream.text.includes(TOKEN.slice(0, -1)));
    expect(upstream.text).not.toContain(TOKEN);
    client.write(`${chunk("x")}0\r\n\r\n`);
    await client.sees("200 OK");
    expect(upstream.text).toContain("2\r\n1x\r\n");
    client.socket.destroy();
  });

  test("the same followed by a blank, or by the end, is blocked", async () => {
    await gateway.leak(TOKEN);
    for (const rest of [chunk(" "), ""]) {
      const client = new RawClient(gateway.port);
      const before = upstream.text.length;
      client.write(`${chunkedHead}${chunk("start ")}`);
      await until("the upstream sees the start", () => upstream.text.slice(before).includes("start "));
      client.write(chunk(TOKEN));
      await until("all but the last byte goes on", () =>
        upstream.text.slice(before).includes(TOKEN.slice(0, -1)),
      );
      client.write(`${rest}0\r\n\r\n`);
      await client.sees("403");
      expect(upstream.text).not.toContain(TOKEN);
      client.socket.destroy();
    }
  });

  test("Expect: 100-continue is answered by the gateway, after the head was inspected", async () => {
    await gateway.leak(TOKEN);
    const head = (key: string) =>
      `POST / HTTP/1.1\r\n${HOST}X-Key: ${key}\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n`;
    const client = new RawClient(gateway.port);
    client.write(head("fine"));
    await client.sees("HTTP/1.1 100 Continue\r\n\r\n");
    expect(upstream.seen).toHaveLength(0);
    client.write("body");
    await client.sees("200 OK");
    expect(upstream.text).not.toContain("Expect");
    client.socket.destroy();
    const blocked = new RawClient(gateway.port);
    blocked.write(head(TOKEN));
    await blocked.sees("403");
    expect(blocked.text).not.toContain("100 Continue");
    await blocked.end();
  });
});

describe("rules", () => {
  const get = (port: number, method = "GET") =>
    exchange(port, `${method} / HTTP/1.1\r\n${HOST}X-Key: ${TOKEN}\r\n\r\n`);

  test("opened passes, patched blocks, closed passes, reopened passes until applied again", async () => {
    const leak = await gateway.register(TOKEN);
    expect((await get(gateway.port)).status).toBe(200);
    await gateway.decide(leak, "vpatch");
    expect((await get(gateway.port)).status).toBe(403);
    await gateway.decide(leak, "close");
    expect((await get(gateway.port)).status).toBe(200);
    await gateway.decide(leak, "reopen");
    expect((await get(gateway.port)).status).toBe(200);
    await gateway.decide(leak, "vpatch");
    expect((await get(gateway.port)).status).toBe(403);
  });

  test("a token of two leaks stays blocked until the last patched one lets go", async () => {
    const one = await gateway.leak(TOKEN);
    const two = await gateway.leak(TOKEN, "made-up-other-token");
    await gateway.decide(one, "close");
    expect((await get(gateway.port)).status).toBe(403);
    await gateway.decide(two, "mark_false");
    expect((await get(gateway.port)).status).toBe(200);
  });

  test("monitor lets pass and tells", async () => {
    const leak = await gateway.register(TOKEN);
    await gateway.decide(leak, "vpatch", "monitor");
    expect((await get(gateway.port)).status).toBe(200);
    const [event] = await gateway.recorded();
    expect(event).toMatchObject({ action: "monitored", leak, point: "header x-key", count: 1 });
  });

  test("an event tells what happened and holds no token, wherever it stood", async () => {
    const leak = await gateway.leak(TOKEN);
    await exchange(
      gateway.port,
      `GET /a/${TOKEN}/b?${TOKEN}=1&plain=${TOKEN} HTTP/1.1\r\n${HOST}User-Agent: ${TOKEN}\r\nX-${TOKEN}: x\r\n\r\n`,
    );
    const [event] = await gateway.recorded();
    expect(event).toMatchObject({
      type: "vpatch",
      leak,
      action: "blocked",
      point: "path",
      method: "GET",
      host: "api",
      path: "/a/***/b",
      query: ["***", "plain"],
      userAgent: "***",
      ip: "127.0.0.1",
      count: 1,
    });
    expect(JSON.stringify(event)).not.toContain(TOKEN);
  });

  test.each([
    ["header authorization", `GET / HTTP/1.1\r\n${HOST}Authorization: Bearer ${TOKEN}\r\n\r\n`],
    ["query api_key", `GET /x?a=1&api_key=${TOKEN}&b HTTP/1.1\r\n${HOST}\r\n`],
    ["query api_key", `GET /%41?api_key=%6d${TOKEN.slice(1)} HTTP/1.1\r\n${HOST}\r\n`],
    ["cookie sid", `GET / HTTP/1.1\r\n${HOST}Cookie: a=b; sid=${TOKEN}\r\n\r\n`],
    ["header authorization", `GET / HTTP/1.1\r\n${HOST}Authorization: Basic ${btoa(`u:${TOKEN}`)}\r\n\r\n`],
    ["body", `POST / HTTP/1.1\r\n${HOST}Content-Length: ${TOKEN.length}\r\n\r\n${TOKEN}`],
    ["header ***", `GET / HTTP/1.1\r\n${HOST}${TOKEN}: x\r\n\r\n`],
  ])("the point is named: %s", async (point, request) => {
    await gateway.leak(TOKEN);
    await exchange(gateway.port, request);
    expect((await gateway.recorded())[0]?.point).toBe(point);
  });
});

describe("a rule for some hosts", () => {
  async function scoped(...hosts: string[]): Promise<void> {
    const leak = await gateway.register(TOKEN);
    const { revision } = await gateway.store.decide("test", leak, "vpatch", { scope: { hosts } });
    await until("the rule is enforced", () => gateway.policy.enforcedRevision >= revision);
  }
  const status = async (host: string | null): Promise<number> => {
    const fields = host === null ? " HTTP/1.0\r\n" : ` HTTP/1.1\r\nHost: ${host}\r\n`;
    return (await exchange(gateway.port, `GET /?key=${TOKEN}${fields}\r\n`)).status;
  };

  test.each(["api.example.com", "API.example.com:8080", "api.example.com.", "api.example.com:"])(
    "holds for Host: %s",
    async (host) => {
      await scoped("api.example.com", "*.below.example.com");
      expect(await status(host)).toBe(403);
      expect(await status(host.replace(/^api/i, "a.below"))).toBe(403);
      expect(await status("api.example.com.other.example")).toBe(200);
    },
  );

  test.each(["api.example.com:000080", "api.example.com.:80", "api.example.com:123456"])(
    "holds for Host: %s too",
    async (host) => {
      await scoped("api.example.com");
      expect(await status(host)).toBe(403);
    },
  );

  test("holds for the Host that goes out where the client named none", async () => {
    await scoped("127.0.0.1");
    expect(await status(null)).toBe(403);
    expect(await status("api.example.com")).toBe(200);
  });

  test("holds for the client's Host and for the one that takes its place", async () => {
    await gateway.close();
    gateway = await TestGateway.start(upstream, {
      upstream: { url: upstream.url, host: "inner.example.com:8080" },
    });
    await scoped("api.example.com");
    expect(await status("api.example.com")).toBe(403);
    expect(await status("other.example.com")).toBe(200);
    const { revision } = await gateway.store.decide("test", "leak-1", "vpatch", {
      scope: { hosts: ["inner.example.com"] },
    });
    await until("the rule is enforced", () => gateway.policy.enforcedRevision >= revision);
    expect(await status("other.example.com")).toBe(403);
    expect(await status(null)).toBe(403);
  });
});
