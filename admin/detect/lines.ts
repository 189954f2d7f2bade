const NEWLINE = 0x0a;

/** A line and a column, from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Counts lines and columns as far as they are asked for. Places are asked for in ascending order. */
export class Lines {
  private place: number;
  private line = 1;
  private column = 1;

  /** `start` is where the text begins, behind a byte order mark. */
  constructor(start: number) {
    this.place = start;
  }

  /**
   * Where a place of a blob stands. `bytes` are those of the blob from `base` on, as far back as the last place that was
   * asked for. A line ends with LF; columns count characters of UTF-8, or bytes of other charsets.
   */
  at(bytes: Buffer, base: number, to: number): Position {
    for (;;) {
      const next = bytes.indexOf(NEWLINE, this.place - base);
      if (next < 0 || base + next >= to) break;
      this.line++;
      this.column = 1;
      this.place = base + next + 1;
    }
    for (; this.place < to; this.place++) if ((bytes[this.place - base]! & 0xc0) !== 0x80) this.column++;
    return { line: this.line, column: this.column };
  }
}
