import { EMPTY, hexDigit, LENGTH_BITS, NONE, read } from "./spelling.ts";

/** Letters that stand for a control character after a backslash; all others stand for themselves (`\/`, `\"`, `\\`). */
const CONTROLS = new Map(
  [..."bfnrtv0"].map((letter, index) => [letter.charCodeAt(0), [8, 12, 10, 13, 9, 11, 0][index]!]),
);

/**
 * A backslash and what follows it, as JSON (RFC 8259 section 7), JavaScript, YAML and GraphQL read it: `\u0041`,
 * `\u{41}`, `\x41`, `\/`, `\n`, and a line's end that continues the text.
 */
export function escapeAt(bytes: Uint8Array, at: number, end: number): number {
  if (at + 1 >= end) return NONE;
  const letter = bytes[at + 1]!;
  if (letter === 0x75) return unicodeAt(bytes, at, end);
  if (letter === 0x78) return hexAt(bytes, at + 2, end, 2, 4);
  if (letter === 0x0a) return read(EMPTY, 2);
  if (letter === 0x0d) return read(EMPTY, bytes[at + 2] === 0x0a && at + 2 < end ? 3 : 2);
  return read(CONTROLS.get(letter) ?? letter, 2);
}

/**
 * A backslash as quoted strings of HTTP and cookies read it (RFC 9110 section 5.6.4): the letter behind it stands for
 * itself, three octal digits for a byte.
 */
export function quotedPairAt(bytes: Uint8Array, at: number, end: number): number {
  if (at + 1 >= end) return NONE;
  const [first, second, third] = [
    octal(bytes, at + 1, end),
    octal(bytes, at + 2, end),
    octal(bytes, at + 3, end),
  ];
  if (first < 0 || first > 3 || second < 0 || third < 0) return read(bytes[at + 1]!, 2);
  return read(first * 64 + second * 8 + third, 4);
}

function octal(bytes: Uint8Array, at: number, end: number): number {
  const digit = at < end ? bytes[at]! - 0x30 : -1;
  return digit <= 7 ? digit : -1;
}

function unicodeAt(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at + 2] === 0x7b) {
    const close = bytes.subarray(0, Math.min(end, at + 10)).indexOf(0x7d, at + 3);
    return close <= at + 3 ? NONE : hexAt(bytes, at + 3, end, close - at - 3, close - at + 1);
  }
  const first = hexAt(bytes, at + 2, end, 4, 6);
  const unit = first >> LENGTH_BITS;
  if (first < 0 || unit < 0xd800 || unit > 0xdbff) return first;
  // Half a pair: the other half makes it one character.
  if (bytes[at + 6] !== 0x5c || bytes[at + 7] !== 0x75) return first;
  const second = hexAt(bytes, at + 8, end, 4, 12);
  const low = second >> LENGTH_BITS;
  if (second < 0 || low < 0xdc00 || low > 0xdfff) return first;
  return read(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00), 12);
}

function hexAt(bytes: Uint8Array, from: number, end: number, digits: number, length: number): number {
  if (from + digits > end) return NONE;
  let code = 0;
  for (let at = from; at < from + digits; at++) {
    const value = hexDigit(bytes[at]!);
    if (value < 0) return NONE;
    code = code * 16 + value;
  }
  return code > 0x10ffff ? NONE : read(code, length);
}
