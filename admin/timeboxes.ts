import type { Logger } from "pino";
import type { Tenants } from "../rules/tenants.ts";
import { Rounds } from "./rounds.ts";

const EVERY_MS = 1_000;
/** Ended in one go; what is left has its turn at once after. */
const BATCH = 100;

/**
 * Ends decisions and watches at the time that whoever decided chose. What is due stands in the store: what fell due while
 * no admin ran is ended when one starts.
 */
export class TimeBoxes {
  readonly #tenants: Tenants;
  readonly #logger: Logger;
  readonly #rounds: Rounds;

  constructor(tenants: Tenants, logger: Logger, everyMs = EVERY_MS) {
    this.#tenants = tenants;
    this.#logger = logger;
    this.#rounds = new Rounds((signal) => this.#end(signal), everyMs, true);
  }

  /** Resolves when nothing is being ended any more. */
  close(): Promise<void> {
    return this.#rounds.close();
  }

  /** A failure is told, and tried again the next time. */
  async #end(signal: AbortSignal): Promise<void> {
    for (const { name: tenant, store } of this.#tenants.all) {
      try {
        while (!signal.aborted) {
          const due = store.due(BATCH);
          for (const each of due) {
            const ended = await store.expire(each);
            if (ended !== null)
              this.#logger.info({ tenant, ...each, revision: ended.revision }, "a time box is over");
          }
          if (due.length < BATCH) break;
        }
      } catch (error) {
        this.#logger.error({ tenant, reason: (error as Error).message }, "could not end what is due");
      }
    }
  }
}
