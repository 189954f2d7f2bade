const EMPTY = Buffer.alloc(0);

/** A body put together again from its pieces, as long as it stays short. */
export class WholeBody {
  private readonly bytesMax: number;
  private kept: Buffer = EMPTY;
  private length = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  get isTooLong(): boolean {
    return this.length > this.bytesMax;
  }

  /** Takes a piece, which stays the caller's. With the last one answers all of them, or null where that is too long. */
  take(bytes: Buffer, isLast: boolean): Buffer | null {
    const before = this.length;
    this.length += bytes.length;
    if (this.isTooLong) {
      this.kept = EMPTY;
      return null;
    }
    if (isLast && before === 0) return bytes;
    if (this.kept.length < this.length) {
      // It grows by doubling: a body may come a byte at a time.
      const grown = Buffer.allocUnsafe(Math.min(this.bytesMax, 2 * this.length));
      this.kept.copy(grown, 0, 0, before);
      this.kept = grown;
    }
    bytes.copy(this.kept, before);
    return isLast ? this.kept.subarray(0, this.length) : null;
  }
}
