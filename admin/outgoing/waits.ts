import type { IncomingHttpHeaders } from "node:http";

/** Longer ones are of somebody who wants to be left alone; a day later one may ask again. */
const WAIT_MS_MAX = 24 * 3_600_000;
/** Numbers from here on are seconds since 1970 and no waits. */
const EPOCH_S_MIN = 1_000_000_000;

/** Milliseconds that `Retry-After` asks for (RFC 9110 section 10.2.3), 0 where it says nothing of use. */
export function retryAfter(value: string | string[] | undefined, now: number): number {
  if (typeof value !== "string") return 0;
  const ms = /^[0-9]{1,9}$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - now;
  return ms > 0 ? Math.min(ms, WAIT_MS_MAX) : 0;
}

/**
 * Milliseconds until requests are answered again, where an answer says that none are left; 0 where it does not. Knows the
 * fields of GitHub (`X-RateLimit-Reset`, a time), of GitLab (`RateLimit-Reset`, a time) and of the drafts of
 * draft-ietf-httpapi-ratelimit-headers (`RateLimit-Reset` and `RateLimit: "x";r=0;t=30` or `remaining=0, reset=30`, waits).
 */
export function rateLimitWait(headers: IncomingHttpHeaders, now: number): number {
  for (const prefix of ["x-ratelimit", "ratelimit"]) {
    const left = headers[`${prefix}-remaining`];
    const reset = headers[`${prefix}-reset`];
    if (left === "0" && typeof reset === "string" && /^[0-9]{1,12}$/.test(reset))
      return waitOf(Number(reset), now);
  }
  const { ratelimit } = headers;
  if (typeof ratelimit !== "string" || !/(?:^|[;,\s])(?:r|remaining)=0(?![0-9.])/.test(ratelimit)) return 0;
  const reset = /(?:^|[;,\s])(?:t|reset)=([0-9]{1,12})(?![0-9.])/.exec(ratelimit);
  return reset === null ? 0 : waitOf(Number(reset[1]), now);
}

function waitOf(seconds: number, now: number): number {
  const ms = seconds >= EPOCH_S_MIN ? seconds * 1_000 - now : seconds * 1_000;
  // Clocks differ, and a wait that is over says that it was reached.
  return Math.min(Math.max(ms, 1_000), WAIT_MS_MAX);
}
