import type { Transform } from "node:stream";
import * as zlib from "node:zlib";
import type { Coding, InflateOutcome, Inflation } from "../inflate.ts";
import { deflateKind, GzipHead } from "./heads.ts";

type Engine = Transform & { readonly bytesWritten: number };

const EMPTY = Buffer.alloc(0);
/** A chunk at a time: the engine goes on once the one before was taken, in a later turn of the event loop. */
const OPTIONS = { chunkSize: 64 * 1024, readableHighWaterMark: 1 };
/** What a further member counts for: a new engine takes as long as so many decoded, scanned bytes (bench/inflate.ts). */
const MEMBER_BYTES = 512;

const { createZstdDecompress } = zlib as { createZstdDecompress?: (options: object) => Engine };
/** zstd.h's number. RFC 9659: a window above 8 MiB is not for HTTP; the default would let a frame ask for 128 MiB. */
const ZSTD_WINDOW_LOG_MAX = { 100: 23 };

/** Node has zstd from 22.15 and 23.8 on. */
export const hasZstd = createZstdDecompress !== undefined;

/**
 * Undoes one coding. Node's own gunzip and inflate are not used, only raw inflate: they lose what the write in which
 * they meet a fault had yielded, for a wrong checksum too, and end at padding that other servers skip. Checksums are
 * left to the upstream: whatever it thinks of them, these are the bytes it decodes.
 */
export class Decoder {
  trailing = false;
  private readonly body: Inflation;
  private readonly index: number;
  private readonly coding: Coding;
  private place: "head" | "engine" | "tail" | "between" | "beyond";
  private gzipHead = new GzipHead();
  private deflateHead: Buffer = EMPTY;
  private tailBytes = 0;
  private members = 0;
  private isBegun = false;
  private piece: Buffer = EMPTY;
  private at = 0;
  private isLast = false;
  private engine: Engine | null = null;
  /** The engine's count of bytes taken, before this piece. */
  private takenBefore = 0;
  private isWritten = false;
  private isEnded = false;
  private fault: InflateOutcome | null = null;
  /** A chunk is being taken, or is out. */
  private isWaiting = false;

  constructor(body: Inflation, index: number, coding: Coding) {
    this.body = body;
    this.index = index;
    this.coding = coding;
    this.place = coding === "gzip" || coding === "deflate" ? "head" : "engine";
  }

  feed(piece: Buffer, isLast: boolean): void {
    this.piece = piece;
    this.at = 0;
    this.isLast = isLast;
    if (piece.length > 0) this.isBegun = true;
    this.step();
  }

  resume(): void {
    this.isWaiting = false;
    this.pump();
  }

  release(): void {
    this.engine?.destroy();
    this.engine = null;
    this.piece = EMPTY;
  }

  /** Goes through the piece, up to what the engine must do. */
  private step(): void {
    while (this.at < this.piece.length) {
      switch (this.place) {
        case "head":
          if (!(this.coding === "gzip" ? this.takeGzipHead() : this.takeDeflateHead())) return;
          break;
        case "engine":
          this.runEngine();
          return;
        case "tail": {
          const taken = Math.min(this.tailBytes, this.piece.length - this.at);
          this.at += taken;
          this.tailBytes -= taken;
          if (this.tailBytes === 0) this.place = this.coding === "gzip" ? "between" : "beyond";
          break;
        }
        case "between":
          if (!this.takeBetween(this.piece[this.at]!)) return;
          break;
        case "beyond":
          this.trailing = true;
          this.at = this.piece.length;
      }
    }
    const mayEnd = !this.isBegun || this.place === "between" || this.place === "beyond";
    if (!this.isLast || mayEnd) this.body.finished(this.index, this.isLast);
    else if (this.engine !== null) this.engine.end();
    else this.body.settle("truncated");
  }

  private takeGzipHead(): boolean {
    const answer = this.gzipHead.take(this.piece[this.at++]!);
    if (answer === "end") {
      this.place = "engine";
      this.gzipHead = new GzipHead();
    } else if (answer === "wrong" && this.members > 0) {
      this.place = "beyond";
      this.trailing = true;
    } else if (answer === "wrong") {
      this.body.settle("broken");
      return false;
    }
    return true;
  }

  private takeDeflateHead(): boolean {
    this.deflateHead = Buffer.concat([this.deflateHead, this.piece.subarray(this.at, this.at + 1)]);
    this.at++;
    const kind = deflateKind(this.deflateHead);
    if (kind === "more") return true;
    if (kind === "both") {
      this.body.settle("broken");
      return false;
    }
    // RFC 1950 section 2.2: two bytes before the compressed data, Adler-32 after it.
    this.tailBytes = kind === "zlib" ? 4 : 0;
    const begun = this.deflateHead.subarray(kind === "zlib" ? 2 : 0);
    this.piece = Buffer.concat([begun, this.piece.subarray(this.at)]);
    this.at = 0;
    this.place = "engine";
    return true;
  }

  /** After a member: another (RFC 1952 section 2.2, RFC 8878 section 3.1), zeros before it, or what is neither. */
  private takeBetween(byte: number): boolean {
    if (this.coding === "zstd") {
      // What is no frame is an error to its decoders, and to newer Nodes in the midst of a write, whose yield is lost.
      if (byte !== 0x28 && (byte & 0xf0) !== 0x50) this.body.settle("broken");
      else if (this.body.spend(MEMBER_BYTES)) this.place = "engine";
      return this.place === "engine";
    }
    if (byte === 0) {
      // gzip(1) ignores zero padding and Python looks for a member after it.
      this.trailing = true;
      this.at++;
    } else if (byte === 0x1f) {
      this.place = "head";
      return this.body.spend(MEMBER_BYTES);
    } else this.place = "beyond";
    return true;
  }

  private runEngine(): void {
    try {
      this.engine ??= this.openEngine();
    } catch {
      this.body.settle("broken");
      return;
    }
    const { engine } = this;
    this.isWritten = false;
    this.takenBefore = engine.bytesWritten;
    engine.write(this.piece.subarray(this.at), () => {
      if (this.engine !== engine) return;
      this.isWritten = true;
      this.pump();
    });
  }

  private openEngine(): Engine {
    const engine: Engine =
      this.coding === "br"
        ? zlib.createBrotliDecompress(OPTIONS)
        : this.coding === "zstd"
          ? createZstdDecompress!({ ...OPTIONS, params: ZSTD_WINDOW_LOG_MAX })
          : zlib.createInflateRaw(OPTIONS);
    this.isEnded = false;
    this.fault = null;
    engine.on("readable", () => {
      if (this.engine === engine) this.pump();
    });
    engine.on("end", () => {
      if (this.engine !== engine) return;
      this.isEnded = true;
      this.pump();
    });
    engine.on("error", (error: NodeJS.ErrnoException) => {
      if (this.engine !== engine) return;
      this.fault = error.code === "Z_BUF_ERROR" ? "truncated" : "broken";
      this.pump();
    });
    return engine;
  }

  /** Takes what the engine has next: a chunk, then a fault, the end of a member, or the end of the piece. */
  private pump(): void {
    const { engine } = this;
    if (engine === null || this.isWaiting) return;
    // Before the read: within it the engine may call back for what it has finished.
    this.isWaiting = true;
    const bytes = engine.read() as Buffer | null;
    if (bytes !== null) {
      this.body.decoded(this.index, bytes);
      return;
    }
    this.isWaiting = false;
    if (this.fault !== null) this.body.settle(this.fault);
    else if (this.isEnded) this.endMember(engine);
    else if (this.isWritten) {
      this.isWritten = false;
      this.takenBefore = engine.bytesWritten;
      this.at = this.piece.length;
      this.step();
    }
  }

  /** The engine took no byte beyond the member's end. Where that is the end of a piece too, the next write tells. */
  private endMember(engine: Engine): void {
    this.at += engine.bytesWritten - this.takenBefore;
    engine.destroy();
    this.engine = null;
    this.members++;
    // RFC 1952 section 2.3: CRC32 and ISIZE.
    if (this.coding === "gzip") this.tailBytes = 8;
    if (this.coding === "zstd") this.place = "between";
    else this.place = this.tailBytes > 0 ? "tail" : "beyond";
    this.step();
  }
}
