import { expect, test } from "vitest";
import { Random } from "../../test/spellings/random.ts";
import { Keywords } from "./keywords.ts";

function placesOf(words: readonly string[], text: string, from = 0, to = text.length): string[] {
  const keywords = new Keywords(
    words.map((word) => ({ text: word, isAnyCase: word === word.toLowerCase() })),
  );
  const count = keywords.find(Buffer.from(text, "latin1"), from, to);
  return Array.from(
    { length: count },
    (_, index) => `${words[keywords.found[index]!]}@${keywords.places[index]}`,
  ).sort();
}

test("words are found in any case, or as they stand, wherever they end", () => {
  expect(placesOf(["acme", "AKIA"], "acmeACMEakiaAKIA")).toEqual(["AKIA@12", "acme@0", "acme@4"]);
  expect(placesOf(["q~", "abc"], "Q~abcq~")).toEqual(["abc@2", "q~@0", "q~@5"]);
});

test("only words that begin in the range are found", () => {
  expect(placesOf(["acme"], "acme acme acme", 1, 10)).toEqual(["acme@5"]);
  expect(placesOf(["acme"], "acme acme acme", 1, 11)).toEqual(["acme@10", "acme@5"]);
});

test("the same is found as by looking for each word", () => {
  const random = new Random(3);
  const letter = () => "aAbB_-"[random.below(6)]!;
  const word = () => Array.from({ length: 2 + random.below(5) }, letter).join("");
  for (let round = 0; round < 200; round++) {
    const words = [...new Set(Array.from({ length: 1 + random.below(20) }, word))];
    const text = Array.from({ length: 200 }, letter).join("");
    const expected = words.flatMap((each) => {
      const isAnyCase = each === each.toLowerCase();
      const within = isAnyCase ? text.toLowerCase() : text;
      return Array.from({ length: text.length }, (_, at) => at)
        .filter((at) => within.startsWith(each, at))
        .map((at) => `${each}@${at}`);
    });
    expect(placesOf(words, text)).toEqual(expected.sort());
  }
});
