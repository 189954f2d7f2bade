import { writeCharacter } from "./unspell.ts";

/** Text of two bytes a unit (RFC 2781), by the order of its bytes; or any other, which is read byte by byte. */
export type Charset = "bytes" | "utf-16le" | "utf-16be";

/** Units at which a text without a mark is looked at. */
const SIGHT_BYTES = 32;

/** By the byte order mark, else the content type's `charset`, else by sight: ASCII has a NUL in every other place. */
export function charsetOf(contentType: string, bytes: Uint8Array): Charset {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  const named = /charset="?(?:utf-?16|ucs-?2|unicode)(le|be)?\b/i.exec(contentType);
  const sight = bySight(bytes);
  if (named !== null && sight === "bytes") return named[1]?.toLowerCase() === "le" ? "utf-16le" : "utf-16be";
  return sight;
}

function bySight(bytes: Uint8Array): Charset {
  const units = Math.min(bytes.length, SIGHT_BYTES) >> 1;
  if (units < 2) return "bytes";
  let [even, odd] = [0, 0];
  for (let unit = 0; unit < units; unit++) {
    if (bytes[unit * 2] === 0) even++;
    if (bytes[unit * 2 + 1] === 0) odd++;
  }
  if (odd * 4 >= units * 3 && even === 0) return "utf-16le";
  return even * 4 >= units * 3 && odd === 0 ? "utf-16be" : "bytes";
}

/** Writes `bytes[from, end)` as UTF-8 into `out` (half as long again is enough) and answers the bytes written; half a unit at the end is left out. */
export function toUtf8(
  bytes: Uint8Array,
  from: number,
  end: number,
  charset: Charset,
  out: Uint8Array,
): number {
  const [low, high] = charset === "utf-16le" ? [0, 1] : [1, 0];
  let written = 0;
  let first = 0;
  for (let at = from; at + 1 < end; at += 2) {
    const unit = bytes[at + low]! | (bytes[at + high]! << 8);
    if (first !== 0 && unit >= 0xdc00 && unit <= 0xdfff) {
      written = writeCharacter(0x10000 + ((first - 0xd800) << 10) + (unit - 0xdc00), out, written);
      first = 0;
      continue;
    }
    if (first !== 0) written = writeCharacter(first, out, written);
    first = unit >= 0xd800 && unit <= 0xdbff ? unit : 0;
    if (first === 0) written = writeCharacter(unit, out, written);
  }
  return written;
}
