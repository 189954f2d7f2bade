import { expect, test } from "vitest";
import { failuresOf, holdTo, kindsOf, type Proof } from "./prove.ts";

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

test("a contender is held to what it passes whole, and to where it says it looks", () => {
  const proof = {
    name: "one",
    checks: { HEAD: "status 405", "POST 1 KiB": null, "chunked upload": "status 500" },
    reach: { bearer: "blocked", cookie: "passed", query: "passed" },
    looksIn: ["bearer", "cookie"],
    breaks: ["chunked upload"],
  } as unknown as Proof;
  expect(failuresOf(proof)).toEqual(["one: HEAD: status 405", "one: cookie: passed, though it looks there"]);
  expect(() => holdTo([proof])).toThrow(/HEAD: status 405\none: cookie/);
});
