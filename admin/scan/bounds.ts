/**
 * The same items until the signal is aborted, also while the source hangs: then it ends at once, and what hangs is told to
 * end and not waited for.
 */
export async function* until<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  let stop = () => {};
  const onAbort = () => stop();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    while (!signal.aborted) {
      // One listener for all items: Promise.race would keep each of them for as long as the signal lives.
      const step = await new Promise<IteratorResult<T> | null>((resolve, reject) => {
        stop = () => resolve(null);
        iterator.next().then(resolve, reject);
      });
      if (step === null || step.done === true) return;
      yield step.value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    const ended = iterator.return?.();
    if (!signal.aborted) await ended;
    else ended?.catch(() => {});
  }
}

/** Pulls bytes out of a stream in the pieces that a format has, however they come. To be closed. */
export class Cursor {
  /** Bytes taken so far. */
  place = 0;
  private readonly iterator: AsyncIterator<Buffer>;
  private held: Buffer = Buffer.alloc(0);

  constructor(bytes: AsyncIterable<Buffer>) {
    this.iterator = bytes[Symbol.asyncIterator]();
  }

  /** The next bytes, at most so many, as they come; empty at the end. */
  async some(max: number): Promise<Buffer> {
    while (this.held.length === 0) {
      const { value, done } = await this.iterator.next();
      if (done === true) return Buffer.alloc(0);
      this.held = value;
    }
    const part = this.held.subarray(0, max);
    this.held = this.held.subarray(part.length);
    this.place += part.length;
    return part;
  }

  /** So many bytes; fewer only at the end. For small counts: they are copied together. */
  async take(count: number): Promise<Buffer> {
    const first = await this.some(count);
    if (first.length === count || first.length === 0) return first;
    const parts = [first];
    for (let left = count - first.length; left > 0; ) {
      const part = await this.some(left);
      if (part.length === 0) break;
      parts.push(part);
      left -= part.length;
    }
    return Buffer.concat(parts);
  }

  /** The next bytes, at most so many, which are not taken. */
  async peek(count: number): Promise<Buffer> {
    const place = this.place;
    const head = await this.take(count);
    this.held = Buffer.concat([head, this.held]);
    this.place = place;
    return head;
  }

  /** The bytes up to the end mark, which is taken too; of more than `max` the first ones. Null at the end. */
  async line(mark: number, max: number): Promise<Buffer | null> {
    const parts: Buffer[] = [];
    let length = 0;
    for (;;) {
      if (this.held.length === 0) this.held = await this.more();
      if (this.held.length === 0) return null;
      const at = this.held.indexOf(mark);
      const part = await this.some(at < 0 ? this.held.length : at + 1);
      const text = part.subarray(0, Math.min(at < 0 ? part.length : at, max - length));
      length += text.length;
      parts.push(text);
      if (at >= 0) return parts.length === 1 ? text : Buffer.concat(parts);
    }
  }

  /** Passes over so many bytes; false where there are fewer. */
  async skip(count: number): Promise<boolean> {
    for (let left = count; left > 0; ) {
      const part = await this.some(left);
      if (part.length === 0) return false;
      left -= part.length;
    }
    return true;
  }

  /** The rest of it. */
  async *rest(): AsyncGenerator<Buffer> {
    for (;;) {
      const part = await this.some(Number.MAX_SAFE_INTEGER);
      if (part.length === 0) return;
      yield part;
    }
  }

  /** The next `count` bytes as a stream; whoever stops early leaves the others to be passed over by `end`. */
  span(count: number): Span {
    return new Span(this, count);
  }

  async close(): Promise<void> {
    await this.iterator.return?.();
  }

  private async more(): Promise<Buffer> {
    const part = await this.some(Number.MAX_SAFE_INTEGER);
    this.place -= part.length;
    return part;
  }
}

/** A stretch of a stream. */
export class Span implements AsyncIterable<Buffer> {
  private readonly cursor: Cursor;
  private left: number;

  constructor(cursor: Cursor, count: number) {
    this.cursor = cursor;
    this.left = count;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    while (this.left > 0) {
      const part = await this.cursor.some(this.left);
      if (part.length === 0) return;
      this.left -= part.length;
      yield part;
    }
  }

  /** Passes over what was not read; false where the stream ended before. */
  async end(): Promise<boolean> {
    const count = this.left;
    this.left = 0;
    return this.cursor.skip(count);
  }
}
