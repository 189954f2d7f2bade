import { createHash } from "node:crypto";
import { entropyOf } from "../../rules/kinds.ts";

/** Words that nobody's random token holds, and that texts for readers do; at least five letters, but for plain ones. */
const WORDS =
  /example|sample|placeholder|change[-_]?me|your[-_]?(?:own|api|key|token|secret|access|auth|personal|pass)|yourtoken|dummy|fake[-_]?(?:key|token)|redacted|insert[-_]|replace[-_]?(?:me|with|this)|xxxxx|secretkey|not[-_]?a?[-_]?real|lorem|foobar|todo[-_]/i;
const SEQUENCES =
  /01234567|12345678|23456789|abcdefgh|bcdefghi|qwertyui|deadbeef(?:deadbeef|cafe)|(?:abcd){3}|(?:1234){3}/i;
/** Eight alike: met by chance once in some millions of tokens. Not of structures, which pad with `A`. */
const ALIKE = /([^A=])\1{7}|(?:xX){4}|\*{4}|\.{4}/;
/** A long name, `in_lower_case` or `ofManyWords`: a random text of that length nearly never has no digit and so few capitals. */
const NAME = /^[A-Za-z_.-]{16,}$/;
const CAPITALS_MAX = 0.22;

/** Bits a character below which no random text of that length falls, but once in a million. */
function bitsMin(characters: number): number {
  return Math.min(2.6, 0.72 * Math.log2(characters));
}

/**
 * Tokens of public documentation, by the first 8 bytes of their SHA-256: they are on many thousand pages, have the right
 * shape and open nothing.
 */
const PUBLIC_EXAMPLES = new Set([
  // The JWTs that jwt.io and PyJWT show: their signing inputs.
  "12683707dcb79426",
  "cfa07b1d2aee47cb",
  // Stripe's documentation: two test keys.
  "2cafc0970149a84f",
  "f2d6ca16515033e5",
  // Google's documentation of Maps and of Discovery.
  "ac9265e56c79b234",
  // Telegram's documentation of bots: two.
  "0b5dd075ccdd03c4",
  "a86ae86369fd155f",
]);

/** `secret` is what is random of the token, without its prefix. */
export function isPlaceholder(token: string, secret: string): boolean {
  if (WORDS.test(secret) || SEQUENCES.test(secret) || ALIKE.test(secret) || isName(secret)) return true;
  if (secret.length >= 8 && entropyOf(secret.slice(0, 400)) < bitsMin(Math.min(secret.length, 400)))
    return true;
  return PUBLIC_EXAMPLES.has(createHash("sha256").update(token, "latin1").digest("hex").slice(0, 16));
}

function isName(text: string): boolean {
  return NAME.test(text) && text.replace(/[^A-Z]/g, "").length <= CAPITALS_MAX * text.length;
}
