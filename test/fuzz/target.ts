import { connect } from "node:net";
import { type Received, StrictReader } from "../spellings/strict.ts";
import { RawUpstream, type Seen, TestGateway, until } from "../support.ts";
import { Oracle } from "./oracle.ts";

/** How long one connection may take from its last byte to its end. */
const END_MS = 10_000;
const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/** Small limits, so that small inputs reach them. */
const LIMITS = {
  headBytes: 8192,
  targetBytes: 2048,
  headerCount: 40,
  framingBytes: 1024,
  pipelineBytes: 4096,
  headMs: 200,
  bodyIdleMs: 200,
};

/** What one input led to. */
export interface Outcome {
  readonly received: Buffer;
  /** Requests the upstream has read to their end, in order. */
  readonly complete: readonly Received[];
  /** Why the upstream could not read what it got, or what it should never have got. */
  readonly complaints: readonly string[];
  readonly hasEnded: boolean;
}

/** A gateway in this process with a strict upstream behind it; inputs are sent one after another. */
export class Target {
  readonly gateway: TestGateway;
  readonly oracle: Oracle;
  private readonly upstream: RawUpstream;
  private complete: Received[] = [];
  private complaints: string[] = [];

  private constructor(gateway: TestGateway, upstream: RawUpstream, oracle: Oracle) {
    this.gateway = gateway;
    this.upstream = upstream;
    this.oracle = oracle;
  }

  static async start(tokens: readonly string[]): Promise<Target> {
    const readers = new WeakMap<Seen, (chunk: Buffer) => void>();
    const upstream = await RawUpstream.start((connection, chunk) => {
      const read = readers.get(connection) ?? target.reader(connection);
      readers.set(connection, read);
      read(chunk);
    }, false);
    const config = { limits: LIMITS, inspect: { holdBytes: 2048, holdMs: 3 } };
    const gateway = await TestGateway.start(upstream, config);
    await gateway.leak(...tokens);
    const target = new Target(gateway, upstream, new Oracle(tokens));
    return target;
  }

  /** Sends the pieces on a connection of their own, a turn or `pauseMs` apart, and says its last byte. */
  async send(pieces: readonly Buffer[], pauseMs: number): Promise<Outcome> {
    this.complete = [];
    this.complaints = [];
    const received: Buffer[] = [];
    const { port } = this.gateway;
    let hasEnded = false;
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    const late = setTimeout(() => socket.destroy(), END_MS);
    socket.on("data", (chunk) => received.push(chunk));
    socket.on("error", () => {});
    socket.on("end", () => {
      hasEnded = true;
    });
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
      socket.write(piece);
    }
    socket.end();
    await closed;
    clearTimeout(late);
    await this.quiet();
    // A reset is an end too: the gateway drops what can no longer become a request.
    const ended = hasEnded || socket.errored !== null;
    return {
      received: Buffer.concat(received),
      complete: this.complete,
      complaints: this.complaints,
      hasEnded: ended,
    };
  }

  async close(): Promise<void> {
    await this.gateway.close();
    await this.upstream.close();
  }

  /** Nothing is under way any more: not in the gateway, and not between it and the upstream. */
  private async quiet(): Promise<void> {
    const { counters } = this.gateway.gateway;
    const isIdle = () => counters.connections + counters.inFlight + counters.queued === 0;
    if (!isIdle())
      await until("the gateway is idle", isIdle, END_MS).catch(() => {
        const { connections, inFlight, queued } = counters;
        this.complaints.push(
          `left over: ${connections} connections, ${inFlight} in flight, ${queued} queued`,
        );
      });
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  }

  private reader(connection: Seen): (chunk: Buffer) => void {
    let bytes = "";
    const reader = new StrictReader(
      () => {},
      (request) => {
        this.complete.push(request);
        connection.socket.write(ANSWER);
      },
    );
    return (chunk) => {
      // What went before, as far as a token that is cut by two chunks reaches.
      bytes = bytes.slice(-4096) + chunk.toString("latin1");
      if (this.oracle.holds(bytes)) this.complaints.push("the upstream received a whole token");
      try {
        reader.push(chunk);
      } catch (error) {
        this.complaints.push(`the upstream could not read it: ${(error as Error).message}`);
        connection.socket.destroy();
      }
    };
  }
}
