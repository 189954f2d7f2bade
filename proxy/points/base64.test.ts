import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeRun, meetInRun, nextRun, type Run } from "./base64.ts";

function runsIn(text: string, min: number): string[] {
  const bytes = Buffer.from(text, "latin1");
  const found: string[] = [];
  const run: Run = { start: 0, end: 0, isWrapped: false };
  for (let from = 0; nextRun(bytes, from, bytes.length, min, true, run); from = run.end)
    found.push(text.slice(run.start, run.end));
  return found;
}

describe("nextRun", () => {
  test.each<[string, number, string[]]>([
    ["", 4, []],
    ["abc", 4, []],
    ["abcd", 4, ["abcd"]],
    ["abcd=", 4, ["abcd"]],
    ["a.bcde.f", 4, ["bcde"]],
    ["short words only in it", 8, []],
    ["a+/-_b9", 7, ["a+/-_b9"]],
    ["aaaaaaaa bbbb cccccccc", 8, ["aaaaaaaa", "cccccccc"]],
    ["aaaaaaaa\r\nbbbb==\r\n", 8, ["aaaaaaaa\r\nbbbb"]],
    ["aaaaaaaa\n bbbb", 8, ["aaaaaaaa\n bbbb"]],
    ["aaaaaaaa\r\n--x", 8, ["aaaaaaaa\r\n--x"]],
    ["aaaaaaaa\r\n\r\n.", 8, ["aaaaaaaa"]],
    ["aaaa\nbbbb", 8, []],
    ["x:aaaaaaaaa,bbbbbbbbb;", 9, ["aaaaaaaaa", "bbbbbbbbb"]],
  ])("%j with %d", (text, min, found) => {
    expect(runsIn(text, min)).toEqual(found);
  });

  test("finds what a search byte by byte finds", () => {
    let seed = 7;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
      return (seed >>> 8) % below;
    };
    for (let round = 0; round < 2_000; round++) {
      const text = Array.from({ length: random(80) }, () => "aB9+.= "[random(7)]).join("");
      const min = 1 + random(8);
      expect(runsIn(text, min)).toEqual(text.match(new RegExp(`[A-Za-z0-9+]{${min},}`, "g")) ?? []);
    }
  });
});

describe("decodeRun", () => {
  const decode = (text: string, skipped = 0, least = 1) => {
    const bytes = Buffer.from(text, "latin1");
    const out = Buffer.alloc(bytes.length);
    return out.latin1Slice(0, decodeRun(bytes, 0, bytes.length, skipped, out, least));
  };

  test.each(["", "m", "ma", "mad", "made", "made-up-token-0001", "made/up?token>~~"])("%j", (text) => {
    const bytes = Buffer.from(text);
    expect(decode(bytes.toString("base64").replaceAll("=", ""))).toBe(text);
    expect(decode(bytes.toString("base64url"))).toBe(text);
  });

  test("through line breaks, and at each alignment", () => {
    const coded = Buffer.from("made-up-token-0001").toString("base64url");
    expect(decode(`${coded.slice(0, 8)}\r\n ${coded.slice(8)}`)).toBe("made-up-token-0001");
    for (let skipped = 0; skipped < 4; skipped++)
      expect(decode("x".repeat(skipped) + coded, skipped)).toBe("made-up-token-0001");
  });

  test("is nothing where too few visible letters follow each other", () => {
    const bytes = Buffer.from("made\u0001up\u0001token");
    expect(decode(bytes.toString("base64url"), 0, 5)).not.toBe("");
    expect(decode(bytes.toString("base64url"), 0, 6)).toBe("");
  });
});

test.each<[string, string, string, boolean]>([
  ["no piece before", "", "abcdefgh", false],
  ["letters on both sides", ".abc", "defgh.", true],
  ["too few", ".abc", "defg.", false],
  ["all before", "abcdefgh", ".", true],
  ["all behind", ".", "abcdefgh", false],
  ["the end of the piece cuts it", ".abcd", "efg", false],
])("a run where two pieces meet: %s", (_name, before, after, meets) => {
  expect(meetInRun(Buffer.from(before), Buffer.from(after), 8)).toBe(meets);
});

/** The plain way: six bits a letter, all else passed over. */
function decodedByLetters(text: string, skipped: number): string {
  const letters = [...text.replaceAll(/[^A-Za-z0-9+/_-]/g, "")].slice(skipped);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const sextets = letters.map((letter) => alphabet.indexOf(letter.replace("-", "+").replace("_", "/")));
  const bits = sextets.map((sextet) => sextet.toString(2).padStart(6, "0")).join("");
  const bytes = bits.match(/.{8}/g) ?? [];
  return bytes.map((byte) => String.fromCharCode(Number.parseInt(byte, 2))).join("");
}

test("decodes from each place what reading letter by letter gives", () => {
  const letter = fc.constantFrom(..."ABYZabyz0189+/-_");
  const other = fc.constantFrom(..."=\r\n \t.~\x00\x80\xff\xc3");
  const any = fc.oneof({ arbitrary: letter, weight: 12 }, { arbitrary: other, weight: 1 });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 120 }), fc.integer({ min: 0, max: 3 }), (letters, skipped) => {
      const text = letters.join("");
      const bytes = Buffer.from(text, "latin1");
      const out = Buffer.alloc(bytes.length + 4);
      const expected = decodedByLetters(text, skipped);
      const hasToken = /[\x21-\x7e]{2}/.test(expected);
      const written = decodeRun(bytes, 0, bytes.length, skipped, out, 2);
      expect(out.latin1Slice(0, written)).toBe(hasToken ? expected : "");
    }),
    { seed: 20261130, numRuns: 3_000 },
  );
});
