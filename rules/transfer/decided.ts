import type { Grounds } from "../decision.ts";
import { checkLeakInput, type Decision, type LeakInput, type LeakStatus } from "../leak.ts";
import { InputRefused } from "../refusal.ts";
import { normalizeScope } from "../rule.ts";
import { checkOptions, type DecideOptions, type WatchOptions } from "../store/decisions.ts";
import { commentCharsMax } from "../text.ts";
import type { LeakRecord } from "./records.ts";
import { TransferRefused } from "./refusals.ts";

/** What a person decided there, to be decided here. */
export interface Decided {
  readonly decision: Decision;
  readonly options: DecideOptions;
  readonly watch: WatchOptions | null;
}

/** Nothing was decided of an opened leak. */
const decisionFor: Readonly<Record<Exclude<LeakStatus, "opened">, Decision>> = {
  patched: "vpatch",
  closed: "close",
  marked_false: "mark_false",
};

/** Null where nothing is to be decided; what was to end by now has ended. */
export function decisionOf({ status, rule, until, watch, decided }: LeakRecord, now: number): Decided | null {
  if (status === "opened" || (until !== null && until <= now)) return null;
  const { hosts = [], methods = [] } = rule?.scope ?? {};
  const wish = rule === null ? {} : { mode: rule.mode, scope: { hosts, methods } };
  const grounds = decided === null ? {} : groundsOf(decided);
  const isWatched = watch !== null && (watch.until === null || watch.until > now);
  return {
    decision: decisionFor[status],
    options: { ...wish, ...grounds, until },
    watch: isWatched ? { on: true, until: watch.until } : null,
  };
}

/** What the store would refuse of a leak is said before anything is stored. Throws TransferRefused. */
export function checkTakable(leak: LeakRecord, line: number, now: number): void {
  try {
    checkLeakInput(inputOf(leak));
    const decided = decisionOf(leak, now);
    if (decided === null) return;
    checkOptions(decided.decision, decided.options, now);
    if (decided.options.scope !== undefined) normalizeScope(decided.options.scope);
  } catch (error) {
    if (error instanceof InputRefused) throw new TransferRefused(line, error.message);
    throw error;
  }
}

/** The fields that people write. */
export function inputOf(leak: LeakRecord): LeakInput {
  const { name, description, risk, source, sourceUrl, sourceAuthor, sourceAt } = leak;
  const { target, assignee, notApplicable } = leak;
  return {
    name,
    description,
    risk,
    source,
    sourceUrl,
    sourceAuthor,
    sourceAt,
    target,
    assignee,
    notApplicable,
  };
}

/** Who decided it there, and why, for the history here. */
function groundsOf({ by, at, reason, comment = "" }: NonNullable<LeakRecord["decided"]>): Grounds {
  const said = `decided by ${by} at ${new Date(at).toISOString()}${comment === "" ? "" : `: ${comment}`}`;
  // Not through the middle of a character.
  return { comment: said.slice(0, commentCharsMax).replace(/[\uD800-\uDBFF]$/, ""), reason };
}
