/** How exact a time-out is. */
const TICK_MS = 10;
/** What a tick adds at most. A process that did not run for longer has not listened, and must not call others silent. */
const STEP_MAX_MS = 50;

/** Something with at most one deadline; the sweep calls `expire` once when it has passed. */
export interface Timed {
  /** In `Clock.now` milliseconds; 0 is none. */
  deadline: number;
  expire(): void;
  /** The clock stood still for so long, while time went on for the other side. */
  stalled?(ms: number): void;
}

/**
 * One coarse clock for all time-outs: setting or moving a deadline is one store to a field, and a sweep every
 * 10 ms looks at each connection, instead of a timer per request.
 */
export class Clock {
  /** Milliseconds that this process was there to see, from an arbitrary point, never going back; as of the last tick. */
  now = performance.now();
  /** Milliseconds since the epoch; as of the last tick. */
  wall = Date.now();
  /** For the Date field (RFC 9110 section 6.6.1). */
  date = new Date().toUTCString();
  private readonly timed = new Set<Timed>();
  private readonly timer: NodeJS.Timeout;
  private tickedAt = performance.now();
  private second = 0;

  constructor() {
    this.timer = setInterval(() => this.tick(), TICK_MS);
    this.timer.unref();
  }

  watch(timed: Timed): void {
    this.timed.add(timed);
  }

  unwatch(timed: Timed): void {
    this.timed.delete(timed);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private tick(): void {
    const at = performance.now();
    const passed = at - this.tickedAt;
    this.tickedAt = at;
    this.now += Math.min(passed, STEP_MAX_MS);
    if (passed > STEP_MAX_MS) for (const timed of this.timed) timed.stalled?.(passed - STEP_MAX_MS);
    this.wall = Date.now();
    const second = Math.floor(this.wall / 1000);
    if (second !== this.second) {
      this.second = second;
      this.date = new Date(this.wall).toUTCString();
    }
    for (const timed of this.timed) {
      if (timed.deadline === 0 || timed.deadline > this.now) continue;
      timed.deadline = 0;
      timed.expire();
    }
  }
}
