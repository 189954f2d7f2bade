import type { IncomingHttpHeaders } from "node:http";
import { Agent, type Dispatcher, request } from "undici";
import { guardedLookup, refuseAddress } from "../../outgoing/guard.ts";
import { rateLimitWait } from "../../outgoing/waits.ts";
import type { ScanLimits } from "../source.ts";
import type { AllowList } from "./allow.ts";
import { Body, type Deadline } from "./body.ts";
import { brokenOff, failureOf, NotRead } from "./failure.ts";

export interface RemoteOptions {
  /** What may be reached although it is not everybody's. */
  readonly allow: AllowList;
  /** From the first byte asked to the last byte answered, redirects included: what drips is cut. */
  readonly answerMs?: number;
}

/** What a server takes to tell whether something has changed (RFC 9110 section 8.8). */
export interface Validators {
  readonly etag: string | null;
  /** As the server wrote it. */
  readonly lastModified: string | null;
}

export interface Ask {
  readonly signal: AbortSignal;
  readonly limits: Pick<ScanLimits, "textBytesMax" | "ratioMax">;
  readonly accept?: string;
  readonly validators?: Validators | null;
  /** Header fields for the origin of the address alone: a redirect to another one loses them. */
  readonly credentials?: Readonly<Record<string, string>>;
  /** Undoes gzip that is the file itself. */
  readonly unpack?: boolean;
}

export interface Answer {
  /** After redirects. */
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly validators: Validators;
  /** Milliseconds to wait before the next request where the server says that none are left, else 0. */
  readonly waitMs: number;
  readonly body: Body;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const REDIRECTS_MAX = 5;
const ANSWER_MS = 120_000;
/** Of silence, before the head and within the body. */
const SILENCE_MS = 30_000;
const HEAD_BYTES = 32 * 1024;
/** Longer ones are not kept in marks. */
const VALIDATOR_CHARS = 200;

/**
 * Gets what scans read over HTTP, from addresses that the guard lets pass: a name's addresses are checked and the
 * connection goes to one of those, at each redirect anew. Keeps no cookies. One per process; to be closed.
 */
export class RemoteClient {
  readonly allow: AllowList;
  private readonly agent: Agent;
  private readonly answerMs: number;

  constructor({ allow, answerMs = ANSWER_MS }: RemoteOptions) {
    this.allow = allow;
    this.answerMs = answerMs;
    this.agent = new Agent({
      connections: 4,
      maxHeaderSize: HEAD_BYTES,
      headersTimeout: SILENCE_MS,
      bodyTimeout: SILENCE_MS,
      connect: { timeout: SILENCE_MS, lookup: guardedLookup(allow.covers) },
    });
  }

  /**
   * The answer; null where nothing has changed since the validators (304), never without validators. Rejects with NotRead,
   * also when the signal is aborted. Its body must be read or discarded.
   */
  async get(address: URL, ask: Ask): Promise<Answer | null> {
    const deadline = deadlineOf(ask.signal, this.answerMs);
    try {
      const answer = await this.follow(address, ask, deadline);
      if (answer === null) deadline.release();
      return answer;
    } catch (error) {
      deadline.release();
      if (error instanceof NotRead) throw error;
      if (deadline.signal.aborted)
        throw new NotRead(`${address.host} did not answer in time`, { why: "time" });
      throw brokenOff(address.host, error);
    }
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async follow(address: URL, ask: Ask, deadline: Deadline): Promise<Answer | null> {
    let url = address;
    let credentials = ask.credentials ?? {};
    for (let hops = 0; ; hops++) {
      if (url.protocol !== "http:" && url.protocol !== "https:")
        throw new NotRead("the address is neither http nor https", {
          why: "refused_address",
          isLasting: true,
        });
      refuseAddress(url.hostname, this.allow.covers);
      const answer = await request(url, {
        dispatcher: this.agent,
        signal: deadline.signal,
        headers: { ...headersOf(ask), ...credentials },
      });
      const { location } = answer.headers;
      if (!REDIRECTS.has(answer.statusCode) || typeof location !== "string")
        return this.answered(url, answer, ask, deadline);
      drop(answer);
      if (hops === REDIRECTS_MAX)
        throw new NotRead(`${address.host} redirects more than ${REDIRECTS_MAX} times`, {
          why: "too_many",
          isLasting: true,
        });
      const next = redirected(url, location);
      if (next.origin !== url.origin) credentials = {};
      url = next;
    }
  }

  private answered(url: URL, answer: Dispatcher.ResponseData, ask: Ask, deadline: Deadline): Answer | null {
    const { statusCode, headers } = answer;
    const coding = String(headers["content-encoding"] ?? "identity")
      .trim()
      .toLowerCase();
    const isGzip = coding === "gzip" || coding === "x-gzip";
    const isFine = statusCode >= 200 && statusCode < 300;
    if (!isFine || !(isGzip || coding === "identity")) {
      drop(answer);
      const { etag = null, lastModified = null } = ask.validators ?? {};
      if (statusCode === 304 && (etag !== null || lastModified !== null)) return null;
      if (!isFine) throw failureOf(url.host, statusCode, headers, Date.now());
      throw new NotRead(`${url.host} answers in a coding that was not asked for`, {
        why: "unsupported",
        isLasting: true,
      });
    }
    return {
      url,
      headers,
      validators: {
        etag: validatorOf(headers.etag),
        lastModified: validatorOf(headers["last-modified"]),
      },
      waitMs: rateLimitWait(headers, Date.now()),
      body: new Body(answer.body, {
        deadline,
        gzip: { coded: isGzip, sniffed: ask.unpack ?? false },
        bytesMax: ask.limits.textBytesMax,
        ratioMax: ask.limits.ratioMax,
      }),
    };
  }
}

function headersOf({ accept = "*/*", validators }: Ask): Record<string, string> {
  const headers: Record<string, string> = { accept, "accept-encoding": "gzip", "user-agent": "leakgate" };
  const { etag = null, lastModified = null } = validators ?? {};
  if (etag !== null) headers["if-none-match"] = etag;
  if (lastModified !== null) headers["if-modified-since"] = lastModified;
  return headers;
}

/** Where a redirect leads, without what is for people or opens it. */
function redirected(from: URL, location: string): URL {
  if (!URL.canParse(location, from.href))
    throw new NotRead(`${from.host} redirects to what is no address`, { isLasting: true });
  const url = new URL(location, from);
  url.hash = "";
  url.username = "";
  url.password = "";
  return url;
}

function validatorOf(value: string | string[] | undefined): string | null {
  return typeof value === "string" && value.length <= VALIDATOR_CHARS && /^[\x20-\x7e]+$/.test(value)
    ? value
    : null;
}

/** Of such an answer the head has said all. */
function drop({ body }: Dispatcher.ResponseData): void {
  body.on("error", () => {});
  body.destroy();
}

/** Ends with the signal, or when the time is over. Leaves nothing behind on a signal that lives for hours. */
function deadlineOf(signal: AbortSignal, ms: number): Deadline {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = setTimeout(abort, ms);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  return {
    signal: controller.signal,
    isOver: () => controller.signal.aborted && !signal.aborted,
    release: () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    },
  };
}
