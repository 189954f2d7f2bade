import type { Socket } from "node:net";
import type { Timed } from "./clock.ts";
import { Exchange } from "./exchange.ts";
import type { Gateway } from "./gateway.ts";
import { owned, readInto } from "./intake.ts";
import { giveParser, REQUEST, takeParser } from "./llhttp.ts";
import { Framing, normalizeRequest, type RequestHead } from "./normalize.ts";
import { Outlet } from "./outlet.ts";
import { localReply, type ReplyKind } from "./reply.ts";
import { addressBit } from "./seen.ts";
import type { UpstreamConnection } from "./upstream.ts";

const HEAD_END = Buffer.from("\r\n\r\n");
const CR = 13;
const LF = 10;
/** How long a connection whose last byte was sent still reads, so that the client sees it and not a reset. */
const LINGER_MS = 2_000;
/** A request line that fits the target limit ends within so many bytes more. */
const START_LINE_EXTRA = 64;

/** What the connection waits for; its one deadline belongs to it. */
type Waiting = "keepAlive" | "head" | "body" | "queue" | "write" | "linger" | "tunnel" | "none";

/** One socket of a client: reads requests one after another, and answers them in that order. */
export class Downstream implements Timed {
  readonly gateway: Gateway;
  readonly socket: Socket;
  readonly outlet: Outlet;
  /** The peer's address, without the IPv4-in-IPv6 prefix. */
  readonly address: string;
  readonly isTrusted: boolean;
  private readonly ownBit: number;
  deadline = 0;
  /** What is under way is the last. */
  isClosing = false;
  /** Nothing more is said, and whatever still comes is dropped. */
  private isEnding = false;
  private waiting: Waiting = "head";
  private waitingBefore: Waiting = "none";
  private exchange: Exchange | null = null;
  /** Bytes that have come and were not taken up yet. */
  private pending: Buffer | null = null;
  /** So many of them hold no end of a head, and nothing that is refused. */
  private searched = 0;
  /** What `pending` lies in where it was put together, with room at its end. */
  private room: Buffer | null = null;
  /** What the kernel had not taken yet when the client was last waited for. */
  private unwritten = 0;
  private isReading = true;
  private isPumping = false;
  private hasEnded = false;
  private tunnel: UpstreamConnection | null = null;
  /** What opened the tunnel, where its head is kept. */
  private handshake: Exchange | null = null;

  constructor(gateway: Gateway, socket: Socket) {
    this.gateway = gateway;
    this.socket = socket;
    this.outlet = new Outlet(socket, () => this.drained());
    const peer = socket.remoteAddress ?? "";
    this.address = peer.startsWith("::ffff:") ? peer.slice(7) : peer;
    this.isTrusted = gateway.trusts(this.address);
    this.ownBit = addressBit(this.address);
    gateway.clock.watch(this);
    this.await("head");
    readInto(socket, (bytes) => this.receive(bytes));
    socket.on("end", () => this.ended());
    socket.on("error", () => this.socket.destroy());
    socket.on("finish", () => this.await("linger"));
    socket.on("close", (hadError) => this.closed(hadError));
  }

  /** What was let through here and is not over, to be inspected again when other tokens are enforced. */
  get opened(): Exchange | null {
    return this.exchange ?? this.handshake;
  }

  await(what: Waiting): void {
    const { limits } = this.gateway.config;
    if (what === "write") {
      this.unwritten = this.outlet.unwritten;
    } else if (this.waiting === "write" && this.outlet.isFull) {
      this.waitingBefore = what;
      return;
    }
    this.waiting = what;
    const ms =
      what === "head"
        ? limits.headMs
        : what === "keepAlive"
          ? limits.keepAliveMs
          : what === "body" || what === "write"
            ? limits.bodyIdleMs
            : what === "queue"
              ? limits.queueMs
              : what === "linger"
                ? LINGER_MS
                : what === "tunnel"
                  ? limits.tunnelIdleMs
                  : 0;
    this.deadline = ms === 0 ? 0 : this.gateway.clock.now + ms;
  }

  /** Answers whether the client reads along. */
  write(text: string): boolean {
    return this.outlet.write(Buffer.from(text, "latin1"));
  }

  /** The client does not read: the upstream is paused until it does. */
  onFull(upstream: UpstreamConnection | null): void {
    upstream?.pauseReading();
    if (this.waiting !== "write") this.waitingBefore = this.waiting;
    this.await("write");
  }

  /** After the current exchange the connection closes. */
  closeAfter(): void {
    this.isClosing = true;
  }

  /** The gateway stops: what is under way is the last, and a request whose head has begun to come is answered. */
  drain(): void {
    if (this.exchange !== null || this.tunnel !== null) this.isClosing = true;
    else if (this.pending === null) this.close();
  }

  /** Sends a LocalReply. Where bytes of the request may still come, the connection closes after it. */
  reply(kind: ReplyKind, requestId: string, withBody: boolean, hasArrived: boolean): void {
    if (!hasArrived) this.isClosing = true;
    this.outlet.write(localReply(kind, requestId, this.gateway.clock.date, this.isClosing, withBody));
  }

  exchangeEnded(): void {
    this.exchange = null;
    // Where the bytes at hand are being worked through, that goes on by itself.
    if (!this.isPumping) this.takeUp();
  }

  /** Reads on or stops, as what is buffered allows. */
  updateReading(): void {
    if (this.tunnel !== null) return;
    const { exchange } = this;
    const wants =
      exchange === null
        ? !this.outlet.isFull
        : exchange.hasArrived
          ? (this.pending?.length ?? 0) < this.gateway.config.limits.pipelineBytes
          : exchange.acceptsBody;
    if (wants === this.isReading) return;
    this.isReading = wants;
    if (wants) {
      if (this.waiting === "body") this.await("body");
      this.socket.resume();
    } else {
      // Our own back-pressure is not the client's silence.
      if (this.waiting === "body") this.deadline = 0;
      this.socket.pause();
    }
  }

  /** X-Forwarded-For as it goes upstream: the peer, after what a trusted peer said. */
  forwardedFor(head: RequestHead): string {
    return this.isTrusted && head.forwardedFor !== ""
      ? `${head.forwardedFor}, ${this.address}`
      : this.address;
  }

  /** The client's address: the last one in X-Forwarded-For that is not a trusted proxy, or the peer. */
  clientAddress(head: RequestHead): string {
    if (!this.isTrusted || head.forwardedFor === "") return this.address;
    const chain = head.forwardedFor.split(",").map((address) => address.trim());
    for (let index = chain.length - 1; index >= 0; index--) {
      if (!this.gateway.trusts(chain[index]!)) return chain[index]!;
    }
    return chain[0]!;
  }

  /** Stands for the client's address, see addressBit. */
  addressBit(head: RequestHead): number {
    if (!this.isTrusted || head.forwardedFor === "") return this.ownBit;
    return addressBit(this.clientAddress(head));
  }

  openTunnel(upstream: UpstreamConnection, handshake: Exchange): void {
    this.tunnel = upstream;
    this.exchange = null;
    if (this.gateway.reinspection.keep(handshake.inspectedHead)) this.handshake = handshake;
    this.gateway.counters.openTunnels++;
    this.await("tunnel");
    const early = this.pending;
    this.pending = null;
    this.room = null;
    // What passes from here on goes the sockets' own way.
    this.outlet.flush();
    if (this.outlet.isFull) upstream.socket.pause();
    this.isReading = early === null || upstream.socket.write(early);
    if (this.isReading) this.socket.resume();
    else this.socket.pause();
  }

  /** Bytes from the tunnel's other end, for keeps. */
  fromTunnel(bytes: Buffer): void {
    this.await("tunnel");
    if (!this.socket.write(bytes)) this.tunnel!.socket.pause();
  }

  /** The tunnel's other end has taken what the client sent. */
  tunnelDrained(): void {
    if (this.isEnding) return;
    this.await("tunnel");
    this.socket.resume();
  }

  /** The tunnel's other end is gone; what it said in full, the client may still read. */
  tunnelEnded(isWhole: boolean): void {
    if (isWhole) this.close();
    else this.cut();
  }

  expire(): void {
    switch (this.waiting) {
      case "head":
        if (this.pending === null) this.socket.destroy();
        else this.refuse("head_timeout");
        return;
      case "body":
        this.exchange?.refuse("body_timeout");
        return;
      case "queue":
        this.exchange?.refuse("queue_timeout");
        return;
      case "keepAlive":
        this.close();
        return;
      case "write":
      case "tunnel":
        // However slowly it reads, it reads.
        if (this.outlet.unwritten !== this.unwritten) this.renew();
        else this.socket.destroy();
        return;
      default:
        this.socket.destroy();
    }
  }

  /** Ends the connection amid a request or an answer; what was said to the client it may still read. */
  cut(): void {
    this.outlet.flush();
    this.socket.destroy();
  }

  /** Ends the connection once the client has read what it was sent; reads on for a while where it may still send. */
  close(): void {
    if (this.isEnding) return;
    this.isClosing = true;
    this.isEnding = true;
    this.pending = null;
    this.room = null;
    this.outlet.end();
    this.await("write");
    this.isReading = true;
    this.socket.resume();
  }

  /** The exchange has its place, or has inspected a piece: what has come of its body meanwhile is read. */
  feed(): void {
    const { exchange, pending } = this;
    if (pending !== null && exchange?.takesBody === true) {
      this.pending = null;
      this.give(exchange, pending);
    }
    if (this.exchange !== null) this.endIfCut(this.exchange);
    this.updateReading();
  }

  private renew(): void {
    this.await(this.waiting);
    this.unwritten = this.outlet.unwritten;
  }

  /** Heads and bodies are read where the bytes lie; whatever has to wait is copied. */
  private receive(chunk: Buffer): void {
    // A reset would take the last answer from a client that still sends.
    if (this.isEnding) return;
    if (this.tunnel !== null) {
      this.await("tunnel");
      if (!this.tunnel.socket.write(owned(chunk))) this.socket.pause();
      return;
    }
    const { exchange } = this;
    if (exchange?.takesBody === true) {
      this.give(exchange, chunk);
    } else {
      this.append(chunk);
      if (exchange === null) this.takeUp();
    }
    if (this.pending !== null) this.pending = owned(this.pending);
    this.updateReading();
  }

  /** Hands the exchange what may be of its body. */
  private give(exchange: Exchange, bytes: Buffer): void {
    const consumed = exchange.receive(bytes, 0);
    if (consumed === bytes.length) return;
    this.keep(bytes.subarray(consumed));
    // Where the exchange was answered at once, nobody else would take up the next request.
    if (this.exchange === null) this.takeUp();
  }

  /** Many small pieces cost no more than their bytes: the room for them doubles. */
  private append(chunk: Buffer): void {
    const { pending } = this;
    if (pending === null) {
      this.pending = chunk;
      return;
    }
    const length = pending.length + chunk.length;
    let start = pending.byteOffset;
    if (this.room === null || pending.buffer !== this.room.buffer || start + length > this.room.length) {
      this.room = Buffer.allocUnsafeSlow(length * 2);
      pending.copy(this.room);
      start = 0;
    }
    chunk.copy(this.room, start + pending.length);
    this.pending = this.room.subarray(start, start + length);
  }

  /**
   * accept -> parse: starts exchanges from the bytes at hand until one is under way or the bytes run out. A client
   * that does not read its answers is given no more of them.
   */
  private takeUp(): void {
    this.isPumping = true;
    while (this.pending !== null && this.exchange === null && !this.isClosing && !this.outlet.isFull) {
      const bytes = this.pending;
      const at = skipEmptyLines(bytes);
      const end = bytes.indexOf(HEAD_END, Math.max(at, this.searched - 3));
      if (end < 0) {
        if (at > 0) this.searched = 0;
        this.waitForHead(at === 0 ? bytes : bytes.subarray(at));
        break;
      }
      this.pending = null;
      this.searched = 0;
      this.start(bytes, at, end + 4);
    }
    this.isPumping = false;
    if (this.exchange === null) this.settle();
  }

  /** Nothing is under way: waits for what is missing, or closes. */
  private settle(): void {
    if (this.isEnding) return;
    const isBare = this.pending === null;
    if (isBare) this.room = null;
    if (this.isClosing || (isBare && (this.hasEnded || this.gateway.isDraining))) {
      this.close();
      return;
    }
    if (this.outlet.isFull) {
      if (this.waiting !== "write") this.await("write");
    } else if (this.waiting !== "head" && (this.waiting !== "keepAlive" || !isBare)) {
      this.await(isBare ? "keepAlive" : "head");
    }
    this.updateReading();
  }

  /** parse -> normalize -> route -> the exchange's own phases; answers the bytes that are left. */
  private start(bytes: Buffer, from: number, next: number): void {
    const { limits } = this.gateway.config;
    const parser = takeParser(REQUEST);
    const head =
      next - from > limits.headBytes &&
      bytes.indexOf("\r\n", from) - from <= limits.targetBytes + START_LINE_EXTRA
        ? "head_too_large"
        : normalizeRequest(parser, bytes, from, next, limits, this.isTrusted);
    if (typeof head === "string") {
      giveParser(parser);
      this.refuse(head);
      return;
    }
    const isChunked = head.framing === Framing.chunked;
    if (!isChunked) giveParser(parser);
    if (!head.keepAlive || this.gateway.isDraining) this.isClosing = true;
    const route = this.gateway.routes.of(head.host);
    if (route === null) {
      if (isChunked) giveParser(parser);
      this.refuse("unknown_host");
      return;
    }
    const exchange = new Exchange(this, route, head, isChunked ? parser : null);
    this.exchange = exchange;
    this.waiting = "none";
    this.deadline = 0;
    exchange.begin();
    if (next < bytes.length) {
      const rest = bytes.subarray(next);
      const takesIt = this.exchange === exchange && exchange.takesBody;
      const taken = takesIt ? exchange.receive(rest, 0) : 0;
      if (taken < rest.length) this.keep(rest.subarray(taken));
    }
    this.endIfCut(exchange);
    this.updateReading();
  }

  /** The client has said its last byte before: a body that is not whole now never will be. */
  private endIfCut(exchange: Exchange): void {
    if (this.hasEnded && this.exchange === exchange && exchange.takesBody) this.cut();
  }

  /** Bytes that are not taken up yet, unless the connection is about to close. */
  private keep(rest: Buffer): void {
    if (this.isClosing && this.exchange === null) return;
    this.pending = rest;
  }

  private waitForHead(bytes: Buffer): void {
    if (this.hasEnded) {
      this.close();
      return;
    }
    this.pending = null;
    if (bytes.length === 0) return;
    const refusal = this.refusalOf(bytes);
    if (refusal !== null) {
      this.refuse(refusal);
      return;
    }
    this.pending = bytes;
    this.searched = bytes.length;
  }

  /** Why an unfinished head cannot become one that is accepted, or null. */
  private refusalOf(bytes: Buffer): ReplyKind | null {
    const { limits } = this.gateway.config;
    if (!looksLikeHead(bytes, Math.max(0, this.searched - 1))) return "broken_request";
    const startLineMax = limits.targetBytes + START_LINE_EXTRA;
    const isNewlyLong = bytes.length > startLineMax && this.searched <= startLineMax;
    if (isNewlyLong && !bytes.includes("\r\n")) return "target_too_long";
    return bytes.length > limits.headBytes ? "head_too_large" : null;
  }

  /** Refuses what never became an exchange. */
  private refuse(kind: ReplyKind): void {
    this.gateway.counters.refusedDownstream++;
    this.reply(kind, this.gateway.nextRequestId(), true, false);
    this.close();
  }

  private drained(): void {
    if (this.tunnel !== null) {
      this.await("tunnel");
      this.tunnel.socket.resume();
    } else if (this.exchange === null) {
      this.takeUp();
    } else {
      if (this.waiting === "write") this.await(this.waitingBefore);
      this.exchange.onDownstreamDrained();
    }
  }

  /** The client has said its last byte. It may still want the answer to what it asked. */
  private ended(): void {
    this.hasEnded = true;
    if (this.tunnel !== null) this.tunnel.socket.end();
    else if (this.exchange !== null) {
      // What waits for a place, or for a decoder, is fed first.
      this.endIfCut(this.exchange);
    } else if (this.pending === null || !this.outlet.isFull) this.close();
  }

  private closed(hadError: boolean): void {
    this.gateway.clock.unwatch(this);
    this.gateway.closed(this);
    if (this.tunnel !== null) {
      this.gateway.counters.openTunnels--;
      this.tunnel.leaveTunnel(this.hasEnded && !hadError);
    }
    if (this.handshake !== null) this.gateway.reinspection.release(this.handshake.inspectedHead);
    this.handshake = null;
    const { exchange } = this;
    this.exchange = null;
    exchange?.onDownstreamGone();
  }
}

/** A server should skip empty lines before a request line (RFC 9112 section 2.2); two are enough. */
function skipEmptyLines(bytes: Buffer): number {
  let at = 0;
  while (at < 4 && bytes[at] === CR && bytes[at + 1] === LF) at += 2;
  return at;
}

/** Whether an unfinished head, looked at up to `from`, can still become one: bare LF, control bytes or a foreign protocol cannot. */
function looksLikeHead(bytes: Buffer, from: number): boolean {
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte >= 0x20 && byte !== 0x7f) continue;
    if (byte === LF && at > 0 && bytes[at - 1] === CR) continue;
    if (byte === CR && (at + 1 === bytes.length || bytes[at + 1] === LF)) continue;
    if (byte === 9) continue;
    return false;
  }
  const first = bytes[0]!;
  return first > 0x20 || first === CR;
}
