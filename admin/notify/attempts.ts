import { where } from "../../rules/events/filter.ts";
import type { EventLog, VpatchEvent } from "../../rules/events.ts";
import type { Hook } from "../../rules/hook.ts";
import type { DeliveryDraft } from "../../rules/store/outbox.ts";
import type { TellingKey } from "../../rules/store/told.ts";
import type { RulesStore } from "../../rules/store.ts";
import { AttemptCounts, BUCKET_MS, bucketOf } from "./counts.ts";
import { draft, type Origin, watching } from "./matching.ts";
import { attemptFacts, leakNotice } from "./notice.ts";

const MINUTE_MS = 60_000;
/** Workers write events a little late, and their counts when the second is over. */
const LATE_MS = 20_000;
/** Events are followed in stretches of so long, oldest first. */
export const STRETCH_MS = 30 * BUCKET_MS;
/** What happened while nobody looked is told of so long afterwards, at most. */
const CATCH_UP_MS = 7 * 24 * 60 * MINUTE_MS;
const attemptsOnly = where({ type: "vpatch" });

/** Messages about attempts, with the marks that keep them from being sent twice. */
export interface Attempted {
  readonly messages: DeliveryDraft[];
  readonly told: (readonly [key: TellingKey, value: number])[];
}

/** What a stretch of events says. */
interface Stretch {
  /** By leak, then by bucket. */
  readonly sums: Map<string, Map<number, number>>;
  /** The oldest of each rule. */
  readonly first: Map<string, VpatchEvent>;
  /** The newest of each leak. */
  readonly newest: Map<string, VpatchEvent>;
}

/** Follows the log of attempts. Counts live in memory and are read anew after a start. */
export class AttemptFollower {
  readonly #store: RulesStore;
  readonly #events: EventLog;
  readonly #origin: Origin;
  readonly #counts = new AttemptCounts();
  /** Up to here the log was read; null before the first time. */
  #read: number | null = null;

  constructor(store: RulesStore, events: EventLog, origin: Origin) {
    this.#store = store;
    this.#events = events;
    this.#origin = origin;
  }

  /**
   * Goes on from where it stopped, or from `since` (ms) after a start, and gives out what there is to tell, stretch by
   * stretch, with the time up to which it is complete. The caller stores it before it asks for more.
   */
  async *follow(
    hooks: readonly Hook[],
    since: number,
    now: number,
  ): AsyncGenerator<Attempted & { readonly until: number }> {
    const windows = watching(hooks, "attempts").map(({ trigger }) => trigger.minutes * MINUTE_MS);
    const longest = Math.max(0, ...windows);
    // The counts of the longest window must be there before the first attempt is judged.
    const warm = this.#read === null ? Math.min(since, now) - longest : this.#read;
    let from = bucketOf(Math.max(warm - LATE_MS, now - CATCH_UP_MS - longest));
    const judgedFrom = bucketOf((this.#read ?? since) - LATE_MS);
    this.#counts.forgetBefore(from - longest - BUCKET_MS);
    while (from <= now) {
      const to = Math.min(from + STRETCH_MS, bucketOf(now) + BUCKET_MS);
      const stretch = await this.#look(from, to);
      this.#counts.replace(from, to, stretch.sums);
      if (to > judgedFrom) {
        const attempted: Attempted = { messages: [], told: [] };
        await this.#judgeFirst(hooks, stretch, attempted);
        this.#judgeCounts(hooks, stretch, judgedFrom, attempted);
        yield { ...attempted, until: Math.min(to, now) };
      }
      from = to;
    }
    this.#read = now;
  }

  /** Nobody asks any more: who asks again is not told of what happened meanwhile. */
  pause(): void {
    this.#read = null;
  }

  async #look(from: number, to: number): Promise<Stretch> {
    const stretch: Stretch = { sums: new Map(), first: new Map(), newest: new Map() };
    // Newest first.
    for await (const some of this.#events.each({ ...attemptsOnly, from, to }))
      for (const event of some) take(stretch, event);
    return stretch;
  }

  /** A rule is made anew each time a leak is patched after it was open: its first attempt is the leak's since then. */
  async #judgeFirst(
    hooks: readonly Hook[],
    { first }: Stretch,
    { messages, told }: Attempted,
  ): Promise<void> {
    for (const [rule, event] of first) {
      const mark: TellingKey = ["first", Number(rule.slice("rule-".length))];
      if (this.#store.told.get(mark) !== null) continue;
      const earlier = await this.#events.query({ ...where({ type: "vpatch", rule }), to: event.at }, 1);
      told.push([mark, event.at]);
      const leak = this.#store.leak(event.leak ?? "");
      if (earlier.events.length > 0 || leak === null) continue;
      const notice = leakNotice("leak.first_attempt", event.at, this.#origin.tenant, leak, {
        attempt: attemptFacts(event),
      });
      for (const { hook } of watching(hooks, "first_attempt")) {
        if (event.at < hook.createdAt) continue;
        messages.push(draft(this.#origin, hook, "leak.first_attempt", rule, notice));
      }
    }
  }

  #judgeCounts(hooks: readonly Hook[], stretch: Stretch, from: number, { messages, told }: Attempted): void {
    for (const { hook, trigger } of watching(hooks, "attempts")) {
      const { count, minutes } = trigger;
      for (const [leak, sums] of stretch.sums) {
        const facts = this.#store.leak(leak);
        if (facts === null) continue;
        const numbers = [hook.id, leak].map((id) => Number(id.slice(id.indexOf("-") + 1))) as [
          number,
          number,
        ];
        const mark: TellingKey = ["attempts", ...numbers, count, minutes];
        const before = this.#store.told.get(mark);
        let last = before ?? Number.NEGATIVE_INFINITY;
        for (const bucket of [...sums.keys()].sort((a, b) => a - b)) {
          const isOld = bucket < from || bucket + BUCKET_MS <= hook.createdAt;
          if (isOld || bucket < last + minutes * MINUTE_MS) continue;
          // An attempt is told of once: those before the last message do not count again.
          const after = Math.max(bucket - minutes * MINUTE_MS, last);
          const sum = this.#counts.sum(leak, after, bucket);
          if (sum < count) continue;
          last = bucket;
          const attempt = attemptFacts(stretch.newest.get(leak)!, sum);
          const more = { attempt, attempts: { count, minutes } };
          const notice = leakNotice("leak.attempts", bucket, this.#origin.tenant, facts, more);
          const cause = `${leak} ${count} ${minutes} ${bucket}`;
          messages.push(draft(this.#origin, hook, "leak.attempts", cause, notice));
        }
        if (last !== (before ?? Number.NEGATIVE_INFINITY)) told.push([mark, last]);
      }
    }
  }
}

/** Events come newest first. */
function take({ sums, first, newest }: Stretch, event: VpatchEvent): void {
  const { leak, rule } = event;
  if (leak === null || rule === null) return;
  first.set(rule, event);
  if (!newest.has(leak)) newest.set(leak, event);
  const ofLeak = sums.get(leak) ?? new Map<number, number>();
  sums.set(leak, ofLeak);
  const bucket = bucketOf(event.at);
  ofLeak.set(bucket, (ofLeak.get(bucket) ?? 0) + event.count);
}
