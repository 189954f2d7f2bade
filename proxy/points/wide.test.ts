import fc from "fast-check";
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

/** The plain way: each place may begin a text. */
function narrowByteByByte(bytes: Uint8Array, least: number, width: number): string {
  const isAscii = (byte: number) => (byte >= 0x20 && byte < 0x7f) || byte === 9 || byte === 10 || byte === 13;
  let text = "";
  for (let at = 0; at < bytes.length; at++) {
    let last = at;
    if (!isAscii(bytes[at]!)) continue;
    const follows = (next: number) =>
      next < bytes.length &&
      isAscii(bytes[next]!) &&
      bytes.subarray(next - width + 1, next).every((byte) => byte === 0);
    while (follows(last + width)) last += width;
    if ((last - at) / width + 1 < least) continue;
    for (let letter = at; letter <= last; letter += width) text += String.fromCharCode(bytes[letter]!);
    if (last + width < bytes.length) text += " ";
    at = last;
  }
  return text;
}

test("reads what a search byte by byte reads", () => {
  const unit = fc.constantFrom(
    [0x61],
    [0],
    [0x61, 0],
    [0x62, 0, 0, 0],
    [0, 0x63],
    [0xff],
    [1, 0],
    [0, 0, 0, 0x64],
  );
  const repeated = fc
    .tuple(unit, fc.integer({ min: 1, max: 12 }))
    .map(([bytes, times]) => Array(times).fill(bytes).flat());
  fc.assert(
    fc.property(fc.array(repeated, { maxLength: 8 }), fc.integer({ min: 2, max: 9 }), (parts, least) => {
      const bytes = Buffer.from(parts.flat());
      const out = Buffer.alloc(bytes.length + 1);
      for (const width of WIDTHS)
        expect(out.toString("latin1", 0, narrow(bytes, bytes.length, out, least, width))).toBe(
          narrowByteByByte(bytes, least, width),
        );
    }),
    { seed: 20261130, numRuns: 2_000 },
  );
});
