import { connect, type Socket } from "node:net";
import { AnswerReader } from "./answer.ts";
import { Histogram } from "./histogram.ts";
import type { LoadOrder, LoadResult } from "./order.ts";
import { wireOf } from "./requests.ts";
import { Schedule } from "./schedule.ts";

/** How long after its time a run waits for answers. */
const LINGER_MS = 5_000;
/** Before an open loop begins, so that opening its connections makes no request late. */
const LEAD_MS = 200;
/** A connection that cannot be opened is asked for again, but not at once. */
const AGAIN_MS = 10;

const latency = new Histogram();
const late = new Histogram();

/** Our own load over node:net: closed or open loop, one request at a time on a connection, kept or new for each. */
export function runNet(order: LoadOrder): Promise<LoadResult> {
  return new NetLoad(order).run();
}

/** One connection of the load; `startedMs` is when the request that is under way was to start, null while none is. */
class Lane {
  readonly socket: Socket;
  readonly reader = new AnswerReader();
  startedMs: number | null = null;

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", noDelay: true });
  }
}

class NetLoad {
  private readonly order: LoadOrder;
  private readonly wires: readonly Buffer[];
  private readonly schedule: Schedule | null;
  private readonly beganMs: number;
  private readonly endMs: number;
  private readonly lanes = new Set<Lane>();
  private readonly idle: Lane[] = [];
  private readonly statuses: Record<string, number> = {};
  private turn = 0;
  private sent = 0;
  private answered = 0;
  private errors = 0;
  private lastMs = 0;
  private settle: (() => void) | null = null;

  constructor(order: LoadOrder) {
    latency.reset();
    late.reset();
    this.order = order;
    const host = `127.0.0.1:${order.port}`;
    this.wires = order.requests.map((each) => Buffer.from(wireOf(each, host, order.isFresh === true)));
    this.beganMs = performance.now() + (order.perSecond === null ? 0 : LEAD_MS);
    this.endMs = this.beganMs + order.seconds * 1_000;
    this.schedule =
      order.perSecond === null ? null : new Schedule(this.beganMs, order.perSecond, order.seconds);
  }

  async run(): Promise<LoadResult> {
    for (let count = 0; count < this.order.connections; count++) this.open();
    const over = new Promise<void>((resolve) => {
      this.settle = resolve;
    });
    const deadline = setTimeout(() => this.settle?.(), this.endMs - performance.now() + LINGER_MS);
    if (this.schedule !== null) this.pace(this.schedule);
    await over;
    clearTimeout(deadline);
    this.settle = null;
    const unanswered = [...this.lanes].filter(({ startedMs }) => startedMs !== null).length;
    for (const { socket } of this.lanes) socket.destroy();
    const unsent = this.schedule === null ? 0 : this.schedule.count - this.sent;
    return {
      requests: this.answered,
      errors: this.errors + unanswered + unsent,
      statuses: this.statuses,
      seconds: (this.lastMs - this.beganMs) / 1_000,
      latencyUs: latency.percentiles(),
      ...(this.schedule === null ? {} : { lateUs: late.percentiles() }),
    };
  }

  private open(): void {
    const openedMs = performance.now();
    const lane = new Lane(this.order.port);
    this.lanes.add(lane);
    // With a connection for each request, opening it is part of what the client waits for.
    if (this.order.isFresh === true) lane.startedMs = openedMs;
    lane.socket.on("connect", () => {
      if (this.schedule !== null) {
        this.idle.push(lane);
        this.sendDue(this.schedule);
      } else if (performance.now() < this.endMs) {
        this.send(lane, lane.startedMs ?? performance.now());
      }
    });
    lane.socket.on("data", (chunk: Buffer) => {
      const status = lane.reader.take(chunk);
      if (status !== 0) this.complete(lane, status);
    });
    lane.socket.on("error", () => {});
    lane.socket.on("close", () => this.closed(lane));
  }

  private send(lane: Lane, startedMs: number): void {
    lane.startedMs = startedMs;
    this.sent++;
    lane.socket.write(this.wires[this.turn]!);
    this.turn = (this.turn + 1) % this.wires.length;
  }

  private complete(lane: Lane, status: number): void {
    const nowMs = performance.now();
    latency.recordMs(nowMs - lane.startedMs!);
    lane.startedMs = null;
    this.answered++;
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    this.lastMs = nowMs;
    if (this.schedule !== null) {
      this.idle.push(lane);
      this.sendDue(this.schedule);
      if (this.sent === this.schedule.count) this.finishWhenQuiet();
    } else if (nowMs >= this.endMs) {
      this.finishWhenQuiet();
    } else if (this.order.isFresh === true) {
      lane.socket.destroy();
    } else {
      this.send(lane, nowMs);
    }
  }

  private closed(lane: Lane): void {
    this.lanes.delete(lane);
    const at = this.idle.indexOf(lane);
    if (at >= 0) this.idle.splice(at, 1);
    if (this.settle === null) return;
    const status = lane.reader.end();
    if (lane.startedMs !== null && status !== 0) this.complete(lane, status);
    const hasFailed = lane.startedMs !== null;
    if (hasFailed) this.errors++;
    if (performance.now() >= this.endMs) this.finishWhenQuiet();
    else if (hasFailed) setTimeout(() => this.settle !== null && this.open(), AGAIN_MS);
    else this.open();
  }

  private finishWhenQuiet(): void {
    for (const { startedMs } of this.lanes) if (startedMs !== null) return;
    this.settle?.();
  }

  /**
   * Sends what is due in every turn of the event loop until all is sent. A timer wakes a millisecond late, which would
   * be most of what is measured; so this keeps a core busy.
   */
  private pace(schedule: Schedule): void {
    this.sendDue(schedule);
    if (this.settle !== null && this.sent < schedule.count) setImmediate(() => this.pace(schedule));
  }

  /** Sends as much of what is due as there are idle connections; the rest stays due, and its waiting counts. */
  private sendDue(schedule: Schedule): void {
    const nowMs = performance.now();
    const due = schedule.due(nowMs);
    while (this.sent < due && this.idle.length > 0) {
      const startMs = schedule.at(this.sent);
      late.recordMs(nowMs - startMs);
      this.send(this.idle.shift()!, startMs);
    }
  }
}
