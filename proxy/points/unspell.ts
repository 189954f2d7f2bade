import { Sign } from "../../rules/matcher.ts";
import { IS_WORD } from "../../rules/word.ts";
import { escapeAt, quotedPairAt } from "./escape.ts";
import { entityAt, sectionAt } from "./markup.ts";
import { bytePercentAt, percentAt, unicodePercentAt } from "./percent.ts";
import { quotedAt } from "./quoted.ts";
import { EMPTY, LENGTH_BITS, LENGTH_MAX, NONE } from "./spelling.ts";

/** `%41` alone, and `%u0041` alone: most readers know only the first. */
const PERCENT_BYTE = 1;
const PERCENT_UNICODE = 32;
/** The spellings that a view may undo, as bits; percent is two. */
export const Language = {
  percent: PERCENT_BYTE | PERCENT_UNICODE,
  escape: 2,
  markup: 4,
  quoted: 8,
  quotedPair: 16,
} as const;

const PERCENT = 0x25;
const BACKSLASH = 0x5c;
const AMPERSAND = 0x26;
const SEMICOLON = 0x3b;
const BLANK = 0x20;
/** So far marks are looked for one by one: a call out of JavaScript costs as much. */
const NEAR_BYTES = 64;
/** No sequence is longer, so what stands nearer to the end of a piece may go on in the next. */
const SEQUENCE_MAX = 14;

const LANGUAGE_OF = new Uint8Array(256);
LANGUAGE_OF[PERCENT] = Language.percent;
LANGUAGE_OF[BACKSLASH] = Language.escape | Language.quotedPair;
for (const letter of "&<]") LANGUAGE_OF[letter.charCodeAt(0)] = Language.markup;
LANGUAGE_OF["=".charCodeAt(0)] = Language.quoted;

/**
 * The languages whose mark the bytes show, among those of `allowed`: a look at memory speed, and all that a request
 * costs in which nothing is spelled otherwise. Quoted-printable has no mark of its own: whoever saw it announced
 * passes its bit.
 */
export function languagesIn(bytes: Buffer, allowed: number): number {
  let found = allowed & Language.quoted;
  const percent = allowed & Language.percent;
  if (percent !== 0 && bytes.includes(PERCENT)) found |= percent;
  const backslash = allowed & (Language.escape | Language.quotedPair);
  if (backslash !== 0 && bytes.includes(BACKSLASH)) found |= backslash;
  if ((allowed & Language.markup) !== 0 && hasMarkup(bytes)) found |= Language.markup;
  return found;
}

/** The same as far as the signs of a scan tell (see Sign), in bodies. */
export function languagesOf(signs: number): number {
  let languages = 0;
  if ((signs & Sign.percent) !== 0) languages |= Language.percent;
  if ((signs & Sign.backslash) !== 0) languages |= Language.escape;
  if ((signs & Sign.markup) !== 0) languages |= Language.markup;
  return languages;
}

/** An ampersand alone stands between the fields of every form. */
function hasMarkup(bytes: Buffer): boolean {
  if (bytes.includes(AMPERSAND) && (bytes.includes(SEMICOLON) || bytes.includes("&#"))) return true;
  return bytes.includes("<!--") || bytes.includes("<![CDATA[") || bytes.includes("]]>");
}

/** Of the last `unspell`: the languages undone, and those of them whose sequences made a word go on. */
export const undone = { languages: 0, joining: 0 };

/**
 * Undoes one layer of the languages in `bytes[0, end)` into `out`, which must be as long, and answers the bytes
 * written: never more than were read, and none where nothing was spelled. Only the neighbourhoods of what was undone
 * are written, `margin` bytes before and after it, each up to where a word ends, with a blank between them: the rest
 * reads as it did before and was looked at then. What stands for a character of several bytes is written as UTF-8.
 * Unless `isLast`, a sequence that the end cuts is left out with all that follows: it is read with the next piece.
 */
export function unspell(
  bytes: Uint8Array,
  end: number,
  out: Uint8Array,
  languages: number,
  isLast: boolean,
  margin: number,
): number {
  let written = 0;
  let at = 0;
  undone.languages = 0;
  undone.joining = 0;
  /** Where the neighbourhood at hand may end; -1 between two. */
  let until = -1;
  /** The end of the one before: what stands before it is written already. */
  let copied = 0;
  while (at < end) {
    if (until >= 0) {
      const limit = Math.min(until, end);
      while (at < limit && (LANGUAGE_OF[bytes[at]!]! & languages) === 0) out[written++] = bytes[at++]!;
      if (at >= until) {
        while (at < end && IS_WORD[bytes[at]!] === 1) out[written++] = bytes[at++]!;
        until = -1;
        copied = at;
      }
    }
    if (until < 0) at = nextMark(bytes, at, end, languages);
    if (at >= end) return written;
    const language = LANGUAGE_OF[bytes[at]!]! & languages;
    const sequence = isOuter(bytes, at + 1, end, language, languages)
      ? NONE
      : sequenceAt(language, bytes, at, end);
    if (sequence === NONE) {
      if (!isLast && end - at < SEQUENCE_MAX) return written;
      if (until >= 0) out[written++] = bytes[at]!;
      at++;
      continue;
    }
    if (until < 0) {
      const from = Math.max(copied, at - margin);
      if (written > 0 && from > copied) out[written++] = BLANK;
      for (let before = from; before < at; before++) out[written++] = bytes[before]!;
    }
    const value = sequence >> LENGTH_BITS;
    const length = sequence & LENGTH_MAX;
    at += length;
    until = at + margin;
    const used =
      (language & Language.percent) === 0 ? language : length === 3 ? PERCENT_BYTE : PERCENT_UNICODE;
    undone.languages |= used;
    if (value === EMPTY || (value < 0x80 && IS_WORD[value] === 1)) undone.joining |= used;
    if (value === EMPTY) continue;
    const isByte =
      value < 0x80 || language === Language.quoted || language === Language.quotedPair || length < 4;
    if (isByte) out[written++] = value;
    else written = writeCharacter(value, out, written);
  }
  return written;
}

/**
 * Where the next byte stands with which a sequence may begin, or `end`. Where all begin with the same, those that are far
 * apart are looked for at memory speed: bodies of JSON have a few backslashes.
 */
function nextMark(bytes: Uint8Array, from: number, end: number, languages: number): number {
  const near = Math.min(end, from + NEAR_BYTES);
  let at = from;
  while (at < near && (LANGUAGE_OF[bytes[at]!]! & languages) === 0) at++;
  if (at < near || at === end) return at;
  const only = onlyMark(languages);
  if (only === NONE) {
    while (at < end && (LANGUAGE_OF[bytes[at]!]! & languages) === 0) at++;
    return at;
  }
  const found = Buffer.prototype.indexOf.call(bytes, only, at);
  return found < 0 || found > end ? end : found;
}

/** The one byte with which all sequences of the languages begin, or NONE. */
function onlyMark(languages: number): number {
  if ((languages & ~Language.percent) === 0) return PERCENT;
  return (languages & ~(Language.escape | Language.quotedPair)) === 0 ? BACKSLASH : NONE;
}

/** A backslash before a sequence of another language: that one is the outer layer, and what it stands for is escaped. */
function isOuter(bytes: Uint8Array, at: number, end: number, language: number, languages: number): boolean {
  const isEscape = (language & (Language.escape | Language.quotedPair)) !== 0;
  if (!isEscape || at >= end) return false;
  const other = LANGUAGE_OF[bytes[at]!]! & languages & ~language;
  return other !== 0 && sequenceAt(other, bytes, at, end) !== NONE;
}

function sequenceAt(language: number, bytes: Uint8Array, at: number, end: number): number {
  switch (language) {
    case Language.percent:
      return percentAt(bytes, at, end);
    case PERCENT_BYTE:
      return bytePercentAt(bytes, at, end);
    case PERCENT_UNICODE:
      return unicodePercentAt(bytes, at, end);
    case Language.escape:
      return escapeAt(bytes, at, end);
    case Language.quotedPair:
      return quotedPairAt(bytes, at, end);
    case Language.quoted:
      return quotedAt(bytes, at, end);
    default:
      return bytes[at] === AMPERSAND ? entityAt(bytes, at, end) : sectionAt(bytes, at, end);
  }
}

/** UTF-8 (RFC 3629); half a surrogate pair too, which then is no token's. */
export function writeCharacter(code: number, out: Uint8Array, at: number): number {
  let written = at;
  if (code < 0x80) {
    out[written++] = code;
  } else if (code < 0x800) {
    out[written++] = 0xc0 | (code >> 6);
    out[written++] = 0x80 | (code & 63);
  } else if (code < 0x10000) {
    out[written++] = 0xe0 | (code >> 12);
    out[written++] = 0x80 | ((code >> 6) & 63);
    out[written++] = 0x80 | (code & 63);
  } else {
    out[written++] = 0xf0 | (code >> 18);
    out[written++] = 0x80 | ((code >> 12) & 63);
    out[written++] = 0x80 | ((code >> 6) & 63);
    out[written++] = 0x80 | (code & 63);
  }
  return written;
}
