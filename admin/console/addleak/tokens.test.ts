import { expect, test } from "vitest";
import { findTokens } from "./findtokens.ts";
import { foundWords, typedTokens, withTokens } from "./tokens.ts";

const typed = (text: string) => typedTokens(text).map((token) => token.text);

test("of what is typed as one token the token in it is taken, else all of it", () => {
  expect(typed("API_KEY=made-up-token-0001")).toEqual(["made-up-token-0001"]);
  expect(typed("Authorization: Bearer made-up-token-0001")).toEqual(["made-up-token-0001"]);
  expect(typed("made-up-0001,made-up-0002")).toEqual(["made-up-0001", "made-up-0002"]);
  // The API says what is wrong with these.
  for (const whole of ["short", "made up", "made-up-token-0001", "bWFkZS11cC0wMDE=", "****"])
    expect(typed(whole)).toEqual([whole]);
});

test("what is there is not added again", () => {
  const rows = withTokens([], typedTokens("made-up-0001"));
  const more = withTokens(rows, [...typedTokens("made-up-0002"), ...typedTokens("made-up-0001")]);
  expect(more.map(({ text }) => text)).toEqual(["made-up-0001", "made-up-0002"]);
  expect(new Set(more.map(({ number }) => number)).size).toBe(2);
});

test("what was made of a text is said", () => {
  const words = (text: string, fresh: number) => foundWords(findTokens(text), fresh, "the lines");
  expect(words("made-up-0001\nmade-up-0002", 2)).toBe("In the lines: 2 lines, 2 tokens.");
  expect(words("made-up-0001\n# b\nmade-up-0002\nTOKEN='made up'", 1)).toBe(
    "In the lines: 4 lines, 2 tokens; 2 lines gave none. 1 token had been added before. 1 value with blanks left out: no token has any.",
  );
  expect(words("nothing here", 0)).toBe("No token was found in the lines. Add it by itself, above.");
});
