import type { Key } from "lmdb";
import type { HookId } from "../hook.ts";
import type { Json } from "../journal.ts";
import { DeliveryUnknown } from "../refusal.ts";
import { commit } from "./changes.ts";
import { numberOf, type Tables, takeId } from "./tables.ts";
import { type TellingKey, writeTelling } from "./told.ts";

/** What is said in a message; built field by field by who makes it, and never holds a token. */
export type Notice = { readonly [field: string]: Json };

/** A message on its way to a destination, or what became of it. Times are milliseconds since 1970. */
export interface Delivery {
  readonly id: `delivery-${number}`;
  readonly hook: HookId;
  /** The same for the same happening and destination, so that a receiver can tell it came twice. */
  readonly messageId: string;
  readonly notice: Notice;
  /** `dead`: given up; waits in the dead-letter list for a person. */
  readonly status: "queued" | "delivered" | "dead";
  readonly attempts: number;
  /** When it is tried next; only of one that is queued. */
  readonly nextAt: number | null;
  readonly createdAt: number;
  readonly lastAt: number | null;
  /** What the receiver answered last: the status of HTTP, or the reply code of SMTP. */
  readonly lastStatus: number | null;
  readonly lastMs: number | null;
  /** In our words, never in the receiver's. */
  readonly lastError: string | null;
}

export interface DeliveryDraft {
  readonly hook: HookId;
  readonly messageId: string;
  readonly notice: Notice;
}

/** What one try came to. */
export interface Try {
  readonly at: number;
  readonly status: number | null;
  readonly ms: number;
  readonly error: string | null;
}

/** How much is kept. */
export interface OutboxLimits {
  /** Messages that wait for one destination; one more goes to the dead letters at once. */
  readonly queueMax: number;
  /** Dead letters of the tenant; the oldest is dropped for one more. */
  readonly deadMax: number;
  /** Delivered messages of one destination that can be looked at. */
  readonly deliveredMax: number;
}

/** How far the journal and the events were followed. */
export interface Position {
  readonly revision: number;
  /** Events before this time are done with. */
  readonly eventsAt: number;
}

/** What one look at journal, events and clock came to. */
export interface Advance {
  readonly position: Position;
  readonly messages: readonly DeliveryDraft[];
  /** Marks to set, or to take back where the value is null. */
  readonly told: readonly (readonly [key: TellingKey, value: number | null])[];
}

/** How many messages an advance queued, and how many found the queue full. */
export interface Advanced {
  readonly queued: number;
  readonly dead: number;
  /** Dead letters dropped for newer ones. */
  readonly dropped: number;
}

const POSITION = "notified";
/** Rows: the message; by destination and time due; all and the delivered of a destination; the dead ones. */
const [MESSAGE, DUE, OF_HOOK, DELIVERED, DEAD] = ["m", "q", "h", "f", "d"];

/**
 * Messages to destinations. What happened and the place up to which it was followed are stored in one transaction, so
 * that a restart neither forgets nor repeats; a message is sent at least once.
 */
export class Outbox {
  readonly #tables: () => Tables;
  readonly #writable: () => Tables;
  readonly #now: () => number;

  constructor(tables: () => Tables, writable: () => Tables, now: () => number) {
    this.#tables = tables;
    this.#writable = writable;
    this.#now = now;
  }

  /** Null before the first advance. */
  position(): Position | null {
    return (this.#tables().meta.get(POSITION) as Position | undefined) ?? null;
  }

  advance({ position, messages, told }: Advance, limits: OutboxLimits): Promise<Advanced> {
    const tables = this.#writable();
    const at = this.#now();
    return commit(tables, () => {
      let [queued, dead, dropped] = [0, 0, 0];
      const waiting = new Map<HookId, number>();
      for (const draft of messages) {
        const number = numberOf("hook", draft.hook) as number;
        // Deleted meanwhile.
        if (tables.hooks.get(number) === undefined) continue;
        const before = waiting.get(draft.hook) ?? countQueued(tables, number);
        const isFull = before >= limits.queueMax;
        const delivery = fresh(tables, draft, at);
        tables.outbox.put([OF_HOOK, number, numberOf("delivery", delivery.id)!], 0);
        if (isFull) {
          dropped += bury(tables, { ...delivery, nextAt: null, lastError: "the queue was full" }, limits);
          dead++;
        } else {
          queue(tables, delivery, at);
          queued++;
        }
        waiting.set(draft.hook, before + Number(!isFull));
      }
      for (const [key, value] of told) writeTelling(tables, key, value);
      tables.meta.put(POSITION, position);
      return { queued, dead, dropped };
    });
  }

  /** At most `limit` messages for a destination that are due, the one that waits longest first. */
  due(hook: string, at: number, limit: number): Delivery[] {
    const tables = this.#tables();
    const number = numberOf("hook", hook);
    if (number === null) return [];
    // What was stored a moment ago must not be sent again.
    tables.root.resetReadTxn();
    const keys = tables.outbox.getKeys({ start: [DUE, number, 0], end: [DUE, number, at + 1], limit });
    return [...keys].map((key) => tables.outbox.get([MESSAGE, (key as number[])[3]!]) as Delivery);
  }

  /** How many messages wait for a destination. */
  queued(hook: string): number {
    return countQueued(this.#tables(), numberOf("hook", hook) ?? 0);
  }

  /** How many dead letters there are. */
  deadCount(): number {
    return this.#tables().outbox.getKeysCount(rows([DEAD]));
  }

  /** The newest of a destination, newest first. */
  deliveries(hook: string, limit: number): Delivery[] {
    const tables = this.#tables();
    const number = numberOf("hook", hook);
    if (number === null) return [];
    const range = { start: [OF_HOOK, number, Number.MAX_SAFE_INTEGER], end: [OF_HOOK, number, 0] };
    const keys = tables.outbox.getKeys({ ...range, reverse: true, limit });
    return [...keys].map((key) => tables.outbox.get([MESSAGE, (key as number[])[2]!]) as Delivery);
  }

  /** Newest first, at most `limit`, before the number of a delivery. */
  deadLetters(limit: number, before = Number.MAX_SAFE_INTEGER): Delivery[] {
    const tables = this.#tables();
    const range = { start: [DEAD, before - 1], end: [DEAD, 0], reverse: true, limit };
    return [...tables.outbox.getKeys(range)].map(
      (key) => tables.outbox.get([MESSAGE, (key as number[])[1]!]) as Delivery,
    );
  }

  /** It arrived. A message that is gone meanwhile (its destination was deleted) stays gone. */
  async delivered(id: string, tried: Try, limits: OutboxLimits): Promise<void> {
    await this.#settle(id, (tables, delivery) => {
      unqueue(tables, delivery);
      const [hook, number] = placeOf(delivery);
      put(tables, { ...after(delivery, tried), status: "delivered", nextAt: null });
      tables.outbox.put([DELIVERED, hook, number], 0);
      for (const each of surplus(tables, [DELIVERED, hook], limits.deliveredMax)) erase(tables, hook, each);
      return 0;
    });
  }

  /** It did not arrive, and is tried again at `nextAt`. */
  async failed(id: string, tried: Try, nextAt: number): Promise<void> {
    await this.#settle(id, (tables, delivery) => {
      unqueue(tables, delivery);
      queue(tables, after(delivery, tried), nextAt);
      return 0;
    });
  }

  /** It is given up; answers how many dead letters were dropped for it. */
  died(id: string, tried: Try, limits: OutboxLimits): Promise<number> {
    return this.#settle(id, (tables, delivery) => {
      unqueue(tables, delivery);
      return bury(tables, { ...after(delivery, tried), nextAt: null }, limits);
    });
  }

  /** Gives up all that waits for a destination; answers how many, and how many dead letters were dropped for them. */
  async giveUp(hook: string, why: string, limits: OutboxLimits): Promise<{ dead: number; dropped: number }> {
    const tables = this.#writable();
    const number = numberOf("hook", hook) ?? 0;
    return commit(tables, () => {
      const waiting = [...tables.outbox.getKeys(rows([DUE, number]))].map((key) => (key as number[])[3]!);
      let dropped = 0;
      for (const each of waiting) {
        const delivery = tables.outbox.get([MESSAGE, each]) as Delivery;
        unqueue(tables, delivery);
        dropped += bury(tables, { ...delivery, nextAt: null, lastError: why }, limits);
      }
      return { dead: waiting.length, dropped };
    });
  }

  /** Dead letters wait to be sent again, as if new; all of them where no id is given. Throws DeliveryUnknown. */
  async retry(id: string | null, limits: OutboxLimits): Promise<number> {
    const tables = this.#writable();
    const at = this.#now();
    return commit(tables, () => {
      const chosen = id === null ? allDead(tables) : [expectDead(tables, id)];
      let retried = 0;
      for (const delivery of chosen) {
        const [hook, number] = placeOf(delivery);
        if (id === null && countQueued(tables, hook) >= limits.queueMax) continue;
        tables.outbox.remove([DEAD, number]);
        queue(tables, { ...delivery, status: "queued", attempts: 0 }, at);
        retried++;
      }
      return retried;
    });
  }

  /** Forgets a dead letter. Throws DeliveryUnknown. */
  async drop(id: string): Promise<void> {
    const tables = this.#writable();
    await commit(tables, () => erase(tables, ...placeOf(expectDead(tables, id))));
  }

  #settle(id: string, settle: (tables: Tables, delivery: Delivery) => number): Promise<number> {
    const tables = this.#writable();
    return commit(tables, () => {
      const delivery = tables.outbox.get([MESSAGE, numberOf("delivery", id) ?? 0]) as Delivery | undefined;
      return delivery?.status === "queued" ? settle(tables, delivery) : 0;
    });
  }
}

/** Removes all messages of a destination; only inside a write transaction. */
export function forgetHook(tables: Tables, hook: number): void {
  for (const key of [...tables.outbox.getKeys(rows([OF_HOOK, hook]))]) {
    const number = (key as number[])[2]!;
    unqueue(tables, tables.outbox.get([MESSAGE, number]) as Delivery);
    erase(tables, hook, number);
  }
}

function fresh(tables: Tables, draft: DeliveryDraft, at: number): Delivery {
  return {
    id: `delivery-${takeId(tables, "delivery")}`,
    hook: draft.hook,
    messageId: draft.messageId,
    notice: draft.notice,
    status: "queued",
    attempts: 0,
    nextAt: at,
    createdAt: at,
    lastAt: null,
    lastStatus: null,
    lastMs: null,
    lastError: null,
  };
}

function after(delivery: Delivery, { at, status, ms, error }: Try): Delivery {
  const last = { lastAt: at, lastStatus: status, lastMs: ms, lastError: error };
  return { ...delivery, ...last, attempts: delivery.attempts + 1 };
}

function queue(tables: Tables, delivery: Delivery, nextAt: number): void {
  put(tables, { ...delivery, nextAt });
  const [hook, number] = placeOf(delivery);
  tables.outbox.put([DUE, hook, nextAt, number], 0);
}

function unqueue(tables: Tables, delivery: Delivery): void {
  const [hook, number] = placeOf(delivery);
  if (delivery.nextAt !== null) tables.outbox.remove([DUE, hook, delivery.nextAt, number]);
}

/** Puts it among the dead letters; answers how many were dropped for it. */
function bury(tables: Tables, delivery: Delivery, limits: OutboxLimits): number {
  put(tables, { ...delivery, status: "dead" });
  tables.outbox.put([DEAD, placeOf(delivery)[1]], 0);
  const dropped = surplus(tables, [DEAD], limits.deadMax);
  for (const number of dropped) erase(tables, ...placeOf(tables.outbox.get([MESSAGE, number]) as Delivery));
  return dropped.length;
}

/** The numbers of the oldest rows that are too many. */
function surplus(tables: Tables, prefix: Key[], max: number): number[] {
  const limit = tables.outbox.getKeysCount(rows(prefix)) - max;
  if (limit <= 0) return [];
  return [...tables.outbox.getKeys({ ...rows(prefix), limit })].map((key) => (key as number[]).at(-1)!);
}

/** All rows of a sort, or of one destination in it. Made anew each time: lmdb-js writes into what it is given. */
function rows(prefix: Key[]): { start: Key[]; end: Key[] } {
  return { start: [...prefix, 0], end: [...prefix, Number.MAX_SAFE_INTEGER] };
}

function erase(tables: Tables, hook: number, number: number): void {
  const keys: Key[][] = [
    [MESSAGE, number],
    [OF_HOOK, hook, number],
    [DELIVERED, hook, number],
    [DEAD, number],
  ];
  for (const key of keys) tables.outbox.remove(key);
}

function put(tables: Tables, delivery: Delivery): void {
  tables.outbox.put([MESSAGE, placeOf(delivery)[1]], delivery);
}

function placeOf(delivery: Delivery): [hook: number, number: number] {
  return [numberOf("hook", delivery.hook) as number, numberOf("delivery", delivery.id) as number];
}

function countQueued(tables: Tables, hook: number): number {
  return tables.outbox.getKeysCount(rows([DUE, hook]));
}

function allDead(tables: Tables): Delivery[] {
  return [...tables.outbox.getKeys(rows([DEAD]))].map(
    (key) => tables.outbox.get([MESSAGE, (key as number[])[1]!]) as Delivery,
  );
}

function expectDead(tables: Tables, id: string): Delivery {
  const number = numberOf("delivery", id);
  const isDead = number !== null && tables.outbox.get([DEAD, number]) !== undefined;
  if (!isDead) throw new DeliveryUnknown(id);
  return tables.outbox.get([MESSAGE, number]) as Delivery;
}
