import type { Decision } from "./leak.ts";
import { InputRefused } from "./refusal.ts";
import { checkProse, commentCharsMax } from "./text.ts";

/** The words that say why, for each decision; applying a patch needs none. */
export const reasonsOf = {
  vpatch: [],
  close: ["revoked", "rotated", "expired", "accepted", "other"],
  mark_false: ["test_value", "placeholder", "public_by_design", "not_a_secret", "other"],
  reopen: ["regression", "mistake", "other"],
} as const satisfies Record<Decision, readonly string[]>;

export type MarkFalseReason = (typeof reasonsOf.mark_false)[number];

/** Why somebody decides, as it goes into the journal with the decision. */
export interface Grounds {
  /** Up to 2,000 characters, of several lines. */
  readonly comment?: string | undefined;
  /** One of `reasonsOf` the decision. */
  readonly reason?: string | undefined;
}

/** The grounds in their one spelling; an empty comment is none. Throws InputRefused. */
export function checkGrounds(decision: Decision, { comment, reason }: Grounds): Grounds {
  const words: readonly string[] = reasonsOf[decision];
  if (reason !== undefined && !words.includes(reason)) {
    const known = words.length === 0 ? "is not taken with this decision" : `is none of ${words.join(", ")}`;
    throw new InputRefused("reason", known);
  }
  const said = comment === undefined ? "" : checkProse("comment", comment, commentCharsMax);
  return { ...(said === "" ? {} : { comment: said }), ...(reason === undefined ? {} : { reason }) };
}
