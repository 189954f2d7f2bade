import { urlCharsMax } from "../../../rules/text.ts";
import type { Piece, ReadOptions } from "../source.ts";
import type { RemoteClient, Validators } from "./client.ts";
import { NotRead } from "./failure.ts";

export interface PageAsk {
  readonly client: RemoteClient;
  /** As sightings name the reader. */
  readonly source: string;
  readonly url: URL;
  readonly options: ReadOptions;
  readonly validators?: Validators | null;
  readonly author?: string | null;
  /** When the page changed, where the reader knows; else what the server says counts. */
  readonly seenAt?: number | null;
}

/** What became of a page. `validators` are those to ask with the next time, null where it has to be read again. */
export interface PageEnd {
  readonly failure: NotRead | null;
  readonly validators: Validators | null;
}

/**
 * One page as pieces: its text, or that it was left out and why. Rejects with NotRead only where the server wants no more
 * requests for a while. Returns at once when the signal is aborted.
 */
export async function* page(ask: PageAsk): AsyncGenerator<Piece, PageEnd> {
  const { client, source, url, options, validators = null, author = null } = ask;
  const { signal, limits } = options;
  const path = pathOf(url);
  let answer: Awaited<ReturnType<RemoteClient["get"]>>;
  try {
    answer = await client.get(url, { signal, limits, validators });
  } catch (error) {
    if (!(error instanceof NotRead) || error.retryAfterMs !== null) throw error;
    if (!signal.aborted) yield { kind: "skipped", path, why: error.why };
    return { failure: error, validators: null };
  }
  if (answer === null) return { failure: null, validators };
  const { body, headers } = answer;
  if (isMedia(headers["content-type"])) {
    body.discard();
    yield { kind: "skipped", path, why: "unsupported" };
    return { failure: null, validators: answer.validators };
  }
  const seenAt = ask.seenAt ?? timeOf(headers["last-modified"]);
  try {
    yield { kind: "text", path, place: { source, url: url.href, path, author, seenAt }, bytes: body };
  } finally {
    body.discard();
  }
  if (signal.aborted) return { failure: null, validators: null };
  if (body.cut !== null) yield { kind: "skipped", path, why: body.cut };
  const isPassing = body.cut === "time" || body.cut === "unreadable";
  return {
    failure: isPassing ? new NotRead(`${url.host} broke off its answer`, { why: body.cut! }) : null,
    validators: isPassing ? null : answer.validators,
  };
}

/** The address of a page as people and allow-lists know it: `docs/setup.html`, or the host for its first page. */
export function pathOf({ pathname, host }: URL): string {
  return pathname.replace(/^\/+/, "") || host;
}

/** An address for people: without its query, which may be what opens it. */
export function labelOf(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/** An http or https address, whole or as seen from `base`, without fragment and user info; null for anything else. */
export function pageUrl(text: string, base?: URL): URL | null {
  const trimmed = text.trim();
  if (trimmed.length > urlCharsMax) return null;
  if (!URL.canParse(trimmed, base?.href)) return null;
  const url = new URL(trimmed, base);
  url.hash = "";
  return /^https?:$/.test(url.protocol) && url.username === "" && url.password === "" ? url : null;
}

/** The same host; `www.` makes no other. */
export function isSameSite(one: URL, other: URL): boolean {
  return one.host.replace(/^www\./, "") === other.host.replace(/^www\./, "");
}

/** Milliseconds since 1970, null for what is no date. */
export function timeOf(text: string | null | undefined): number | null {
  const time = Date.parse(text ?? "");
  return time > 0 ? time : null;
}

/** Pictures, sound, films and fonts hold no tokens that anybody reads. */
function isMedia(type: string | undefined): boolean {
  return type !== undefined && /^\s*(?:image\/(?!svg)|audio\/|video\/|font\/)/i.test(type);
}
