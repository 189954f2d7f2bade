import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { digestToken } from "../../rules/digest.ts";
import { Pepper } from "../../rules/pepper.ts";
import { Token } from "../../rules/token.ts";
import { digestHash, parseTokenHash } from "../../rules/tokenhash.ts";
import { Detector } from "./detector.ts";
import { Inventory } from "./inventory.ts";

const pepper = Pepper.fromBytes(Buffer.alloc(32, "made up"));

function listing(...tokens: string[]): Detector {
  const inventory = new Inventory(pepper);
  for (const [index, token] of tokens.entries())
    inventory.add(`leak-${index}`, digestToken(Token.parse(token), pepper));
  return Detector.of({ inventory });
}

function found(detector: Detector, text: string): (string | number | null)[][] {
  const blob = Buffer.from(text);
  return detector
    .find(blob, "")
    .map(({ name, start, end, line, column }) => [name, blob.toString("utf8", start, end), line, column]);
}

test("a listed token is found as a whole word wherever it stands, whatever it looks like", () => {
  const detector = listing("made-up-0001", "p@ss wörd".replace(" ", "-"));
  expect(found(detector, 'a\n "made-up-0001", made-up-0002;xmade-up-0001\nmade-up-0001x p@ss-wörd')).toEqual([
    ["leak-0", "made-up-0001", 2, 3],
    ["leak-0", "made-up-0001", 2, 32],
    ["leak-1", "p@ss-wörd", 3, 15],
  ]);
});

test("its line may not say that it is known, and it stays where another rule finds it too", () => {
  const github = "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";
  const detector = listing(github);
  expect(detector.find(Buffer.from(`${github} # leakgate:allow`), "")).toMatchObject([
    {
      source: "inventory",
      rule: "inventory",
      kind: "github",
      checksum: "valid",
      confidence: "certain",
      name: "leak-0",
    },
  ]);
});

test("a JWT is found by what it signs", () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ alg: "HS256" })}.${part({ sub: "made-up" })}`;
  expect(found(listing(`${signed}.made-up-signature`), `x=${signed}.another-signature;`)).toEqual([
    ["leak-0", signed, 1, 3],
  ]);
});

test("across borders of windows and of pieces it is found once", () => {
  const token = `made-up-${"0123456789".repeat(300)}`;
  const detector = listing(token);
  for (const shift of [-token.length - 1, -token.length, -1500, -1, 0, 1]) {
    const blob = Buffer.from(`${" ".repeat(262_144 + shift)}${token}`);
    expect(detector.find(blob, "")).toMatchObject([{ start: 262_144 + shift, end: blob.length }]);
    const scanning = detector.open("");
    const pieces = [...scanning.write(blob.subarray(0, 263_000)), ...scanning.write(blob.subarray(263_000))];
    expect([...pieces, ...scanning.end()]).toMatchObject([{ start: 262_144 + shift, end: blob.length }]);
  }
});

describe("a token of which only a hash is known", () => {
  const hashed = createHash("sha256").update("made-up.token+0001=").digest("hex");
  const inventory = new Inventory(pepper);
  inventory.add("leak-9", digestHash(parseTokenHash(`sha256:${hashed}`), pepper));
  const detector = Detector.of({ inventory });
  const token = "made-up.token+0001=";

  test.each([
    token,
    `"${token}"`,
    `a, ${token}. And`,
    `KEY=${token}\r\n`,
    `url: https://user:${token}`,
    `[${token}]`,
    `x?token=${token}&y=1`,
    `\n\n${token}`,
  ])("is found as a whole value: %j", (text) => {
    expect(found(detector, text)).toEqual([["leak-9", token, expect.any(Number), expect.any(Number)]]);
  });

  test.each([`x${token}`, `${token}x`, token.slice(1), "made-up.token+0001"])(
    "is not found in %j",
    (text) => {
      expect(found(detector, `a "${text}" b`)).toEqual([]);
    },
  );

  test("is found once at a border of windows", () => {
    for (const shift of [-30, -token.length, -5, -1, 0, 1])
      expect(found(detector, `${" ".repeat(262_144 + shift)}${token} `)).toHaveLength(1);
  });
});

test("many tokens are as one", () => {
  const tokens = Array.from(
    { length: 3000 },
    (_, index) => `made-up-token-${String(index).padStart(6, "0")}`,
  );
  const detector = listing(...tokens);
  expect(found(detector, tokens.join("\n"))).toHaveLength(3000);
  expect(found(detector, tokens.join("0\n"))).toHaveLength(1);
});
