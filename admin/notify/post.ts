import { Agent, request } from "undici";
import { guardedLookup, refuseAddress } from "../outgoing/guard.ts";
import { retryAfter } from "../outgoing/waits.ts";
import { codeOf, type Sent } from "./sent.ts";

export interface PostOptions {
  readonly allowPrivate: boolean;
  /** From the look-up of the name to the end of the answer. */
  readonly timeoutMs: number;
}

/** Of an answer only its head is of interest; so much of its body is read, to end in peace. */
const ANSWER_BYTES = 16 * 1024;

/** Posts messages over HTTP, to addresses that the guard lets pass. One per process; to be closed. */
export class Poster {
  readonly #agent: Agent;
  readonly #options: PostOptions;

  constructor(options: PostOptions) {
    const { allowPrivate, timeoutMs } = options;
    this.#options = options;
    this.#agent = new Agent({
      // A connection for each message: they are few, and an idle one may be dead.
      pipelining: 0,
      maxHeaderSize: 16 * 1024,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      connect: { timeout: timeoutMs, lookup: guardedLookup(allowPrivate) },
    });
  }

  /** Never rejects. Redirects are not followed: the address was checked, where it points to was not. */
  async post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<Sent> {
    const began = performance.now();
    const over = (
      kind: Sent["kind"],
      status: number | null,
      error: string | null,
      retryAfterMs = 0,
    ): Sent => {
      const ms = Math.round(performance.now() - began);
      return { kind, status, ms, error, retryAfterMs: retryAfterMs > 0 ? retryAfterMs : null };
    };
    const signal = AbortSignal.timeout(this.#options.timeoutMs);
    try {
      refuseAddress(new URL(url).hostname, this.#options.allowPrivate);
      const answer = await request(url, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json", "user-agent": "leakgate" },
        body,
        dispatcher: this.#agent,
        signal,
      });
      // What is wrong with the body of an answer does not matter: the head has said it.
      await answer.body.dump({ limit: ANSWER_BYTES, signal }).catch(() => {});
      const { statusCode: status } = answer;
      if (status >= 200 && status < 300) return over("delivered", status, null);
      if (status === 410) return over("gone", status, "the receiver answered 410 Gone");
      const wait = retryAfter(answer.headers["retry-after"], Date.now());
      if (status >= 300 && status < 400)
        return over("failed", status, "the receiver redirects; redirects are not followed");
      return over("failed", status, `the receiver answered ${status}`, wait);
    } catch (error) {
      if (signal.aborted) return over("failed", null, "the receiver did not answer in time");
      return over("failed", null, `could not reach the receiver (${codeOf(error)})`);
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}
