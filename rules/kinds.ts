import { FORMATS, type Format } from "./formats.ts";

/** `valid` or `invalid` where the format has a checksum that can be told offline, else `none`. */
export type Checksum = "none" | "valid" | "invalid";

/** A row of the table as a whole text is recognized by it. */
interface Shape {
  readonly format: Format;
  readonly whole: RegExp | null;
}

const SHAPES: readonly Shape[] = FORMATS.map((format) => ({
  format,
  whole: format.body === null || format.isBehind ? null : new RegExp(`^(?:${format.body.source})$`),
}));

/** What can be told of a token from its text alone. */
export interface Recognized {
  /** `github`, `npm`, ... or `opaque`. */
  readonly kind: string;
  readonly checksum: Checksum;
  /** It begins as a known format and is too short for it. */
  readonly looksTruncated: boolean;
}

/** Recognizes the format of a token's canonical form. */
export function recognize(text: string): Recognized {
  for (const { format, whole } of SHAPES) {
    if (!startsAs(text, format)) continue;
    const { kind, charsMin, isRight } = format;
    const isWhole = whole?.test(text) ?? false;
    const checksum = !isWhole || isRight === null ? "none" : isRight(text) ? "valid" : "invalid";
    return { kind, checksum, looksTruncated: !isWhole && text.length < charsMin };
  }
  return { kind: "opaque", checksum: "none", looksTruncated: false };
}

function startsAs(text: string, { start, anchors, lead, isBehind, body }: Format): boolean {
  if (start !== null) return start.test(text);
  if (isBehind || body === null) return false;
  if (lead === null) return anchors.some((anchor) => text.startsWith(anchor));
  return body.exec(text)?.[0] === text;
}

/**
 * The kind of token that a word of a text plainly is, or null: a whole one of a format that nothing else looks like.
 * For texts that people write, where no token may stand.
 */
export function plainlyToken(word: string): string | null {
  const found = SHAPES.find(({ format, whole }) => startsAs(word, format) && (whole?.test(word) ?? false));
  return found?.format.kind ?? null;
}

/** Formats whose tokens are known wherever they begin: their shape is not met by chance. */
const WITHIN = FORMATS.flatMap(({ body, anchors, lead, isBehind, near, isSound }) =>
  body === null || isBehind || near !== null
    ? []
    : [
        {
          anchors,
          leads: lead?.max ?? 0,
          isSound,
          body: new RegExp(`(?:${body.source})(?![0-9A-Za-z])`, "y"),
        },
      ],
);
const ANCHOR = new RegExp(
  [...new Set(WITHIN.flatMap(({ anchors }) => anchors))]
    .map((each) => each.replaceAll(/[.$]/g, "\\$&"))
    .join("|"),
  "g",
);
/** Places of one word where a token may begin; a word of more is taken for one that holds a token. */
const ANCHORS_MAX = 64;

/** Whether a whole token of a known format stands anywhere in the word, whatever stands before it and behind it. */
export function holdsPlainly(word: string): boolean {
  ANCHOR.lastIndex = 0;
  for (let hits = 0; ; hits++) {
    const hit = ANCHOR.exec(word);
    if (hit === null) return false;
    if (hits === ANCHORS_MAX) return true;
    const { index } = hit;
    for (const { anchors, leads, isSound, body } of WITHIN) {
      if (!anchors.some((anchor) => word.startsWith(anchor, index))) continue;
      for (let from = index; from >= Math.max(0, index - leads); from--) {
        body.lastIndex = from;
        const [text] = body.exec(word) ?? [];
        if (text !== undefined && (isSound?.(text) ?? true)) return true;
      }
    }
    // The next may begin within this one: `sk-` in `task-sk-`.
    ANCHOR.lastIndex = index + 1;
  }
}

/** Shannon's entropy of the text's characters, in bits a character. */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / total) * Math.log2(count / total);
  return bits;
}

/** Bits a character, and in all, below which a text is easily met by chance: `changeme`, `aaaaaaaaaaaa`. */
const BITS_A_CHARACTER = 2.2;
const BITS_IN_ALL = 30;

export function isLowEntropy(text: string): boolean {
  const bits = entropyOf(text);
  return bits < BITS_A_CHARACTER || bits * text.length < BITS_IN_ALL;
}
