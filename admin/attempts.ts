import type { Logger } from "pino";
import type { EventFilter } from "../rules/events/filter.ts";
import { type AttemptsKnown, joined } from "../rules/store/attempts.ts";
import type { Tenant, Tenants } from "../rules/tenants.ts";
import { Rounds } from "./rounds.ts";
import { iso, type View } from "./views.ts";

/**
 * The count of an event is final so long after its first attempt: its second is over, and stored. What a worker could
 * store only later, its disk being full, is not counted here; the events themselves show it.
 */
const SETTLED_MS = 15_000;
const EVERY_MS = 10_000;

/** Attempts by leak, of a stretch of time. */
async function attemptsIn(
  { events }: Tenant,
  filter: EventFilter,
  signal?: AbortSignal,
): Promise<Map<string, AttemptsKnown>> {
  const byLeak = new Map<string, AttemptsKnown>();
  for await (const page of events.each(filter)) {
    for (const { type, leak, at, lastAt, count } of page) {
      if (type !== "vpatch" || leak === null) continue;
      byLeak.set(leak, joined(byLeak.get(leak) ?? null, { first: at, last: lastAt, count }));
    }
    if (signal?.aborted) break;
  }
  return byLeak;
}

/** Attempts with the tokens of a leak, of all time until now. */
export async function attemptsNow(tenant: Tenant, leak: string): Promise<AttemptsKnown | null> {
  const from = tenant.store.attemptsUntil();
  const known = tenant.store.attempts(leak);
  const terms = [leakTerm(leak)];
  const recent = (await attemptsIn(tenant, { from, terms })).get(leak);
  return recent === undefined ? known : joined(known, recent);
}

/** Events of this leak alone. */
export function leakTerm(leak: string): NonNullable<EventFilter["terms"]>[number] {
  return { field: "leak", not: false, any: [[leak]] };
}

export function attemptsView(attempts: AttemptsKnown | null): View | null {
  return attempts && { first: iso(attempts.first), last: iso(attempts.last), count: attempts.count };
}

/** Takes what is settled of each tenant's events into its store, every so often: events are dropped one day. */
export class AttemptsTaker {
  readonly #tenants: Tenants;
  readonly #logger: Logger;
  readonly #rounds: Rounds;

  constructor(tenants: Tenants, logger: Logger, everyMs = EVERY_MS) {
    this.#tenants = tenants;
    this.#logger = logger;
    this.#rounds = new Rounds((signal) => this.#take(signal), everyMs, false);
  }

  close(): Promise<void> {
    return this.#rounds.close();
  }

  /** A failure is told, and tried again the next time. */
  async #take(signal: AbortSignal): Promise<void> {
    for (const tenant of this.#tenants.all) {
      try {
        const from = tenant.store.attemptsUntil();
        const to = Date.now() - SETTLED_MS;
        if (to <= from) continue;
        const byLeak = await attemptsIn(tenant, { from, to }, signal);
        if (signal.aborted) return;
        if (byLeak.size > 0) await tenant.store.takeAttempts(from, to, byLeak);
      } catch (error) {
        this.#logger.error(
          { tenant: tenant.name, reason: (error as Error).message },
          "could not take in the attempts of leaks",
        );
      }
    }
  }
}
