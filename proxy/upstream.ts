import type { Socket } from "node:net";
import { type AnswerHead, Ending, readAnswer } from "./answer.ts";
import type { Timed } from "./clock.ts";
import type { Permit } from "./decide.ts";
import type { Downstream } from "./downstream.ts";
import type { Exchange } from "./exchange.ts";
import { giveParser, OK, type Parser, RESPONSE, takeParser } from "./llhttp.ts";
import { Outlet } from "./outlet.ts";
import type { Pool } from "./pool.ts";
import { chunkEnd, chunkStart, compact } from "./wire.ts";

const HEAD_END = Buffer.from("\r\n\r\n");
const lastChunk = Buffer.from("0\r\n");

/** One socket to the API behind us: sends permitted bytes, reads answers, one exchange at a time. */
export class UpstreamConnection implements Timed {
  readonly pool: Pool;
  readonly socket: Socket;
  readonly outlet: Outlet;
  exchange: Exchange | null = null;
  deadline = 0;
  /** Exchanges that ended well on this connection; more than none means that it may have gone stale. */
  served = 0;
  /** A byte of the current answer has arrived. */
  answering = false;
  private isConnected = false;
  private isGone = false;
  /** The upstream has said its last byte, and was understood to the end. */
  private isWhole = false;
  private pending: Buffer | null = null;
  private answer: AnswerHead | null = null;
  private parser: Parser | null = null;
  private remaining = 0;
  private tunnel: Downstream | null = null;
  /** Its tunnel's client is gone, and the upstream still reads what that said. */
  private isLeft = false;

  constructor(pool: Pool) {
    this.pool = pool;
    const socket = pool.dial((bytes) => this.receive(bytes));
    this.socket = socket;
    this.outlet = new Outlet(socket, () => this.drained());
    this.deadline = pool.clock.now + pool.config.connectMs;
    pool.clock.watch(this);
    socket.on(pool.isTls ? "secureConnect" : "connect", () => this.connected());
    socket.on("end", () => this.ended());
    socket.on("error", (error: NodeJS.ErrnoException) => this.failed(error));
    socket.on("close", () => this.closed());
  }

  /** forward: sends inspected bytes. `chunked` frames the body; `end` is the last of it, with trailers if any. */
  send(
    head: Permit | null,
    body: Permit | null,
    chunked: boolean,
    end: boolean,
    trailers: Permit | null,
  ): boolean {
    const { outlet } = this;
    if (head !== null) outlet.write(head.bytes);
    if (body !== null && body.bytes.length > 0) {
      if (chunked) outlet.write(chunkStart(body.bytes.length));
      outlet.write(body.bytes);
      if (chunked) outlet.write(chunkEnd);
    }
    if (chunked && end) {
      outlet.write(lastChunk);
      if (trailers !== null) outlet.write(trailers.bytes);
      outlet.write(chunkEnd);
    }
    if (this.isConnected) this.deadline = this.pool.clock.now + this.pool.config.answerMs;
    return !outlet.isFull;
  }

  /** The exchange was given up: what the upstream has of it stays unfinished. */
  abort(): void {
    this.exchange = null;
    this.socket.destroy();
  }

  pauseReading(): void {
    this.socket.pause();
    this.deadline = 0;
  }

  resumeReading(): void {
    const { answerMs, idleBodyMs } = this.pool.config;
    this.deadline = this.pool.clock.now + (this.answer === null ? answerMs : idleBodyMs);
    this.socket.resume();
  }

  /** After 101: bytes go both ways unseen until either side ends. */
  openTunnel(downstream: Downstream): void {
    this.tunnel = downstream;
    this.outlet.flush();
    this.deadline = 0;
  }

  /** The client is gone; what it said in full, the upstream may still read. */
  leaveTunnel(isWhole: boolean): void {
    this.tunnel = null;
    this.isLeft = true;
    if (isWhole && !this.isGone) this.deadline = this.pool.clock.now + this.pool.config.idleBodyMs;
    else if (!isWhole) this.socket.destroy();
  }

  expire(): void {
    if (this.exchange === null) {
      this.socket.destroy();
      return;
    }
    const exchange = this.exchange;
    const kind = this.isConnected ? "answer_timeout" : "connect_timeout";
    this.abort();
    exchange.onUpstreamFailed(kind);
  }

  /** An idle connection ages all the same: its upstream may be about to close it. */
  stalled(ms: number): void {
    if (this.exchange === null && this.tunnel === null && !this.isLeft && this.deadline > 0)
      this.deadline = Math.max(1, this.deadline - ms);
  }

  private drained(): void {
    this.exchange?.onUpstreamDrained();
    this.tunnel?.tunnelDrained();
  }

  private connected(): void {
    this.isConnected = true;
    this.deadline = this.pool.clock.now + this.pool.config.answerMs;
  }

  /** The bytes are the pool's, and only until this returns: what is kept is copied. */
  private receive(chunk: Buffer): void {
    if (this.tunnel !== null) {
      this.tunnel.fromTunnel(Buffer.from(chunk));
      return;
    }
    const exchange = this.exchange;
    if (exchange === null) {
      // Bytes that nobody asked for would be taken for the next exchange's answer.
      this.socket.destroy();
      return;
    }
    this.answering = true;
    let bytes = chunk;
    if (this.pending !== null) {
      bytes = Buffer.concat([this.pending, chunk]);
      this.pending = null;
    }
    const bodyStart = this.answer === null ? this.readHead(exchange, bytes) : 0;
    if (this.answer === null) return;
    this.deadline = this.pool.clock.now + this.pool.config.idleBodyMs;
    this.readBody(exchange, this.answer, bytes, bodyStart);
  }

  /** Reads interim heads and the final one, if it is all there; answers where the body begins. */
  private readHead(exchange: Exchange, bytes: Buffer): number {
    let at = 0;
    while (this.answer === null && this.exchange === exchange) {
      const end = bytes.indexOf(HEAD_END, at);
      if (end < 0) {
        if (bytes.length - at > this.pool.limits.headBytes) this.broken();
        else this.pending = Buffer.from(bytes.subarray(at));
        break;
      }
      const next = end + HEAD_END.length;
      const head = this.parseHead(exchange.method, bytes, at, next);
      at = next;
      if (head === null) this.broken();
      else if (head.status === 101) this.switchOver(exchange, head, bytes.subarray(at));
      else if (head.status < 200) exchange.onInterim(head);
      else {
        this.answer = head;
        this.remaining = head.contentLength;
        exchange.onAnswer(head);
      }
    }
    return at;
  }

  /** The parser is kept where it is needed for a chunked body. */
  private parseHead(method: string, bytes: Buffer, from: number, to: number): AnswerHead | null {
    if (to - from > this.pool.limits.headBytes) return null;
    const parser = takeParser(RESPONSE);
    const head = readAnswer(parser, bytes, from, to, method);
    if (head?.ending === Ending.chunked) this.parser = parser;
    else giveParser(parser);
    return head;
  }

  private switchOver(exchange: Exchange, head: AnswerHead, rest: Buffer): void {
    if (!head.isWebSocket || !exchange.wantsTunnel) {
      this.broken();
      return;
    }
    this.exchange = null;
    exchange.onTunnel(head, Buffer.from(rest));
  }

  private readBody(exchange: Exchange, answer: AnswerHead, bytes: Buffer, from: number): void {
    const available = bytes.length - from;
    if (answer.ending === Ending.none) {
      this.finish(exchange, answer, null, available > 0, "");
    } else if (answer.ending === Ending.length) {
      const taken = Math.min(this.remaining, available);
      this.remaining -= taken;
      const body = taken === bytes.length ? bytes : bytes.subarray(from, from + taken);
      if (this.remaining === 0) this.finish(exchange, answer, body, available > taken, "");
      else exchange.onAnswerBody(body);
    } else if (answer.ending === Ending.close) {
      exchange.onAnswerBody(bytes.subarray(from));
    } else {
      this.readChunks(exchange, answer, bytes, from);
    }
  }

  private readChunks(exchange: Exchange, answer: AnswerHead, bytes: Buffer, from: number): void {
    const parser = this.parser!;
    const hasBytes = from < bytes.length;
    const isBroken = hasBytes && parser.execute(bytes, from, bytes.length) !== OK;
    if (isBroken || parser.trailerBytes > this.pool.limits.headBytes) {
      this.broken();
      return;
    }
    const body = hasBytes ? compact(parser, bytes) : null;
    if (!parser.complete) {
      exchange.onAnswerBody(body);
      return;
    }
    const trailers = exchange.answerTrailers(parser.trailers);
    this.finish(exchange, answer, body, parser.consumed < bytes.length, trailers);
  }

  /** The answer is whole: the connection goes back to the pool, unless something about it is uncertain. */
  private finish(
    exchange: Exchange,
    answer: AnswerHead,
    body: Buffer | null,
    hasMore: boolean,
    trailers: string,
  ): void {
    const isReusable = answer.keepAlive && !hasMore && exchange.requestSent && !this.isGone;
    this.exchange = null;
    this.answer = null;
    this.answering = false;
    this.releaseParser();
    if (isReusable) {
      this.served++;
      const idleMs = Math.min(this.pool.config.idleMs, answer.keepAliveMs);
      this.deadline = this.pool.clock.now + idleMs;
      if (idleMs === 0) this.socket.destroy();
      else this.pool.release(this);
    } else {
      this.socket.destroy();
    }
    exchange.onAnswerEnd(body, trailers);
  }

  private broken(): void {
    const exchange = this.exchange!;
    this.abort();
    exchange.onUpstreamFailed("upstream_broken");
  }

  private ended(): void {
    this.isGone = true;
    if (this.tunnel !== null) {
      this.isWhole = true;
      this.tunnel.tunnelEnded(true);
      return;
    }
    const { exchange, answer } = this;
    if (exchange !== null && answer !== null && answer.ending === Ending.close) {
      this.finish(exchange, answer, null, false, "");
      return;
    }
    this.closed();
    this.socket.destroy();
  }

  private failed(error: NodeJS.ErrnoException): void {
    this.isGone = true;
    const { exchange } = this;
    if (exchange === null) return;
    if (!this.isConnected) {
      this.exchange = null;
      this.pool.connectFailed(error);
      exchange.onUpstreamFailed("upstream_unreachable");
      return;
    }
    this.closed();
  }

  private closed(): void {
    this.isGone = true;
    this.pool.forget(this);
    this.releaseParser();
    this.tunnel?.tunnelEnded(this.isWhole);
    const { exchange } = this;
    if (exchange === null) return;
    this.exchange = null;
    exchange.onUpstreamClosed(this.served > 0, this.answering);
  }

  private releaseParser(): void {
    if (this.parser !== null) giveParser(this.parser);
    this.parser = null;
  }
}
