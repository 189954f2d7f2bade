import type { Limits } from "./config.ts";
import type { Counters } from "./counters.ts";
import type { Exchange } from "./exchange.ts";

/**
 * The places of requests that are worked on, of whatever upstream. An exchange that finds none waits in a queue, which
 * is bounded together with those of the upstreams' connections; its time there is the downstream connection's deadline.
 */
export class Places {
  private readonly limits: Limits;
  private readonly counters: Counters;
  private readonly waiting = new Set<Exchange>();
  private isPlacing = false;

  constructor(limits: Limits, counters: Counters) {
    this.limits = limits;
    this.counters = counters;
  }

  /** Gives the exchange a place, now or later, through `onPlace`; answers false when the queue is full. */
  enter(exchange: Exchange): boolean {
    if (this.counters.inFlight >= this.limits.inFlight) return this.wait(exchange, this.waiting);
    this.counters.inFlight++;
    exchange.onPlace(false);
    return true;
  }

  /** A place is free: whoever waited longest has it. Those who give it back at once make no deeper stack. */
  leave(): void {
    this.counters.inFlight--;
    if (this.waiting.size === 0 || this.isPlacing) return;
    this.isPlacing = true;
    for (const exchange of this.waiting) {
      if (this.counters.inFlight >= this.limits.inFlight) break;
      this.stopWaiting(exchange, this.waiting);
      this.counters.inFlight++;
      exchange.onPlace(true);
    }
    this.isPlacing = false;
  }

  /** The exchange no longer wants a place. */
  cancel(exchange: Exchange): void {
    this.stopWaiting(exchange, this.waiting);
  }

  /** Puts it at the end of a queue; answers false when all queues together are full. */
  wait(exchange: Exchange, queue: Set<Exchange>): boolean {
    if (this.counters.queued >= this.limits.queue) return false;
    queue.add(exchange);
    this.counters.queued++;
    return true;
  }

  stopWaiting(exchange: Exchange, queue: Set<Exchange>): void {
    if (queue.delete(exchange)) this.counters.queued--;
  }
}
