/** When the requests of an open loop are to start: at a constant rate, whatever the answers do. */
export class Schedule {
  private readonly beganMs: number;
  private readonly perSecond: number;
  /** How many there are in all. */
  readonly count: number;

  constructor(beganMs: number, perSecond: number, seconds: number) {
    this.beganMs = beganMs;
    this.perSecond = perSecond;
    this.count = Math.floor(perSecond * seconds);
  }

  /** When the request of this number (from 0) is to start. */
  at(number: number): number {
    return this.beganMs + (number * 1_000) / this.perSecond;
  }

  /** How many are to have started by then. */
  due(nowMs: number): number {
    if (nowMs < this.beganMs) return 0;
    return Math.min(this.count, Math.floor(((nowMs - this.beganMs) * this.perSecond) / 1_000) + 1);
  }
}
