import { expect, test } from "vitest";
import { kindsOf } from "./prove.ts";

test("one of each family stands for those that differ in the number of tokens only", () => {
  const named = (family: "leakgate" | "haproxy" | "direct", tokens: number) => ({ family, tokens });
  const all = [
    named("direct", 0),
    named("leakgate", 0),
    named("leakgate", 100_000),
    named("leakgate", 1_000),
  ];
  expect(kindsOf([...all, named("haproxy", 100_000)])).toEqual([
    named("direct", 0),
    named("leakgate", 0),
    named("leakgate", 1_000),
    named("haproxy", 100_000),
  ]);
});
