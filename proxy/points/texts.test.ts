import fc from "fast-check";
import { expect, test } from "vitest";
import { collectTexts } from "./texts.ts";

const SEED = 20261130;

function collected(bytes: Uint8Array, least: number): { read: string; isOpen: boolean } {
  const out = Buffer.alloc(bytes.length);
  const texts = { length: 0, isOpen: false };
  collectTexts(bytes, bytes.length, out, least, texts);
  return { read: out.toString("latin1", 0, texts.length), isOpen: texts.isOpen };
}

test.each<[string, string, string, boolean]>([
  ["noise", "\x01\x02ab\x03\xff", "", false],
  [
    "a text, with five bytes before it and one behind",
    "\0\0\0\x00\x01\x02\x07made-up\x01\x02",
    "\0\0\x01\x02\x07made-up\x01",
    false,
  ],
  ["two texts near to each other", "\x01made-up\x02made-up", "\x01made-up\x02made-up", true],
  ["lines and letters of several bytes", "\0m\xc3\xa4de\r\n\tup\0", "\0m\xc3\xa4de\r\n\tup\0", false],
  ["bytes that UTF-8 never has", "mad\xc0e-u\xf8p", "", false],
])("%s", (_name, bytes, read, isOpen) => {
  expect(collected(Buffer.from(bytes, "latin1"), 6)).toEqual({ read, isOpen });
});

test("finds all texts that a search byte by byte finds", () => {
  const byte = fc.oneof(fc.constantFrom(0x61, 0x20, 0xe4, 0x0a), fc.integer({ min: 0, max: 255 }));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.array(byte, { maxLength: 80 }), (noise, biased) => {
      const text = Buffer.from([...noise, ...biased]).toString("latin1");
      const runs = text.match(/[\t\n\r\x20-\x7e\x80-\xbf\xc2-\xf4]{6,}/g) ?? [];
      const { read } = collected(Buffer.from(text, "latin1"), 6);
      expect(read.match(/[\t\n\r\x20-\x7e\x80-\xbf\xc2-\xf4]{6,}/g) ?? []).toEqual(runs);
    }),
    { seed: SEED, numRuns: 500 },
  );
});
