import type { Hook } from "../../rules/hook.ts";
import type { DeliveryDraft } from "../../rules/store/outbox.ts";
import type { TellingKey } from "../../rules/store/told.ts";
import type { RulesStore } from "../../rules/store.ts";
import { draft, type Origin, watching } from "./matching.ts";
import { leakNotice } from "./notice.ts";

const HOUR_MS = 3_600_000;
/** Leaks looked at in one turn of the event loop. */
const A_TURN = 500;
/** Messages for one destination in one look: a new trigger may find thousands of leaks that wait. */
const MESSAGES_A_LOOK = 100;

/** Messages about leaks that nobody decided about in time, with the marks that keep them from being sent twice. */
export interface Overdue {
  readonly messages: DeliveryDraft[];
  readonly told: (readonly [key: TellingKey, value: number])[];
}

/** Looks through the open leaks, the oldest first, giving way between pieces. `now` in milliseconds. */
export async function overdueLeaks(
  store: RulesStore,
  origin: Origin,
  hooks: readonly Hook[],
  now: number,
): Promise<Overdue> {
  const overdue: Overdue = { messages: [], told: [] };
  const triggers = watching(hooks, "undecided");
  if (triggers.length === 0) return overdue;
  const shortest = Math.min(...triggers.map(({ trigger }) => trigger.hours)) * HOUR_MS;
  const sent = new Map<string, number>();
  let after: readonly [since: number, leak: number] = [0, 0];
  for (;;) {
    const open = store.told.openBefore(now - shortest, after, A_TURN);
    for (const [since, seq] of open) {
      const leak = store.leak(`leak-${seq}`);
      if (leak === null || leak.status !== "opened") continue;
      for (const { hook, trigger } of triggers) {
        const { hours, riskMin } = trigger;
        if (leak.risk < riskMin || since > now - hours * HOUR_MS) continue;
        const mark: TellingKey = ["undecided", seq, Number(hook.id.slice("hook-".length)), hours, riskMin];
        const count = sent.get(hook.id) ?? 0;
        if (count >= MESSAGES_A_LOOK || store.told.get(mark) !== null) continue;
        sent.set(hook.id, count + 1);
        const undecided = { since: new Date(since).toISOString(), hours };
        const notice = leakNotice("leak.undecided", now, origin.tenant, leak, { undecided });
        const cause = `${leak.id} ${since} ${hours} ${riskMin}`;
        overdue.messages.push(draft(origin, hook, "leak.undecided", cause, notice));
        overdue.told.push([mark, now]);
      }
    }
    if (open.length < A_TURN) return overdue;
    after = open[open.length - 1]!;
    await new Promise((resume) => setImmediate(resume));
  }
}
