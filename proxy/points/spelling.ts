/** What a spelling's reader answers where nothing is spelled. */
export const NONE = -1;
/** The value of a sequence that stands for nothing at all (a continued line). */
export const EMPTY = 0x1f_ffff;

/** Bits of a length in what `read` answers: a sequence has at most 1,023 bytes. */
export const LENGTH_BITS = 10;
export const LENGTH_MAX = (1 << LENGTH_BITS) - 1;

/** A sequence of `length` bytes that stands for the code point `value`, as one number. */
export function read(value: number, length: number): number {
  return (value << LENGTH_BITS) | length;
}

/** 0 to 15, or -1. */
export function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
