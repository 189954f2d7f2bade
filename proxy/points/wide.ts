/** Bytes that a character may take: UTF-16, UTF-32 (RFC 2781, Unicode section 3.10). */
export const WIDTHS = [2, 4] as const;
const BLANK = 0x20;

/**
 * Writes the ASCII text of `width` bytes a character that stands in `bytes[0, end)` to `out` (as long), whatever the
 * order of the bytes, mark, content type and place, and answers the bytes written. It is known by the NULs between
 * its characters; a blank stands for what follows such a text, so that the last byte is none only where the bytes
 * end within one. At least `least` characters make a text.
 */
export function narrow(
  bytes: Uint8Array,
  end: number,
  out: Uint8Array,
  least: number,
  width: number,
): number {
  let written = 0;
  for (let at = 0; at < end; ) {
    if (isAscii(bytes[at]!)) {
      const last = textEnd(bytes, at, end, width);
      if ((last - at) / width + 1 >= least) {
        for (let letter = at; letter <= last; letter += width) out[written++] = bytes[letter]!;
        if (last + width < end) out[written++] = BLANK;
        at = last + 1;
        continue;
      }
    }
    at++;
  }
  return written;
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
