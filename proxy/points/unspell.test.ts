import { describe, expect, test } from "vitest";
import { Language, languagesIn, unspell } from "./unspell.ts";

const ALL = Language.percent | Language.escape | Language.markup | Language.quoted;

function undo(text: string, languages: number = ALL, isLast = true): string {
  const bytes = Buffer.from(text, "utf8");
  const out = Buffer.alloc(bytes.length);
  const written = unspell(bytes, bytes.length, out, languages, isLast, 1_000);
  return written === 0 ? text : out.toString("utf8", 0, written);
}

describe("percent-encoding", () => {
  test.each([
    ["", ""],
    ["/plain", "/plain"],
    ["%6d%61de", "made"],
    ["%4A%4a", "JJ"],
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
    ["%u0041%U0042", "AB"],
    ["%u004", "%u004"],
    ["a+b%2Bc%20d", "a+b+c d"],
    ["%c3%a9", "é"],
    ["%:0%/0%@a%`a%ga%Ga", "%:0%/0%@a%`a%ga%Ga"],
  ])("%j becomes %j", (text, decoded) => {
    expect(undo(text, Language.percent)).toBe(decoded);
  });

  test("every byte, in small letters and capitals", () => {
    for (let byte = 0; byte < 256; byte++) {
      const hex = byte.toString(16).padStart(2, "0");
      for (const digits of [hex, hex.toUpperCase()]) {
        const out = Buffer.alloc(3);
        expect(unspell(Buffer.from(`%${digits}`), 3, out, Language.percent, true, 9)).toBe(1);
        expect(out[0]).toBe(byte);
      }
    }
  });
});

describe("escapes", () => {
  test.each([
    ["\\u0067hp", "ghp"],
    ["\\u006A\\u006a", "jj"],
    ["\\u{67}\\u{0068}", "gh"],
    ["\\x67hp", "ghp"],
    ['a\\/b\\"c\\\\d', 'a/b"c\\d'],
    ["a\\nb\\tc", "a\nb\tc"],
    ["a\\\nb\\\r\nc", "abc"],
    ["\\u00e9\\u20ac", "é€"],
    ["\\ud83d\\ude00", "😀"],
    ["\\é", "é"],
    ["\\\\u0067", "\\u0067"],
    ["\\u00g7", "\\u00g7"],
    ["\\u{}", "\\u{}"],
    ["\\u{110000}", "\\u{110000}"],
    ["\\x6", "\\x6"],
    ["\\", "\\"],
  ])("%j becomes %j", (text, decoded) => {
    expect(undo(text, Language.escape)).toBe(decoded);
  });
});

test.each([
  ["\\155ade\\055up", "made-up"],
  ["\\m\\a\\de\\t\\n", "madetn"],
  ['\\\\ \\"', '\\ "'],
  ["\\9\\18\\477", "918477"],
  ["\\", "\\"],
])("quoted pairs: %j becomes %j", (text, decoded) => {
  expect(undo(text, Language.quotedPair)).toBe(decoded);
});

describe("markup", () => {
  test.each([
    ["&#103;&#x68;&#X70;", "ghp"],
    ["&#0103;", "g"],
    ["&#103 &#x68.", "g h."],
    ["&amp;&lt;&gt;&quot;&apos;", "&<>\"'"],
    ["a&lowbar;b&period;c", "a_b.c"],
    ["a&b=c&d;", "a&b=c&d;"],
    ["&unknown;", "&unknown;"],
    ["&#;&#x;&", "&#;&#x;&"],
    ["&#8364;", "€"],
    ["&#1114112;", "&#1114112;"],
    ["a<![CDATA[b]]>c", "abc"],
    ["<![CDAT[a]] >", "<![CDAT[a]] >"],
    ["[[1]]", "[[1]]"],
    ["a<!-- made up -->b<!---->c<!-- no end", "abc<!-- no end"],
  ])("%j becomes %j", (text, decoded) => {
    expect(undo(text, Language.markup)).toBe(decoded);
  });
});

describe("quoted-printable", () => {
  test.each([
    ["=67hp=5F", "ghp_"],
    ["ab=\r\ncd=\nef", "abcdef"],
    ["a=b==", "a=b=="],
    ["=C3=A9", "é"],
  ])("%j becomes %j", (text, decoded) => {
    expect(undo(text, Language.quoted)).toBe(decoded);
  });

  test("is undone only where it was announced", () => {
    expect(undo("key=41", ALL & ~Language.quoted)).toBe("key=41");
  });
});

test("a language within another is left for the next layer", () => {
  expect(undo("\\%750067\\%75006%38")).toBe("\\u0067\\u0068");
  expect(undo("\\&#117;0067")).toBe("\\u0067");
  expect(undo("\\%zz\\&x\\\\u0067")).toBe("%zz&x\\u0067");
});

describe("a piece that may go on", () => {
  test.each([
    ["%61bc%4", "abc"],
    ["%61bc%", "abc"],
    ["%61bc\\u00", "abc"],
    ["%61bc\\", "abc"],
    ["%61bc&#10", "abc"],
    ["%61bc&am", "abc"],
    ["%61bc<![CDA", "abc"],
    ["%61bc%41", "abcA"],
    ["%zz long enough to be none", "%zz long enough to be none"],
  ])("%j is %j so far", (text, decoded) => {
    expect(undo(text, ALL, false)).toBe(decoded);
  });
});

test.each([
  ["plain text, [1] a&b", 0],
  ["a%b", Language.percent],
  ["a\\b", Language.escape],
  ["a&#98", Language.markup],
  ["a&b;", Language.markup],
  ["<![CDATA[", Language.markup],
  ["]]>", Language.markup],
])("the marks of %j", (text, languages) => {
  expect(languagesIn(Buffer.from(text), ALL & ~Language.quoted)).toBe(languages);
});

test("writes no more than it read, and nothing behind it", () => {
  const bytes = Buffer.from("%41\\u0042&#67;");
  const out = Buffer.alloc(bytes.length, 0x2e);
  expect(unspell(bytes, bytes.length, out, ALL, true, 9)).toBe(3);
  expect(out.toString()).toBe(`ABC${".".repeat(bytes.length - 3)}`);
});

test("writes neighbourhoods up to where a word ends, and nothing where nothing was spelled", () => {
  const near = (text: string, margin: number) => {
    const out = Buffer.alloc(text.length);
    return out.toString("latin1", 0, unspell(Buffer.from(text), text.length, out, ALL, true, margin));
  };
  expect(near("nothing here, 100% sure", 4)).toBe("");
  expect(near("0123456789%41bcdefgh 23456789.abc%42d", 4)).toBe("6789Abcdefgh .abcBd");
  expect(near("012%41 345%42 678", 9)).toBe("012A 345B 678");
  expect(near("%41 0123456789 %42", 2)).toBe("A 0123456789 B");
});
