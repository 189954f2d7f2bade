import { EMPTY, hexDigit, NONE, read } from "./spelling.ts";

/** Quoted-printable (RFC 2045 section 6.7): `=41`, and `=` at a line's end, which joins it with the next. */
export function quotedAt(bytes: Uint8Array, at: number, end: number): number {
  if (at + 1 >= end) return NONE;
  if (bytes[at + 1] === 0x0a) return read(EMPTY, 2);
  if (at + 2 >= end) return NONE;
  if (bytes[at + 1] === 0x0d && bytes[at + 2] === 0x0a) return read(EMPTY, 3);
  const high = hexDigit(bytes[at + 1]!);
  const low = hexDigit(bytes[at + 2]!);
  return high < 0 || low < 0 ? NONE : read(high * 16 + low, 3);
}
