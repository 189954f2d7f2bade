import type { IncomingHttpHeaders } from "node:http";
import { codeOf } from "../../notify/sent.ts";
import { AddressRefused } from "../../outgoing/guard.ts";
import { rateLimitWait, retryAfter } from "../../outgoing/waits.ts";
import { type SkipReason, SourceFailed } from "../source.ts";

/** Who says 429 and not until when is left alone for so long. */
const LIMITED_MS = 60_000;

/** An answer that was not got: a reader fails with it, or counts one page as left out. */
export class NotRead extends SourceFailed {
  readonly why: SkipReason;
  /** Of the answer, where there was one. */
  readonly status: number | null;

  constructor(
    message: string,
    options: {
      why?: SkipReason;
      status?: number;
      isLasting?: boolean;
      retryAfterMs?: number;
      cause?: unknown;
    },
  ) {
    super(message, options);
    this.why = options.why ?? "unreadable";
    this.status = options.status ?? null;
  }
}

/** What an answer that is neither 2xx nor a redirect says. `host` is all that is told of the address. */
export function failureOf(host: string, status: number, headers: IncomingHttpHeaders, now: number): NotRead {
  const asked = retryAfter(headers["retry-after"], now);
  const limited = asked > 0 ? asked : rateLimitWait(headers, now);
  // GitHub says 403 where others say 429.
  if (status === 429 || (limited > 0 && (status === 403 || status >= 500))) {
    const retryAfterMs = limited > 0 ? limited : LIMITED_MS;
    return new NotRead(`${host} wants to be left alone for a while (${status})`, { status, retryAfterMs });
  }
  if (status === 401)
    return new NotRead(`${host} does not take the token (401)`, { status, isLasting: true });
  return new NotRead(`${host} answered ${status}`, { status, isLasting: status < 500 && status !== 408 });
}

/** The same of a connection that failed. The messages of libraries may hold the address: only their code is told. */
export function brokenOff(host: string, error: unknown): NotRead {
  if (refusalIn(error))
    return new NotRead(
      `${host}: the address is private, or one of this machine or its link; scan.allow lets it through`,
      {
        why: "refused_address",
        isLasting: true,
      },
    );
  return new NotRead(`could not reach ${host} (${codeOf(error)})`, {});
}

function refusalIn(error: unknown): boolean {
  for (let each = error, depth = 0; each instanceof Error && depth < 4; each = each.cause, depth++) {
    if (each instanceof AddressRefused) return true;
    if (each instanceof AggregateError && each.errors.some(refusalIn)) return true;
  }
  return false;
}
