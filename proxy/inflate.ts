import * as zlib from "node:zlib";

/** A content coding that can be undone here (RFC 9110 section 8.4.1; RFC 1950, 1951, 1952, 7932, 8878). */
export type Coding = "gzip" | "deflate" | "br" | "zstd";

export interface InflateLimits {
  /** Decoded bytes for each encoded one, beyond `ratioBaseBytes`; what lies between two codings counts too. */
  readonly ratioMax: number;
  readonly ratioBaseBytes: number;
  readonly decodedBytesMax: number;
  /** Time from handing over a piece to the end of its decoding, summed over the pieces of a body. */
  readonly ms: number;
}

/** `stopped`: the caller said so. `truncated`: the body ended before its coding did. */
export type InflateOutcome =
  | "ok"
  | "stopped"
  | "broken"
  | "truncated"
  | "over_ratio"
  | "over_bytes"
  | "over_time";

const EMPTY = Buffer.alloc(0);
/** Decoded bytes that exist at once, for each coding. */
const CHUNK_BYTES = 64 * 1024;

// Node 22.15 and 23.8 brought zstd.
const { createZstdDecompress } = zlib as {
  createZstdDecompress?: (options: zlib.ZlibOptions) => zlib.Gunzip;
};

const NAMES: Readonly<Record<string, Coding>> = {
  gzip: "gzip",
  "x-gzip": "gzip",
  deflate: "deflate",
  br: "br",
  ...(createZstdDecompress === undefined ? {} : { zstd: "zstd" as const }),
};

/**
 * The codings of a Content-Encoding list in the order to undo them, the last applied first; null where there is none but
 * `identity`. `unknown` where one cannot be undone here, `too_deep` where there are more than `depthMax`.
 */
export function codingsOf(
  value: string,
  depthMax: number,
): readonly Coding[] | "unknown" | "too_deep" | null {
  const names = value
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "identity");
  if (names.length === 0) return null;
  if (names.length > depthMax) return "too_deep";
  const codings: Coding[] = [];
  for (const name of names.reverse()) {
    const coding = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
    if (coding === undefined) return "unknown";
    codings.push(coding);
  }
  return codings;
}

/** Where a coding's output goes: the next coding, or the caller. `done` when all of it was dealt with. */
interface Sink {
  write(bytes: Buffer, done: () => void): void;
  end(done: () => void): void;
}

/**
 * Undoes the content codings of one body, piece by piece, in Node's thread pool: a decoded chunk a turn of the event
 * loop, and no more than one of each coding at a time, so that a bomb costs neither memory nor other clients' time.
 */
export class Inflation {
  private readonly limits: InflateLimits;
  private readonly stages: Stage[] = [];
  private readonly first: Sink;
  private encodedBytes = 0;
  private decodedBytes = 0;
  private spentMs = 0;
  private beganAt = 0;
  private onPiece: (bytes: Buffer) => boolean = () => false;
  private done: ((outcome: InflateOutcome) => void) | null = null;

  constructor(codings: readonly Coding[], limits: InflateLimits) {
    this.limits = limits;
    let sink: Sink = {
      write: (bytes, done) => {
        if (this.onPiece(bytes)) done();
        else this.finish("stopped");
      },
      end: (done) => done(),
    };
    for (const coding of [...codings].reverse()) {
      const stage = new Stage(
        coding,
        sink,
        (bytes) => this.count(bytes),
        (outcome) => this.finish(outcome),
      );
      this.stages.push(stage);
      sink = stage;
    }
    this.first = sink;
  }

  /**
   * Decodes the next piece. `onPiece` is called for each chunk of decoded bytes, which are the caller's during the call
   * only, and answers whether to go on; `done` once, in a later turn, when all that the piece can yield was handed out.
   */
  write(
    piece: Buffer,
    isLast: boolean,
    onPiece: (bytes: Buffer) => boolean,
    done: (outcome: InflateOutcome) => void,
  ): void {
    this.onPiece = onPiece;
    this.done = done;
    this.beganAt = performance.now();
    this.encodedBytes += piece.length;
    const settled = () => setImmediate(() => this.finish("ok"));
    this.first.write(piece, () => (isLast ? this.first.end(settled) : settled()));
  }

  /** Gives the memory back. No callback is called any more. */
  close(): void {
    this.done = null;
    this.onPiece = () => false;
    for (const stage of this.stages) stage.close();
  }

  /** Counts the output of every coding, and answers whether it is within the budgets. */
  private count(bytes: number): boolean {
    if (this.done === null) return false;
    this.decodedBytes += bytes;
    const { ratioMax, ratioBaseBytes, decodedBytesMax, ms } = this.limits;
    if (this.decodedBytes > decodedBytesMax) this.finish("over_bytes");
    else if (this.decodedBytes > this.encodedBytes * ratioMax + ratioBaseBytes) this.finish("over_ratio");
    else if (this.spentMs + performance.now() - this.beganAt > ms) this.finish("over_time");
    return this.done !== null;
  }

  private finish(outcome: InflateOutcome): void {
    const { done } = this;
    if (done === null) return;
    this.done = null;
    this.spentMs += performance.now() - this.beganAt;
    if (outcome !== "ok") this.close();
    done(outcome);
  }
}

/** One coding: a zlib stream between what comes and a sink. */
class Stage implements Sink {
  private readonly coding: Coding;
  private readonly sink: Sink;
  private readonly count: (bytes: number) => boolean;
  private readonly fail: (outcome: InflateOutcome) => void;
  private stream: zlib.Gunzip | null = null;
  /** A first byte that alone does not tell which deflate it is. */
  private early: Buffer = EMPTY;
  private isSinkBusy = false;
  /** The coding has ended; what still comes is padding after it. */
  private hasEnded = false;
  private isEnding = false;
  private isClosed = false;
  /** What waits for the output of the piece at hand to be dealt with. */
  private waiting: (() => void) | null = null;
  private isWritten = true;

  constructor(
    coding: Coding,
    sink: Sink,
    count: (bytes: number) => boolean,
    fail: (outcome: InflateOutcome) => void,
  ) {
    this.coding = coding;
    this.sink = sink;
    this.count = count;
    this.fail = fail;
  }

  write(bytes: Buffer, done: () => void): void {
    if (this.isClosed) return;
    let piece = bytes;
    if (this.early.length > 0) {
      piece = Buffer.concat([this.early, bytes]);
      this.early = EMPTY;
    }
    if (piece.length === 0 || this.hasEnded) {
      done();
      return;
    }
    if (this.stream === null) {
      if (this.coding === "deflate" && piece.length === 1) {
        this.early = Buffer.from(piece);
        done();
        return;
      }
      this.stream = this.open(piece);
    }
    this.waiting = done;
    this.isWritten = false;
    this.stream.write(piece, () => {
      this.isWritten = true;
      this.settle();
    });
  }

  /** The last piece was written: a coding that has not come to its end is cut. */
  end(done: () => void): void {
    if (this.isClosed) return;
    if (this.early.length > 0) {
      this.fail("truncated");
      return;
    }
    // Where there was no byte at all there is nothing to undo.
    if (this.stream === null || this.hasEnded) {
      this.sink.end(done);
      return;
    }
    this.isEnding = true;
    this.waiting = () => this.sink.end(done);
    this.stream.end();
  }

  close(): void {
    this.isClosed = true;
    this.waiting = null;
    this.stream?.destroy();
    this.stream = null;
  }

  private open(start: Buffer): zlib.Gunzip {
    const stream = decoderOf(this.coding, start);
    stream.on("data", (chunk: Buffer) => this.pass(stream, chunk));
    stream.on("end", () => {
      this.hasEnded = true;
      this.isWritten = true;
      this.settle();
    });
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (!this.isClosed) this.fail(this.isEnding && error.code === "Z_BUF_ERROR" ? "truncated" : "broken");
    });
    return stream;
  }

  private pass(stream: zlib.Gunzip, chunk: Buffer): void {
    if (this.isClosed || !this.count(chunk.length)) return;
    this.isSinkBusy = true;
    stream.pause();
    this.sink.write(chunk, () => {
      this.isSinkBusy = false;
      if (this.isClosed) return;
      stream.resume();
      setImmediate(() => this.settle());
    });
  }

  /** Goes on once the piece is decoded and all its output dealt with. */
  private settle(): void {
    const { waiting, stream } = this;
    if (waiting === null || this.isSinkBusy || !this.isWritten) return;
    if (this.isEnding && !this.hasEnded) return;
    if (stream !== null && stream.readableLength > 0) return;
    this.waiting = null;
    waiting();
  }
}

function decoderOf(coding: Coding, start: Buffer): zlib.Gunzip {
  const options = { chunkSize: CHUNK_BYTES };
  switch (coding) {
    case "gzip":
      return zlib.createGunzip(options);
    case "br":
      return zlib.createBrotliDecompress(options);
    case "zstd":
      return createZstdDecompress!(options);
    default:
      // Some senders leave out the zlib header that RFC 9110 section 8.4.1.2 asks for, and servers take both.
      return hasZlibHeader(start) ? zlib.createInflate(options) : zlib.createInflateRaw(options);
  }
}

/** RFC 1950 section 2.2. */
function hasZlibHeader([method, flags]: Uint8Array): boolean {
  return (method! & 0x0f) === 8 && ((method! << 8) | flags!) % 31 === 0;
}
