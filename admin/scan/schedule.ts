import { hash } from "node:crypto";
import { Cron } from "croner";
import { InputRefused } from "../../rules/refusal.ts";

/** By so much of the time between two looks a source may be later than its schedule says, and never by more than this. */
const SPREAD = 0.1;
const SPREAD_MS_MAX = 15 * 60_000;

/** When a source is looked at: a cron expression of five fields, or `@hourly`, `@daily`, `@weekly`, `@monthly`; in UTC. */
export class Schedule {
  readonly #cron: Cron;

  private constructor(cron: Cron) {
    this.#cron = cron;
  }

  /** Throws InputRefused, also for a time that never comes, as the 31st of February. */
  static parse(expression: string): Schedule {
    let cron: Cron;
    try {
      cron = new Cron(expression, { timezone: "UTC", mode: "5-part", paused: true });
    } catch {
      throw new InputRefused("schedule", 'is no cron expression of five fields, as "0 3 * * *"');
    }
    if (cron.nextRun() === null) throw new InputRefused("schedule", "names a time that never comes");
    return new Schedule(cron);
  }

  /**
   * The first time after `after` (ms). Thousands of sources of one schedule must not start together: each is later by a share
   * of its own, which `of` decides and which is the same every time.
   */
  next(after: number, of: string): number | null {
    const share = Number.parseInt(hash("sha256", of, "hex").slice(0, 8), 16) / 2 ** 32;
    const [first, second] = this.#cron.nextRuns(2, new Date(after)).map(Number);
    if (first === undefined) return null;
    const between = second === undefined ? SPREAD_MS_MAX : second - first;
    const later = Math.round(share * Math.min(between * SPREAD, SPREAD_MS_MAX));
    const before = this.#cron.nextRun(new Date(after - later));
    return before === null ? null : before.getTime() + later;
  }
}
