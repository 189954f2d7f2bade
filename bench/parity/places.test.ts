import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { listedToken } from "../tokens.ts";
import { jsonOf } from "./checks.ts";
import { placeNames, requestWith } from "./places.ts";

const token = listedToken(0);

test.each(placeNames)("a backend reads the token from: %s", (place) => {
  const { target, fields, pieces } = requestWith(token, place);
  const body = Buffer.concat(pieces);
  const isGzip = fields.some(([, value]) => value === "gzip");
  const basic = fields.flatMap(([, value]) => /^Basic (.*)$/.exec(value)?.[1] ?? []);
  const read = [
    decodeURIComponent(target),
    ...fields.map(([, value]) => value),
    ...basic.map((text) => Buffer.from(text, "base64").toString()),
    ...(body.length === 0 ? [] : [(isGzip ? gunzipSync(body) : body).toString()]),
    ...(place === "json-escaped" ? [JSON.parse(body.toString()).credentials.token as string] : []),
  ];
  expect(read.some((text) => text.includes(token))).toBe(true);
});

test("neither half of the cut body holds the token", () => {
  const { pieces } = requestWith(token, "chunk-border");
  expect(pieces).toHaveLength(2);
  expect(pieces.some((piece) => piece.includes(token))).toBe(false);
});

test("the JSON of the uploads has the size that it is called by", () => {
  expect(jsonOf(1_024)).toHaveLength(1_024);
  expect(JSON.parse(jsonOf(65_536).toString()).note).toContain("made-up note 1;");
});
