import { randomBytes } from "node:crypto";
import { type AddressInfo, BlockList, createServer, isIP, type Server, type Socket } from "node:net";
import type { Logger } from "pino";
import { defaultTenant } from "../rules/tenants.ts";
import { attemptOf, type Happened, signOf } from "./attempt.ts";
import { Clock } from "./clock.ts";
import type { ProxyConfig } from "./config.ts";
import { Counters } from "./counters.ts";
import type { Undecoded } from "./decoding.ts";
import { Downstream } from "./downstream.ts";
import type { Exchange } from "./exchange.ts";
import type { Hit } from "./inspect.ts";
import { Places } from "./places.ts";
import { Reinspection } from "./reinspect.ts";
import { localReply } from "./reply.ts";
import { type Plane, Routes } from "./route.ts";

/** What a gateway is made of; the composition owns and closes the parts. */
export interface GatewayParts {
  readonly config: ProxyConfig;
  /** One for each tenant whose requests are taken. */
  readonly planes: readonly Plane[];
  readonly logger: Logger;
  /** The worker's number, as events name it. */
  readonly worker: number;
}

/** The data plane of one worker: the listening socket, its connections, the routes to the upstreams. */
export class Gateway {
  readonly config: ProxyConfig;
  readonly clock = new Clock();
  readonly counters = new Counters();
  readonly places: Places;
  readonly routes: Routes;
  readonly reinspection: Reinspection;
  isDraining = false;
  private readonly logger: Logger;
  private readonly worker: number;
  private readonly server: Server;
  private readonly connections = new Set<Downstream>();
  private readonly holding = new Map<Exchange, number>();
  private holdTimer: NodeJS.Timeout | null = null;
  private readonly trusted: BlockList | null;
  private readonly idPrefix = randomBytes(6).toString("hex");
  private idCount = 0;
  private drained: (() => void) | null = null;

  constructor(parts: GatewayParts) {
    this.config = parts.config;
    this.logger = parts.logger;
    this.worker = parts.worker;
    const { config, logger } = parts;
    const { clock, counters } = this;
    const places = new Places(config.limits, counters);
    const planes = new Map(parts.planes.map((plane) => [plane.tenant, plane]));
    const defaultPlane = planes.get(defaultTenant) ?? null;
    this.places = places;
    this.routes = new Routes({ config, planes, defaultPlane, places, clock, counters, logger });
    this.reinspection = new Reinspection(this.connections, counters, config.inspect.openHeadBytes, logger);
    for (const { policy } of parts.planes) policy.onChange = () => this.reinspection.wake();
    this.trusted = blockList(parts.config.trust);
    const { bufferBytes } = parts.config.limits;
    this.server = createServer({ allowHalfOpen: true, noDelay: true, highWaterMark: bufferBytes }, (socket) =>
      this.accept(socket),
    );
  }

  /** Listens; resolves with the address in use. Rejects with EADDRINUSE and the like. */
  async listen(): Promise<AddressInfo> {
    const { host, port } = this.config.listen;
    await new Promise<void>((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen({ host, port, backlog: 1024 }, () => {
        this.server.off("error", reject);
        resolve();
      });
    });
    this.server.on("error", (error) =>
      this.logger.error({ reason: error.message }, "the listening socket failed"),
    );
    return this.server.address() as AddressInfo;
  }

  /** Stops accepting, finishes what is in flight within `drainMs`, then cuts what is left. */
  async drain(): Promise<void> {
    this.isDraining = true;
    this.server.close();
    const gone = new Promise<void>((resolve) => {
      this.drained = resolve;
    });
    for (const connection of this.connections) connection.drain();
    if (this.connections.size > 0) {
      const deadline = setTimeout(() => {
        this.logger.warn(
          { connections: this.connections.size },
          "the drain deadline has passed, cutting connections",
        );
        for (const connection of this.connections) connection.socket.destroy();
      }, this.config.drainMs);
      await gone;
      clearTimeout(deadline);
    }
    for (const pool of this.routes.pools) pool.destroy();
    this.clock.stop();
  }

  trusts(address: string): boolean {
    if (this.trusted === null || isIP(address) === 0) return false;
    return this.trusted.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
  }

  nextRequestId(): string {
    this.idCount++;
    return `${this.idPrefix}-${this.idCount.toString(36)}`;
  }

  /** A body's first bytes wait for more, at most `holdMs` after the last. */
  hold(exchange: Exchange): void {
    this.holding.set(exchange, performance.now() + this.config.inspect.holdMs);
    this.holdTimer ??= setTimeout(() => this.releaseHeld(), this.config.inspect.holdMs);
  }

  unhold(exchange: Exchange): void {
    this.holding.delete(exchange);
  }

  /** record: one attempt, every field cleared of tokens. */
  record(exchange: Exchange, hit: Hit, isBlocked: boolean): void {
    if (!isBlocked) this.counters.monitored++;
    const { leak, rule, mode } = hit.rule;
    const passed = rule === null ? "watched" : "monitored";
    const action = isBlocked && mode === "block" ? "blocked" : passed;
    this.tell(exchange, { type: "vpatch", leak, rule, action, point: hit.point });
  }

  /** A request's work budget is spent; `slot` is the rule slot whose tokens asked for the work. */
  budgetExhausted({ tenant, policy, budgetByLeak }: Plane, slot: number): void {
    this.counters.budgetExhausted++;
    const leak = policy.leakAt(slot) ?? "none";
    const count = (budgetByLeak.get(leak) ?? 0) + 1;
    budgetByLeak.set(leak, count);
    // Each power of two: a flood is told of without flooding the log.
    if ((count & (count - 1)) === 0)
      this.logger.warn({ tenant, leak, count }, "a request was refused because its work budget was spent");
  }

  /** The decoded bytes of a body were not, or not all, inspected, and it passes as configured. */
  undecoded(exchange: Exchange, why: Undecoded): void {
    const point = `body ${why}`;
    this.tell(exchange, { type: "undecoded", leak: null, rule: null, action: "passed", point });
    this.counters.undecoded++;
  }

  closed(connection: Downstream): void {
    this.connections.delete(connection);
    this.counters.connections = this.connections.size;
    if (this.connections.size === 0) this.drained?.();
  }

  /** Only the first of identical attempts is cleaned: a flood of them costs a digest each. */
  private tell(exchange: Exchange, what: Happened): void {
    const { recorder } = exchange.route.plane;
    const now = Date.now();
    const sign = signOf(exchange, what);
    if (!recorder.join(sign, now)) recorder.record(attemptOf(exchange, what, this.worker, now), sign);
  }

  private accept(socket: Socket): void {
    this.counters.connectionsAccepted++;
    if (this.connections.size >= this.config.limits.connections) {
      this.counters.refusedInternal++;
      socket.on("error", () => socket.destroy());
      socket.end(localReply("too_many_connections", this.nextRequestId(), this.clock.date, true, true), () =>
        socket.destroy(),
      );
      return;
    }
    this.connections.add(new Downstream(this, socket));
    this.counters.connections = this.connections.size;
  }

  private releaseHeld(): void {
    this.holdTimer = null;
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    for (const [exchange, deadline] of this.holding) {
      if (deadline <= now) {
        this.holding.delete(exchange);
        exchange.holdExpired();
      } else if (deadline < next) {
        next = deadline;
      }
    }
    if (next !== Number.POSITIVE_INFINITY)
      this.holdTimer ??= setTimeout(() => this.releaseHeld(), next - now);
  }
}

function blockList(ranges: readonly string[]): BlockList | null {
  if (ranges.length === 0) return null;
  const list = new BlockList();
  for (const range of ranges) {
    const [address, bits] = range.split("/");
    const family = address!.includes(":") ? "ipv6" : "ipv4";
    if (bits === undefined) list.addAddress(address!, family);
    else list.addSubnet(address!, Number(bits), family);
  }
  return list;
}
