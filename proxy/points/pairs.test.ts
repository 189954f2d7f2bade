import { expect, test } from "vitest";
import { pairsOfForm, stringsOfJson } from "./pairs.ts";

test.each<[string, [string, string][]]>([
  ["", []],
  ["{}", []],
  ["[1, true, null]", []],
  ['"a"', [["", "a"]]],
  ['{"a":"b"}', [["a", "b"]]],
  [
    '{ "a" \n:\t"b" , "c":{"d":["e","f"]}}',
    [
      ["a", "b"],
      ["d", "e"],
      ["d", "f"],
    ],
  ],
  [
    '{"a":"b","a":"c"}',
    [
      ["a", "b"],
      ["a", "c"],
    ],
  ],
  [
    '{"a":"b"}\n{"c":"d"}',
    [
      ["a", "b"],
      ["c", "d"],
    ],
  ],
  ['{"a\\"b":"c\\\\"}', [['a\\"b', "c\\\\"]]],
  ['{"a":"b\\\\\\"c"}', [["a", 'b\\\\\\"c']]],
  ['{"a":"b', [["a", "b"]]],
  ['{"a":"', [["a", ""]]],
  ['{"a', [["", "a"]]],
  ['{"a":"b\\', [["a", "b\\"]]],
])("the strings of %j", (text, pairs) => {
  expect([...stringsOfJson(text, 0)].map(({ name, text: value }) => [name, value])).toEqual(pairs);
});

test.each<[string, [string, string][]]>([
  ["", [["", ""]]],
  ["a=b", [["a", "b"]]],
  [
    "a=b&c=d=e",
    [
      ["a", "b"],
      ["c", "d=e"],
    ],
  ],
  [
    "a&=b&c=",
    [
      ["", "a"],
      ["", "b"],
      ["c", ""],
    ],
  ],
  [
    "&&",
    [
      ["", ""],
      ["", ""],
      ["", ""],
    ],
  ],
])("the pairs of %j", (text, pairs) => {
  expect([...pairsOfForm(text, 0)].map(({ name, text: value }) => [name, value])).toEqual(pairs);
});

test("short values are left out, and their names still count", () => {
  const json = '{"a":"12345","b":["123456","12345"],"c":"1234567"}';
  expect([...stringsOfJson(json, 6)].map(({ name, text }) => `${name}=${text}`)).toEqual([
    "b=123456",
    "c=1234567",
  ]);
  expect([...pairsOfForm("a=12345&b=123456&&12345&1234567&c", 6)].map(({ text }) => text)).toEqual([
    "123456",
    "1234567",
  ]);
});
