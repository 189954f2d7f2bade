/** How a blob is written; `binary` says that it holds NUL bytes and is no UTF-16. */
export type Encoding = "text" | "utf16le" | "utf16be" | "binary";

/** Git's own rule: a NUL byte in the first bytes makes a blob binary. */
export const SNIFFED_BYTES = 8192;
/** Stands for a letter beyond ASCII: no word character, and a character of its own for columns. */
const OTHER = 0xff;

export function encodingOf(bytes: Uint8Array): Encoding {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf16be";
  const length = Math.min(bytes.length, SNIFFED_BYTES);
  if (!bytes.subarray(0, length).includes(0)) return "text";
  let even = 0;
  let odd = 0;
  for (let at = 0; at < length; at++) {
    if (bytes[at] !== 0) continue;
    if ((at & 1) === 0) even++;
    else odd++;
  }
  // Without a mark: nearly every other byte is NUL where the letters are Latin ones.
  if (length >= 8 && even === 0 && odd * 2 > length * 0.6) return "utf16le";
  if (length >= 8 && odd === 0 && even * 2 > length * 0.6) return "utf16be";
  return "binary";
}

/** A byte for each code unit of UTF-16; what is left over at an odd end waits for the next piece. */
export class Narrowing {
  private readonly isBig: boolean;
  private left = -1;

  constructor(encoding: "utf16le" | "utf16be") {
    this.isBig = encoding === "utf16be";
  }

  narrow(bytes: Uint8Array): Buffer {
    const units = Buffer.alloc((bytes.length + 1) >> 1);
    let count = 0;
    let first = this.left;
    for (const byte of bytes) {
      if (first < 0) {
        first = byte;
        continue;
      }
      const high = this.isBig ? first : byte;
      const low = this.isBig ? byte : first;
      units[count++] = high === 0 && low < 0x80 ? low : OTHER;
      first = -1;
    }
    this.left = first;
    return units.subarray(0, count);
  }
}
