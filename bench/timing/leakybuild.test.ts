import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { leaking } from "./leakybuild.ts";

test("the matcher still has the place that the leaky build patches", () => {
  const source = readFileSync(new URL("../../rules/matcher.ts", import.meta.url), "utf8");
  // As the compiler leaves it: without types.
  const compiled = source.replace(
    "findToken(fingerprint: number, pair: number): number {",
    "findToken(fingerprint, pair) {",
  );
  expect(leaking(compiled)).toContain("for (let token = 0; token < this.tokenEnd; token++)");
});

test("another matcher is refused", () => {
  expect(() => leaking("find(fingerprint) {}")).toThrow("another patch");
});
