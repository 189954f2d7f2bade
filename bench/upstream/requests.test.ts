import { expect, test } from "vitest";
import { Requests } from "./requests.ts";

const small = { bytes: null };
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: api.example.com\r\n\r\n`;
const plain = "POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab\r\nc";
const chunked =
  "POST /orders HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n\r\n\r\n\r\n1a;x=y\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nX-Sum: 1\r\n\r\n";

test("reads what GETs ask for, also several at once", () => {
  expect(new Requests().take(Buffer.from(get("/") + get("/bytes/65536") + get("/banana")))).toEqual([
    small,
    { bytes: 65_536 },
    small,
  ]);
});

test.each([
  ["a body of known length", plain],
  ["a chunked body", chunked],
  ["an empty body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"],
])("skips %s, wherever it is cut", (_, request) => {
  const bytes = Buffer.from(get("/") + request + get("/bytes/3"));
  expect(new Requests().take(bytes)).toEqual([small, small, { bytes: 3 }]);
  for (let cut = 1; cut < bytes.length; cut++) {
    const requests = new Requests();
    const asks = [...requests.take(bytes.subarray(0, cut)), ...requests.take(bytes.subarray(cut))];
    expect(asks).toEqual([small, small, { bytes: 3 }]);
  }
});

test("answers a request with a body only when all of it came", () => {
  const requests = new Requests();
  expect(requests.take(Buffer.from(plain.slice(0, -1)))).toEqual([]);
  expect(requests.take(Buffer.from(plain.slice(-1)))).toEqual([small]);
});

test("refuses a chunk without a size", () => {
  const request = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n";
  expect(() => new Requests().take(Buffer.from(request))).toThrow("no size");
});
