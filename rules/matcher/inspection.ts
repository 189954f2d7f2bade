/** How a scan ended. */
export const Scan = {
  /** No enforced token, so far. */
  clear: 0,
  /** An enforced token ends exactly where the bytes do: the next byte, or the end, decides. */
  tentative: 1,
  /** `onMatch` said to stop. */
  stopped: 2,
  /** The work budget is spent: nothing is known of the rest, and it must not pass as clean. */
  exhausted: 3,
} as const;
export type ScanOutcome = (typeof Scan)[keyof typeof Scan];

/** Of two outcomes the one that says more: what two views of the same bytes say together. */
export function worse(one: ScanOutcome, other: ScanOutcome): ScanOutcome {
  return Math.max(one, other) as ScanOutcome;
}

/** Tokens of which a request is known to hold one, beyond which they are digested again. */
const VERIFIED_MAX = 64;

/** One request's scans: its work budget, and what was verified already. */
export abstract class Inspection {
  /** Work done: 1 for each anchor lookup and step of a probe, 256 for each HMAC. */
  spent = 0;
  budget = 0;
  /** The rule slot whose token's ending was being looked at when the budget ran out, or -1. */
  costliestSlot = -1;
  /** Tokens that are loaded and not enforced are matches too. */
  readonly withUnenforced: boolean = false;
  private verified: number[] | null = null;

  /** A token of an enforced slot stands at `[start, end)` of the bytes scanned; negative where an earlier chunk held it. True stops the scan. */
  abstract onMatch(ruleSlot: number, start: number, end: number): boolean;

  isVerified(token: number): boolean {
    return this.verified?.includes(token) ?? false;
  }

  /** A token found once in a request is not digested again. */
  remember(token: number): void {
    this.verified ??= [];
    if (this.verified.length < VERIFIED_MAX && !this.verified.includes(token)) this.verified.push(token);
  }
}

/** What a stream keeps of its past: at most the longest loaded token and one byte. */
export class StreamView {
  bytes = new Uint8Array(0);
  length = 0;
}
