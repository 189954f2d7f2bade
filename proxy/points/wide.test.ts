import { expect, test } from "vitest";
import { narrow, WIDTHS } from "./wide.ts";

const read = (bytes: Buffer, least = 4) => {
  const out = Buffer.alloc(bytes.length + 1);
  const texts = WIDTHS.map((width) =>
    out.toString("latin1", 0, narrow(bytes, bytes.length, out, least, width)),
  );
  return texts.join(" ").trim();
};
const le = (text: string) => Buffer.from(text, "utf16le");
const be = (text: string) => Buffer.from(text, "utf16le").swap16();
const utf32 = (text: string) => {
  const bytes = Buffer.alloc(text.length * 4);
  for (let at = 0; at < text.length; at++) bytes.writeUInt32LE(text.charCodeAt(at), at * 4);
  return bytes;
};

test.each<[string, Buffer, string]>([
  ["little endian", le('{"a":"made-up"}'), '{"a":"made-up"}'],
  ["big endian", be('{"a":"made-up"}'), '{"a":"made-up"}'],
  ["with its mark", le("\ufeffmade-up"), "made-up"],
  ["with its mark, big endian", be("\ufeffmade-up"), "made-up"],
  ["lines", le("made\r\n\tup"), "made\r\n\tup"],
  ["other letters around it", le("日本made-up日本 and more"), "made-up  and more"],
  ["four bytes", utf32("made-up"), "made-up"],
  ["four bytes, big endian", utf32("made-up").swap32(), "made-up"],
  ["behind bytes of another kind", Buffer.concat([Buffer.from("x=1&y"), le("made-up")]), "made-up"],
  ["plain text", Buffer.from("made-up"), ""],
  ["a short one", le("mad"), ""],
  ["binary", Buffer.from([0, 1, 0, 2, 65, 0, 66, 0, 0, 0, 67]), ""],
  ["nothing", Buffer.alloc(0), ""],
])("%s", (_name, bytes, text) => {
  expect(read(bytes)).toBe(text);
});

test.each([
  ["a text that ends with the bytes stays open", le("made-up"), "made-up"],
  ["also before the NUL of its last letter", le("made-up").subarray(0, -1), "made-up"],
  ["one that ends before them does not", le("made-up日本"), "made-up "],
])("%s", (_name, bytes, text) => {
  const out = Buffer.alloc(bytes.length);
  expect(out.toString("latin1", 0, narrow(bytes, bytes.length, out, 4, 2))).toBe(text);
});
