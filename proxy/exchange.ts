import { Scan, type ScanOutcome } from "../rules/matcher.ts";
import { type AnswerHead, Ending } from "./answer.ts";
import { decide, type Permit } from "./decide.ts";
import { afterDecoding, decodingOf, type Undecodable, unreadableCharset } from "./decoding.ts";
import type { Downstream } from "./downstream.ts";
import { isRefusedInTrailers } from "./fields.ts";
import type { Gateway } from "./gateway.ts";
import { Inflation } from "./inflate.ts";
import { holdsToken, RequestInspection } from "./inspect.ts";
import { isBorrowed, owned } from "./intake.ts";
import { giveParser, OK, type Parser } from "./llhttp.ts";
import { Framing, type RequestHead } from "./normalize.ts";
import { isReadable } from "./points/charset.ts";
import { CompressedMessages } from "./points/grpc.ts";
import { inspectHeadAgain } from "./reinspect.ts";
import { type ReplyKind, replySource } from "./reply.ts";
import type { Route } from "./route.ts";
import { giveSpare, takeSpare } from "./spares.ts";
import type { UpstreamConnection } from "./upstream.ts";
import { compact, copyOf } from "./wire.ts";

const EMPTY = Buffer.alloc(0);
/** Shorter pieces are copied into as much memory as they need: a spare takes no more than twice that. */
const SPARED_MIN = 32 * 1024;
/** Methods that only ask (RFC 9110 section 9.2.1). TRACE is left out: no more than a test would send it. */
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);
/** Methods whose repetition does no harm (RFC 9110 section 9.2.2): the only ones retried. */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/**
 * One downstream request and its response. It owns the order of the phases: accept -> parse -> normalize -> route
 * -> inspect -> decide -> forward | reply -> record; Downstream does the first four, the rest is here.
 */
export class Exchange {
  readonly gateway: Gateway;
  readonly downstream: Downstream;
  readonly route: Route;
  readonly head: RequestHead;
  readonly method: string;
  readonly wantsTunnel: boolean;
  id: string;
  readonly inspection: RequestInspection;
  /** It is one of the `limits.inFlight`; before, its body is not read. */
  hasPlace = false;
  /** A kept connection turned out stale: the one safe retry asks for a new one. */
  wantsFresh = false;
  /** All bytes of the request have arrived. */
  hasArrived = false;
  /** All bytes of the request have arrived and were inspected. */
  requestDone = false;
  /** All bytes of the request were handed to the upstream connection. */
  requestSent = false;
  /** The serialised head as it was inspected, for as long as the exchange, or its tunnel, is open. */
  inspectedHead: Buffer = EMPTY;
  /** `Policy.changeCount` when it was last. */
  inspectedAt = 0;
  private readonly parser: Parser | null;
  private upstream: UpstreamConnection | null = null;
  private headPermit: Permit | null = null;
  /** Inspected body that has not gone upstream yet. */
  private held: Buffer[] = [];
  private heldBytes = 0;
  /** What large pieces of it lie in. */
  private spares: Buffer[] = [];
  private trailers: Permit | null = null;
  /** The last byte of a chunk at whose end a token may end, until the next byte decides. */
  private withheld: Buffer = EMPTY;
  private remaining: number;
  private framingBytes = 0;
  private isReleased = false;
  private bodyStarted = false;
  private isOver = false;
  private recorded = 0;
  private parserGiven = false;
  /** Decodes the body's content coding beside forwarding; null where there is none, or no more. */
  private inflation: Inflation | null = null;
  /** A piece of the body is being decoded: nothing more is read until it was inspected. */
  private isDecoding = false;
  /** What of a gRPC stream is decoded; null where all of the body is. */
  private messages: CompressedMessages | null = null;
  // The answer.
  private answerHead = "";
  private answerStarted = false;
  private answerChunked = false;
  private answerToClose = false;
  private postponed: Buffer[] = [];

  constructor(downstream: Downstream, route: Route, head: RequestHead, parser: Parser | null) {
    this.gateway = downstream.gateway;
    this.downstream = downstream;
    this.route = route;
    this.head = head;
    this.method = head.method;
    this.wantsTunnel = head.isWebSocket;
    this.parser = parser;
    this.remaining = head.contentLength;
    this.id =
      downstream.isTrusted && isRequestId(head.requestId) ? head.requestId : this.gateway.nextRequestId();
    const { policy, pool } = route;
    const host = pool.config.host ?? (head.host || pool.authority);
    this.inspection = new RequestInspection(policy, this.gateway.config.inspect, head, host);
  }

  /** inspect and decide on the head; then it asks for a place. */
  begin(): void {
    const { head, gateway } = this;
    gateway.counters.requests++;
    this.requestDone =
      head.framing === Framing.none || (head.framing === Framing.length && head.contentLength === 0);
    this.hasArrived = this.requestDone;
    const text = this.outgoingHead();
    const bytes = Buffer.allocUnsafe(text.length);
    bytes.latin1Write(text, 0);
    this.inspectedHead = bytes;
    this.inspectedAt = this.route.policy.changeCount;
    const outcome = this.inspection.head(bytes, text, head);
    this.clearId();
    if (this.isStopped(outcome, "budget_head")) return;
    this.record();
    const verdict = decide(this.inspection.blocking, bytes);
    if (verdict.kind === "block") {
      this.block();
      return;
    }
    this.headPermit = verdict.permit;
    this.remember();
    if (!this.hasReadableCharset()) return;
    if (!gateway.places.enter(this)) this.reply("queue_full");
    else if (!this.hasPlace && !this.isOver) this.downstream.await("queue");
  }

  /** A request without a body is forwarded at once, the body of another is read from here on. */
  onPlace(hasWaited: boolean): void {
    const { head, downstream } = this;
    this.hasPlace = true;
    if (hasWaited && this.isStale && !this.reinspect()) return;
    if (this.requestDone) {
      this.release();
      return;
    }
    if (!this.openDecoding()) return;
    downstream.await("body");
    if (head.expectsContinue && head.minor === 1) downstream.write("HTTP/1.1 100 Continue\r\n\r\n");
    if (hasWaited) downstream.feed();
  }

  /** May be sent before the answer to another has come (RFC 9112 section 9.3.2), and again if that answer is the last. */
  get isPipelinable(): boolean {
    const { framing } = this.head;
    return framing === Framing.none && !this.wantsTunnel && !this.wantsFresh && SAFE.has(this.method);
  }

  /** Nobody waits for its answer any more. */
  get isGivenUp(): boolean {
    return this.isOver;
  }

  get isStale(): boolean {
    return this.inspectedAt !== this.route.policy.changeCount;
  }

  /** Other tokens are enforced: inspects the head again, and ends what must not go on. Answers whether it lives on. */
  reinspect(): boolean {
    const { counters } = this.gateway;
    this.inspectedAt = this.route.policy.changeCount;
    if (this.isOver) return true;
    counters.reinspected++;
    const outcome = inspectHeadAgain(this.inspection, this.inspectedHead, this.head);
    this.clearId();
    if (this.isStopped(outcome, "budget_head")) {
      counters.closedOpen++;
      return false;
    }
    this.record();
    return true;
  }

  /** Takes bytes of the request body; answers how many of them belong to it. */
  receive(bytes: Buffer, from: number): number {
    if (this.head.framing === Framing.length) {
      const taken = Math.min(this.remaining, bytes.length - from);
      this.remaining -= taken;
      this.take(bytes.subarray(from, from + taken), this.remaining === 0);
      return from + taken;
    }
    const parser = this.parser!;
    const answer = parser.execute(bytes, from, bytes.length);
    const { limits } = this.gateway.config;
    // Extensions, leading zeros and trailers yield no body: bounded, since no callback tells of them.
    this.framingBytes = parser.bodyBytes > 0 ? 0 : this.framingBytes + parser.consumed - from;
    if (answer !== OK) this.refuse("broken_body");
    else if (this.framingBytes > limits.framingBytes) this.refuse("broken_body");
    else if (parser.trailers.length > limits.headerCount * 2) this.refuse("too_many_fields");
    else this.take(compact(parser, bytes) ?? EMPTY, parser.complete);
    return parser.consumed;
  }

  /** Bytes of the body are taken at once; else they wait for a place, or for the piece before to be decoded. */
  get takesBody(): boolean {
    return this.hasPlace && !this.hasArrived && !this.isDecoding;
  }

  /** Whether more of the body may be read now. */
  get acceptsBody(): boolean {
    if (this.isDecoding || !this.hasPlace) return false;
    if (this.upstream === null)
      return this.heldBytes < this.gateway.config.inspect.holdBytes || !this.isReleased;
    return !this.upstream.outlet.isFull;
  }

  /** The body has been silent for `holdMs`: what was inspected so far goes on. */
  holdExpired(): void {
    if (!this.isOver && !this.isReleased) this.release();
  }

  /** The queue gave us a connection: what has been permitted goes out. */
  onUpstream(connection: UpstreamConnection): void {
    this.upstream = connection;
    connection.take(this);
    // It waited, for its body or for a place: what is enforced by now holds for it too.
    if (this.isStale && !this.reinspect()) return;
    this.gateway.counters.forwarded++;
    this.flush(true);
    if (this.requestDone) this.downstream.await("none");
    else this.downstream.await("body");
    this.downstream.updateReading();
  }

  onUpstreamDrained(): void {
    this.downstream.updateReading();
  }

  /** What the client has not seen the start of becomes a reply, however much the upstream had said. */
  onUpstreamFailed(kind: ReplyKind): void {
    this.upstream = null;
    this.refuse(kind);
  }

  /** The connection closed before the answer ended; a kept one that was stale is worth one safe retry. */
  onUpstreamClosed(wasKept: boolean, isAnswering: boolean): void {
    this.upstream = null;
    if (this.isOver) return;
    const isSafe =
      wasKept && !isAnswering && !this.wantsFresh && !this.bodyStarted && IDEMPOTENT.has(this.method);
    if (!isSafe) {
      this.onUpstreamFailed("upstream_closed");
      return;
    }
    this.wantsFresh = true;
    this.gateway.counters.retries++;
    this.requestSent = false;
    this.askUpstream();
  }

  /** 102, 103: told on to clients that know them. 100 is ours to say. */
  onInterim(head: AnswerHead): void {
    if (head.status === 100 || this.head.minor === 0) return;
    if (!this.downstream.write(`HTTP/1.1 ${head.status} ${head.reason}\r\n${head.fields}\r\n`))
      this.downstream.onFull(this.upstream);
  }

  onAnswer(head: AnswerHead): void {
    const isModern = this.head.minor === 1;
    this.answerChunked = isModern && (head.ending === Ending.chunked || head.ending === Ending.close);
    this.answerToClose = !isModern && (head.ending === Ending.chunked || head.ending === Ending.close);
    if (this.answerToClose || !this.requestDone) this.downstream.closeAfter();
    const keepsLength = head.contentLength >= 0 && head.ending !== Ending.chunked && head.status !== 204;
    this.answerHead =
      `HTTP/1.1 ${head.status} ${head.reason}\r\n${head.fields}` +
      (keepsLength ? `Content-Length: ${head.contentLength}\r\n` : "") +
      (this.answerChunked ? "Transfer-Encoding: chunked\r\n" : "") +
      this.connectionField();
  }

  onAnswerBody(body: Buffer | null): void {
    this.writeAnswer(body, false, "");
  }

  /** Trailers that may go on, serialised. */
  answerTrailers(fields: readonly string[]): string {
    let text = "";
    for (let index = 0; index + 1 < fields.length; index += 2) {
      if (isRefusedInTrailers(fields[index]!)) continue;
      text += `${fields[index]}: ${trimmed(fields[index + 1]!)}\r\n`;
    }
    return text;
  }

  onAnswerEnd(body: Buffer | null, trailers: string): void {
    const upstream = this.upstream;
    this.upstream = null;
    this.writeAnswer(body, true, trailers);
    // The answer came before the upload ended: the rest has nowhere to go.
    if (!this.requestSent) upstream?.socket.destroy();
    this.finish();
  }

  /** 101: the handshake was inspected; from here bytes pass both ways as they are. It is not over before they end. */
  onTunnel(head: AnswerHead, rest: Buffer): void {
    const upstream = this.upstream!;
    this.downstream.write(
      `HTTP/1.1 101 ${head.reason}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${head.fields}\r\n`,
    );
    if (rest.length > 0) this.downstream.outlet.write(rest);
    upstream.openTunnel(this.downstream);
    this.gateway.counters.tunnels++;
    this.answerStarted = true;
    this.headPermit = null;
    this.inspectedHead = copyOf(this.inspectedHead);
    this.record();
    this.downstream.openTunnel(upstream, this);
    this.leave();
  }

  /** The client is gone: so is what we had asked for in its name. */
  onDownstreamGone(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.letGo();
    this.record();
  }

  onDownstreamDrained(): void {
    // Behind another's request the connection is not ours to move.
    if (this.upstream?.exchange === this) this.upstream.resumeReading();
  }

  refuse(kind: ReplyKind): void {
    if (this.isOver) return;
    if (this.answerStarted) this.fail(kind);
    else this.reply(kind);
  }

  /** Answers whether the exchange goes on. Some servers read a query, too, as the content type says. */
  private hasReadableCharset(): boolean {
    if (this.head.contentType === "" || isReadable(this.head.contentType)) return true;
    return this.passUndecoded(unreadableCharset(this.inspection.config));
  }

  /** Answers whether the exchange goes on. */
  private openDecoding(): boolean {
    const decoding = decodingOf(this.head, this.gateway.config.inspect);
    if (decoding instanceof Inflation && this.head.contentEncoding === "")
      this.messages = new CompressedMessages();
    if (decoding === null) return true;
    if (decoding instanceof Inflation) return this.beginDecoding(decoding);
    return this.passUndecoded(decoding);
  }

  /** Each takes memory of its own, up to some megabytes for br: so many at once, and no more. */
  private beginDecoding(inflation: Inflation): boolean {
    const { counters, config } = this.gateway;
    if (counters.decoding >= config.inspect.codings.open) {
      inflation.close();
      this.refuse("queue_full");
      return false;
    }
    this.inflation = inflation;
    counters.decoding++;
    return true;
  }

  private endDecoding(): void {
    if (this.inflation === null) return;
    this.inflation.close();
    this.inflation = null;
    this.gateway.counters.decoding--;
  }

  /** A body that is not decoded is refused, or goes on with its raw bytes inspected; answers whether it does. */
  private passUndecoded({ why, reply }: Undecodable): boolean {
    this.endDecoding();
    if (reply !== null) {
      this.refuse(reply);
      return false;
    }
    this.gateway.undecoded(this, why);
    return true;
  }

  /** inspect a piece of the body, as it came and then as its content coding hides it. */
  private take(body: Buffer, isLast: boolean): void {
    if (this.isOver) return;
    this.hasArrived = isLast;
    const outcome = body.length > 0 || isLast ? this.inspection.chunk(body, isLast) : Scan.clear;
    // Later the start is gone: a hit is then named no closer than `body`.
    if (!this.isReleased) this.inspection.nameInBody([...this.held, body]);
    if (this.isStopped(outcome, "budget_body")) return;
    this.record();
    if (this.inflation === null) this.pass(body, isLast, outcome);
    else this.decode(this.inflation, owned(body), isLast, outcome);
  }

  /** The piece waits until all that it decodes to was inspected. Decoding takes turns of the event loop. */
  private decode(inflation: Inflation, body: Buffer, isLast: boolean, raw: ScanOutcome): void {
    this.isDecoding = true;
    this.gateway.unhold(this);
    const coded = this.messages === null ? body : this.messages.take(body);
    let decoded: ScanOutcome = Scan.clear;
    const inspect = (bytes: Buffer): boolean => {
      decoded = this.inspection.decoded(bytes, false);
      return decoded < Scan.stopped;
    };
    inflation.write(coded, isLast, inspect, (outcome) => {
      this.isDecoding = false;
      if (this.isOver) return;
      if (isLast && decoded < Scan.stopped) decoded = this.inspection.decoded(EMPTY, true);
      if (this.isStopped(decoded, "budget_body")) return;
      this.record();
      if (
        outcome !== "ok" &&
        outcome !== "stopped" &&
        !this.passUndecoded(afterDecoding(outcome, this.inspection.config))
      )
        return;
      // What the coding hides ends with no byte of its own: all of the piece waits for what follows.
      if (decoded === Scan.tentative) this.postpone(body);
      else this.pass(body, isLast, raw);
      this.downstream.feed();
    });
  }

  /** decide on an inspected piece of the body, then hold or forward it. */
  private pass(body: Buffer, isLast: boolean, outcome: ScanOutcome): void {
    if (this.postponed.length > 0) {
      body = Buffer.concat([...this.postponed, body]);
      this.postponed = [];
    }
    let passed = this.withheld.length > 0 && body.length > 0 ? Buffer.concat([this.withheld, body]) : body;
    if (body.length > 0) this.withheld = EMPTY;
    if (isLast) {
      if (this.withheld.length > 0) passed = this.withheld;
      this.withheld = EMPTY;
      if (!this.takeTrailers()) return;
    } else if (outcome === Scan.tentative) {
      this.withheld = Buffer.from(passed.subarray(passed.length - 1));
      passed = passed.subarray(0, passed.length - 1);
    }
    if (passed.length > 0) {
      this.held.push(this.kept(passed));
      this.heldBytes += passed.length;
    }
    if (isLast) this.requestDone = true;
    if (this.isReleased) this.flush(false);
    else if (isLast || this.heldBytes >= this.gateway.config.inspect.holdBytes) this.release();
    else this.gateway.hold(this);
    if (!this.isOver && this.upstream !== null) this.downstream.await(isLast ? "none" : "body");
  }

  /** The bytes for keeps, until they are sent: a copy where the next read would write over them. */
  private kept(bytes: Buffer): Buffer {
    if (bytes.length < SPARED_MIN || !isBorrowed(bytes)) return owned(bytes);
    const spare = takeSpare();
    this.spares.push(spare);
    bytes.copy(spare);
    return spare.subarray(0, bytes.length);
  }

  private takeTrailers(): boolean {
    const fields = this.parser?.trailers ?? [];
    if (fields.length === 0) return true;
    let text = "";
    for (let index = 0; index + 1 < fields.length; index += 2) {
      if (isRefusedInTrailers(fields[index]!)) {
        // Whoever frames a request by its trailers is not asked for another on this connection.
        this.downstream.closeAfter();
        this.refuse("broken_request");
        return false;
      }
      text += `${fields[index]}: ${trimmed(fields[index + 1]!)}\r\n`;
    }
    const bytes = Buffer.from(text, "latin1");
    if (bytes.length > this.gateway.config.limits.headBytes) {
      this.refuse("head_too_large");
      return false;
    }
    if (this.isStopped(this.inspection.trailers(bytes), "budget_head")) return false;
    const verdict = decide(this.inspection.blocking, bytes);
    if (verdict.kind === "block") {
      this.block();
      return false;
    }
    this.trailers = verdict.permit;
    return true;
  }

  /** Acts on an outcome that ends the request; answers whether it did. What is replied goes before what is recorded. */
  private isStopped(outcome: ScanOutcome, overBudget: ReplyKind): boolean {
    if (outcome === Scan.exhausted) {
      this.gateway.budgetExhausted(this.route.plane, this.inspection.costliestSlot);
      this.refuse(overBudget);
      return true;
    }
    if (this.inspection.blocking === null) return false;
    this.block();
    return true;
  }

  private block(): void {
    this.gateway.counters.blocked++;
    if (this.upstream !== null && this.bodyStarted) this.gateway.counters.abortedBodies++;
    this.refuse("blocked");
  }

  /** The hold is over: a place upstream is asked for. */
  private release(): void {
    this.isReleased = true;
    this.gateway.unhold(this);
    this.askUpstream();
  }

  private askUpstream(): void {
    this.downstream.await("queue");
    if (!this.route.pool.acquire(this)) this.reply("queue_full");
  }

  /** forward: everything permitted and not yet sent. */
  private flush(withHead: boolean): void {
    const upstream = this.upstream;
    if (upstream === null) return;
    const body: Permit[] = [];
    for (const bytes of this.held) {
      const verdict = decide(this.inspection.blocking, bytes);
      if (verdict.kind === "block") {
        this.block();
        return;
      }
      body.push(verdict.permit);
    }
    const { spares } = this;
    if (body.length > 0) this.bodyStarted = true;
    this.held = [];
    this.heldBytes = 0;
    this.spares = [];
    const isChunked = this.head.framing === Framing.chunked;
    const isEnd = this.requestDone && isChunked;
    if (withHead || body.length > 0 || isEnd) {
      const wantsMore = upstream.send(
        withHead ? this.headPermit : null,
        body,
        spares,
        isChunked,
        isEnd,
        this.trailers,
      );
      if (!wantsMore) this.downstream.updateReading();
    }
    if (this.requestDone) this.requestSent = true;
  }

  private writeAnswer(body: Buffer | null, isEnd: boolean, trailers: string): void {
    let before = "";
    let after = "";
    if (!this.answerStarted) {
      this.answerStarted = true;
      before = `${this.answerHead}\r\n`;
      this.answerHead = "";
    }
    const hasBody = body !== null && body.length > 0;
    if (this.answerChunked) {
      if (hasBody) {
        before += `${body.length.toString(16)}\r\n`;
        after = "\r\n";
      }
      if (isEnd) after += `0\r\n${trailers}\r\n`;
    }
    if (before === "" && after === "" && !hasBody) return;
    if (!this.downstream.outlet.writeAround(before, hasBody ? body : null, after))
      this.downstream.onFull(this.upstream);
  }

  /** reply: a LocalReply instead of an answer from upstream. */
  private reply(kind: ReplyKind): void {
    if (this.isOver) return;
    this.isOver = true;
    this.letGo();
    this.countFailure(kind);
    this.downstream.reply(kind, this.id, this.method !== "HEAD", this.hasArrived);
    this.record();
    this.downstream.exchangeEnded();
  }

  /** The answer is already on its way and cannot be finished: the client must see that it is cut. */
  private fail(kind: ReplyKind): void {
    if (this.isOver) return;
    this.isOver = true;
    this.letGo();
    this.countFailure(kind);
    this.record();
    this.downstream.cut();
  }

  private finish(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.freeParsers();
    this.gateway.unhold(this);
    this.leave();
    this.record();
    this.downstream.exchangeEnded();
  }

  /** Pieces of an encoded body at whose end a token may end: the next piece, or the end, decides. */
  private postpone(body: Buffer): void {
    this.postponed.push(body);
    this.downstream.await("body");
  }

  private letGo(): void {
    this.gateway.unhold(this);
    this.gateway.places.cancel(this);
    this.route.pool.cancel(this);
    this.upstream?.abort(this);
    this.upstream = null;
    this.held = [];
    for (const spare of this.spares.splice(0)) giveSpare(spare);
    this.freeParsers();
    this.leave();
  }

  private leave(): void {
    if (!this.hasPlace) return;
    this.hasPlace = false;
    this.gateway.places.leave();
  }

  private freeParsers(): void {
    this.endDecoding();
    if (this.parser === null || this.parserGiven) return;
    this.parserGiven = true;
    giveParser(this.parser);
  }

  private countFailure(kind: ReplyKind): void {
    const { counters } = this.gateway;
    const source = replySource(kind);
    if (kind === "blocked") return;
    if (source === "downstream") counters.refusedDownstream++;
    else if (source === "upstream") counters.failedUpstream++;
    else counters.refusedInternal++;
  }

  /** What passes is remembered for those who ask later what a patch would have blocked. */
  private remember(): void {
    const { seen, policy } = this.route.plane;
    if (seen === null || !policy.isSwitchedOn) return;
    seen.note(this.head, this.downstream.addressBit(this.head), this.gateway.clock.wall);
  }

  /** A client's own request id is given up where it holds a token: replies show it. */
  private clearId(): void {
    const isOwn = this.id !== this.head.requestId;
    if (this.inspection.hits !== null && !isOwn && holdsToken(this.route.policy.matcher, this.id))
      this.id = this.gateway.nextRequestId();
  }

  /** record: an event for each rule met, once. Always runs. */
  private record(): void {
    const { hits, blocking, values } = this.inspection;
    if (values !== null) values.tell(this.gateway.counters);
    if (hits === null) return;
    for (; this.recorded < hits.length; this.recorded++) {
      this.gateway.record(this, hits[this.recorded]!, blocking !== null);
    }
  }

  private connectionField(): string {
    if (this.downstream.isClosing) return "Connection: close\r\n";
    return this.head.minor === 0 ? "Connection: keep-alive\r\n" : "";
  }

  /** The head as it goes upstream: what is inspected is what is forwarded. */
  private outgoingHead(): string {
    const { head, downstream } = this;
    const host = this.inspection.outgoingHost;
    let text = `${head.method} ${head.target} HTTP/1.1\r\nHost: ${host}\r\n${head.fields}`;
    if (head.framing === Framing.chunked) text += "Transfer-Encoding: chunked\r\n";
    else if (head.framing === Framing.length) text += `Content-Length: ${head.contentLength}\r\n`;
    if (head.isWebSocket) text += "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    else if (head.acceptsTrailers) text += "Connection: TE\r\nTE: trailers\r\n";
    text += `X-Forwarded-For: ${downstream.forwardedFor(head)}\r\n`;
    // A trusted proxy in front has said these already, among the fields that went on unchanged.
    if (!downstream.isTrusted || !/^x-forwarded-proto:/im.test(head.fields))
      text += "X-Forwarded-Proto: http\r\n";
    if (!downstream.isTrusted || !/^x-forwarded-host:/im.test(head.fields))
      text += `X-Forwarded-Host: ${head.host || host}\r\n`;
    return `${text}X-Request-Id: ${this.id}\r\n\r\n`;
  }
}

/** Without the blanks around it; any other space is part of a value. */
function trimmed(value: string): string {
  return value.replace(/^[ \t]+|[ \t]+$/g, "");
}

function isRequestId(text: string): boolean {
  return /^[A-Za-z0-9._:/+=-]{1,128}$/.test(text);
}
