import type { Hit } from "./inspect.ts";

declare const inspected: unique symbol;

/**
 * Proof that these bytes were inspected: the only thing an upstream connection takes for sending. It carries the
 * bytes themselves, so what was inspected and what is forwarded cannot differ.
 */
export interface Permit {
  readonly [inspected]: true;
  readonly bytes: Buffer;
}

export type Verdict =
  | { readonly kind: "allow"; readonly permit: Permit }
  | { readonly kind: "block"; readonly hit: Hit };

/** decide: the one place that mints a Permit. `blocking` is the first enforced hit of a blocking rule, or null. */
export function decide(blocking: Hit | null, bytes: Buffer): Verdict {
  if (blocking !== null) return { kind: "block", hit: blocking };
  return { kind: "allow", permit: { bytes } as Permit };
}
