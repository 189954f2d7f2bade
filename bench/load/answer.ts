const HEAD_END = "\r\n\r\n";
const LAST_CHUNK = "\r\n0\r\n\r\n";

/** Reads one answer after the other from a connection on which one request is outstanding at a time. */
export class AnswerReader {
  private head = "";
  private status = 0;
  /** Bytes of the body still to come; -1: it is chunked, -2: it ends with the connection. */
  private left = 0;
  private isInBody = false;
  private tail = "";

  /** Takes what arrived; answers the status once an answer is complete, else 0. */
  take(chunk: Buffer): number {
    let from = 0;
    if (!this.isInBody) {
      // An answer's head comes in one piece as a rule; then only this much is ever turned into text.
      const before = this.head.length;
      this.head += chunk.latin1Slice(0, chunk.length);
      const end = this.head.indexOf(HEAD_END);
      if (end < 0) return 0;
      from = end + HEAD_END.length - before;
      this.readHead(this.head.slice(0, end + 2));
      this.head = "";
    }
    if (this.left >= 0) {
      this.left -= chunk.length - from;
      return this.left <= 0 ? this.done() : 0;
    }
    if (this.left === -1) {
      this.tail = (this.tail + chunk.latin1Slice(from, chunk.length)).slice(-LAST_CHUNK.length);
      if (this.tail === LAST_CHUNK) return this.done();
    }
    return 0;
  }

  /** The connection ended; answers the status of an answer that ends so, else 0. */
  end(): number {
    return this.isInBody && this.left === -2 ? this.done() : 0;
  }

  private readHead(head: string): void {
    this.status = Number(head.slice(9, 12));
    this.isInBody = true;
    const length = /\r\ncontent-length: *([0-9]+)/i.exec(head)?.[1];
    if (length !== undefined) this.left = Number(length);
    else this.left = /\r\ntransfer-encoding: *chunked/i.test(head) ? -1 : -2;
    // What comes before the first chunk's size line is the head's own line end.
    this.tail = "\r\n";
  }

  private done(): number {
    this.isInBody = false;
    return this.status;
  }
}
