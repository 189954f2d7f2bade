import { describe, expect, test } from "vitest";
import { hasPercent, percentDecode } from "./percent.ts";

function decode(text: string): string {
  const out = Buffer.alloc(text.length);
  return out.latin1Slice(0, percentDecode(text, out));
}

describe("percentDecode", () => {
  test.each([
    ["", ""],
    ["/plain", "/plain"],
    ["%6d%61de", "made"],
    ["%4A%4a", "JJ"],
    ["%00%7f%80%ff", "\u0000\u007f\u0080\u00ff"],
    ["%", "%"],
    ["a%", "a%"],
    ["a%4", "a%4"],
    ["%4", "%4"],
    ["%zz", "%zz"],
    ["%4z", "%4z"],
    ["%z4", "%z4"],
    ["%%41", "%A"],
    ["%%%41", "%%A"],
    ["%4%41", "%4A"],
    ["%2541", "%41"],
    ["%u0041", "%u0041"],
    ["a+b%2Bc%20d", "a+b+c d"],
    ["%c3%a9\u00e9", "\u00c3\u00a9\u00e9"],
    ["%:0%/0%@a%`a%ga%Ga", "%:0%/0%@a%`a%ga%Ga"],
  ])("%j becomes %j", (text, decoded) => {
    expect(decode(text)).toBe(decoded);
  });

  test("every byte, in small letters and capitals", () => {
    for (let byte = 0; byte < 256; byte++) {
      const hex = byte.toString(16).padStart(2, "0");
      for (const digits of [hex, hex.toUpperCase()])
        expect(decode(`%${digits}`)).toBe(String.fromCharCode(byte));
    }
  });

  test("tells where each byte was read", () => {
    const origins: number[] = [];
    const text = "a%62c%%64%";
    const out = Buffer.alloc(text.length);
    const written = percentDecode(text, out, origins);
    expect(out.latin1Slice(0, written)).toBe("abc%d%");
    expect(origins).toEqual([0, 1, 4, 5, 6, 9]);
  });

  test("does not write behind what it answers", () => {
    const out = Buffer.alloc(9, 0x2e);
    expect(percentDecode("%41%42%43", out)).toBe(3);
    expect(out.toString()).toBe("ABC......");
  });
});

test.each([
  ["/a?b=c+d", false],
  ["/%", true],
  ["", false],
])("hasPercent(%j) is %s", (text, has) => {
  expect(hasPercent(text)).toBe(has);
});
