const Flag = { crc: 2, extra: 4, name: 8, comment: 16 } as const;

/** The header of a gzip member (RFC 1952 section 2.3), byte by byte: it may be of any length, and none of it is kept. */
export class GzipHead {
  private count = 0;
  private flags = 0;
  private left = 0;

  take(byte: number): "more" | "end" | "wrong" {
    const at = this.count++;
    if (at < 10) {
      if (at < 3 && byte !== [0x1f, 0x8b, 8][at]) return "wrong";
      // Reserved flags are not looked at: some servers ignore them, and then decode the same.
      if (at === 3) this.flags = byte & (Flag.crc | Flag.extra | Flag.name | Flag.comment);
      if (at < 9) return "more";
    } else if (this.flags & Flag.extra) this.takeExtra(at, byte);
    else if (this.flags & Flag.name) {
      if (byte === 0) this.flags &= ~Flag.name;
    } else if (this.flags & Flag.comment) {
      if (byte === 0) this.flags &= ~Flag.comment;
    } else if (this.left++ === 1) this.flags = 0;
    return this.flags === 0 ? "end" : "more";
  }

  private takeExtra(at: number, byte: number): void {
    if (at === 10) this.left = byte;
    else if (at === 11) this.left |= byte << 8;
    else this.left--;
    if (at > 10 && this.left === 0) this.flags &= ~Flag.extra;
  }
}

/**
 * Whether a body under `deflate` is zlib's format, as RFC 9110 section 8.4.1.2 has it, or the raw deflate that some
 * clients send. Its first bytes may be right for both: a raw stored block (RFC 1951 section 3.2.4) ignores the bits
 * that make a zlib header. Which of the two a server then reads is anyone's guess, so neither may pass as the body.
 */
export function deflateKind(head: Uint8Array): "more" | "zlib" | "raw" | "both" {
  // RFC 1950 section 2.2: CM 8, CINFO up to 7, and the two bytes a multiple of 31.
  if ((head[0]! & 0x8f) !== 8) return "raw";
  if (head.length < 2) return "more";
  if (((head[0]! << 8) | head[1]!) % 31 !== 0) return "raw";
  // No byte can be decoded yet.
  if (head.length < 4) return "more";
  if ((head[1]! ^ head[3]!) !== 0xff) return "zlib";
  if (head.length < 5) return "more";
  return (head[2]! ^ head[4]!) === 0xff ? "both" : "zlib";
}
