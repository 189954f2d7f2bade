import { describe, expect, test } from "vitest";
import { limitsSchema } from "./config.ts";
import { giveParser, REQUEST, takeParser } from "./llhttp.ts";
import { normalizeRequest, type RequestHead } from "./normalize.ts";

const limits = limitsSchema.parse({});

function normalize(head: string, isTrusted = false): RequestHead | string {
  const bytes = Buffer.from(head, "latin1");
  const parser = takeParser(REQUEST);
  try {
    return normalizeRequest(parser, bytes, 0, bytes.length, limits, isTrusted);
  } finally {
    giveParser(parser);
  }
}

function accepted(head: string, isTrusted = false): RequestHead {
  const normalized = normalize(head, isTrusted);
  if (typeof normalized === "string") throw new Error(`refused as ${normalized}`);
  return normalized;
}

describe("what every reader would understand alike", () => {
  test("keeps fields in order, name and value as they came, blanks around the value aside", () => {
    const head = accepted("GET /a?b=c HTTP/1.1\r\nHost: api\r\nX-One:  1 \t\r\nx-Empty:\r\nX-One: 2\r\n\r\n");
    expect(head.fields).toBe("X-One: 1\r\nx-Empty: \r\nX-One: 2\r\n");
    expect([head.method, head.target, head.host, head.minor]).toEqual(["GET", "/a?b=c", "api", 1]);
  });

  test.each([
    ["Connection: keep-alive\r\n", true],
    ["Connection: Close\r\n", false],
    ["Connection: foo, close\r\n", false],
    ["", true],
  ])("keep-alive of HTTP/1.1 with %j is %s", (field, keepAlive) => {
    expect(accepted(`GET / HTTP/1.1\r\nHost: a\r\n${field}\r\n`).keepAlive).toBe(keepAlive);
  });

  test("HTTP/1.0 closes unless asked, and needs no Host", () => {
    expect(accepted("GET / HTTP/1.0\r\n\r\n").keepAlive).toBe(false);
    expect(accepted("GET / HTTP/1.0\r\n\r\n").host).toBe("");
    expect(accepted("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keepAlive).toBe(true);
  });

  test("hop-by-hop fields, and those that Connection names, end here", () => {
    const head = accepted(
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Hop\r\nKeep-Alive: timeout=1\r\nProxy-Connection: x\r\nX-Hop: 1\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nUpgrade: h2c\r\nTE: trailers\r\nX-Stay: 1\r\n\r\n",
    );
    expect(head.fields).toBe("X-Stay: 1\r\n");
    expect(head.isWebSocket).toBe(false);
    expect(head.acceptsTrailers).toBe(true);
  });

  test("Connection cannot take the body's description away", () => {
    const head = accepted(
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: content-type, content-length\r\nContent-Type: a/b\r\nContent-Length: 3\r\n\r\n",
    );
    expect(head.fields).toBe("Content-Type: a/b\r\n");
    expect(head.contentLength).toBe(3);
  });

  test("what says who the client is counts from trusted addresses only", () => {
    const text =
      "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX_Forwarded_For: 6.6.6.6\r\nX-Request-Id: r1\r\n\r\n";
    expect(accepted(text).fields).toBe("");
    expect(accepted(text, true).fields).toBe("X-Forwarded-Proto: https\r\nX_Forwarded_For: 6.6.6.6\r\n");
    expect(accepted(text, true).forwardedFor).toBe("1.2.3.4");
  });

  test("an absolute target is rewritten", () => {
    expect(accepted("GET http://api:80/x?y HTTP/1.1\r\nHost: API:80\r\n\r\n").target).toBe("/x?y");
    expect(accepted("GET http://api HTTP/1.1\r\nHost: api\r\n\r\n").target).toBe("/");
    expect(accepted("GET http://api?x HTTP/1.1\r\nHost: api\r\n\r\n").target).toBe("/?x");
    expect(accepted("OPTIONS http://api HTTP/1.1\r\nHost: api\r\n\r\n").target).toBe("*");
  });

  test("WebSocket is the only upgrade", () => {
    const websocket =
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n";
    expect(accepted(websocket).isWebSocket).toBe(true);
    expect(accepted(websocket.replace("GET", "POST")).isWebSocket).toBe(false);
    expect(accepted(websocket.replace("websocket", "h2c, websocket")).isWebSocket).toBe(false);
  });

  test("a head of several kilobytes and repeated credentials pass", () => {
    const head = accepted(
      `GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YTpi\r\nAuthorization: basic  Yzpk\r\nCookie: ${"c".repeat(8_000)}\r\n\r\n`,
    );
    expect(head.basic).toEqual(["YTpi", " Yzpk"]);
  });
});

const host = "Host: a\r\n";
describe("what is refused, and how", () => {
  test.each([
    ["HTTP/0.9", "GET /\r\n\r\n", "broken_request"],
    ["a missing version", "GET / \r\n\r\n", "broken_request"],
    ["HTTP/2.0", `GET / HTTP/2.0\r\n${host}\r\n`, "broken_request"],
    ["HTTP/1.2", `GET / HTTP/1.2\r\n${host}\r\n`, "broken_request"],
    ["RTSP/1.0", `GET / RTSP/1.0\r\n${host}\r\n`, "broken_request"],
    ["ICE/1.0", `SOURCE / ICE/1.0\r\n${host}\r\n`, "broken_request"],
    ["a fragment", `GET /a#b HTTP/1.1\r\n${host}\r\n`, "broken_request"],
    ["two blanks before the target", `GET  / HTTP/1.1\r\n${host}\r\n`, "broken_request"],
    ["a blank in the target", `GET /a b HTTP/1.1\r\n${host}\r\n`, "broken_request"],
    ["a tab in the start line", `GET\t/ HTTP/1.1\r\n${host}\r\n`, "broken_request"],
    ["a leading blank", ` GET / HTTP/1.1\r\n${host}\r\n`, "broken_request"],
    ["CONNECT", `CONNECT a:1 HTTP/1.1\r\n${host}\r\n`, "connect"],
    ["an unknown method", `FROB / HTTP/1.1\r\n${host}\r\n`, "unknown_method"],
    ["a method in small letters", `get / HTTP/1.1\r\n${host}\r\n`, "unknown_method"],
    ["a method that is no word", `G(T / HTTP/1.1\r\n${host}\r\n`, "broken_request"],
    ["* without OPTIONS", `GET * HTTP/1.1\r\n${host}\r\n`, "broken_request"],
    ["a target without a slash", `GET a HTTP/1.1\r\n${host}\r\n`, "broken_request"],
    ["an absolute target of another Host", `GET http://b/ HTTP/1.1\r\n${host}\r\n`, "missing_host"],
    ["user info in the target", `GET http://u:p@a/ HTTP/1.1\r\n${host}\r\n`, "broken_request"],
    ["no Host", "GET / HTTP/1.1\r\n\r\n", "missing_host"],
    ["an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", "missing_host"],
    ["two Hosts", `GET / HTTP/1.1\r\n${host}${host}\r\n`, "missing_host"],
    ["a Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "missing_host"],
    [
      "content-length with transfer-encoding",
      `POST / HTTP/1.1\r\n${host}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n`,
      "broken_request",
    ],
    [
      "transfer-encoding with content-length",
      `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n`,
      "broken_request",
    ],
    [
      "differing content-lengths",
      `POST / HTTP/1.1\r\n${host}Content-Length: 3\r\nContent-Length: 4\r\n\r\n`,
      "broken_request",
    ],
    [
      "repeated content-length",
      `POST / HTTP/1.1\r\n${host}Content-Length: 3\r\nContent-Length: 3\r\n\r\n`,
      "broken_request",
    ],
    ["a list of content-lengths", `POST / HTTP/1.1\r\n${host}Content-Length: 3, 3\r\n\r\n`, "broken_request"],
    ["a signed content-length", `POST / HTTP/1.1\r\n${host}Content-Length: +3\r\n\r\n`, "broken_request"],
    [
      "a hexadecimal content-length",
      `POST / HTTP/1.1\r\n${host}Content-Length: 0x3\r\n\r\n`,
      "broken_request",
    ],
    [
      "a content-length above 2^53",
      `POST / HTTP/1.1\r\n${host}Content-Length: 9007199254740993\r\n\r\n`,
      "broken_request",
    ],
    ["gzip, chunked", `POST / HTTP/1.1\r\n${host}Transfer-Encoding: gzip, chunked\r\n\r\n`, "broken_request"],
    ["identity", `POST / HTTP/1.1\r\n${host}Transfer-Encoding: identity\r\n\r\n`, "broken_request"],
    [
      "chunked twice",
      `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`,
      "broken_request",
    ],
    ["xchunked", `POST / HTTP/1.1\r\n${host}Transfer-Encoding: xchunked\r\n\r\n`, "broken_request"],
    ["Transfer_Encoding", `POST / HTTP/1.1\r\n${host}Transfer_Encoding: chunked\r\n\r\n`, "broken_request"],
    ["Content_Length", `POST / HTTP/1.1\r\n${host}Content_Length: 3\r\n\r\n`, "broken_request"],
    ["HTTP/1.0 with chunked", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "broken_request"],
    [
      "two content-types",
      `POST / HTTP/1.1\r\n${host}Content-Type: a/b\r\ncontent-type: c/d\r\n\r\n`,
      "broken_request",
    ],
    ["bare LF after the start line", `GET / HTTP/1.1\n${host}\r\n`, "broken_request"],
    ["bare LF after a field", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", "broken_request"],
    ["bare CR in a value", `GET / HTTP/1.1\r\n${host}X: a\rb\r\n\r\n`, "broken_request"],
    ["a folded line", `GET / HTTP/1.1\r\n${host}X: a\r\n b\r\n\r\n`, "broken_request"],
    ["a folded line with a tab", `GET / HTTP/1.1\r\n${host}X: a\r\n\tb\r\n\r\n`, "broken_request"],
    ["a blank before the colon", `GET / HTTP/1.1\r\n${host}X : a\r\n\r\n`, "broken_request"],
    ["a field without a name", `GET / HTTP/1.1\r\n${host}: a\r\n\r\n`, "broken_request"],
    ["a field without a colon", `GET / HTTP/1.1\r\n${host}Xa\r\n\r\n`, "broken_request"],
    ["NUL in a value", `GET / HTTP/1.1\r\n${host}X: a\0b\r\n\r\n`, "broken_request"],
    ["a control byte in a value", `GET / HTTP/1.1\r\n${host}X: a\x01b\r\n\r\n`, "broken_request"],
    ["DEL in a value", `GET / HTTP/1.1\r\n${host}X: a\x7fb\r\n\r\n`, "broken_request"],
    ["NUL in a name", `GET / HTTP/1.1\r\n${host}X\0: a\r\n\r\n`, "broken_request"],
    ["a control byte in the target", `GET /\x01 HTTP/1.1\r\n${host}\r\n`, "broken_request"],
    ["an expectation we cannot meet", `POST / HTTP/1.1\r\n${host}Expect: 200-ok\r\n\r\n`, "expectation"],
    ["too many fields", `GET / HTTP/1.1\r\n${host}${"X: y\r\n".repeat(100)}\r\n`, "too_many_fields"],
    ["a target too long", `GET /${"a".repeat(8192)} HTTP/1.1\r\n${host}\r\n`, "target_too_long"],
  ])("%s", (_what, head, kind) => {
    expect(normalize(head)).toBe(kind);
  });
});
