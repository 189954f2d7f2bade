import { describe, expect, test } from "vitest";
import { hasLengthPrefix, looksBinary } from "./binary.ts";

const TOKEN = "made-up-token-0001";
const LONG = `made-up-${"long-".repeat(60)}token`;

/** The bytes around the token, `|` where it stands. */
function fits(token: string, before: number[] | string, after: number[] | string): boolean {
  const start = Buffer.from(before as string, "latin1");
  const bytes = Buffer.concat([start, Buffer.from(token), Buffer.from(after as string, "latin1")]);
  return hasLengthPrefix(bytes, start.length, start.length + token.length);
}

describe("looksBinary", () => {
  test.each<[string, number[], boolean]>([
    ["application/grpc+proto", [], true],
    ["application/x-protobuf", [], true],
    ["application/vnd.google.protobuf", [], true],
    ["application/cbor", [], true],
    ["application/senml+cbor", [], true],
    ["application/x-msgpack", [], true],
    ["application/octet-stream", [65], true],
    ["application/json", [0], true],
    ["application/json", [...Buffer.from('{"a":"é€😀"}')], false],
    ["", [0xa1, 0x61, 0x6b], true],
    ["", [65, 0xc3, 65], true],
    ["text/plain", [0, 1], true],
    ["", [0x0a, 0x12, 65], true],
    ["", [0x81, 0xa1, 65, 0], true],
    ["application/unknown", [...Buffer.from("plain\r\n\ttext")], false],
    ["", [], false],
  ])("%j %j: %s", (type, bytes, is) => {
    expect(looksBinary(type, Uint8Array.from(bytes))).toBe(is);
  });
});

describe("hasLengthPrefix", () => {
  const n = TOKEN.length;
  test.each<[string, string, number[] | string, string]>([
    ["protobuf, a letter's tag behind it", TOKEN, [0x0a, n], "R\u0001a"],
    ["protobuf, Bearer before it", TOKEN, [0x0a, n + 7, ...Buffer.from("Bearer ")], "R"],
    ["protobuf, a long one", LONG, [0x0a, (LONG.length & 127) | 128, LONG.length >> 7], "Z"],
    ["gRPC", TOKEN, [0, 0, 0, 0, n + 4, 0x0a, n], "H\u0001"],
    ["CBOR text", TOKEN, [0xa1, 0x61, 0x6b, 0x60 + n], "a"],
    ["CBOR text of 8 bits", `${TOKEN}-longer`, [0x78, n + 7], "a"],
    ["CBOR text of 16 bits", LONG, [0x79, LONG.length >> 8, LONG.length & 255], "a"],
    ["CBOR bytes", TOKEN, [0x40 + n], "a"],
    ["CBOR bytes of 8 bits", `${TOKEN}-longer`, [0x58, n + 7], "a"],
    ["MessagePack fixstr", TOKEN, [0x81, 0xa1, 0x6b, 0xa0 + n], "A"],
    ["MessagePack str 8", `${TOKEN}-${TOKEN}`, [0xd9, 2 * n + 1], "A"],
    ["MessagePack str 16", LONG, [0xda, LONG.length >> 8, LONG.length & 255], "A"],
    ["MessagePack bin 8", TOKEN, [0xc4, n], "A"],
    ["Thrift", TOKEN, [0x0b, 0, 1, 0, 0, 0, n], "a"],
    ["BSON", TOKEN, [2, 107, 0, n + 1, 0, 0, 0], "a"],
    ["Avro", TOKEN, [n * 2], "a"],
  ])("%s", (_name, token, before, after) => {
    expect(fits(token, before, after)).toBe(true);
    // The same length, and the token is only the beginning of the text, or the length says less.
    expect(fits(token.slice(0, -1), before, `${token.at(-1)}${after}`)).toBe(false);
  });

  test.each<[string, number[] | string, string]>([
    ["no prefix", "x", "a"],
    ["nothing before it", "", "a"],
    ["a longer text", [0x0a, n + 1], "ab"],
    ["a shorter text", [0x0a, n - 1], "a"],
    ["words around it", "some text and ", "then"],
    ["a prefix too far away", [0x0a, n + 70, ...Buffer.alloc(70, "y")], "a"],
  ])("not %s", (_name, before, after) => {
    expect(fits(TOKEN, before, after)).toBe(false);
  });
});
