import { describe, expect, test } from "vitest";
import { partsOfBody } from "./body.ts";

const points = (type: string, text: string, held: string) =>
  [...partsOfBody(type, text)].filter((part) => part.text.includes(held)).map((part) => part.point);

describe("partsOfBody", () => {
  test.each([
    ["application/json", '{"a":{"b":["x","TOKEN"]}}', "body json /a/b/1"],
    ["application/json", '{"a":"TOKEN"', "body json /a"],
    ["application/json", '{"a":"x","a":"TOKEN"}', "body json /a"],
    ["application/json", '{"TOKEN":1}', "body json /TOKEN"],
    ["application/json", '["x",{"k/~":"TOKEN', "body json /1/k~1~0"],
    ["application/json", '"TOKEN"', "body json"],
    ["application/x-ndjson", '{"a":1}\n{"b":"TOKEN"}', "body json /b"],
    ["text/plain", ' {"a\\"b":"TOKEN"}', 'body json /a\\"b'],
    [
      "application/json",
      '{"query":"{ a }","variables":{"input":{"token":"TOKEN"}}}',
      "body graphql variable input.token",
    ],
    ["application/json", '{"query":"{ a(t: \\"TOKEN\\") }"}', "body graphql query"],
    ["application/x-www-form-urlencoded", "a=b&key=TOKEN&c", "body form key"],
    ["application/xml", "<a><b>TOKEN</b></a>", "body xml"],
    ["", "<a>TOKEN</a>", "body xml"],
    [
      "multipart/form-data; boundary=xyz",
      '--xyz\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--xyz\r\nContent-Disposition: form-data; name="token"\r\n\r\nTOKEN\r\n--xyz--',
      "body multipart field token",
    ],
    [
      'multipart/form-data; boundary="x y"',
      '--x y\r\nContent-Disposition: form-data; name="up"; filename="a.txt"\r\n\r\nTOKEN',
      "body multipart file up",
    ],
  ])("%s %j", (type, text, point) => {
    expect(points(type, text, "TOKEN")).toContain(point);
  });

  test.each([
    ["text/plain", "TOKEN"],
    ["multipart/form-data", "--x\r\n\r\nTOKEN"],
    ["application/octet-stream", "a=TOKEN"],
  ])("%s %j has no parts", (type, text) => {
    expect(points(type, text, "TOKEN")).toEqual([]);
  });

  test("a text that nests without end is left", () => {
    expect([...partsOfBody("application/json", "[".repeat(100_000))]).toEqual([]);
  });
});
