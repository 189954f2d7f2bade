import { connect, type Socket } from "node:net";

const HEAD_END = "\r\n\r\n";
/** Of one request; far beyond any that is answered. */
const ANSWER_MS = 10_000;

/** One keep-alive connection to a gateway, on which one request is under way at a time. */
export class Connection {
  private readonly socket: Socket;
  private answer = "";
  private began = 0n;
  private settle: { resolve(ns: number): void; reject(error: Error): void } | null = null;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.setTimeout(ANSWER_MS, () => this.fail(new Error(`no answer within ${ANSWER_MS} ms`)));
    socket.on("data", (chunk: Buffer) => this.take(process.hrtime.bigint(), chunk));
    socket.on("error", (error) => this.fail(error));
    socket.on("close", () => this.fail(new Error("the gateway closed the connection")));
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new Connection(socket));
      });
    });
  }

  /** Sends a request; answers the ns from the write to the last byte of the answer. Rejects unless it is a 200. */
  request(bytes: Buffer): Promise<number> {
    return new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
      this.answer = "";
      this.began = process.hrtime.bigint();
      this.socket.write(bytes);
    });
  }

  close(): void {
    this.settle = null;
    this.socket.destroy();
  }

  /** The clock was read before: what is done here is not timed. */
  private take(now: bigint, chunk: Buffer): void {
    this.answer += chunk.toString("latin1");
    const end = this.answer.indexOf(HEAD_END);
    if (end < 0) return;
    const length = Number(/\r\ncontent-length: ([0-9]+)/i.exec(this.answer)?.[1] ?? Number.NaN);
    if (!this.answer.startsWith("HTTP/1.1 200 ") || Number.isNaN(length)) {
      this.fail(new Error(`the request was not passed: ${this.answer.slice(0, 40)}`));
      return;
    }
    if (this.answer.length < end + HEAD_END.length + length) return;
    const { settle } = this;
    this.settle = null;
    settle?.resolve(Number(now - this.began));
  }

  private fail(error: Error): void {
    const { settle } = this;
    this.settle = null;
    this.socket.destroy();
    settle?.reject(error);
  }
}
