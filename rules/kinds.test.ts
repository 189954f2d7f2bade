import { describe, expect, test } from "vitest";
import { entropyOf, isLowEntropy, plainlyToken, recognize } from "./kinds.ts";
import { Token } from "./token.ts";

/** Made up; the checksums were computed with Python's zlib. */
const GITHUB = "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";
const NPM = "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";
const GRAFANA = "glsa_madeUpTokenForTheTestsOfChecksum_12c33d77";
const ATLASSIAN = "ATATT3madeUpTokenForTheTestsOfChecksums0000=852c8b57";
const GITLAB = "glpat-bWFkZS11cC10b2tlbi0wMW86MQM.01.0r0x8mr9n";

describe("a checksum", () => {
  test.each([
    ["github", GITHUB],
    ["npm", NPM],
    ["grafana", GRAFANA],
    ["atlassian", ATLASSIAN],
    ["gitlab", GITLAB],
  ])("of %s is right, or is not", (kind, token) => {
    expect(recognize(token)).toEqual({ kind, checksum: "valid", looksTruncated: false });
    const last = token.at(-1) === "5" ? "6" : "5";
    const other = token.slice(0, -1) + last;
    expect(recognize(other)).toEqual({ kind, checksum: "invalid", looksTruncated: false });
    expect(Token.parse(other).warnings).toContain("checksum_invalid");
    expect(Token.parse(token).warnings).toEqual([]);
  });

  test("is none where the format has none, or is unknown", () => {
    expect(recognize(`AIza${"0".repeat(35)}`)).toMatchObject({ kind: "google", checksum: "none" });
    expect(recognize("made-up-token-0001")).toEqual({
      kind: "opaque",
      checksum: "none",
      looksTruncated: false,
    });
  });
});

test("a token that begins as a format and is too short for it looks cut", () => {
  expect(recognize(GITLAB.slice(0, 26))).toMatchObject({ kind: "gitlab", looksTruncated: true });
  expect(recognize(GITHUB.slice(0, -1))).toMatchObject({ kind: "github", looksTruncated: true });
  expect(Token.parse(GITHUB.slice(0, -1)).warnings).toEqual(["looks_truncated"]);
  expect(recognize("made-up")).toMatchObject({ looksTruncated: false });
});

test.each([
  ["dop_v1_", "digitalocean"],
  ["lin_api_", "linear"],
  ["PMAK-", "postman"],
  ["rubygems_", "rubygems"],
  ["ntn_", "notion"],
  ["NRAK-", "newrelic"],
  ["sntrys_", "sentry"],
  ["HRKU-AA", "heroku"],
  ["dt0c01.", "dynatrace"],
  ["A3TX", "aws"],
  ["hvb.", "vault"],
  ["xapp-", "slack"],
])("what begins with %s is of kind %s", (start, kind) => {
  expect(recognize(`${start}MADEUP`.padEnd(20, "A").slice(0, start === "A3TX" ? 20 : 99)).kind).toBe(kind);
});

test("a word of a text is plainly a token only as a whole one", () => {
  expect(plainlyToken(GITHUB)).toBe("github");
  expect(plainlyToken("ghp_")).toBeNull();
  expect(plainlyToken("ghp_tokens")).toBeNull();
  expect(plainlyToken("0123456789abcdef0123456789abcdef01234567")).toBeNull();
});

test("entropy tells words from tokens", () => {
  expect(entropyOf("aaaaaaaa")).toBe(0);
  expect(entropyOf("abababab")).toBe(1);
  expect(["changeme", "aaaaaaaaaaaaaaaaaa", "hunter2"].map(isLowEntropy)).toEqual([true, true, true]);
  expect([GITHUB, "made-up-token-0001"].map(isLowEntropy)).toEqual([false, false]);
});

test("a JWT tells when it expires", () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const jwt = (payload: object) =>
    Token.parse(`${part({ alg: "HS256" })}.${part(payload)}.made-up-signature`);
  expect(jwt({ sub: "made-up", exp: 1_800_000_000 })).toMatchObject({
    kind: "jwt",
    expiresAt: 1_800_000_000_000,
    preview: expect.stringMatching(/^eyJh\*{4}/),
  });
  for (const exp of [undefined, "soon", -1, 1e300, null])
    expect(jwt({ sub: "made-up", exp }).expiresAt).toBeNull();
});
