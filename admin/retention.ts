import type { Logger } from "pino";
import type { Tenants } from "../rules/tenants.ts";
import type { AdminConfig } from "./config.ts";
import { Rounds } from "./rounds.ts";

const DAY_MS = 24 * 3_600_000;

/** Drops each tenant's events by age and by size, at once and then every so often, and indexes those that stay. */
export class Retention {
  readonly #tenants: Tenants;
  readonly #limits: AdminConfig["retention"];
  readonly #logger: Logger;
  readonly #rounds: Rounds;

  constructor(tenants: Tenants, limits: AdminConfig["retention"], logger: Logger, everyMs: number) {
    this.#tenants = tenants;
    this.#limits = limits;
    this.#logger = logger;
    this.#rounds = new Rounds((signal) => this.#drop(signal), everyMs, true);
  }

  /** Resolves when nothing is being dropped any more. */
  close(): Promise<void> {
    return this.#rounds.close();
  }

  /** A failure is told, and tried again the next time. */
  async #drop(signal: AbortSignal): Promise<void> {
    await this.#dropAnswers();
    for (const { name: tenant, events } of this.#tenants.all) {
      try {
        const byAge = await events.dropOlderThan(Date.now() - this.#limits.days * DAY_MS);
        const bySize = await events.keepBytes(this.#limits.bytes);
        if (byAge + bySize > 0)
          this.#logger.info({ tenant, byAge, bySize }, "dropped partitions of old events");
        await events.index(signal);
      } catch (error) {
        this.#logger.error(
          { tenant, reason: (error as Error).message },
          "could not drop or index old events",
        );
      }
    }
  }

  /** Of calls that may not come again any more. */
  async #dropAnswers(): Promise<void> {
    for (const store of [this.#tenants.control, ...this.#tenants.all.map((tenant) => tenant.store)]) {
      try {
        await store.kept.dropOld();
      } catch (error) {
        this.#logger.error({ reason: (error as Error).message }, "could not drop old answers");
      }
    }
  }
}
