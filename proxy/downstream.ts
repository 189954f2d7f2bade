import type { Socket } from "node:net";
import type { Timed } from "./clock.ts";
import { Exchange } from "./exchange.ts";
import type { Gateway } from "./gateway.ts";
import { giveParser, REQUEST, takeParser } from "./llhttp.ts";
import { Framing, normalizeRequest, type RequestHead } from "./normalize.ts";
import { localReply, type ReplyKind } from "./reply.ts";
import type { UpstreamConnection } from "./upstream.ts";

const HEAD_END = Buffer.from("\r\n\r\n");
const CR = 13;
const LF = 10;
/** How long a connection that is to close still reads, so that the client sees the reply and not a reset. */
const LINGER_MS = 2_000;
/** A request line that fits the target limit ends within so many bytes more. */
const START_LINE_EXTRA = 64;

/** What the connection waits for; its one deadline belongs to it. */
type Waiting = "keepAlive" | "head" | "body" | "queue" | "write" | "linger" | "tunnel" | "none";

/** One socket of a client: reads requests one after another, and answers them in that order. */
export class Downstream implements Timed {
  readonly gateway: Gateway;
  readonly socket: Socket;
  /** The peer's address, without the IPv4-in-IPv6 prefix. */
  readonly address: string;
  readonly isTrusted: boolean;
  deadline = 0;
  isClosing = false;
  private waiting: Waiting = "head";
  private waitingBefore: Waiting = "none";
  private exchange: Exchange | null = null;
  private pending: Buffer | null = null;
  private isReading = true;
  private isPumping = false;
  private hasEnded = false;
  private tunnel: UpstreamConnection | null = null;
  /** What opened the tunnel, where its head is kept. */
  private handshake: Exchange | null = null;

  constructor(gateway: Gateway, socket: Socket) {
    this.gateway = gateway;
    this.socket = socket;
    const peer = socket.remoteAddress ?? "";
    this.address = peer.startsWith("::ffff:") ? peer.slice(7) : peer;
    this.isTrusted = gateway.trusts(this.address);
    gateway.clock.watch(this);
    this.await("head");
    socket.on("data", (chunk: Buffer) => this.receive(chunk));
    socket.on("drain", () => this.drained());
    socket.on("end", () => this.ended());
    socket.on("error", () => this.socket.destroy());
    socket.on("close", () => this.closed());
  }

  get isIdle(): boolean {
    return this.exchange === null && this.pending === null && this.tunnel === null;
  }

  /** What was let through here and is not over, to be inspected again when other tokens are enforced. */
  get opened(): Exchange | null {
    return this.exchange ?? this.handshake;
  }

  await(what: Waiting): void {
    const { limits } = this.gateway.config;
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

  write(text: string): void {
    this.socket.write(text, "latin1");
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

  /** Sends a LocalReply. Where bytes of the request may still come, the connection closes after it. */
  reply(kind: ReplyKind, requestId: string, withBody: boolean, hasArrived: boolean): void {
    if (!hasArrived) this.isClosing = true;
    this.socket.write(localReply(kind, requestId, this.gateway.clock.date, this.isClosing, withBody));
  }

  exchangeEnded(): void {
    this.exchange = null;
    if (this.isClosing || this.gateway.isDraining) {
      this.close();
      return;
    }
    if (this.pending === null) {
      if (this.hasEnded) {
        this.close();
        return;
      }
      this.await("keepAlive");
      this.updateReading();
      return;
    }
    this.await("head");
    if (!this.isPumping) this.pump(this.pending);
    this.updateReading();
  }

  /** Reads on or stops, as what is buffered allows. */
  updateReading(): void {
    if (this.tunnel !== null) return;
    const { exchange } = this;
    let wants = true;
    if (exchange !== null) {
      wants = exchange.hasArrived
        ? (this.pending?.length ?? 0) < this.gateway.config.limits.pipelineBytes
        : exchange.acceptsBody;
    }
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

  openTunnel(upstream: UpstreamConnection, handshake: Exchange): void {
    this.tunnel = upstream;
    this.exchange = null;
    if (this.gateway.reinspection.keep(handshake.inspectedHead)) this.handshake = handshake;
    this.gateway.counters.openTunnels++;
    this.await("tunnel");
    const early = this.pending;
    this.pending = null;
    if (early !== null) upstream.socket.write(early);
    this.isReading = true;
    this.socket.resume();
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
      default:
        this.socket.destroy();
    }
  }

  /** Ends the connection: at once where nothing can still come, else after reading on for a while. */
  close(): void {
    this.isClosing = true;
    this.pending = null;
    this.socket.end();
    if (this.hasEnded) return;
    this.await("linger");
    this.isReading = true;
    this.socket.resume();
  }

  private receive(chunk: Buffer): void {
    if (this.tunnel !== null) {
      this.await("tunnel");
      if (!this.tunnel.socket.write(chunk)) this.socket.pause();
      return;
    }
    const { exchange } = this;
    if (exchange === null) {
      // Read and dropped until LINGER_MS have passed: a reset would take the reply from a client that still sends.
      if (this.isClosing) return;
      this.pump(this.pending === null ? chunk : Buffer.concat([this.pending, chunk]));
    } else if (exchange.hasArrived) {
      this.pending = this.pending === null ? chunk : Buffer.concat([this.pending, chunk]);
    } else {
      const consumed = exchange.receive(chunk, 0);
      const rest = consumed < chunk.length ? chunk.subarray(consumed) : null;
      // Where the exchange was answered at once, nobody else would take up the next request.
      if (rest !== null && this.exchange === null && !this.isClosing) this.pump(rest);
      else if (rest !== null) this.keep(rest);
    }
    this.updateReading();
  }

  /** accept -> parse: starts exchanges from the bytes at hand until one is under way or the bytes run out. */
  private pump(bytes: Buffer): void {
    this.isPumping = true;
    let rest: Buffer | null = bytes;
    while (rest !== null && this.exchange === null && !this.isClosing) {
      this.pending = null;
      const at = skipEmptyLines(rest);
      const end = rest.indexOf(HEAD_END, at);
      if (end < 0) {
        this.waitForHead(at === 0 ? rest : rest.subarray(at));
        break;
      }
      const next = end + 4;
      rest = this.start(rest, at, next);
    }
    this.isPumping = false;
  }

  /** parse -> normalize -> the exchange's own phases; answers the bytes that are left. */
  private start(bytes: Buffer, from: number, next: number): Buffer | null {
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
      return null;
    }
    const isChunked = head.framing === Framing.chunked;
    if (!isChunked) giveParser(parser);
    if (!head.keepAlive || this.gateway.isDraining) this.isClosing = true;
    const exchange = new Exchange(this, head, isChunked ? parser : null);
    this.exchange = exchange;
    this.waiting = "none";
    this.deadline = 0;
    exchange.begin();
    let at = next;
    if (this.exchange === exchange && !exchange.hasArrived && at < bytes.length)
      at = exchange.receive(bytes, at);
    // The client has said its last byte before: a body that is not whole never will be.
    if (this.hasEnded && this.exchange === exchange && !exchange.hasArrived) {
      this.socket.destroy();
      return null;
    }
    if (at >= bytes.length) return null;
    const rest = bytes.subarray(at);
    this.keep(rest);
    return this.pending === null ? null : rest;
  }

  /** Bytes after the request: the next one's, unless the connection is about to close. */
  private keep(rest: Buffer): void {
    if (this.isClosing && this.exchange === null) return;
    this.pending = rest;
  }

  private waitForHead(bytes: Buffer): void {
    if (this.hasEnded) {
      this.close();
      return;
    }
    if (bytes.length === 0) return;
    const refusal = this.refusalOf(bytes);
    if (refusal !== null) {
      this.refuse(refusal);
      return;
    }
    if (this.waiting !== "head") this.await("head");
    this.pending = bytes;
  }

  /** Why an unfinished head cannot become one that is accepted, or null. */
  private refusalOf(bytes: Buffer): ReplyKind | null {
    const { limits } = this.gateway.config;
    if (!looksLikeHead(bytes)) return "broken_request";
    const isInStartLine = !bytes.includes("\r\n");
    if (isInStartLine && bytes.length > limits.targetBytes + START_LINE_EXTRA) return "target_too_long";
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
      this.tunnel.socket.resume();
      return;
    }
    if (this.waiting === "write") this.await(this.waitingBefore);
    this.exchange?.onDownstreamDrained();
  }

  /** The client has said its last byte. It may still want the answer to what it asked. */
  private ended(): void {
    this.hasEnded = true;
    if (this.tunnel !== null) {
      this.tunnel.socket.end();
      return;
    }
    const { exchange } = this;
    if (exchange === null) {
      this.socket.end();
      return;
    }
    if (!exchange.hasArrived) this.socket.destroy();
  }

  private closed(): void {
    this.gateway.clock.unwatch(this);
    this.gateway.closed(this);
    if (this.tunnel !== null) {
      this.gateway.counters.openTunnels--;
      this.tunnel.socket.destroy();
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

/** Whether an unfinished head can still become one: bare LF, control bytes or a foreign protocol cannot. */
function looksLikeHead(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at++) {
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
