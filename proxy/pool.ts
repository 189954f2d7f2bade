import { readFileSync } from "node:fs";
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Logger } from "pino";
import type { Clock } from "./clock.ts";
import type { Limits, UpstreamConfig } from "./config.ts";
import type { Counters } from "./counters.ts";
import type { Exchange } from "./exchange.ts";
import { UpstreamConnection } from "./upstream.ts";

/** Where plain upstream sockets are read into, one after another. */
const input = Buffer.allocUnsafeSlow(64 * 1024);

/** How often at most a failing upstream is logged. */
const LOG_EVERY_MS = 5_000;

/**
 * The connections to one upstream: kept alive, used again last in first out, opened up to a limit. An exchange that
 * finds no place waits in a bounded queue; its time there is the downstream connection's deadline.
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
  private readonly counters: Counters;
  private readonly logger: Logger;
  private readonly all = new Set<UpstreamConnection>();
  private readonly idle: UpstreamConnection[] = [];
  private readonly waiting = new Set<Exchange>();
  private inUse = 0;
  private loggedAt = Number.NEGATIVE_INFINITY;

  constructor(config: UpstreamConfig, limits: Limits, clock: Clock, counters: Counters, logger: Logger) {
    const url = new URL(config.url);
    this.config = config;
    this.limits = limits;
    this.clock = clock;
    this.counters = counters;
    this.logger = logger;
    this.isTls = url.protocol === "https:";
    this.authority = config.host ?? url.host;
    this.host = url.hostname.replace(/^\[|\]$/g, "");
    this.port = Number(url.port || (this.isTls ? 443 : 80));
    this.ca = config.caFile === undefined ? null : readFileSync(config.caFile);
  }

  /**
   * Hands the exchange a connection, now or later, through `onUpstream`; answers false when the queue is full.
   * `fresh` asks for a new connection, since a kept one has just turned out stale.
   */
  acquire(exchange: Exchange, fresh: boolean): boolean {
    if (this.inUse >= Math.min(this.config.connectionsMax, this.limits.inFlight)) {
      if (this.waiting.size >= this.limits.queue) return false;
      this.waiting.add(exchange);
      this.counters.queued = this.waiting.size;
      return true;
    }
    this.give(exchange, fresh);
    return true;
  }

  /** The exchange no longer wants a connection. */
  cancel(exchange: Exchange): void {
    this.waiting.delete(exchange);
    this.counters.queued = this.waiting.size;
  }

  isWaiting(exchange: Exchange): boolean {
    return this.waiting.has(exchange);
  }

  release(connection: UpstreamConnection): void {
    this.idle.push(connection);
    this.freed();
  }

  /** The connection is gone; called at least once for each. */
  forget(connection: UpstreamConnection): void {
    if (!this.all.delete(connection)) return;
    this.clock.unwatch(connection);
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

  /**
   * Opens a socket whose bytes are handed to `receive`. Plain ones are all read into one buffer, so that an answer
   * costs no allocation of 64 KiB and no pass through a stream.
   */
  dial(receive: (bytes: Buffer) => void): Socket {
    const { host, port } = this;
    const options = { host, port, noDelay: true, highWaterMark: this.limits.bufferBytes };
    if (!this.isTls) {
      const callback = (length: number) => {
        receive(input.subarray(0, length));
        return true;
      };
      return connect({ ...options, onread: { buffer: input, callback } });
    }
    const socket = connectTls({
      ...options,
      ALPNProtocols: ["http/1.1"],
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(this.ca === null ? {} : { ca: this.ca }),
    });
    return socket.on("data", receive);
  }

  private give(exchange: Exchange, fresh: boolean): void {
    this.inUse++;
    this.counters.inFlight = this.inUse;
    const kept = fresh ? undefined : this.idle.pop();
    exchange.onUpstream(kept ?? this.open(), kept !== undefined);
  }

  private open(): UpstreamConnection {
    // A fresh connection was asked for while idle ones fill the limit: the one idle longest makes room.
    if (this.all.size >= this.config.connectionsMax) this.idle[0]?.socket.destroy();
    this.counters.upstreamConnects++;
    const connection = new UpstreamConnection(this);
    this.all.add(connection);
    return connection;
  }

  /** A place is free: whoever waited longest has it. */
  private freed(): void {
    this.inUse--;
    this.counters.inFlight = this.inUse;
    for (const exchange of this.waiting) {
      this.cancel(exchange);
      this.give(exchange, false);
      return;
    }
  }
}
