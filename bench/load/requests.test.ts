import { expect, test } from "vitest";
import { listedToken } from "../tokens.ts";
import { orders, posts, wireOf, workload } from "./requests.ts";

test.each([1_024, 65_536])("a JSON body is valid and has %i bytes", (bytes) => {
  const text = orders(bytes);
  expect(Buffer.byteLength(text)).toBe(bytes);
  expect((JSON.parse(text) as { orders: unknown[] }).orders.length).toBeGreaterThan(1);
});

test("as many requests carry a listed token as are asked for", () => {
  const listed = (percent: number) =>
    workload(percent).filter(({ headers }) => headers.authorization?.includes(listedToken(0))).length;
  expect([0, 10, 50, 100].map(listed)).toEqual([0, 2, 10, 20]);
});

test("a request on the wire says how long its body is, and that it is the last", () => {
  const wire = wireOf(posts(1_024)[0]!, "127.0.0.1:1", true);
  expect(wire).toMatch(/^POST \/\S+ HTTP\/1\.1\r\nhost: 127\.0\.0\.1:1\r\n/);
  expect(wire).toContain("\r\nconnection: close\r\ncontent-length: 1024\r\n\r\n{");
});
