import { describe, expect, test } from "vitest";
import { shapeOf } from "./shape.ts";

describe("what all matches of a pattern hold, and how long they get", () => {
  test.each<[string, number, string[] | null]>([
    ["acme_[0-9a-f]{32}", 37, ["acme_"]],
    ["(?i)ACME_[0-9a-f]{1,32}", 37, ["acme_"]],
    ["(?:acme|emca)_live", 9, ["acme_live", "emca_live"]],
    ["(?P<a>acme)-?x", 6, ["acme-x", "acmex"]],
    ["[Aa]cme[0-9]+", Number.POSITIVE_INFINITY, ["acme"]],
    ["\\bacme\\.v1\\b", 7, ["acme.v1"]],
    ["\\Qa.c\\E{2}", 6, ["a.c"]],
    ["acme\\x5f\\x{41}", 6, ["acme_a"]],
    ["(?:acme)?[0-9]{8}", 12, null],
    ["acme|[0-9]{8}", 8, null],
    ["[0-9]{8}(acme){2,3}", 20, ["acme"]],
    ["a+b", Number.POSITIVE_INFINITY, null],
    ["(?s).*acme.*", Number.POSITIVE_INFINITY, ["acme"]],
    ["[^]a]acme[[:alpha:]\\]]x", 7, ["acme"]],
    ["\\p{Greek}acme\\pN", 6, ["acme"]],
    ["(?i:acme(?-i:B)c)", 6, ["acmebc"]],
    ["", 0, null],
  ])("%s", (pattern, max, required) => {
    const shape = shapeOf(pattern);
    expect(shape.max).toBeLessThanOrEqual(max);
    expect(shape.required === null ? null : [...shape.required].sort()).toEqual(required);
  });
});
