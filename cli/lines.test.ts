import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { type Line, linesOf } from "./lines.ts";

async function read(...chunks: (string | Buffer)[]): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const batch of linesOf(Readable.from(chunks.map((chunk) => Buffer.from(chunk)))))
    lines.push(...batch);
  return lines;
}

describe("lines of a list of tokens", () => {
  test("blank lines count and are left out; the last needs no end; CRLF ends a line too", async () => {
    expect(await read("made-up-1\r\n\n  \nmade-up-4\nmade-up-5")).toEqual([
      { text: "made-up-1", number: 1 },
      { text: "made-up-4", number: 4 },
      { text: "made-up-5", number: 5 },
    ]);
    expect(await read()).toEqual([]);
  });

  test("a line may come in any pieces, also within a character", async () => {
    const whole = Buffer.from("töken-made-up-1\ntöken-made-up-2\n");
    for (let cut = 0; cut <= whole.length; cut++) {
      const lines = await read(whole.subarray(0, cut), whole.subarray(cut));
      expect(lines.map(({ text }) => text)).toEqual(["töken-made-up-1", "töken-made-up-2"]);
    }
  });

  test("a # begins a token like any other", async () => {
    expect(await read("#made-up-1\n")).toEqual([{ text: "#made-up-1", number: 1 }]);
  });

  test("a byte order mark is no part of the first token", async () => {
    expect(await read("\uFEFFmade-up-1\n")).toEqual([{ text: "made-up-1", number: 1 }]);
  });

  test("what is not UTF-8 is refused with its line, and not shown", async () => {
    const utf16 = Buffer.from("made-up-1\n", "utf16le");
    await expect(read("made-up-1\n", Buffer.from([0x6d, 0xff, 0x0a]))).rejects.toThrow(
      "line 2: the text is not UTF-8",
    );
    await expect(read(Buffer.from([0xff, 0xfe]), utf16)).rejects.toThrow("line 1: the text is not UTF-8");
  });

  test("a line without end is refused before it fills the memory", async () => {
    await expect(read("made-up-1\n", "x".repeat(70_000))).rejects.toThrow("line 2: the token is longer than");
    await expect(read(`${"x".repeat(70_000)}\nmade-up-1\n`)).rejects.toThrow(
      "line 1: the token is longer than",
    );
  });
});
