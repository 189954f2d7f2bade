import { describe, expect, test } from "vitest";
import { InputRefused } from "./refusal.ts";
import { inScope, normalizeScope, sameScope } from "./rule.ts";

describe("a scope", () => {
  test("has one spelling: cases folded, sorted, no entry twice, no empty list", () => {
    expect(
      normalizeScope({ hosts: ["B.example", "a.example", "b.example"], methods: ["post", "GET"] }),
    ).toEqual({
      hosts: ["a.example", "b.example"],
      methods: ["GET", "POST"],
    });
    expect(normalizeScope({ hosts: [], methods: [] })).toEqual({});
    expect(sameScope(normalizeScope({ methods: ["get"] }), { methods: ["GET"] })).toBe(true);
    expect(sameScope({}, { methods: ["GET"] })).toBe(false);
  });

  test.each([
    { hosts: [""] },
    { hosts: ["a b"] },
    { hosts: ["a.example:80"] },
    { hosts: ["*"] },
    { hosts: ["a.*.example"] },
    { hosts: ["x".repeat(256)] },
    { methods: ["GET POST"] },
    { methods: [""] },
    { methods: Array.from({ length: 65 }, () => "GET") },
  ])("is refused when an entry is not one: %j", (scope) => {
    expect(() => normalizeScope(scope)).toThrow(InputRefused);
  });

  test("covers everything when empty, else only what it lists", () => {
    expect(inScope({}, "GET", "a.example")).toBe(true);
    expect(inScope({ hosts: [], methods: [] }, "GET", "a.example")).toBe(true);
    expect(inScope({ methods: ["POST"] }, "GET", "a.example")).toBe(false);
    expect(inScope({ hosts: ["a.example"] }, "GET", "a.example")).toBe(true);
    expect(inScope({ hosts: ["a.example"] }, "GET", "b.a.example")).toBe(false);
    expect(inScope({ hosts: ["a.example"], methods: ["GET"] }, "POST", "a.example")).toBe(false);
  });

  test("with a star covers the names below, not the name itself and not a look-alike", () => {
    const scope = { hosts: ["*.a.example"] };
    expect(inScope(scope, "GET", "x.a.example")).toBe(true);
    expect(inScope(scope, "GET", "y.x.a.example")).toBe(true);
    expect(inScope(scope, "GET", "a.example")).toBe(false);
    expect(inScope(scope, "GET", ".a.example")).toBe(false);
    expect(inScope(scope, "GET", "xa.example")).toBe(false);
  });
});
