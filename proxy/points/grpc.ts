/** One byte that says whether the message is compressed, and four of its length (gRPC over HTTP/2, Length-Prefixed-Message). */
const PREFIX_BYTES = 5;

/** Takes the compressed messages out of a gRPC stream: their bytes one behind the other, as they come. */
export class CompressedMessages {
  private readonly prefix = Buffer.alloc(PREFIX_BYTES);
  private prefixed = 0;
  private left = 0;

  take(bytes: Buffer): Buffer {
    const found: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      if (this.left === 0) {
        const taken = Math.min(PREFIX_BYTES - this.prefixed, bytes.length - at);
        bytes.copy(this.prefix, this.prefixed, at, at + taken);
        this.prefixed += taken;
        at += taken;
        if (this.prefixed < PREFIX_BYTES) break;
        this.prefixed = 0;
        this.left = this.prefix.readUInt32BE(1);
        continue;
      }
      const taken = Math.min(this.left, bytes.length - at);
      if ((this.prefix[0]! & 1) === 1) found.push(bytes.subarray(at, at + taken));
      this.left -= taken;
      at += taken;
    }
    return found.length === 1 ? found[0]! : Buffer.concat(found);
  }
}
