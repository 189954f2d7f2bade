import * as zlib from "node:zlib";
import { describe, expect, test } from "vitest";
import { CODINGS } from "./codings.ts";
import * as spell from "./spell.ts";
import { KINDS } from "./tokens.ts";

// A case proves something only where a plain decoder reads the token from it: these are the plain decoders.

type Spell = (text: string) => string;
const percent = (text: string) => decodeURIComponent(text);
const json = (text: string) => JSON.parse(`"${text}"`) as string;
const base64 = (text: string) => Buffer.from(text, "base64").toString("latin1");
const entities = (text: string) =>
  text.replaceAll(/&#(?:x([0-9A-Fa-f]+)|([0-9]+));/g, (_, hex: string | undefined, decimal: string) =>
    String.fromCharCode(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)),
  );
const quoted = (text: string) =>
  text
    .replaceAll("=\r\n", "")
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

const DECODERS: readonly (readonly [string, (text: string) => string, readonly Spell[]])[] = [
  [
    "percent",
    percent,
    [
      spell.percentAll,
      spell.percentLower,
      spell.percentMixed,
      spell.percentFirst,
      spell.percentLast,
      spell.percentNeeded,
    ],
  ],
  ["percent twice", (text) => percent(percent(text)), [spell.percentTwice]],
  [
    "JSON",
    json,
    [
      spell.jsonUpper,
      spell.jsonLower,
      spell.jsonMixed,
      spell.jsonFirst,
      spell.jsonLast,
      spell.jsonSlash,
      (text) => spell.jsonString(text).slice(1, -1),
    ],
  ],
  [
    "base64",
    base64,
    [
      spell.base64,
      spell.base64NoPadding,
      spell.base64Url,
      spell.base64UrlPadded,
      (text) => spell.base64Lines(text, 7, "\r\n"),
    ],
  ],
  [
    "entities",
    entities,
    [
      spell.entityDecimal,
      spell.entityHex,
      spell.entityHexUpper,
      spell.entityPadded,
      spell.entityMixed,
      spell.entityFirst,
      spell.entityLast,
    ],
  ],
  [
    "quoted-printable",
    quoted,
    [
      (text) => spell.quotedPrintable(text),
      (text) => spell.quotedPrintable(text, 4),
      spell.quotedPrintableAll,
      spell.quotedPrintableMixed,
    ],
  ],
];

describe.each(DECODERS)("%s", (_name, decode, spellings) => {
  test.each(KINDS)("reads $name", ({ text }) => {
    for (const write of spellings) expect(decode(write(text))).toBe(text);
  });
});

test("UTF-16 in both orders", () => {
  for (const { text } of KINDS) {
    expect(new TextDecoder("utf-16le").decode(spell.utf16le(text))).toBe(text);
    expect(new TextDecoder("utf-16be").decode(spell.utf16be(text))).toBe(text);
  }
});

test.each(CODINGS)("$name is undone", ({ field, encode }) => {
  const body = Buffer.from(`made up: ${KINDS.map(({ text }) => text).join(" ")}`);
  let decoded = encode(body);
  for (const coding of field.toLowerCase().split(",").reverse()) decoded = undo(coding.trim(), decoded);
  expect(decoded.equals(body)).toBe(true);
});

function undo(coding: string, body: Buffer): Buffer {
  switch (coding) {
    case "gzip":
    case "x-gzip":
      return zlib.gunzipSync(body);
    case "deflate":
      return (body[0]! & 15) === 8 && body.readUInt16BE(0) % 31 === 0
        ? zlib.inflateSync(body)
        : zlib.inflateRawSync(body);
    case "br":
      return zlib.brotliDecompressSync(body);
    case "zstd":
      return (zlib as unknown as { zstdDecompressSync(bytes: Buffer): Buffer }).zstdDecompressSync(body);
    default:
      return body;
  }
}
