import type { Hook } from "../../rules/hook.ts";
import type { JournalEntry } from "../../rules/journal.ts";
import type { DeliveryDraft } from "../../rules/store/outbox.ts";
import type { TellingKey } from "../../rules/store/told.ts";
import type { RulesStore } from "../../rules/store.ts";
import { draftsOf, type Origin } from "./matching.ts";

type Mark = readonly [key: TellingKey, value: number | null];

/** What some entries of the journal come to: messages, and which leaks are open since when. */
export function followEntries(
  store: RulesStore,
  origin: Origin,
  entries: readonly JournalEntry[],
  hooks: readonly Hook[],
): { readonly messages: DeliveryDraft[]; readonly told: Mark[] } {
  const messages: DeliveryDraft[] = [];
  const told: Mark[] = [];
  // Marks of this batch, which the store does not have yet.
  const openSince = new Map<number, number | null>();
  for (const entry of entries) {
    const leak = entry.subject.startsWith("leak-") ? store.leak(entry.subject) : null;
    if (leak === null) continue;
    messages.push(...draftsOf(origin, entry, leak, hooks));
    const { status } = entry.after;
    if (status === undefined) continue;
    const { seq } = leak;
    const isOpened = status === "opened";
    const since = openSince.has(seq) ? openSince.get(seq)! : store.told.get(["open", seq]);
    if (since !== null) told.push([["open", seq], null], [["since", since, seq], null]);
    if (isOpened) {
      told.push([["open", seq], entry.at], [["since", entry.at, seq], 0]);
    } else {
      for (const mark of store.told.undecidedOf(seq)) told.push([mark, null]);
    }
    openSince.set(seq, isOpened ? entry.at : null);
  }
  return { messages, told };
}
