import { hexDigit, NONE, read } from "./spelling.ts";

/**
 * `%41` (RFC 3986 section 2.1) and `%u0041` (an old habit of ECMAScript's `escape`, still read by some servers). `+`
 * is no spelling here: a token holds no blank, so reading `+` as one cannot complete a token, and both end a word.
 */
export function percentAt(bytes: Uint8Array, at: number, end: number): number {
  const byte = bytePercentAt(bytes, at, end);
  return byte === NONE ? unicodePercentAt(bytes, at, end) : byte;
}

export function bytePercentAt(bytes: Uint8Array, at: number, end: number): number {
  if (at + 2 >= end) return NONE;
  const high = hexDigit(bytes[at + 1]!);
  const low = hexDigit(bytes[at + 2]!);
  return high >= 0 && low >= 0 ? read(high * 16 + low, 3) : NONE;
}

export function unicodePercentAt(bytes: Uint8Array, at: number, end: number): number {
  if (at + 5 >= end || (bytes[at + 1]! | 0x20) !== 0x75) return NONE;
  let code = 0;
  for (let digit = at + 2; digit < at + 6; digit++) {
    const value = hexDigit(bytes[digit]!);
    if (value < 0) return NONE;
    code = code * 16 + value;
  }
  return read(code, 6);
}
