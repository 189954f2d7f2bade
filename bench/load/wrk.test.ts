import { expect, test } from "vitest";
import { luaText, resultOf, scriptOf } from "./wrk.ts";

test("a text keeps its line ends, quotes and backslashes", () => {
  expect(luaText('a\r\n{"b":"\\n"}')).toBe('"a\\r\\n{\\"b\\":\\"\\\\n\\"}"');
});

test("the script sends each request in turn, and closes where every request has a connection of its own", () => {
  const order = { port: 1, connections: 1, seconds: 1, perSecond: null };
  const requests = [{ method: "GET", path: "/a", headers: {} } as const];
  expect(scriptOf({ ...order, requests })).toContain('"GET /a HTTP/1.1\\r\\nhost: 127.0.0.1:1\\r\\n\\r\\n"');
  expect(scriptOf({ ...order, requests, isFresh: true })).toContain("connection: close");
});

test("the line of figures is read", () => {
  const said = "Running 1s test\nfigures 100 1 1002000 900 2000 3000 200:90 403:10 \nmore\n";
  expect(resultOf(said)).toEqual({
    requests: 100,
    errors: 1,
    statuses: { 200: 90, 403: 10 },
    seconds: 1.002,
    latencyUs: { p50: 900, p99: 2_000, p999: 3_000 },
  });
  expect(() => resultOf("unable to connect")).toThrow("unable to connect");
});
