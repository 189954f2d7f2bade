import { commit } from "./changes.ts";
import type { Tables } from "./tables.ts";

/** How long a call is remembered; then its name may be used again. */
export const keptMs = 24 * 3_600_000;
/** Of one store; beyond it no further call is remembered until old ones are dropped. */
export const keptMax = 100_000;
/** Characters of a body that is kept. */
export const keptCharsMax = 64 * 1024;
/** Dropped by each new call at the most, so that none pays for many. */
const DROPPED_AT_ONCE = 200;

/** The answer to a call, as it is given again. Holds no secret. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A call as it lies in the store: `withheld` is one that ended, and whose answer is not kept. */
export type KeptCall = { readonly at: number; readonly fingerprint: string } & (
  | { readonly state: "begun" | "withheld" }
  | { readonly state: "answered"; readonly answer: KeptAnswer }
);

/**
 * What is known of an earlier call with the same name. `begun`: nobody knows how it ended, because the process did
 * before it. `full`: too many are remembered; the oldest is forgotten at `freeAt` (milliseconds since 1970).
 */
export type Earlier =
  | KeptCall
  | { readonly state: "under_way"; readonly fingerprint: string }
  | { readonly state: "full"; readonly freeAt: number };

/**
 * Calls that may come twice and are to be carried out once. Names and fingerprints are keyed digests, so that the store
 * tells nothing of them. Kept beside the journal, not in it: they say nothing of the leaks.
 */
export class KeptAnswers {
  readonly #tables: Tables;
  readonly #now: () => number;
  /** Of this process: name -> fingerprint. */
  readonly #underWay = new Map<string, string>();

  constructor(tables: Tables, now: () => number) {
    this.#tables = tables;
    this.#now = now;
  }

  /** Null: the call is new, and is to be ended by `end`, `forget` or `leave`. Rejects with StoreFailed. */
  async begin(name: string, fingerprint: string): Promise<Earlier | null> {
    const running = this.#underWay.get(name);
    if (running !== undefined) return { state: "under_way", fingerprint: running };
    this.#underWay.set(name, fingerprint);
    let earlier: Earlier | null = null;
    try {
      earlier = await commit(this.#tables, () => this.#take(name, fingerprint));
      return earlier;
    } catch (error) {
      this.leave(name);
      throw error;
    } finally {
      if (earlier !== null) this.leave(name);
    }
  }

  /** Keeps the answer; null: that there was one. Rejects with StoreFailed. */
  async end(name: string, answer: KeptAnswer | null): Promise<void> {
    const { idempotency } = this.#tables;
    try {
      await commit(this.#tables, () => {
        const begun = idempotency.get(["call", name]) as KeptCall | undefined;
        // A call that took longer than a day.
        if (begun === undefined) return;
        const { at, fingerprint } = begun;
        const isKept = answer !== null && answer.body.length <= keptCharsMax;
        const ended: KeptCall = isKept
          ? { at, fingerprint, state: "answered", answer }
          : { at, fingerprint, state: "withheld" };
        idempotency.put(["call", name], ended);
      });
    } finally {
      this.leave(name);
    }
  }

  /** For a call of which it is known that it changed nothing. Rejects with StoreFailed. */
  async forget(name: string): Promise<void> {
    try {
      await commit(this.#tables, () => this.#drop(name));
    } finally {
      this.leave(name);
    }
  }

  /** For a call of which nobody knows what it changed: who repeats it is told so. */
  leave(name: string): void {
    this.#underWay.delete(name);
  }

  /** Drops those that are too old, a part at a time; answers how many. Rejects with StoreFailed. */
  async dropOld(): Promise<number> {
    for (let dropped = 0; ; ) {
      const some = await commit(this.#tables, () => this.#dropSome());
      dropped += some;
      if (some < DROPPED_AT_ONCE) return dropped;
    }
  }

  #take(name: string, fingerprint: string): Earlier | null {
    const { idempotency } = this.#tables;
    this.#dropSome();
    const known = idempotency.get(["call", name]) as KeptCall | undefined;
    if (known !== undefined && known.at > this.#oldest()) return known;
    if (known !== undefined) this.#drop(name);
    if (this.#count() >= keptMax) return { state: "full", freeAt: this.#firstAt() + keptMs };
    const at = this.#now();
    idempotency.put(["count"], this.#count() + 1);
    idempotency.put(["call", name], { at, fingerprint, state: "begun" });
    idempotency.put(["time", at, name], 0);
    return null;
  }

  #dropSome(): number {
    const range = { start: ["time"], end: ["time", this.#oldest() + 1], limit: DROPPED_AT_ONCE };
    const old = [...this.#tables.idempotency.getKeys(range)];
    for (const key of old) this.#drop((key as [string, number, string])[2]);
    return old.length;
  }

  #drop(name: string): void {
    const { idempotency } = this.#tables;
    const known = idempotency.get(["call", name]) as KeptCall | undefined;
    if (known === undefined) return;
    idempotency.put(["count"], this.#count() - 1);
    idempotency.remove(["call", name]);
    idempotency.remove(["time", known.at, name]);
  }

  #count(): number {
    return (this.#tables.idempotency.get(["count"]) as number | undefined) ?? 0;
  }

  #firstAt(): number {
    const [first] = [...this.#tables.idempotency.getKeys({ start: ["time"], limit: 1 })];
    return (first as [string, number, string])[1];
  }

  /** What began at this moment or before is too old. */
  #oldest(): number {
    return this.#now() - keptMs;
  }
}
