/** What a spelling's reader answers where nothing is spelled. */
export const NONE = -1;
/** The value of a sequence that stands for nothing at all (a continued line). */
export const EMPTY = 0x1f_ffff;

/** A sequence of `length` bytes (1 to 15) that stands for the code point `value`, as one number. */
export function read(value: number, length: number): number {
  return (value << 4) | length;
}

/** 0 to 15, or -1. */
export function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
