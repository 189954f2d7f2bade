import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { Token, TokenRefused } from "./token.ts";

/** The canonical form of a text, as it would be digested. */
function canonical(text: string): string {
  return Token.parse(text).take((bytes) => bytes.toString("utf8"));
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

const HEADER = part({ alg: "HS256", typ: "JWT" });
const CLAIMS = part({ sub: "made up" });
const SIGNED = `${HEADER}.${CLAIMS}`;

describe("the canonical form", () => {
  test.each([
    ["made-up-token-0001", "made-up-token-0001"],
    ["  made-up-token-0001\r\n", "made-up-token-0001"],
    ["Bearer made-up-token-0001", "made-up-token-0001"],
    ["bEaReR  made-up-token-0001", "made-up-token-0001"],
    ["Bearer\tmade-up-token-0001", "made-up-token-0001"],
    ["Authorization: Bearer made-up-token-0001", "made-up-token-0001"],
    ["authorization:Token made-up-token-0001", "made-up-token-0001"],
    ['Token token="made-up-token-0001"', "made-up-token-0001"],
    ["X-Api-Key: made-up-token-0001", "made-up-token-0001"],
    ['"made-up-token-0001"', "made-up-token-0001"],
    ["'made-up-token-0001'", "made-up-token-0001"],
    ["`made-up-token-0001`", "made-up-token-0001"],
    ['"Bearer made-up-token-0001"', "made-up-token-0001"],
    ['Bearer "made-up-token-0001"', "made-up-token-0001"],
    ["apikey made-up-token-0001", "made-up-token-0001"],
    ["bearer-made-up-token-0001", "bearer-made-up-token-0001"],
    ["key=made-up-token-0001", "key=made-up-token-0001"],
    ["token:made-up-token-0001", "token:made-up-token-0001"],
    ['"made-up-token-0001', '"made-up-token-0001'],
    ["made-up==", "made-up=="],
    ["schl\u00fcssel", "schl\u00fcssel"],
    ["made-u", "made-u"],
  ])("of %j is %j", (text, form) => {
    expect(canonical(text)).toBe(form);
  });

  test.each([
    ["a JWT", `${SIGNED}.madeUpSignature`],
    ["one with another signature", `${SIGNED}.anotherMadeUpSignature`],
    ["one with none", `${SIGNED}.`],
    ["as a bearer", `Bearer ${SIGNED}.madeUpSignature`],
  ])("of %s is its signing input", (_name, text) => {
    expect(canonical(text)).toBe(SIGNED);
    expect(Token.parse(text).kind).toBe("jwt");
  });

  test.each([
    ["two parts", SIGNED],
    ["four parts", `${SIGNED}.a.b`],
    ["a header that is no JSON", `bWFkZQ.${CLAIMS}.abcdef`],
    ["a header without alg", `${part({ typ: "JWT" })}.${CLAIMS}.abcdef`],
    ["a header that is null", `${part(null)}.${CLAIMS}.abcdef`],
    ["claims that are no JSON", `${HEADER}.bWFkZQ.abcdef`],
    ["a host name", "www.made-up.example"],
  ])("%s: no JWT, kept whole", (_name, text) => {
    expect(canonical(text)).toBe(text);
    expect(Token.parse(text).kind).not.toBe("jwt");
  });
});

describe("what is no token", () => {
  test.each([
    ["", "empty"],
    ["   ", "empty"],
    ['""', "empty"],
    ["short", "too_short"],
    ["Bearer short", "too_short"],
    ["a".repeat(4_097), "too_long"],
    ["\u00fc".repeat(2_049), "too_long"],
    ["made up-token-0001", "whitespace"],
    ["made-up-token-0001 made-up-token-0002", "whitespace"],
    ["Bearer made-up token", "whitespace"],
    ["made-up\u00a0token-0001", "whitespace"],
    ["made-up\ntoken-0001", "whitespace"],
    ["made-up\u0000token-0001", "control"],
    ["made-up\u007ftoken-0001", "control"],
    ["made-up\u009ftoken-0001", "control"],
    ["REDACTED", "redacted"],
    ["[redacted]", "redacted"],
    ["<masked>", "redacted"],
    ["****************", "redacted"],
    ["made****0001", "redacted"],
    ["made-up-token-...", "redacted"],
    ["xxxxxxxxxxxx", "redacted"],
  ])("%j is %s", (text, reason) => {
    expect(() => Token.parse(text)).toThrow(expect.objectContaining({ reason, line: null }));
    expect(() => Token.parse(text, 17)).toThrow(expect.objectContaining({ reason, line: 17 }));
  });

  test("the message names the line and the reason, and nothing of the token", () => {
    const error = refusal("made-up token-0001", 3);
    expect(error.message).toBe("line 3: the token holds white space");
    expect(inspect(error)).not.toMatch(/made|0001/);
    expect(refusal("made-up token-0001", null).message).toBe("the token holds white space");
  });

  test("the limits themselves are tokens", () => {
    expect(Token.parse("a".repeat(4_096)).length).toBe(4_096);
    expect(Token.parse("made-1").length).toBe(6);
    expect(Token.parse("\u00fc\u00fc\u00fc").length).toBe(6);
  });
});

function refusal(text: string, line: number | null): TokenRefused {
  try {
    Token.parse(text, line);
  } catch (error) {
    if (error instanceof TokenRefused) return error;
  }
  throw new Error("it was taken");
}

describe("what shows of a token", () => {
  test.each([
    ["made-up-token-0001", "made****(18)"],
    ["made-up-token-00", "made****(16)"],
    ["made-up-token-0", "****(15)"],
    ["made-u", "****(6)"],
    ["Bearer made-up-token-0001", "made****(18)"],
    [`${SIGNED}.madeUpSignature`, `eyJh****(${SIGNED.length})`],
  ])("the preview of %j is %j", (text, preview) => {
    expect(Token.parse(text).preview).toBe(preview);
  });

  test("never more than four bytes, whatever the letters", () => {
    for (const letter of ["\u00fc", "\u20ac", "\u{1f511}"]) {
      const shown = Token.parse(letter.repeat(20)).preview.split("****")[0]!;
      expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(4);
      expect(shown).toBe(Buffer.from(shown).toString());
    }
  });

  test.each([
    ["ghp_madeUpMadeUpMadeUpMadeUpMadeUpMade", "github"],
    ["github_pat_madeUpMadeUp", "github"],
    ["glpat-madeUpMadeUpMadeUp", "gitlab"],
    ["xoxb-made-up-made-up", "slack"],
    ["sk_test_madeUpMadeUp", "stripe"],
    ["AKIAMADEUPMADEUPMADE", "aws"],
    ["AKIAmadeUp", "opaque"],
    ["sk-ant-made-up", "anthropic"],
    ["sk-made-up-made-up", "openai"],
    ["npm_madeUpMadeUp", "npm"],
    ["hf_madeUpMadeUp", "huggingface"],
    ["made-up-token-0001", "opaque"],
  ])("the kind of %j is %s", (text, kind) => {
    expect(Token.parse(text).kind).toBe(kind);
  });

  test("it prints masked, however it is asked", () => {
    const token = Token.parse("made-up-token-0001");
    const printed = [
      String(token),
      `${token}`,
      JSON.stringify(token),
      JSON.stringify({ token }),
      inspect(token, { showHidden: true, depth: 9 }),
      inspect([{ token }], { depth: 9 }),
      Object.values(token).join(),
      JSON.stringify({ ...token }),
    ].join("\n");
    expect(printed).not.toMatch(/made-up|0001|6d616465/);
    expect(printed).toContain("Token(masked)");
  });

  test("its bytes are overwritten once they were taken, even where taking failed", () => {
    let kept: Buffer | null = null;
    const token = Token.parse("made-up-token-0001");
    expect(() =>
      token.take((bytes) => {
        kept = bytes;
        throw new Error("on purpose");
      }),
    ).toThrow("on purpose");
    expect(kept).toEqual(Buffer.alloc(18));
    expect(token.length).toBe(0);
  });
});
