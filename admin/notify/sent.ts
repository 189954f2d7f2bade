/** What sending a message came to. */
export interface Sent {
  /**
   * `refused`: trying again is of no use; `gone`: nor is sending anything else there.
   */
  readonly kind: "delivered" | "failed" | "refused" | "gone";
  /** The status of HTTP, or the reply code of SMTP, where there was one. */
  readonly status: number | null;
  readonly ms: number;
  /** In our words: a receiver's could hold what it was sent, and a library's the address, which may be a secret. */
  readonly error: string | null;
  /** How long the receiver wants to be left alone, or null. */
  readonly retryAfterMs: number | null;
}

/** Whoever carries messages of one kind. Never rejects. */
export type Send = () => Promise<Sent>;

/** The code of a failure (`ECONNREFUSED`), of it or of its cause, or `failed`. */
export function codeOf(error: unknown): string {
  for (let each = error, depth = 0; each instanceof Error && depth < 4; each = each.cause, depth++) {
    const code = "code" in each ? each.code : undefined;
    if (typeof code === "string" && /^[A-Z][A-Z0-9_]{1,63}$/.test(code)) return code;
    if (each instanceof AggregateError && each.errors.length > 0) return codeOf(each.errors[0]);
  }
  return "failed";
}
