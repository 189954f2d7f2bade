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

/** One socket to the API behind us: sends permitted bytes, reads answers, of one exchange at a time. */
export class UpstreamConnection implements Timed {
  readonly pool: Pool;
  readonly socket: Socket;
  readonly outlet: Outlet;
  /** Whose answer is read, or comes next. */
  exchange: Exchange | null = null;
  deadline = 0;
  /** Exchanges that ended well on this connection; more than none means that it may have gone stale. */
  served = 0;
  /** A byte of the current answer has arrived. */
  answering = false;
  /** Whose requests were sent behind it, in this order. */
  private readonly behind: Exchange[] = [];
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

  /** Another request may be sent now, before the answers to those under way: to a server that has answered, and is not amid a long answer. */
  get takesMore(): boolean {
    const { exchange, behind, pool, socket } = this;
    const isAlive = this.served > 0 && !this.isGone && !socket.destroyed;
    const hasRoom = behind.length + 1 < pool.config.pipelining && this.answer === null;
    return (
      isAlive && hasRoom && exchange?.isPipelinable === true && !this.outlet.isFull && !socket.isPaused()
    );
  }

  /** The exchange's request goes out here; its answer comes after those of whom it finds here. */
  take(exchange: Exchange): void {
    if (this.exchange === null) this.exchange = exchange;
    else this.behind.push(exchange);
  }

  /**
   * forward: sends inspected bytes. `chunked` frames the body; `end` is the last of it, with trailers if any. The spares
   * in which pieces of the body lie are taken over.
   */
  send(
    head: Permit | null,
    body: readonly Permit[],
    spares: readonly Buffer[],
    chunked: boolean,
    end: boolean,
    trailers: Permit | null,
  ): boolean {
    const { outlet } = this;
    if (head !== null) outlet.write(head.bytes);
    if (body.length > 0) {
      if (chunked) outlet.write(chunkStart(body.reduce((sum, { bytes }) => sum + bytes.length, 0)));
      for (const { bytes } of body) outlet.write(bytes);
      if (chunked) outlet.write(chunkEnd);
      outlet.lend(spares);
    }
    if (chunked && end) {
      outlet.write(lastChunk);
      if (trailers !== null) outlet.write(trailers.bytes);
      outlet.write(chunkEnd);
    }
    // Behind another it waits its turn, which those who come later must not put off.
    if (this.isConnected && this.behind.length === 0)
      this.deadline = this.pool.clock.now + this.pool.config.answerMs;
    return !outlet.isFull;
  }

  /**
   * The exchange was given up: what the upstream has of it stays unfinished. Those behind it ask again elsewhere. One
   * that is behind others is passed over once its turn comes: theirs goes on until then.
   */
  abort(exchange: Exchange): void {
    if (this.exchange !== exchange) return;
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
    this.abort(exchange);
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
    let bytes = chunk;
    if (this.pending !== null) {
      bytes = Buffer.concat([this.pending, chunk]);
      this.pending = null;
    }
    let at = this.readAnswer(exchange, bytes, 0);
    // Answers to those behind it.
    while (at < bytes.length && this.exchange !== null && !this.socket.destroyed)
      at = this.readAnswer(this.exchange, bytes, at);
  }

  /** Reads what has come of the exchange's answer; answers where the next begins. */
  private readAnswer(exchange: Exchange, bytes: Buffer, from: number): number {
    this.answering = true;
    const bodyStart = this.answer === null ? this.readHead(exchange, bytes, from) : from;
    if (this.answer === null) return bytes.length;
    this.deadline = this.pool.clock.now + this.pool.config.idleBodyMs;
    return this.readBody(exchange, this.answer, bytes, bodyStart);
  }

  /** Reads interim heads and the final one, if it is all there; answers where the body begins. */
  private readHead(exchange: Exchange, bytes: Buffer, from: number): number {
    let at = from;
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

  /** Answers where the answer ends in the bytes; their length where it goes on. */
  private readBody(exchange: Exchange, answer: AnswerHead, bytes: Buffer, from: number): number {
    const available = bytes.length - from;
    if (answer.ending === Ending.none) {
      this.finish(exchange, answer, null, available > 0, "");
      return from;
    }
    if (answer.ending === Ending.length) {
      const taken = Math.min(this.remaining, available);
      this.remaining -= taken;
      const body = taken === bytes.length ? bytes : bytes.subarray(from, from + taken);
      if (this.remaining === 0) this.finish(exchange, answer, body, available > taken, "");
      else exchange.onAnswerBody(body);
      return from + taken;
    }
    if (answer.ending === Ending.chunked) return this.readChunks(exchange, answer, bytes, from);
    exchange.onAnswerBody(bytes.subarray(from));
    return bytes.length;
  }

  private readChunks(exchange: Exchange, answer: AnswerHead, bytes: Buffer, from: number): number {
    const parser = this.parser!;
    const hasBytes = from < bytes.length;
    const isBroken = hasBytes && parser.execute(bytes, from, bytes.length) !== OK;
    if (isBroken || parser.trailerBytes > this.pool.limits.headBytes) {
      this.broken();
      return bytes.length;
    }
    const body = hasBytes ? compact(parser, bytes) : null;
    if (!parser.complete) {
      exchange.onAnswerBody(body);
      return bytes.length;
    }
    const { consumed } = parser;
    const trailers = exchange.answerTrailers(parser.trailers);
    this.finish(exchange, answer, body, consumed < bytes.length, trailers);
    return consumed;
  }

  /** The answer is whole: the connection goes back to the pool, unless something about it is uncertain. */
  private finish(
    exchange: Exchange,
    answer: AnswerHead,
    body: Buffer | null,
    hasMore: boolean,
    trailers: string,
  ): void {
    const next = this.behind.shift() ?? null;
    const isReusable =
      answer.keepAlive &&
      (!hasMore || next !== null) &&
      exchange.requestSent &&
      !this.isGone &&
      next?.isGivenUp !== true;
    this.exchange = next;
    this.answer = null;
    this.answering = false;
    this.releaseParser();
    if (isReusable && next !== null) {
      this.served++;
      this.deadline = this.pool.clock.now + this.pool.config.answerMs;
    } else if (isReusable) {
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
    this.abort(exchange);
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
    if (exchange !== null && !this.isConnected) {
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
    this.exchange = null;
    exchange?.onUpstreamClosed(this.served > 0, this.answering);
    for (const each of this.behind.splice(0)) each.onUpstreamClosed(true, false);
  }

  private releaseParser(): void {
    if (this.parser !== null) giveParser(this.parser);
    this.parser = null;
  }
}
