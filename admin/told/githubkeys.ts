import { createPublicKey, type KeyObject } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import { Agent, request } from "undici";
import { z } from "zod";
import { Failures } from "../failures.ts";
import { codeOf } from "../notify/sent.ts";

const ANSWER_BYTES = 1024 * 1024;
const TIMEOUT_MS = 10_000;
/** After it GitHub is asked whether the list has changed. */
const FRESH_MS = 3_600_000;
/** GitHub answers 60 requests an hour to who shows no token. */
const REQUESTS_A_MINUTE = 1;
/** Ids that were not in the list, and how long they are remembered. */
const STRANGERS_MAX = 1_000;
const STRANGER_MS = 600_000;

const listSchema = z.object({
  public_keys: z
    .array(z.object({ key_identifier: z.string().max(256), key: z.string().max(4_096) }))
    .max(1_000),
});

export interface KeysOptions {
  readonly url: string;
  readonly token: string | null;
  readonly logger: Logger;
  /** Ends the connection to GitHub. */
  readonly closing: AbortSignal;
}

/** GitHub's public keys by their ids: a list that is kept for an hour, and fetched again for an id that is not in it. */
export class GithubKeys {
  private readonly options: KeysOptions;
  private readonly agent = new Agent({
    maxResponseSize: ANSWER_BYTES,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    connect: { timeout: TIMEOUT_MS },
  });
  private readonly allowance = new Failures(REQUESTS_A_MINUTE);
  private readonly strangers = new LRUCache<string, true>({ max: STRANGERS_MAX, ttl: STRANGER_MS });
  private keys: ReadonlyMap<string, KeyObject> = new Map();
  private etag: string | null = null;
  private fetchedAt = Number.NEGATIVE_INFINITY;
  private fetching: Promise<boolean> | null = null;

  constructor(options: KeysOptions) {
    this.options = options;
    options.closing.addEventListener("abort", () => void this.agent.destroy(), { once: true });
  }

  /**
   * The key of this id; null where the list has none; undefined where that cannot be told now, because GitHub does not
   * answer or was asked a moment ago. A list that is too old still counts while there is no newer one.
   */
  async key(id: string): Promise<KeyObject | null | undefined> {
    const known = this.keys.get(id);
    if (known !== undefined && performance.now() - this.fetchedAt < FRESH_MS) return known;
    if (known === undefined && this.strangers.has(id)) return null;
    const isNew = await this.refresh();
    const found = this.keys.get(id);
    if (found !== undefined) return found;
    if (!isNew) return undefined;
    this.strangers.set(id, true);
    return null;
  }

  /** Whether the list is GitHub's of now. However many ask at a time, one request is made, and few a minute. */
  private refresh(): Promise<boolean> {
    if (this.fetching === null) {
      if (this.allowance.count("", Date.now()) > 0) return Promise.resolve(false);
      this.fetching = this.fetch().finally(() => {
        this.fetching = null;
      });
    }
    return this.fetching;
  }

  private async fetch(): Promise<boolean> {
    const { url, token, logger } = this.options;
    try {
      const { statusCode, headers, body } = await request(url, {
        dispatcher: this.agent,
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: {
          accept: "application/json",
          "user-agent": "leakgate",
          ...(token === null ? {} : { authorization: `Bearer ${token}` }),
          ...(this.etag === null ? {} : { "if-none-match": this.etag }),
        },
      });
      if (statusCode !== 200) await body.dump({ limit: ANSWER_BYTES }).catch(() => {});
      if (statusCode !== 200 && statusCode !== 304) {
        logger.error({ status: statusCode }, "could not fetch GitHub's public keys");
        return false;
      }
      if (statusCode === 200) {
        this.keys = keysOf(listSchema.parse(await body.json()));
        this.etag = typeof headers.etag === "string" ? headers.etag : null;
      }
      this.fetchedAt = performance.now();
      return true;
    } catch (error) {
      const reason = error instanceof z.ZodError || error instanceof SyntaxError ? "no list" : codeOf(error);
      logger.error({ reason }, "could not fetch GitHub's public keys");
      return false;
    }
  }
}

/** Keys of the one curve that GitHub signs with; what is none is left out. */
function keysOf({ public_keys }: z.output<typeof listSchema>): Map<string, KeyObject> {
  const keys = new Map<string, KeyObject>();
  for (const { key_identifier, key } of public_keys) {
    const parsed = keyOf(key);
    if (parsed?.asymmetricKeyDetails?.namedCurve === "prime256v1") keys.set(key_identifier, parsed);
  }
  return keys;
}

function keyOf(pem: string): KeyObject | null {
  try {
    return createPublicKey(pem);
  } catch {
    return null;
  }
}
