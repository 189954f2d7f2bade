import { expect, test } from "vitest";
import { bearer, listedTokens } from "../tokens.ts";
import { expressionsFor } from "./caddy.ts";

test("expressions stay within what the parser takes, and hold every token once, in order", () => {
  const tokens = listedTokens(0, 50);
  const expressions = expressionsFor(tokens, 500).map(({ expression }) => expression);
  expect(expressions.length).toBeGreaterThan(5);
  expect(expressions.every((text) => text.length <= 500)).toBe(true);
  const held = expressions.flatMap((text) => JSON.parse(text.slice(text.indexOf("["))) as string[]);
  expect(held).toEqual(tokens.map(bearer));
});
