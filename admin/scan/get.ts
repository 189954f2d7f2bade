import { Agent, request } from "undici";
import { codeOf } from "../notify/sent.ts";
import { type AllowPrivate, guardedLookup, refuseAddress } from "../outgoing/guard.ts";
import { retryAfter } from "../outgoing/waits.ts";
import { SourceFailed } from "./source.ts";

export interface GetOptions {
  readonly allowPrivate: AllowPrivate;
  /** An answer that is longer is refused. */
  readonly bytesMax: number;
  readonly signal: AbortSignal;
  /** Who asks, for messages. */
  readonly label: string;
}

const REDIRECTS_MAX = 5;
/** Of an answer that is not wanted so much is read, to end in peace. */
const REST_BYTES = 16 * 1024;
/** Of silence. */
const TIMEOUT_MS = 30_000;
/** From the first byte asked to the last one answered: what drips is given up. */
const TOTAL_MS = 10 * 60_000;

/**
 * Gets what an address answers, whole; every address on the way passes the guard, those of redirects too. Rejects with
 * SourceFailed.
 */
export async function getBytes(url: string, given: GetOptions): Promise<Buffer> {
  const { allowPrivate, label } = given;
  const options = { ...given, signal: AbortSignal.any([given.signal, AbortSignal.timeout(TOTAL_MS)]) };
  const agent = new Agent({
    maxHeaderSize: 16 * 1024,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    connect: { timeout: TIMEOUT_MS, lookup: guardedLookup(allowPrivate) },
  });
  try {
    let at = new URL(url);
    for (let count = 0; count <= REDIRECTS_MAX; count++) {
      const next = await step(at, agent, options);
      if (Buffer.isBuffer(next)) return next;
      at = next;
    }
    throw new SourceFailed(`${label}: it redirects too often`);
  } catch (error) {
    if (error instanceof SourceFailed) throw error;
    const isRefused = (error as { code?: unknown }).code === "EADDRREFUSED";
    throw new SourceFailed(`${label}: could not be reached (${codeOf(error)})`, {
      isLasting: isRefused,
      cause: error,
    });
  } finally {
    await agent.destroy();
  }
}

/** The answer, or where it redirects to. */
async function step(url: URL, agent: Agent, options: GetOptions): Promise<Buffer | URL> {
  const { allowPrivate, bytesMax, signal, label } = options;
  if (!/^https?:$/.test(url.protocol)) throw new SourceFailed(`${label}: its address is not of the web`);
  refuseAddress(url.hostname, allowPrivate);
  const {
    statusCode: status,
    headers,
    body,
  } = await request(url, {
    dispatcher: agent,
    signal,
    headers: { "user-agent": "leakgate", accept: "application/json, */*" },
  });
  const { location } = headers;
  if (status >= 300 && status < 400 && typeof location === "string" && URL.canParse(location, url.href)) {
    await body.dump({ limit: REST_BYTES, signal }).catch(() => {});
    return new URL(location, url);
  }
  if (status !== 200) {
    await body.dump({ limit: REST_BYTES, signal }).catch(() => {});
    const waitMs = retryAfter(headers["retry-after"], Date.now());
    throw new SourceFailed(`${label}: the answer is ${status}`, {
      isLasting: status === 404 || status === 410,
      retryAfterMs: waitMs > 0 ? waitMs : null,
    });
  }
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > bytesMax) throw new SourceFailed(`${label}: an answer is longer than ${bytesMax} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
