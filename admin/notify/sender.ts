import type { Logger } from "pino";
import type { HookRecord } from "../../rules/hook.ts";
import type { Delivery, OutboxLimits, Try } from "../../rules/store/outbox.ts";
import type { RulesStore } from "../../rules/store.ts";
import type { Carrier } from "./carrier.ts";
import { nextTry, type RetryPlan } from "./retry.ts";
import type { Sealer } from "./seal.ts";
import type { Sent } from "./sent.ts";

export interface SenderOptions {
  readonly limits: OutboxLimits;
  /** Messages on their way to one destination at a time. */
  readonly concurrency: number;
  readonly plan: RetryPlan;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What became of messages, since the start of the process. */
export interface SenderCounters {
  queued: number;
  delivered: number;
  /** Tries that failed. */
  failed: number;
  /** Given up. */
  dead: number;
  /** Dead letters dropped for newer ones. */
  dropped: number;
}

/** After the outcome of a try could not be stored: it would be sent again at once, and again. */
const STORE_PAUSE_MS = 30_000;

/**
 * Sends what is due in a tenant's outbox, at least once. Each destination has its own few messages under way: one that
 * is slow holds up no other, and one that fails gets no other message until a first wait is over.
 */
export class Sender {
  readonly #store: RulesStore;
  readonly #sealer: Sealer;
  readonly #carrier: Carrier;
  readonly #options: SenderOptions;
  readonly #counters: SenderCounters;
  readonly #logger: Logger;
  /** By destination. */
  readonly #underWay = new Map<string, Set<string>>();
  readonly #pausedUntil = new Map<string, number>();
  readonly #tasks = new Set<Promise<void>>();
  #isClosing = false;

  constructor(
    store: RulesStore,
    sealer: Sealer,
    carrier: Carrier,
    options: SenderOptions,
    counters: SenderCounters,
    logger: Logger,
  ) {
    this.#store = store;
    this.#sealer = sealer;
    this.#carrier = carrier;
    this.#options = options;
    this.#counters = counters;
    this.#logger = logger;
  }

  /** Begins to send what is due and may be sent now. */
  pump(): void {
    for (const hook of this.#store.hooks.records()) this.#pumpOne(hook);
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
  }

  /** A person wants it now: a pause that failures brought is over. */
  resume(hook: string): void {
    this.#pausedUntil.delete(hook);
  }

  /** Begins nothing more. What is under way and fails from now on counts as never tried. */
  stop(): void {
    this.#isClosing = true;
  }

  #pumpOne(hook: HookRecord): void {
    const now = this.#options.now();
    if (this.#isClosing || !hook.enabled || now < (this.#pausedUntil.get(hook.id) ?? 0)) return;
    const underWay = this.#underWay.get(hook.id) ?? new Set();
    this.#underWay.set(hook.id, underWay);
    const free = this.#options.concurrency - underWay.size;
    if (free <= 0) return;
    // Those under way are due as well, and stand in front.
    const due = this.#store.outbox.due(hook.id, now, this.#options.concurrency + underWay.size);
    for (const delivery of due.filter(({ id }) => !underWay.has(id)).slice(0, free)) {
      underWay.add(delivery.id);
      const task = this.#deliver(hook, delivery).finally(() => {
        underWay.delete(delivery.id);
        this.#tasks.delete(task);
        const current = this.#isClosing ? null : this.#store.hooks.record(hook.id);
        if (current !== null) this.#pumpOne(current);
      });
      this.#tasks.add(task);
    }
  }

  async #deliver(hook: HookRecord, delivery: Delivery): Promise<void> {
    const at = this.#options.now();
    const { messageId, notice } = delivery;
    const sent = await this.#carrier.carry(this.#sealer, hook, { messageId, notice, at });
    if (this.#isClosing && sent.kind !== "delivered") return;
    try {
      await this.#settle(hook, delivery, sent, { at, status: sent.status, ms: sent.ms, error: sent.error });
    } catch (error) {
      this.#pausedUntil.set(hook.id, this.#options.now() + STORE_PAUSE_MS);
      const reason = (error as Error).message;
      this.#logger.error({ hook: hook.id, reason }, "could not store what became of a message");
    }
  }

  async #settle(hook: HookRecord, delivery: Delivery, sent: Sent, tried: Try): Promise<void> {
    const { limits, plan, now } = this.#options;
    const { outbox } = this.#store;
    const told = { hook: hook.id, delivery: delivery.id, status: sent.status, ms: sent.ms };
    if (sent.kind === "delivered") {
      this.#counters.delivered++;
      this.#pausedUntil.delete(hook.id);
      this.#logger.info(told, "message delivered");
      await outbox.delivered(delivery.id, tried, limits);
      return;
    }
    this.#counters.failed++;
    const again =
      sent.kind === "failed" ? nextTry(plan, delivery.attempts + 1, now(), sent.retryAfterMs) : null;
    if (again !== null) {
      this.#pausedUntil.set(hook.id, now() + Math.max(plan.waitsMs[0]!, sent.retryAfterMs ?? 0));
      const nextAt = new Date(again).toISOString();
      this.#logger.warn({ ...told, reason: sent.error, nextAt }, "message not delivered; it is tried again");
      await outbox.failed(delivery.id, tried, again);
      return;
    }
    this.#counters.dead++;
    this.#counters.dropped += await outbox.died(delivery.id, tried, limits);
    this.#logger.error({ ...told, reason: sent.error }, "message given up; it is a dead letter now");
    if (sent.kind === "gone") await this.#disable(hook);
  }

  /** Nobody is there any more: what waits is given up, until a person looks. */
  async #disable({ id }: HookRecord): Promise<void> {
    const { hooks, outbox } = this.#store;
    if (hooks.get(id)?.enabled !== true) return;
    await hooks.update("system", id, { enabled: false, disabledBecause: "gone" });
    const why = "the destination was switched off: it answered 410 Gone";
    const { dead, dropped } = await outbox.giveUp(id, why, this.#options.limits);
    this.#counters.dead += dead;
    this.#counters.dropped += dropped;
    this.#logger.error({ hook: id, dead }, "destination switched off: it answered 410 Gone");
  }
}
