import { hash } from "node:crypto";
import { expect, test } from "vitest";
import { digestTokens } from "./digest.ts";
import { Pepper } from "./pepper.ts";
import { refuseTokens } from "./screen.ts";
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
