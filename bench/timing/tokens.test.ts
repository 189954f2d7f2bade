import { expect, test } from "vitest";
import { allButFirst, allButLast, beginsAndEndsAs, endsAs, listed, unlisted } from "./tokens.ts";

const token = listed("7", 0);
const other = unlisted("7", 0);

/** How many bytes two texts share, place by place. */
function shared(a: string, b: string): number {
  return [...a].filter((letter, at) => letter === b[at]).length;
}

test("an unlisted token shares no byte with any listed one", () => {
  for (let number = 0; number < 200; number++) {
    const one = listed("7", number);
    expect(one).toMatch(/^mAdE-Up-([a-z][A-Z]){16}$/);
    for (let against = 0; against < 20; against++) expect(shared(one, unlisted("7", against))).toBe(0);
  }
});

test("a seed repeats its tokens", () => {
  expect(listed("7", 3)).toBe(listed("7", 3));
  expect(listed("7", 3)).not.toBe(listed("8", 3));
});

test("what is nearly a listed token", () => {
  expect(shared(token, allButFirst(token))).toBe(39);
  expect(allButFirst(token).slice(1)).toBe(token.slice(1));
  expect(shared(token, allButLast(token))).toBe(39);
  expect(allButLast(token).slice(0, -1)).toBe(token.slice(0, -1));
  expect(shared(token, endsAs(token, other))).toBe(6);
  expect(endsAs(token, other).slice(-6)).toBe(token.slice(-6));
  expect(shared(token, beginsAndEndsAs(token, other))).toBe(8);
  expect(beginsAndEndsAs(token, other)).toHaveLength(40);
});
