import { InputRefused } from "../../rules/refusal.ts";
import { nextTry } from "../notify/retry.ts";
import { Schedule } from "./schedule.ts";

const MINUTE_MS = 60_000;
/** Waits after failures in a row; the last one again and again. */
const WAITS_MS = [1, 5, 15, 60, 240, 720, 1_440].map((minutes) => minutes * MINUTE_MS);

/** When a source is due after `after` (ms); null where it has no schedule, or one that counts no more. */
export function plannedAfter(schedule: string | null, after: number, of: string): number | null {
  if (schedule === null) return null;
  try {
    return Schedule.parse(schedule).next(after, of);
  } catch (error) {
    if (!(error instanceof InputRefused)) throw error;
    return null;
  }
}

/** When a source that has failed so often in a row is tried again; not before it wants to be asked. */
export function nextAfterFailure(failures: number, now: number, retryAfterMs: number | null): number {
  const plan = { waitsMs: WAITS_MS, random: Math.random };
  return nextTry(plan, Math.min(failures, WAITS_MS.length), now, retryAfterMs) ?? now;
}
