import type { Context } from "hono";
import type { Logger } from "pino";
import type { Pepper } from "../rules/pepper.ts";
import { StoreFailed } from "../rules/refusal.ts";
import type { Earlier, KeptAnswer, KeptAnswers } from "../rules/store/kept.ts";
import { Problem, problemAnswer, problemOf } from "./problem.ts";
import type { Env, Principal } from "./services.ts";

/** Headers of an answer that belong to it; the others are made for each call. */
const KEPT_HEADERS: readonly string[] = ["content-type", "etag", "location"];
/** What opens something must not be kept, whatever the call says of its answer: access keys, webhooks' secrets. */
const SECRET = /lgk_[0-9A-Za-z]{8}_[0-9A-Za-z]{40}|whsec_/;

/** A call with an Idempotency-Key (draft-ietf-httpapi-idempotency-key-header). */
export interface Once {
  /** Keyed digest of who calls what with which key. */
  readonly name: string;
  /** Takes the bytes of the body. */
  readonly onBody: (bytes: Uint8Array) => void;
  /** Keyed digest of what was sent. */
  readonly fingerprint: () => string;
}

export interface OnceOptions {
  readonly kept: KeptAnswers;
  readonly logger: Logger;
  /** Its answer is not to be kept. */
  readonly isSecret: boolean;
}

/** The call's key, or null where it has none. Throws Problem. */
export function onceOf(context: Context<Env>, { id, tenant }: Principal, pepper: Pepper): Once | null {
  const key = context.req.header("idempotency-key");
  if (key === undefined) return null;
  if (!/^[!-~]{1,255}$/.test(key))
    throw new Problem(400, "The Idempotency-Key must be 1 to 255 visible ASCII characters.");
  const digest = (what: string, parts: readonly (string | null)[]) =>
    pepper
      .digestOf(Buffer.from(`leakgate idempotent ${what}\n${JSON.stringify(parts)}`))
      .toString("base64url");
  const { method, path, url } = context.req;
  let body = "";
  return {
    name: digest("call", [tenant, id, method, path, key]),
    onBody: (bytes) => {
      body = pepper.digestOf(bytes).toString("base64url");
    },
    fingerprint: () => {
      const ifMatch = context.req.header("if-match") ?? null;
      return digest("request", [new URL(url).search, ifMatch, body]);
    },
  };
}

/**
 * Carries the call out unless it was before: then its answer is given again. Throws Problem where that cannot be, and
 * what `carryOut` throws where it is not known that nothing was changed.
 */
export async function carryOutOnce(
  context: Context<Env>,
  { name, fingerprint }: Once,
  { kept, logger, isSecret }: OnceOptions,
  carryOut: () => Promise<Response>,
): Promise<Response> {
  const sent = fingerprint();
  const earlier = await kept.begin(name, sent);
  if (earlier !== null) return again(earlier, sent);
  const keep = async (response: Response) => {
    try {
      await kept.end(name, await answerOf(response, isSecret));
    } catch (error) {
      // What was done is done, and is answered; a repetition is told that its outcome is not known.
      logger.error({ reason: (error as Error).message }, "could not keep the answer to a call");
    }
  };
  try {
    const response = await carryOut();
    await keep(response);
    return response;
  } catch (error) {
    const problem = problemOf(error);
    // Of these it is known that nothing was stored, so the call may come again.
    if (error instanceof StoreFailed || problem.status === 403)
      await kept.forget(name).catch(() => undefined);
    else if (problem.status >= 500) kept.leave(name);
    else await keep(problemAnswer(problem, context.get("requestId")));
    throw error;
  }
}

/** What is kept of an answer: null of one that holds a secret, or has no end that one would wait for. */
async function answerOf(response: Response, isSecret: boolean): Promise<KeptAnswer | null> {
  const isJson = /^application\/(?:problem\+)?json/.test(response.headers.get("content-type") ?? "");
  if (!isJson || (isSecret && response.ok)) return null;
  const body = await response.clone().text();
  if (SECRET.test(body)) return null;
  const headers = [...response.headers].filter(([header]) => KEPT_HEADERS.includes(header));
  return { status: response.status, headers: Object.fromEntries(headers), body };
}

/** The answer to a repetition. Throws Problem. */
function again(earlier: Earlier, sent: string): Response {
  if (earlier.state === "full") {
    const seconds = Math.max(1, Math.ceil((earlier.freeAt - Date.now()) / 1000));
    const detail = "Too many calls with an Idempotency-Key are remembered; nothing of this one was done.";
    throw new Problem(429, detail, [], { "retry-after": String(seconds) });
  }
  if (earlier.fingerprint !== sent)
    throw new Problem(422, "This Idempotency-Key was used with another request; take a new one for each.");
  if (earlier.state !== "answered") throw new Problem(409, UNANSWERED[earlier.state]);
  const { status, headers, body } = earlier.answer;
  return new Response(body, { status, headers: { ...headers, "idempotency-replayed": "true" } });
}

const UNANSWERED = {
  under_way: "The call with this Idempotency-Key is still under way.",
  begun:
    "The call with this Idempotency-Key was begun and did not end as it should: look at its outcome before doing it again with another key.",
  withheld:
    "The call with this Idempotency-Key was carried out. Its answer holds a secret, or is too long, and was not kept.",
} as const;
