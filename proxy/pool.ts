import { readFileSync } from "node:fs";
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Logger } from "pino";
import type { Clock } from "./clock.ts";
import type { Limits, UpstreamConfig } from "./config.ts";
import type { Counters } from "./counters.ts";
import type { Exchange } from "./exchange.ts";
import { intake, type Receive, receiver } from "./intake.ts";
import type { Places } from "./places.ts";
import { UpstreamConnection } from "./upstream.ts";

/** How often at most a failing upstream is logged. */
const LOG_EVERY_MS = 5_000;

/**
 * The connections to one upstream: kept alive, used again last in first out, opened up to a limit. An exchange that has
 * a place and finds no connection waits in a queue, see places.ts.
 */
export class Pool {
  readonly config: UpstreamConfig;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly isTls: boolean;
  /** The authority requests carry where the client named none. */
  readonly authority: string;
  private readonly host: string;
  private readonly port: number;
  private readonly ca: Buffer | null;
  private readonly places: Places;
  private readonly counters: Counters;
  private readonly logger: Logger;
  private readonly all = new Set<UpstreamConnection>();
  private readonly idle: UpstreamConnection[] = [];
  private readonly waiting = new Set<Exchange>();
  /** Given out last; null where nothing is pipelined. */
  private shared: UpstreamConnection | null = null;
  private inUse = 0;
  private loggedAt = Number.NEGATIVE_INFINITY;

  constructor(
    config: UpstreamConfig,
    limits: Limits,
    places: Places,
    clock: Clock,
    counters: Counters,
    logger: Logger,
  ) {
    const url = new URL(config.url);
    this.config = config;
    this.limits = limits;
    this.places = places;
    this.clock = clock;
    this.counters = counters;
    this.logger = logger;
    this.isTls = url.protocol === "https:";
    this.authority = config.host ?? url.host;
    this.host = url.hostname.replace(/^\[|\]$/g, "");
    this.port = Number(url.port || (this.isTls ? 443 : 80));
    this.ca = config.caFile === undefined ? null : readFileSync(config.caFile);
  }

  /** Hands the exchange a connection, now or later, through `onUpstream`; answers false when the queue is full. */
  acquire(exchange: Exchange): boolean {
    if (this.share(exchange)) return true;
    if (this.inUse >= this.config.connectionsMax) return this.places.wait(exchange, this.waiting);
    this.give(exchange);
    return true;
  }

  /** The exchange no longer wants a connection. */
  cancel(exchange: Exchange): void {
    this.places.stopWaiting(exchange, this.waiting);
  }

  release(connection: UpstreamConnection): void {
    this.idle.push(connection);
    this.freed();
  }

  /** The connection is gone; called at least once for each. */
  forget(connection: UpstreamConnection): void {
    if (!this.all.delete(connection)) return;
    this.clock.unwatch(connection);
    if (this.shared === connection) this.shared = null;
    const at = this.idle.indexOf(connection);
    if (at >= 0) this.idle.splice(at, 1);
    else this.freed();
  }

  connectFailed(error: NodeJS.ErrnoException): void {
    if (this.clock.now - this.loggedAt < LOG_EVERY_MS) return;
    this.loggedAt = this.clock.now;
    const upstream = `${this.host}:${this.port}`;
    this.logger.error(
      { upstream, code: error.code ?? error.name, reason: error.message },
      "could not connect to the upstream",
    );
  }

  destroy(): void {
    for (const connection of this.all) connection.socket.destroy();
  }

  /** Opens a socket whose bytes are handed to `receive`. */
  dial(receive: Receive): Socket {
    const { host, port } = this;
    const options = { host, port, noDelay: true, highWaterMark: this.limits.bufferBytes };
    if (!this.isTls) return connect({ ...options, onread: { buffer: intake, callback: receiver(receive) } });
    const socket = connectTls({
      ...options,
      ALPNProtocols: ["http/1.1"],
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(this.ca === null ? {} : { ca: this.ca }),
    });
    return socket.on("data", receive);
  }

  /** Sends the request behind others on the connection that was given out last; answers whether that was possible. */
  private share(exchange: Exchange): boolean {
    const { shared } = this;
    if (shared === null || !shared.takesMore || !exchange.isPipelinable) return false;
    this.counters.pipelined++;
    exchange.onUpstream(shared);
    return true;
  }

  private give(exchange: Exchange): void {
    this.inUse++;
    const kept = exchange.wantsFresh ? undefined : this.idle.pop();
    const connection = kept ?? this.open();
    if (this.config.pipelining > 1) this.shared = connection;
    exchange.onUpstream(connection);
  }

  private open(): UpstreamConnection {
    // A fresh connection was asked for while idle ones fill the limit: the one idle longest makes room.
    if (this.all.size >= this.config.connectionsMax) this.idle[0]?.socket.destroy();
    this.counters.upstreamConnects++;
    const connection = new UpstreamConnection(this);
    this.all.add(connection);
    return connection;
  }

  /** A connection is free, or may be opened: whoever waited longest has it. */
  private freed(): void {
    this.inUse--;
    for (const exchange of this.waiting) {
      this.cancel(exchange);
      this.give(exchange);
      return;
    }
  }
}
