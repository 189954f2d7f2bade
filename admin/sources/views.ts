import type { Source } from "../../rules/source.ts";
import type { InventoryEntry } from "../../rules/store/inventory.ts";
import type { SourceState } from "../../rules/store/sourcestates.ts";
import type { WatchProgress } from "../scan/watch.ts";
import { iso, isoOrNull, type View } from "../views.ts";

/** What the API shows of a source; built field by field, so that no secret is shown by accident. */
export function sourceView(source: Source, state: SourceState, progress: WatchProgress | null): View {
  const { credential, options } = source;
  const { last } = state;
  return {
    id: source.id,
    kind: source.kind,
    address: source.address,
    schedule: source.schedule,
    enabled: source.enabled,
    credential: credential && {
      kind: credential.kind,
      name: credential.kind === "named" ? credential.name : null,
    },
    risk: options.risk,
    rules: options.rules,
    assignments: options.assignments,
    createdAt: iso(source.createdAt),
    createdBy: source.createdBy,
    removedAt: isoOrNull(source.removedAt),
    state: stateWord(source, state, progress),
    progress: progress && {
      since: iso(progress.since),
      texts: progress.texts,
      bytes: progress.bytes,
      findings: progress.findings,
      done: progress.done,
      of: progress.of,
    },
    lastRunAt: isoOrNull(state.lastRunAt),
    lastOkAt: isoOrNull(state.lastOkAt),
    nextRunAt: isoOrNull(state.nextRunAt),
    failures: state.failures,
    lastError: state.lastError,
    last: last && {
      texts: last.texts,
      bytes: last.bytes,
      findings: last.findings,
      leaks: last.leaks,
      skipped: last.skipped,
      end: last.end,
    },
  };
}

/** The state of a source in a word. */
export function stateWord(
  { enabled, schedule, removedAt }: Source,
  { isPaused, failures, nextRunAt }: SourceState,
  progress: object | null,
): "running" | "waiting" | "failing" | "paused" | "off" | "manual" {
  if (progress !== null) return "running";
  if (!enabled || removedAt !== null) return "off";
  if (isPaused) return "paused";
  if (failures > 0) return "failing";
  return schedule === null && nextRunAt === null ? "manual" : "waiting";
}

export function inventoryView({ name, tokens, addedAt, addedBy }: InventoryEntry): View {
  return { name, tokens, addedAt: iso(addedAt), addedBy };
}
