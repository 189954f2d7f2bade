import { describe, expect, test } from "vitest";
import { declaredFormatsSchema } from "./declared.ts";
import { Detector } from "./detector.ts";

const SECRET = "q8zt2mvx7lw4rk9yb3ncq8zt2mvx7lw4";

function found(format: object, text: string): string[] {
  const blob = Buffer.from(text);
  const detector = Detector.of({ formats: declaredFormatsSchema.parse([{ name: "acme", ...format }]) });
  return detector.find(blob, "made-up.txt").map(({ start, end }) => blob.toString("latin1", start, end));
}

describe("a format that the operator declares", () => {
  test.each([
    ["a prefix and what follows", { prefix: "acme_", pattern: "[a-z0-9]{32}" }],
    ["a prefix and the whole", { prefix: "acme_", pattern: "acme_[a-z0-9]{32}" }],
    ["a whole pattern", { pattern: "acme_[a-z0-9]{32}" }],
    ["a pattern without a fixed part", { pattern: "[a-z]{4}_[a-z0-9]{32}" }],
  ])("is found by %s, as a whole word", (_, format) => {
    const token = `acme_${SECRET}`;
    expect(found(format, `a: "${token}", b: ${token}\n`)).toEqual([token, token]);
    expect(found(format, `a: "${token}x", b: x${token}\n`)).toEqual([]);
    expect(found(format, `a: acme_${"x".repeat(32)}`)).toEqual([]);
  });

  test("carries its risk and its name", () => {
    const formats = declaredFormatsSchema.parse([{ name: "acme", pattern: "acme_[a-z0-9]{32}", risk: 9 }]);
    const findings = Detector.of({ formats }).find(Buffer.from(`acme_${SECRET}`), "");
    expect(findings).toMatchObject([
      { source: "declared", rule: "acme", kind: "acme", risk: 9, confidence: "likely" },
    ]);
  });

  test.each(["(a+)+$", "(a|a)*b", "(?:a*)*c", "(.*a){20}"])("%s takes time linear to the text", (pattern) => {
    const blob = Buffer.from(`${"a".repeat(20_000)}!`);
    const [format] = declaredFormatsSchema.parse([{ name: "hostile", pattern: `x${pattern}` }]);
    const detector = Detector.of({ formats: [format!] });
    const before = process.cpuUsage();
    detector.find(Buffer.concat([Buffer.from("x"), blob]), "");
    expect(process.cpuUsage(before).user).toBeLessThan(5_000_000);
  });

  test.each([
    [{ name: "Acme", pattern: "acme" }, /name|lower case/],
    [{ name: "acme", pattern: "acme(?=x)" }, /RE2/],
    [{ name: "acme", pattern: "(acme" }, /RE2/],
    [{ name: "acme", pattern: "(acme)\\1" }, /RE2/],
    [{ name: "acme", pattern: "a*" }, /empty/],
    [{ name: "acme", pattern: "acme", checksum: "crc32" }, /none/],
    [{ name: "acme", pattern: "acme", more: 1 }, /more/],
    [{ name: "acme", prefix: "a b", pattern: "acme" }, /printable/],
  ])("%j is refused", (format, why) => {
    const result = declaredFormatsSchema.safeParse([format]);
    expect(result.success).toBe(false);
    expect(JSON.stringify(result.error!.issues)).toMatch(why);
  });

  test("no name stands for two", () => {
    const format = { name: "acme", pattern: "acme" };
    expect(declaredFormatsSchema.safeParse([format, format]).success).toBe(false);
  });
});
