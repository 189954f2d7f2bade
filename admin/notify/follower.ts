import type { Hook } from "../../rules/hook.ts";
import type { Advance, Advanced, OutboxLimits, Position } from "../../rules/store/outbox.ts";
import type { RulesStore } from "../../rules/store.ts";
import type { Tenant } from "../../rules/tenants.ts";
import { AttemptFollower } from "./attempts.ts";
import { followEntries } from "./changes.ts";
import type { Origin } from "./matching.ts";
import { overdueLeaks } from "./undecided.ts";

const ENTRIES_A_TURN = 500;
/** How often the log of attempts is read. */
const EVENTS_EVERY_MS = 5_000;
/** How often the clock is asked for undecided leaks, and how far the stored place may lag where nothing happens. */
const UNDECIDED_EVERY_MS = 60_000;
const PLACE_EVERY_MS = 60_000;

/**
 * Follows a tenant's journal, its attempts and the clock, and puts what its destinations are to be told into the outbox,
 * together with the place up to which it followed. Costs nothing while there is no destination.
 */
export class Follower {
  readonly #store: RulesStore;
  readonly #origin: Origin;
  readonly #attempts: AttemptFollower;
  readonly #limits: OutboxLimits;
  readonly #counted: (advanced: Advanced) => void;
  #position: Position | null = null;
  #storedEventsAt = 0;
  #readEventsAt = Number.NEGATIVE_INFINITY;
  #undecidedAt = Number.NEGATIVE_INFINITY;

  constructor(
    { name, pepper, store, events }: Tenant,
    limits: OutboxLimits,
    counted: (advanced: Advanced) => void,
  ) {
    this.#store = store;
    this.#origin = { tenant: name, pepperId: pepper.id };
    this.#attempts = new AttemptFollower(store, events, this.#origin);
    this.#limits = limits;
    this.#counted = counted;
  }

  /** Looks once at everything; `now` in milliseconds since 1970. Rejects with StoreFailed, and then goes on next time. */
  async look(now: number): Promise<void> {
    // First, since it makes all that follows see the newest state.
    const newest = this.#store.revision();
    const hooks = this.#store.hooks.list();
    if (hooks.length === 0) return;
    this.#position ??= this.#store.outbox.position() ?? { revision: 0, eventsAt: now };
    await this.#followJournal(hooks, this.#position, newest);
    if (now - this.#readEventsAt >= EVENTS_EVERY_MS) {
      await this.#followEvents(hooks, this.#position, now);
      this.#readEventsAt = now;
    }
    if (now - this.#undecidedAt < UNDECIDED_EVERY_MS) return;
    this.#undecidedAt = now;
    const overdue = await overdueLeaks(this.#store, this.#origin, hooks, now);
    if (overdue.told.length > 0) await this.#advance({ ...overdue, position: this.#position });
  }

  async #followJournal(hooks: readonly Hook[], from: Position, newest: number): Promise<void> {
    const { eventsAt } = from;
    for (let { revision } = from; revision < newest; ) {
      const entries = this.#store.entriesAfter(revision, ENTRIES_A_TURN);
      const found = followEntries(this.#store, this.#origin, entries, hooks);
      revision = entries[entries.length - 1]?.revision ?? newest;
      await this.#advance({ ...found, position: { revision, eventsAt } });
    }
  }

  async #followEvents(hooks: readonly Hook[], { eventsAt }: Position, now: number): Promise<void> {
    const { revision } = this.#position!;
    const isAsked = hooks.some(
      ({ enabled, triggers }) =>
        enabled && triggers.some(({ type }) => type === "first_attempt" || type === "attempts"),
    );
    if (!isAsked) {
      this.#attempts.pause();
    } else {
      for await (const { messages, told, until } of this.#attempts.follow(hooks, eventsAt, now)) {
        const position = { revision, eventsAt: until };
        if (told.length > 0) await this.#advance({ messages, told, position });
        else this.#position = position;
      }
    }
    this.#position = { revision, eventsAt: now };
    // A place that is a minute old costs a minute of reading after a start, and nothing is told twice.
    if (now - this.#storedEventsAt < PLACE_EVERY_MS) return;
    await this.#advance({ messages: [], told: [], position: this.#position });
  }

  async #advance(advance: Advance): Promise<void> {
    this.#counted(await this.#store.outbox.advance(advance, this.#limits));
    this.#position = advance.position;
    this.#storedEventsAt = advance.position.eventsAt;
  }
}
