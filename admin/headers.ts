import type { AdminConfig } from "./config.ts";

/** Said with every answer: nothing of it is to be kept, framed, sniffed, run, or seen by another origin. */
const ALWAYS: readonly (readonly [name: string, value: string])[] = [
  ["cache-control", "no-store"],
  [
    "content-security-policy",
    "default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ],
  ["cross-origin-opener-policy", "same-origin"],
  ["cross-origin-resource-policy", "same-origin"],
  ["permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"],
  ["referrer-policy", "no-referrer"],
  ["x-content-type-options", "nosniff"],
];
/** A year, as browsers' lists ask for. Only where the public address is https: over plain http it means nothing. */
const HSTS = ["strict-transport-security", "max-age=31536000; includeSubDomains"] as const;

export type SecurityHeaders = typeof ALWAYS;

/** The headers that every answer carries. An answer that has set one of them itself keeps its own. */
export function securityHeaders({
  publicUrl,
}: {
  readonly publicUrl?: AdminConfig["publicUrl"];
}): SecurityHeaders {
  return publicUrl?.startsWith("https:") ? [...ALWAYS, HSTS] : ALWAYS;
}
