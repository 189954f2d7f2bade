/** What one request asks of the upstream. */
export interface Ask {
  /** Bytes of the answer's body; null: the small answer. */
  readonly bytes: number | null;
}

const HEAD_END = Buffer.from("\r\n\r\n");
const LINE_END = Buffer.from("\r\n");
const SMALL: Ask = { bytes: null };
const BYTES_PATH = "/bytes/";
/** No chunk size or trailer of a proxy is longer. */
const LINE_MAX = 8_192;

/**
 * Reads the requests of one connection, and as little of them as it can: of a GET whether its path is `/bytes/<n>`, of
 * a POST how long its body is, or that it is chunked. Bodies are skipped, not kept. Throws on what it cannot frame.
 */
export class Requests {
  private rest: Buffer | null = null;
  /** Bytes of a body, or of a chunk with its line end, that are still to come. */
  private skip = 0;
  private state: "head" | "body" | "size" | "trailer" = "head";

  /** Takes what arrived; answers what is asked by each request that is complete with it. */
  take(chunk: Buffer): Ask[] {
    const bytes = this.rest === null ? chunk : Buffer.concat([this.rest, chunk]);
    const asks: Ask[] = [];
    let at = 0;
    while (at < bytes.length) {
      if (this.skip > 0) {
        const here = Math.min(this.skip, bytes.length - at);
        this.skip -= here;
        at += here;
        if (this.skip === 0 && this.state === "body") asks.push(this.done());
        continue;
      }
      const mark = this.state === "head" ? HEAD_END : LINE_END;
      const end = bytes.indexOf(mark, at);
      if (end < 0) break;
      const from = at;
      at = end + mark.length;
      if (this.state === "head") {
        // A GET has no body here, and nearly all requests are one.
        if (bytes[from] === 0x47) asks.push(askOf(bytes, from));
        else if (this.frame(bytes.latin1Slice(from, end))) asks.push(this.done());
      } else if (this.state === "size") {
        const size = Number.parseInt(bytes.latin1Slice(from, end), 16);
        if (!(size >= 0)) throw new Error("a chunk has no size");
        if (size === 0) this.state = "trailer";
        else this.skip = size + LINE_END.length;
      } else if (end === from) {
        asks.push(this.done());
      }
    }
    this.rest = at < bytes.length ? bytes.subarray(at) : null;
    if (this.state !== "head" && (this.rest?.length ?? 0) > LINE_MAX) throw new Error("a line does not end");
    return asks;
  }

  /** Finds how the body of a request is framed; answers whether there is none. */
  private frame(head: string): boolean {
    if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
      this.state = "size";
      return false;
    }
    this.skip = Number(/\r\ncontent-length: *([0-9]+)/i.exec(head)?.[1] ?? 0);
    this.state = "body";
    return this.skip === 0;
  }

  private done(): Ask {
    this.state = "head";
    return SMALL;
  }
}

/** Only the byte after the first slash is looked at for most requests. */
function askOf(bytes: Buffer, from: number): Ask {
  if (bytes[from + 5] !== 0x62) return SMALL;
  const target = bytes.latin1Slice(from + 4, Math.min(bytes.length, from + 40));
  const length = target.startsWith(BYTES_PATH)
    ? Number.parseInt(target.slice(BYTES_PATH.length), 10)
    : Number.NaN;
  return length >= 0 ? { bytes: length } : SMALL;
}
