import { connect, type Socket } from "node:net";

/** The status of an answer; 0 where the connection closed without one, -1 where nothing came in time. */
export type Status = number;

const HEAD_END = Buffer.from("\r\n\r\n");

/** A client that sends one request after another, on one connection for as long as the gateway keeps it. */
export class Client {
  private readonly port: number;
  private socket: Socket | null = null;
  private received: Buffer = Buffer.alloc(0);
  private answered: ((status: Status) => void) | null = null;
  private isHead = false;

  constructor(port: number) {
    this.port = port;
  }

  /** Sends the bytes of one request and answers the status of what comes back. */
  async send(request: Buffer, withinMs = 10_000): Promise<Status> {
    const socket = this.socket ?? this.open();
    this.isHead = request.latin1Slice(0, 5) === "HEAD ";
    return await new Promise<Status>((resolve) => {
      const late = setTimeout(() => this.settle(-1, true), withinMs);
      this.answered = (status) => {
        clearTimeout(late);
        resolve(status);
      };
      socket.write(request);
    });
  }

  close(): void {
    this.socket?.destroy();
    this.socket = null;
  }

  private open(): Socket {
    const socket = connect({ port: this.port, host: "127.0.0.1", noDelay: true });
    this.socket = socket;
    this.received = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      if (this.socket === socket) this.read(chunk);
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      if (this.socket === socket) this.settle(0, true);
    });
    return socket;
  }

  private read(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    const end = this.received.indexOf(HEAD_END);
    if (end < 0) return;
    const head = this.received.latin1Slice(0, end);
    const length = this.isHead ? 0 : Number(/\r\ncontent-length: ([0-9]+)/i.exec(head)?.[1] ?? 0);
    if (this.received.length < end + 4 + length) return;
    this.received = this.received.subarray(end + 4 + length);
    this.settle(Number(head.slice(9, 12)), /\r\nconnection: close/i.test(head));
  }

  private settle(status: Status, isOver: boolean): void {
    if (isOver) this.close();
    const { answered } = this;
    this.answered = null;
    answered?.(status);
  }
}
