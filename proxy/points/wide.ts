/** Bytes that a character may take: UTF-16, UTF-32 (RFC 2781, Unicode section 3.10). */
export const WIDTHS = [2, 4] as const;
const BLANK = 0x20;

/**
 * Writes the ASCII text of `width` bytes a character that stands in `bytes[0, end)` to `out` (as long), whatever the
 * order of the bytes, mark, content type and place, and answers the bytes written. It is known by the NULs between
 * its characters; a blank stands for what follows such a text, so that the last byte is none only where the bytes
 * end within one. At least `least` characters, two or more, make a text. It looks at places so near to each other that
 * one lies in every such text, and reads on from where a character may stand: noise and zeros cost a fraction of a
 * look a byte (bench/views.ts).
 */
export function narrow(
  bytes: Uint8Array,
  end: number,
  out: Uint8Array,
  least: number,
  width: number,
): number {
  let written = 0;
  const step = (least - 2) * width + 2;
  /** What stands before it belongs to the texts before. */
  let from = 0;
  for (let at = 0; at + width <= end; ) {
    const letter = onlyLetter(bytes, at, width);
    if (letter < from) {
      at += step;
      continue;
    }
    const first = textStart(bytes, letter, from, width);
    const last = textEnd(bytes, letter, end, width);
    if ((last - first) / width + 1 >= least) {
      for (let each = first; each <= last; each += width) out[written++] = bytes[each]!;
      if (last + width < end) out[written++] = BLANK;
    }
    from = last + 1;
    at = Math.max(at + step, from);
  }
  return written;
}
/** Where the one character stands that `width` bytes of such a text hold, or -1. */
function onlyLetter(bytes: Uint8Array, from: number, width: number): number {
  let letter = -1;
  for (let at = from; at < from + width; at++) {
    if (bytes[at] === 0) continue;
    if (letter >= 0 || !isAscii(bytes[at]!)) return -1;
    letter = at;
  }
  return letter;
}

/** The first character, not before `from`, of the text that goes on at `at`. */
function textStart(bytes: Uint8Array, at: number, from: number, width: number): number {
  let first = at;
  while (
    first - width >= from &&
    isAscii(bytes[first - width]!) &&
    hasNuls(bytes, first - width + 1, width - 1)
  )
    first -= width;
  return first;
}

/** The last character of the text that begins at `at`. */
function textEnd(bytes: Uint8Array, at: number, end: number, width: number): number {
  let last = at;
  while (last + width < end && isAscii(bytes[last + width]!) && hasNuls(bytes, last + 1, width - 1))
    last += width;
  return last;
}

function hasNuls(bytes: Uint8Array, from: number, count: number): boolean {
  for (let at = from; at < from + count; at++) if (bytes[at] !== 0) return false;
  return true;
}

function isAscii(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === 9 || byte === 10 || byte === 13;
}
