import { hash } from "node:crypto";
import { digestToken, type TokenDigest } from "./digest.ts";
import { holdsPlainly, plainlyToken } from "./kinds.ts";
import type { Pepper } from "./pepper.ts";
import { InputRefused } from "./refusal.ts";
import { Token } from "./token.ts";
import { digestHash, HashForm, hashAlgorithms } from "./tokenhash.ts";

/** Stretches of one text that are looked at; a text of more is refused, since nobody writes such by hand. */
const STRETCHES_MAX = 20_000;
/** Places in one word where a token may begin or end; beyond it the whole word and its parts are looked at. */
const EDGES_MAX = 24;
/** Characters of the shortest part of a word that is looked at by itself. */
const PART_CHARS_MIN = 16;
/** Parts of one word that are looked at; a word of more is a blob, and no name of a file. */
const PARTS_MAX = 32;

/**
 * Refuses texts that hold a token: one that `isToken` knows by its digest, or what is plainly one of a known format.
 * Texts are kept, shown and sent around; a token must not be. `texts` are by the name of their field. Throws
 * InputRefused, which does not repeat the text.
 */
export function refuseTokens(
  texts: Readonly<Record<string, string | null | undefined>>,
  pepper: Pepper,
  isToken: (digest: Buffer) => boolean,
): void {
  for (const [field, text] of Object.entries(texts)) {
    if (text === null || text === undefined) continue;
    let left = STRETCHES_MAX;
    for (const stretch of stretchesOf(text)) {
      if (left-- === 0) throw new InputRefused(field, "has more words than can be looked through for tokens");
      const kind = plainlyToken(stretch);
      if (kind !== null)
        throw new InputRefused(field, `holds what looks like a token of ${kind}: say which without it`);
      if (digestsOf(stretch, pepper).some(isToken))
        throw new InputRefused(field, "holds a token that is registered: say which by its number");
    }
  }
}

/** The same with the tokens of any leak of a store, and with some that are about to be registered. */
export function screenTexts(
  store: { leaksHolding(digest: Uint8Array): readonly string[] },
  pepper: Pepper,
  texts: Readonly<Record<string, string | null | undefined>>,
  given: readonly TokenDigest[] = [],
): void {
  const own = new Set(given.map(({ digest }) => digest.toString("latin1")));
  refuseTokens(
    texts,
    pepper,
    (digest) => own.has(digest.toString("latin1")) || store.leaksHolding(digest).length > 0,
  );
}

/**
 * The text with what is a token masked: one that `isToken` knows by its digest, or what is plainly one of a known format. For
 * texts that come from elsewhere in great numbers: looks at the words between the marks of URLs and prose, as they
 * stand and percent-decoded, at their parts of 16 characters and more, and not at every stretch as `refuseTokens` does.
 * A word that holds a token goes as a whole. Without `withHashes` tokens of which
 * only a hash is known are not looked for. `seen` remembers what words are; hand in a new one when `isToken` may say
 * otherwise.
 */
export function maskTokens(
  text: string,
  pepper: Pepper,
  isToken: (digest: Buffer) => boolean,
  withHashes: boolean,
  seen: Map<string, boolean>,
): string {
  return text.replaceAll(/[^\s/?&=#,;:@()<>"'`|[\]{}]{6,}/g, (word) => {
    let known = seen.get(word);
    if (known === undefined) {
      const isOne = (each: string) =>
        plainlyToken(each) !== null || wordDigests(each, pepper, withHashes).some(isToken);
      known = spellingsOf(word).some(
        (each) =>
          isOne(each) || (each.length >= PART_CHARS_MIN && (holdsPlainly(each) || partsOf(each).some(isOne))),
      );
      seen.set(word, known);
    }
    return known ? MASK : word;
  });
}

/** What stands in place of a token. */
export const MASK = "****";

function spellingsOf(word: string): string[] {
  if (!word.includes("%")) return [word];
  try {
    return [word, decodeURIComponent(word)];
  } catch {
    return [word];
  }
}

/** What stands between marks, also once escapes are marks (`\x01`, `%01`), and the word without the ending of a file's name. */
function partsOf(word: string): readonly string[] {
  const marked = word.replaceAll(
    /\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|u\{[0-9a-f]+\}|[0-7]{3}|[a-z0])|%[0-9a-f]{2}/gi,
    "\\",
  );
  const parts = new Set([...word.split(MARKS), ...(marked === word ? [] : marked.split(MARKS))]);
  parts.add(word.slice(0, Math.max(0, word.lastIndexOf("."))));
  return [...parts].filter((part) => part.length >= PART_CHARS_MIN && part !== word).slice(0, PARTS_MAX);
}

const MARKS = /[^A-Za-z0-9_-]+/;

const forms = hashAlgorithms.map((algorithm) => new HashForm(algorithm));

/** What `digestsOf` answers, at a quarter of its cost, of a word that has no scheme and no quotes around it. */
function wordDigests(word: string, pepper: Pepper, withHashes: boolean): Buffer[] {
  if (word.startsWith("eyJ")) return digestsOf(word, pepper);
  const bytes = Buffer.from(word, "utf8");
  const digests = [pepper.digestOf(bytes)];
  if (!withHashes) return digests;
  for (const form of forms) {
    form.setHashOf(bytes);
    digests.push(pepper.digestOf(form.bytes));
  }
  return digests;
}

/** Whatever in the text could be a token: words, and what is left of them without the marks around. */
function* stretchesOf(text: string): Generator<string> {
  for (const word of new Set(text.split(/\s+/))) {
    if (word === "") continue;
    yield word;
    const edges = edgesOf(word);
    const isLong = edges.length > EDGES_MAX;
    for (let from = 0; from < edges.length; from++) {
      const last = isLong ? Math.min(edges.length, from + 4) : edges.length;
      for (let to = from + 1; to < last; to++) {
        const stretch = word.slice(edges[from], edges[to]);
        if (stretch !== word) yield stretch;
      }
      // A long word, a URL mostly, may end with a token of many parts.
      if (isLong && edges[from]! > 0) yield word.slice(edges[from]);
    }
  }
}

/** Where letters meet marks, and the ends. */
function edgesOf(word: string): number[] {
  const edges = [0];
  for (const { index } of word.matchAll(/(?<=[\w-])(?=[^\w-])|(?<=[^\w-])(?=[\w-])|(?<=[=:])/g))
    if (index > edges[edges.length - 1]!) edges.push(index);
  if (edges[edges.length - 1] !== word.length) edges.push(word.length);
  return edges;
}

function digestsOf(text: string, pepper: Pepper): Buffer[] {
  try {
    const token = Token.parse(text);
    const hashes = hashAlgorithms.map((algorithm) => {
      const hex = hash(algorithm, text, "hex");
      return digestHash({ algorithm, hex }, pepper).digest;
    });
    return [digestToken(token, pepper).digest, ...hashes];
  } catch (error) {
    // What cannot be a token is none.
    if (error instanceof Error && "code" in error && error.code === "TokenRefused") return [];
    throw error;
  }
}
