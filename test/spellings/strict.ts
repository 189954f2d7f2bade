import type { Field } from "./request.ts";

/** A request as a strict reader understands it. `isComplete` is false until its last byte has come. */
export interface Received {
  readonly method: string;
  readonly target: string;
  readonly fields: readonly Field[];
  body: Buffer;
  trailers: readonly Field[];
  isComplete: boolean;
}

const HEAD_END = Buffer.from("\r\n\r\n");
const LINE_END = Buffer.from("\r\n");

/**
 * Reads what a gateway sent, byte by byte as RFC 9112 writes it and no other way: whatever two servers might read
 * differently throws. `onHead` is called when a head is whole, `onEnd` when its body is.
 */
export class StrictReader {
  private pending: Buffer = Buffer.alloc(0);
  private current: Received | null = null;
  private pieces: Buffer[] = [];
  /** Bytes of the body, or of the chunk with its line end, still to come; -1 where a chunk's size line is next. */
  private left = 0;
  private isChunked = false;
  private readonly onHead: (request: Received) => void;
  private readonly onEnd: (request: Received) => void;

  constructor(onHead: (request: Received) => void, onEnd: (request: Received) => void) {
    this.onHead = onHead;
    this.onEnd = onEnd;
  }

  push(bytes: Buffer): void {
    this.pending = this.pending.length === 0 ? bytes : Buffer.concat([this.pending, bytes]);
    while (this.step());
  }

  private step(): boolean {
    if (this.current === null) return this.readHead();
    if (!this.isChunked) return this.readPlain();
    return this.left === -1 ? this.readChunkSize() : this.readChunk();
  }

  private readHead(): boolean {
    const end = this.pending.indexOf(HEAD_END);
    if (end < 0) return false;
    const [start, ...lines] = this.take(end + 4)
      .latin1Slice(0, end)
      .split("\r\n");
    const line = /^([A-Z-]+) ([!-~\x80-\xff]+) HTTP\/1\.1$/.exec(start!);
    if (line === null) throw new Error(`a start line that is none: ${JSON.stringify(start)}`);
    const fields = lines.map(fieldOf);
    const values = (name: string) =>
      fields.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value);
    const lengths = values("content-length");
    const codings = values("transfer-encoding");
    if (values("host").length !== 1) throw new Error("not exactly one Host");
    if (lengths.length + codings.length > 1) throw new Error("two framings");
    if (codings.length === 1 && codings[0] !== "chunked") throw new Error("another transfer coding");
    if (lengths.length === 1 && !/^(0|[1-9][0-9]*)$/.test(lengths[0]!)) throw new Error("no length");
    this.isChunked = codings.length === 1;
    this.left = this.isChunked ? -1 : Number(lengths[0] ?? 0);
    this.current = {
      method: line[1]!,
      target: line[2]!,
      fields,
      body: Buffer.alloc(0),
      trailers: [],
      isComplete: false,
    };
    this.onHead(this.current);
    return true;
  }

  private readPlain(): boolean {
    const taken = this.take(Math.min(this.left, this.pending.length));
    if (taken.length > 0) this.pieces.push(taken);
    this.left -= taken.length;
    if (this.left === 0) this.end([]);
    return this.left === 0;
  }

  private readChunkSize(): boolean {
    const end = this.pending.indexOf(LINE_END);
    if (end < 0) return false;
    const line = this.pending.latin1Slice(0, end);
    if (!/^(0|[1-9a-f][0-9a-f]*)$/.test(line)) throw new Error(`a chunk size that is none: ${line}`);
    const size = Number.parseInt(line, 16);
    if (size > 0) {
      this.take(end + 2);
      this.left = size + 2;
      return true;
    }
    // The last chunk's line and the blank one meet where there are no trailers.
    const last = this.pending.indexOf(HEAD_END, end);
    if (last < 0) return false;
    const text = this.take(last + 4).latin1Slice(end + 2, last);
    this.end(text === "" ? [] : text.split("\r\n").map(fieldOf));
    return true;
  }

  private readChunk(): boolean {
    if (this.pending.length < this.left) return false;
    const taken = this.take(this.left);
    if (!taken.subarray(-2).equals(LINE_END)) throw new Error("a chunk without its line end");
    this.pieces.push(taken.subarray(0, -2));
    this.left = -1;
    return true;
  }

  private take(length: number): Buffer {
    const taken = this.pending.subarray(0, length);
    this.pending = this.pending.subarray(length);
    return taken;
  }

  private end(trailers: readonly Field[]): void {
    const request = this.current!;
    request.body = Buffer.concat(this.pieces);
    request.trailers = trailers;
    request.isComplete = true;
    this.pieces = [];
    this.current = null;
    this.onEnd(request);
  }
}

function fieldOf(line: string): Field {
  const parts = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([\t -~\x80-\xff]*)$/.exec(line);
  if (parts === null) throw new Error(`a field that is none: ${JSON.stringify(line)}`);
  return [parts[1]!, parts[2]!];
}
