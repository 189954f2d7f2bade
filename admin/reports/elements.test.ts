import { describe, expect, test } from "vitest";
import { csvCells } from "../../rules/csv.ts";
import { elementsOf, type Place } from "./elements.ts";
import { recordsOf } from "./records.ts";
import { entryBytesMax, ReportBroken } from "./report.ts";

async function* pieces(...texts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const each of texts) {
    const piece = Buffer.from(each);
    yield piece;
    // As the reader of a request does.
    piece.fill(0);
  }
}

/** What came before it broke, and why it did. */
async function read<T>(items: AsyncIterable<T>): Promise<{ items: T[]; broken: string | null }> {
  const all: T[] = [];
  try {
    for await (const each of items) all.push(each);
  } catch (error) {
    if (!(error instanceof ReportBroken)) throw error;
    return { items: all, broken: error.message };
  }
  return { items: all, broken: null };
}

const valuesOf = async (place: Place, ...texts: readonly (string | Uint8Array)[]) => {
  const { items, broken } = await read(elementsOf(pieces(...texts), place));
  return { values: items.map(({ value }) => value), broken };
};

describe("elements of a JSON text", () => {
  const TEXT = `\ufeff {"version": 1, "skip": {"results": [1, "]}", {"a": "\\"\\\\"}]}, "x\\u0022": null,
    "runs": [{"tool": [], "res\\u0075lts": [{"a": "\u00e4\u{1f511}[{\\"\\\\"}, "text", -1.5e3, true, [[1], {}], {}]},
    {"results": []}, {}, 7, {"results": {"a": 1}}, {"results": [null]}], "end": -0}\n`;
  const VALUES = [{ a: 'ä🔑[{"\\' }, "text", -1500, true, [[1], {}], {}, null];

  test("are cut out wherever a piece of it ends", async () => {
    const bytes = Buffer.from(TEXT);
    const place = ["runs", "[]", "results", "[]"];
    for (let at = 0; at <= bytes.length; at++)
      expect([at, await valuesOf(place, bytes.subarray(0, at), bytes.subarray(at))]).toEqual([
        at,
        { values: VALUES, broken: null },
      ]);
    const single = [...bytes].map((byte) => Uint8Array.of(byte));
    expect(await valuesOf(place, ...single)).toEqual({ values: VALUES, broken: null });
  });

  test("of lists under any name, with the name; of several texts in a row", async () => {
    const text = '{"results": {"a/b": [1, 2], "c": [3]}}';
    const { items } = await read(elementsOf(pieces(text), ["results", "*", "[]"]));
    expect(items.map(({ key, value, number }) => [key, value, number])).toEqual([
      ["a/b", 1, 1],
      ["a/b", 2, 2],
      ["c", 3, 3],
    ]);
    expect(await valuesOf(["[]"], "[1,2]\n[3]", "[]")).toEqual({ values: [1, 2, 3], broken: null });
  });

  test("one that is far too large is passed over, and no other", async () => {
    const large = `{"a": "${"x".repeat(entryBytesMax)}"}`;
    const text = `[{"a": 1}, ${large}, {"a": 2}]`;
    const expected = { values: [{ a: 1 }, undefined, { a: 2 }], broken: null };
    expect(await valuesOf(["[]"], text)).toEqual(expected);
    expect(await valuesOf(["[]"], ...(text.match(/.{1,65536}/g) ?? []))).toEqual(expected);
  });

  test.each([
    ["[1, 2", "the report ends at byte 5, before its end", [1]],
    ['[1, "2', "the report ends at byte 6, before its end", [1]],
    ["[1, {x}, 3]", "entry 2, at byte 4, is not JSON in UTF-8", [1]],
    ["[1, 2 3]", "the report is not JSON at byte 6, after entry 2", [1, 2]],
    ["[1, 2}", "the report is not JSON at byte 5, after entry 2", [1, 2]],
    ["[1,, 2]", "the report is not JSON at byte 3, after entry 1", [1]],
    ["(", "the report is not JSON at byte 0", []],
    ['{"a" 1}', "the report is not JSON at byte 5", []],
    ['{"a": 1,}', "the report is not JSON at byte 8", []],
    ["", "the report has no []: it is of another format", []],
    ['{"a": [1]}', "the report has no []: it is of another format", []],
    ["[".repeat(300), "the report ends at byte 300, before its end", []],
  ])("what stands before a fault is read: %s", async (text, why, values) => {
    expect(await valuesOf(["[]"], text)).toEqual({ values, broken: why });
  });

  test("bytes that are no UTF-8 are refused in an element; depth has a limit outside of them", async () => {
    const bytes = Buffer.concat([Buffer.from('[1, "'), Buffer.of(0xff), Buffer.from('"]')]);
    expect(await valuesOf(["[]"], bytes)).toEqual({
      values: [1],
      broken: "entry 2, at byte 4, is not JSON in UTF-8",
    });
    const { broken } = await valuesOf(["a", "[]"], `{"b": ${"[".repeat(1_000)}`);
    expect(broken).toContain("nested too deep");
  });
});

describe("records of a text", () => {
  const textsOf = async (isCsv: boolean, ...texts: readonly (string | Uint8Array)[]) => {
    const { items, broken } = await read(recordsOf(pieces(...texts), isCsv));
    return { texts: items.map(({ text, number }) => [number, text]), broken };
  };

  test("are cut wherever a piece of it ends; within quotes a line goes on", async () => {
    const bytes = Buffer.from('\ufeffa,b\r\n\n"1\r\n2","ä""\n"\n  \nlast');
    const csv = [
      [1, "a,b"],
      [3, '"1\r\n2","ä""\n"'],
      [5, "last"],
    ];
    for (let at = 0; at <= bytes.length; at++)
      expect(await textsOf(true, bytes.subarray(0, at), bytes.subarray(at))).toEqual({
        texts: csv,
        broken: null,
      });
    expect((await textsOf(false, bytes)).texts.map(([, text]) => text)).toEqual([
      "a,b",
      '"1',
      '2","ä""',
      '"',
      "last",
    ]);
  });

  test("a long one is passed over; a fault is told by its number, after what came before", async () => {
    const { texts } = await textsOf(false, "a\n", "x".repeat(entryBytesMax), "xx\nb\n");
    expect(texts).toEqual([
      [1, "a"],
      [2, null],
      [3, "b"],
    ]);
    expect(await textsOf(false, "a\n", Buffer.of(0xff), "\nb")).toEqual({
      texts: [[1, "a"]],
      broken: "record 2 is not UTF-8: convert the report first",
    });
    expect(await textsOf(true, 'a\n"b\n')).toMatchObject({ broken: "record 2 ends within quotes" });
  });

  test.each([
    ["a,b,c", ["a", "b", "c"]],
    ['"a,b","c""d",', ["a,b", 'c"d', ""]],
    ['"a\nb"x,y', ["a\nbx", "y"]],
    ['"open,', ["open,"]],
    ["", [""]],
    ['"",""', ["", ""]],
  ])("the cells of %j", (record, cells) => expect(csvCells(record)).toEqual(cells));
});
