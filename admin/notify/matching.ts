import { decisionActions, type Hook, type HookTrigger, type TriggerType } from "../../rules/hook.ts";
import type { JournalEntry } from "../../rules/journal.ts";
import type { Leak } from "../../rules/leak.ts";
import type { DeliveryDraft, Notice } from "../../rules/store/outbox.ts";
import { leakNotice, messageIdOf, type NoticeType } from "./notice.ts";

/** Whose messages are made: ids of different deployments and tenants must differ. */
export interface Origin {
  readonly tenant: string;
  /** Public; of the tenant's pepper. */
  readonly pepperId: string;
}

/** A trigger of a destination that is switched on. */
export interface Watching<Type extends TriggerType = TriggerType> {
  readonly hook: Hook;
  readonly trigger: Extract<HookTrigger, { type: Type }>;
}

/** The triggers of one type, of destinations that are switched on. */
export function watching<Type extends TriggerType>(hooks: readonly Hook[], type: Type): Watching<Type>[] {
  return hooks.flatMap((hook) =>
    hook.triggers
      .filter((trigger) => trigger.type === type && hook.enabled)
      .map((trigger) => ({ hook, trigger: trigger as Watching<Type>["trigger"] })),
  );
}

/** A message for one destination. */
export function draft(
  { tenant, pepperId }: Origin,
  hook: Hook,
  type: NoticeType,
  cause: string,
  notice: Notice,
): DeliveryDraft {
  return { hook: hook.id, messageId: messageIdOf(`${pepperId} ${tenant}`, hook.id, type, cause), notice };
}

/** The messages that a change of a leak gives rise to; `leak` is as it is now. One per destination and type. */
export function draftsOf(
  origin: Origin,
  entry: JournalEntry,
  leak: Leak,
  hooks: readonly Hook[],
): DeliveryDraft[] {
  const decision = decisionActions[entry.action];
  const drafts = new Map<string, DeliveryDraft>();
  const tell = (type: NoticeType, matching: readonly { readonly hook: Hook }[]) => {
    const more = {
      ...(decision === undefined ? {} : { decision, decidedBy: entry.actor }),
      ...(type === "leak.regression" ? { regressionOf: regressionsOf(entry) } : {}),
    };
    const notice = leakNotice(type, entry.at, origin.tenant, leak, more);
    for (const { hook } of matching) {
      // What happened before a destination was made is not for it.
      if (entry.revision < hook.revision) continue;
      const made = draft(origin, hook, type, `revision ${entry.revision}`, notice);
      drafts.set(made.messageId, made);
    }
  };
  if (entry.action === "leak.register")
    tell(
      "leak.created",
      watching(hooks, "new_leak").filter(({ trigger }) => riskAt(entry, leak) >= trigger.riskMin),
    );
  if (regressionsOf(entry).length > 0) tell("leak.regression", watching(hooks, "regression"));
  if (decision !== undefined) tell("leak.decided", watching(hooks, "decision"));
  return [...drafts.values()];
}

/** The risk with which it was registered: a later change must not hide it. */
function riskAt(entry: JournalEntry, leak: Leak): number {
  return typeof entry.after.risk === "number" ? entry.after.risk : leak.risk;
}

/** The leaks whose tokens came again with this change. */
function regressionsOf({ before, after }: JournalEntry): string[] {
  const listed = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);
  const known = listed(before?.regressionOf);
  return listed(after.regressionOf).filter((id) => !known.includes(id));
}
