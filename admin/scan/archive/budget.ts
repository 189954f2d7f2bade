import type { ScanLimits, SkipReason } from "../source.ts";

/** Small archives may unfold to so much whatever the ratio: a page of blanks is packed a thousandfold. */
const FREE_BYTES = 16 * 1024 * 1024;

/**
 * What may come out of one archive, with all those within it: entries, and bytes for each byte that it has. Archives within
 * count too, and what of them is read more than once: so nothing is gained by folding a bomb twice, or by entries that overlap.
 */
export class Budget {
  readonly limits: ScanLimits;
  /** Why no more is read, once that is so. */
  exhausted: SkipReason | null = null;
  private readonly bytesMax: number;
  private bytes = 0;
  private entries = 0;

  /** `size` in bytes, as the archive lies there. */
  constructor(limits: ScanLimits, size: number) {
    this.limits = limits;
    this.bytesMax = Math.max(FREE_BYTES, size * limits.ratioMax);
  }

  /** Takes an entry into account; false where it is one too many. */
  entry(): boolean {
    if (++this.entries > this.limits.entriesMax) this.exhausted ??= "too_many";
    return this.exhausted === null;
  }

  /** The bytes, counted; they end where there are too many. */
  async *spend(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const piece of bytes) {
      this.bytes += piece.length;
      if (this.bytes > this.bytesMax) this.exhausted ??= "ratio";
      if (this.exhausted !== null) return;
      yield piece;
    }
  }
}
