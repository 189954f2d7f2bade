/** When a message is tried again, in milliseconds. */
export interface RetryPlan {
  /** Waits between the tries; after the last one a message is given up. */
  readonly waitsMs: readonly number[];
  /** 0 to below 1; makes the waits differ, so that not all that failed together comes back together. */
  readonly random: () => number;
}

/** Waits become longer by at most so much. */
const JITTER = 0.2;

/** When to try again after `tries` tries, of which the last failed at `now`; null when it is given up. */
export function nextTry(
  plan: RetryPlan,
  tries: number,
  now: number,
  retryAfterMs: number | null,
): number | null {
  const wait = plan.waitsMs[tries - 1];
  if (wait === undefined) return null;
  // A receiver that asks for time gets it, and never less than it would have had.
  return Math.round(now + Math.max(wait * (1 + JITTER * plan.random()), retryAfterMs ?? 0));
}
