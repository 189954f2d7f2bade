import { describe, expect, test } from "vitest";
import { type Charset, charsetOf, toUtf8 } from "./charset.ts";

function big(text: string): Buffer {
  return Buffer.from(text, "utf16le").swap16();
}

describe("charsetOf", () => {
  test.each<[string, string, Buffer, Charset]>([
    ["plain", "text/plain", Buffer.from("made up"), "bytes"],
    ["UTF-8 with its mark", "application/json", Buffer.from("\ufeff{}"), "bytes"],
    ["little endian by its mark", "application/json", Buffer.from("\ufeffa", "utf16le"), "utf-16le"],
    ["big endian by its mark", "", big("\ufeffa"), "utf-16be"],
    ["little endian by sight", "", Buffer.from('{"a":"b"}', "utf16le"), "utf-16le"],
    ["big endian by sight", "text/plain; charset=utf-16", big('{"a":"é"}'), "utf-16be"],
    ["by name", "text/plain; charset=utf-16le", Buffer.from("日本", "utf16le"), "utf-16le"],
    ["by name, big endian unless said", 'text/plain; charset="UTF-16"', big("日本"), "utf-16be"],
    ["binary with NULs", "application/octet-stream", Buffer.from([0, 0, 0, 1, 2, 0, 0, 9]), "bytes"],
    ["nothing", "", Buffer.alloc(0), "bytes"],
  ])("%s", (_name, contentType, bytes, charset) => {
    expect(charsetOf(contentType, bytes)).toBe(charset);
  });
});

describe("toUtf8", () => {
  test.each(["", "made-up-token", "é€", "😀 and \ud83d"])("%j", (text) => {
    for (const [charset, bytes] of [
      ["utf-16le", Buffer.from(text, "utf16le")],
      ["utf-16be", big(text)],
    ] as const) {
      const out = Buffer.alloc(bytes.length * 2);
      const written = toUtf8(bytes, 0, bytes.length, charset, out);
      const whole = text.endsWith("\ud83d") ? text.slice(0, -1) : text;
      expect(out.toString("utf8", 0, written)).toBe(whole);
    }
  });
});
