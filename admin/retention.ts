import type { Logger } from "pino";
import type { EventLog } from "../rules/events.ts";
import type { AdminConfig } from "./config.ts";

const DAY_MS = 24 * 3_600_000;

/** Drops events by age and by size, at once and then every so often. */
export class Retention {
  readonly #events: EventLog;
  readonly #limits: AdminConfig["retention"];
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout;
  #underWay: Promise<void>;

  constructor(events: EventLog, limits: AdminConfig["retention"], logger: Logger, everyMs: number) {
    this.#events = events;
    this.#limits = limits;
    this.#logger = logger;
    this.#underWay = this.#drop();
    this.#timer = setInterval(() => {
      this.#underWay = this.#underWay.then(() => this.#drop());
    }, everyMs);
    this.#timer.unref();
  }

  /** Resolves when nothing is being dropped any more. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#underWay;
  }

  /** A failure is told, and tried again the next time. */
  async #drop(): Promise<void> {
    try {
      const byAge = await this.#events.dropOlderThan(Date.now() - this.#limits.days * DAY_MS);
      const bySize = await this.#events.keepBytes(this.#limits.bytes);
      if (byAge + bySize > 0) this.#logger.info({ byAge, bySize }, "dropped partitions of old events");
    } catch (error) {
      this.#logger.error({ reason: (error as Error).message }, "could not drop old events");
    }
  }
}
