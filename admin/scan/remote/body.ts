import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { SkipReason } from "../source.ts";

/** A few bytes become many at the beginning of any text; from here on the ratio counts. */
const RATIO_FROM_BYTES = 1024 * 1024;

/** Bytes of an answer under a limit of time, which holds until `release`. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** The time is over, and nobody else wanted it to end. */
  isOver(): boolean;
  release(): void;
}

export interface BodyOptions {
  readonly deadline: Deadline;
  /** `gzip` as the coding of the answer, `sniffed` where the file itself may be packed (`sitemap.xml.gz`). */
  readonly gzip: { readonly coded: boolean; readonly sniffed: boolean };
  /** Of what comes out. */
  readonly bytesMax: number;
  readonly ratioMax: number;
}

/**
 * The body of an answer, unpacked, to be read once. Never rejects: it ends early, and `cut` says why. Whoever does not
 * read it discards it.
 */
export class Body implements AsyncIterable<Buffer> {
  /** Why it ended before its end; null while it did not. */
  cut: SkipReason | null = null;
  private readonly stream: Readable;
  private readonly options: BodyOptions;

  constructor(stream: Readable, options: BodyOptions) {
    this.stream = stream;
    this.options = options;
    // What breaks is seen by who reads it; nobody reads a body that is discarded.
    stream.on("error", () => {});
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const { gzip, bytesMax, ratioMax, deadline } = this.options;
    let bytes: AsyncIterable<Buffer> = this.stream;
    if (gzip.coded) bytes = gunzipped(bytes, ratioMax);
    if (gzip.sniffed) bytes = unpacked(bytes, ratioMax);
    let left = bytesMax;
    try {
      for await (const chunk of bytes) {
        const part = chunk.subarray(0, left);
        left -= part.length;
        if (part.length > 0) yield part;
        if (part.length < chunk.length) {
          this.cut = "too_large";
          return;
        }
      }
    } catch (error) {
      this.cut = error instanceof RatioReached ? "ratio" : deadline.isOver() ? "time" : "unreadable";
    } finally {
      this.discard();
    }
  }

  /** All of it, or as far as it came. */
  async whole(): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of this) parts.push(part);
    return Buffer.concat(parts);
  }

  discard(): void {
    this.options.deadline.release();
    this.stream.destroy();
  }
}

class RatioReached extends Error {}

async function* gunzipped(packed: AsyncIterable<Buffer>, ratioMax: number): AsyncGenerator<Buffer> {
  let taken = 0;
  let given = 0;
  async function* counted() {
    for await (const chunk of packed) {
      taken += chunk.length;
      yield chunk;
    }
  }
  for await (const chunk of pipeline(counted(), createGunzip(), () => {}) as AsyncIterable<Buffer>) {
    given += chunk.length;
    if (given > RATIO_FROM_BYTES && given > taken * ratioMax) throw new RatioReached();
    yield chunk;
  }
}

/** The bytes, and what is in them where they begin as gzip does (RFC 1952 section 2.3.1). */
async function* unpacked(bytes: AsyncIterable<Buffer>, ratioMax: number): AsyncGenerator<Buffer> {
  const iterator = bytes[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
    head = Buffer.concat([head, next.value]);
    if (head.length >= 2) break;
  }
  async function* all() {
    if (head.length > 0) yield head;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  if (head[0] === 0x1f && head[1] === 0x8b) yield* gunzipped(all(), ratioMax);
  else yield* all();
}
