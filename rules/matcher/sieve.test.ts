import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Pepper } from "../pepper.ts";
import { anchorAt, Keyed, WINDOW_BYTES } from "./keyed.ts";
import { ANY_SIGN, LEAST_MAX, PlainSieve, type Sieve, Sign, SimdSieve, sieve } from "./sieve.ts";

const SEED = 20261130;
const plain = new PlainSieve();
const simd = new SimdSieve();
const { words } = new Keyed(Pepper.fromBytes(Buffer.alloc(32, 7)));
plain.use(words);
simd.use(words);

function noted(by: Sieve, bytes: Uint8Array, from: number, least: number): number[] {
  by.window.fill(0x25);
  by.window.set(bytes);
  const ends = [...by.ends.subarray(0, by.note(from, bytes.length, least))];
  expect([...by.anchors.subarray(0, ends.length)]).toEqual(ends.map((end) => anchorAt(words, bytes, end)));
  return ends;
}

/** The plain way: bytes that may stand in a token, before one that ends a word. */
function expected(bytes: Uint8Array, from: number, least: number): number[] {
  const isSolid = (byte: number) => byte > 0x20 && byte !== 0x7f;
  const ends: number[] = [];
  for (let end = Math.max(from, least); end < bytes.length; end++)
    if (!/[\w-]/.test(String.fromCharCode(bytes[end]!)) && bytes.subarray(end - least, end).every(isSolid))
      ends.push(end);
  return ends;
}

const anyByte = fc.integer({ min: 0, max: 255 });
const often = fc.constantFrom(...Buffer.from('aZ09_-.",+/%\\&<>] \n\x7f\x00\x1f\x21\x80\xff', "latin1"));
const rarely = fc.oneof(
  { arbitrary: often, weight: 1 },
  { arbitrary: fc.constantFrom(0x61, 0x2e), weight: 12 },
);
const bytesOf = (byte: fc.Arbitrary<number>) => fc.array(byte, { maxLength: 400 });
const anyBytes = fc
  .oneof(bytesOf(anyByte), bytesOf(often), bytesOf(rarely))
  .map((bytes) => Uint8Array.from(bytes));

test("this engine runs the one with SIMD", () => {
  expect(sieve).toBeInstanceOf(SimdSieve);
});

test("both note what a search byte by byte notes", () => {
  fc.assert(
    fc.property(
      anyBytes,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer({ min: 6, max: LEAST_MAX }),
      (bytes, part, least) => {
        const from = Math.floor(part * bytes.length);
        const ends = expected(bytes, from, least);
        expect(noted(plain, bytes, from, least)).toEqual(ends);
        expect(noted(simd, bytes, from, least)).toEqual(ends);
      },
    ),
    { seed: SEED, numRuns: 3_000 },
  );
});

test("a full window of nothing but ends", () => {
  const bytes = new Uint8Array(WINDOW_BYTES).fill(0x2e);
  const ends = noted(simd, bytes, 0, 6);
  expect(ends).toEqual(noted(plain, bytes, 0, 6));
  expect(ends).toHaveLength(WINDOW_BYTES - 6);
});

describe("signs", () => {
  const signsOf = (text: string) => {
    noted(simd, Buffer.from(text, "latin1"), 0, 6);
    return simd.signs();
  };

  test("each is seen wherever it stands, and no other", () => {
    const signs: [string, number][] = [
      ["%", Sign.percent],
      ["\\", Sign.backslash],
      ["\0", Sign.nul],
      ["&", Sign.markup],
      ["<", Sign.markup],
      [">", Sign.markup],
    ];
    for (const [letter, sign] of signs)
      for (let before = 0; before < 130; before++)
        for (const after of [0, 1, 70])
          expect(signsOf(`${" ".repeat(before)}${letter}${"=".repeat(after)}`)).toBe(sign);
  });

  test("no other byte is one, nor what the window held before", () => {
    for (let byte = 1; byte < 256; byte++) {
      const letter = String.fromCharCode(byte);
      if (!"%\\&<>".includes(letter)) expect(signsOf(`${letter} ${letter}`)).toBe(0);
    }
  });

  test("a run of 31 letters of base64 is seen wherever it stands", () => {
    for (let before = 0; before < 100; before++) {
      expect(signsOf(`${" ".repeat(before)}abcdefghijklmnop+/-_ABCDEFG0189`)).toBe(Sign.letters);
      expect(signsOf(`${" ".repeat(before)}abcdefghijklmno`)).toBe(0);
    }
  });

  test("the plain one knows nothing of them", () => {
    expect(plain.signs()).toBe(ANY_SIGN);
  });
});
