import { hash } from "node:crypto";
import { expect, test } from "vitest";
import { digestTokens } from "./digest.ts";
import { Pepper } from "./pepper.ts";
import { MASK, maskTokens, refuseTokens } from "./screen.ts";
import { digestHashes } from "./tokenhash.ts";

const pepper = Pepper.fromBytes(Buffer.alloc(32, 7));
const TOKEN = "made-up.token/0001";
const HASHED = "made-up-token-0002";

async function screen(text: string): Promise<void> {
  const known = await digestTokens([TOKEN], pepper);
  known.push(...(await digestHashes([`sha256:${hash("sha256", HASHED, "hex")}`], pepper)));
  refuseTokens({ name: null, comment: text }, pepper, (digest) =>
    known.some((token) => token.digest.equals(digest)),
  );
}

test.each([
  TOKEN,
  `the token is ${TOKEN}.`,
  `Authorization: Bearer ${TOKEN}`,
  `"${TOKEN}", as said`,
  `(${TOKEN})`,
  `https://api.example/orders?key=${TOKEN}&page=2`,
  `https://api.example/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v?key=${TOKEN}`,
  `X_KEY=${TOKEN}`,
  `x:${TOKEN}:y`,
  `see ${HASHED}!`,
])("a registered token is found in %j", async (text) => {
  await expect(screen(text)).rejects.toThrow(/^comment holds a token that is registered/);
});

test("what is plainly a token is refused though nobody registered it, and is not repeated", async () => {
  const token = "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";
  const refused = await screen(`it was ${token}`).catch((error: Error) => error.message);
  expect(refused).toMatch(/^comment holds what looks like a token of github/);
  expect(refused).not.toContain("madeUp");
});

test.each([
  "",
  "rotated on Monday, see https://tickets.example/browse/OPS-1234?focused=12&tab=all#comment-3",
  "commit 0123456789abcdef0123456789abcdef01234567 removed it",
  "begins with ghp_ and glpat-",
  "made-up.token/0002",
])("%j may stand", async (text) => {
  await expect(screen(text)).resolves.toBeUndefined();
});

test("a text of more words than anybody writes is refused rather than half looked at", async () => {
  await expect(screen(Array.from({ length: 30_000 }, (_, i) => `w${i}`).join(" "))).rejects.toThrow(
    /more words/,
  );
});

const REGISTERED = "made-up-registered-0003";
const PLAIN = [
  "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",
  "AKIAMADEUPMADEUPMADE",
  "glpat-madeupmadeupmadeup12",
  "SG.madeUpMadeUpMadeUpMade.madeUpMadeUpMadeUpMadeUpMadeUpMadeUpMadeUpM",
];

async function mask(text: string): Promise<string> {
  const [known] = await digestTokens([REGISTERED], pepper);
  return maskTokens(text, pepper, (digest) => known!.digest.equals(digest), true, new Map());
}

test.each([...PLAIN, REGISTERED])("%s goes, whatever stands around it in a file's name", async (token) => {
  const around = (it: string) => [it, `${it}.txt`, `~${it}`, `$${it}`, `${it}!`, `${it}*`];
  for (const name of [
    ...around(token),
    `a\\${token}`,
    `\\x01${token}`,
    `%01${token}`,
    `\\u0001${token}.json`,
  ])
    expect(await mask(`keys/${name} x`)).toBe(`keys/${MASK} x`);
});

test.each(PLAIN)("%s goes behind other letters and before them", async (token) => {
  for (const name of [`backup-${token}`, `x01${token}`, `${token}-old.txt`, `a_${token}_1`])
    expect(await mask(`keys/${name}`)).toBe(`keys/${MASK}`);
});

test.each([
  "src/task-list-of-everything.test.ts:12",
  "lib/risk-assessment-of-the-department.md",
  "https://example.org/a/0123456789abcdef0123456789abcdef01234567.json?x=%01made-up-not-registered",
  "docs/glpat-and-ghp_explained.md",
])("%j stays as it is", async (text) => {
  expect(await mask(text)).toBe(text);
});

test("a word made of beginnings costs little, and goes", async () => {
  expect(await mask("eyJ".repeat(100_000))).toBe(MASK);
});
