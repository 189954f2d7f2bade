import { z } from "zod";
import type { Piece, Place } from "../source.ts";
import type { Answer } from "./client.ts";
import { NotRead } from "./failure.ts";
import type { Forge } from "./forge.ts";
import { timeOf } from "./page.ts";

/** One thing of a list: an issue, a comment, a release. */
export interface Item {
  /** Within its list. */
  readonly id: string;
  /** Null where the host does not tell. */
  readonly updatedAt: number | null;
  pieces(forge: Forge): AsyncIterable<Piece> | Iterable<Piece>;
}

/** A list that a host gives in pages. */
export interface Stream {
  /** In marks. */
  readonly name: string;
  /** For people: `acme/app issues`. */
  readonly label: string;
  /** What has changed since that time, or all. */
  url(forge: Forge, since: number | null): URL;
  /** Whether what changed last comes last. */
  readonly isSorted: boolean;
  /** Null for what is not as the API says. */
  item(raw: unknown): Item | null;
}

export const streamMarkSchema = z.object({
  /** What changed before that was read; inclusive, as others may have changed in the same second. */
  since: z.number().nullable().default(null),
  /** Of the one page that there was, while its address stays the same. */
  etag: z.string().nullable().default(null),
  /** Of a list that is not sorted, and not at its end: the next page, and the newest change so far. */
  page: z.number().nullable().default(null),
  newest: z.number().nullable().default(null),
});
export type StreamMark = z.output<typeof streamMarkSchema>;

/** The stream is done up to here. */
export interface Reached {
  readonly kind: "reached";
  readonly mark: StreamMark;
}

const PAGES_MAX = 100_000;
/** How far the clock of a host may be ahead of ours. */
const CLOCK_MS = 60_000;

/**
 * What a stream has of new. A sorted list goes on from the change of the last item instead of by page number, since what is
 * changed meanwhile moves to the end and would move others over the border of two pages. Rejects with NotRead where the host
 * fails or wants no more requests: what was reached stays.
 */
export async function* readStream(
  forge: Forge,
  stream: Stream,
  before: StreamMark,
): AsyncGenerator<Piece | Reached> {
  let { since, newest } = before;
  newest ??= since;
  // A date in the future would hide whatever comes until then; and clocks differ.
  const latest = Date.now() - CLOCK_MS;
  let url = stream.url(forge, since);
  if (before.page !== null) url.searchParams.set("page", String(before.page));
  let met = new Set<string>();
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    if (forge.read.signal.aborted) return;
    const page = await forge.list(url, pages === 0 && before.page === null ? before.etag : null);
    if (page === null) return;
    const last = met;
    met = new Set();
    for (const raw of page.items) {
      const item = stream.item(raw);
      if (item === null) {
        yield { kind: "skipped", path: stream.label, why: "unreadable" };
        continue;
      }
      const { id, updatedAt } = item;
      met.add(id);
      if (last.has(id) || (updatedAt !== null && before.since !== null && updatedAt < before.since)) continue;
      yield* item.pieces(forge);
      if (forge.read.signal.aborted) return;
      newest = later(newest, updatedAt === null ? null : Math.min(updatedAt, latest));
    }
    if (page.next === null) {
      // The ETag is that of an address, and the address has the time in it. A full page stays as it is when another follows.
      const isSame = pages === 0 && stream.url(forge, newest).href === url.href;
      const isFull = page.items.length >= sizeOf(url);
      yield {
        kind: "reached",
        mark: { since: newest, etag: isSame && !isFull ? page.etag : null, page: null, newest: null },
      };
      return;
    }
    if (stream.isSorted && newest !== null && newest !== since) {
      since = newest;
      url = stream.url(forge, since);
      yield { kind: "reached", mark: { since, etag: null, page: null, newest: null } };
    } else {
      url = page.next;
      const number = Number(url.searchParams.get("page"));
      const next = Number.isInteger(number) && number > 0 ? number : null;
      if (!stream.isSorted) yield { kind: "reached", mark: { since, etag: null, page: next, newest } };
    }
  }
  yield { kind: "skipped", path: stream.label, why: "too_many" };
}

/** Items of a page, as the address asks for them. */
function sizeOf({ searchParams }: URL): number {
  return Number(searchParams.get("per_page") ?? searchParams.get("limit") ?? Number.POSITIVE_INFINITY);
}

/** The shape of things of an API, and what they are; the rest of a stream is the same for all. */
export function streamOf<T>(
  of: Omit<Stream, "item" | "url"> & {
    readonly path: string;
    readonly query: Readonly<Record<string, string>>;
    /** The parameter for a time; null where the host cannot be asked so. */
    readonly since: string | null;
    readonly schema: z.ZodType<T>;
    item(thing: T): Item;
  },
): Stream {
  const { name, label, isSorted, path, query, since: parameter, schema } = of;
  return {
    name,
    label,
    isSorted,
    url: (forge, since) =>
      forge.url(path, parameter === null || since === null ? query : { ...query, [parameter]: isoOf(since) }),
    item: (raw) => {
      const parsed = schema.safeParse(raw);
      return parsed.success ? of.item(parsed.data) : null;
    },
  };
}

/** The texts of one thing, one under the other; nothing where there are none. */
export function* textPiece(
  place: Place,
  path: string,
  texts: readonly (string | null | undefined)[],
): Generator<Piece> {
  const text = texts.filter((each) => typeof each === "string" && each !== "").join("\n\n");
  if (text !== "") yield { kind: "text", path, place: { ...place, path }, bytes: Buffer.from(text) };
}

/** A file that a host gives as it is, and whether it was cut. */
export async function* filePiece(place: Place, path: string, { body }: Answer): AsyncGenerator<Piece> {
  try {
    yield { kind: "text", path, place: { ...place, path }, bytes: body };
  } finally {
    body.discard();
  }
  if (body.cut !== null) yield { kind: "skipped", path, why: body.cut };
}

/** What a thing has besides its own text, got by other requests: where one fails, the thing is told as left out. */
export async function* beside(
  path: string,
  forge: Forge,
  pieces: AsyncIterable<Piece>,
): AsyncGenerator<Piece> {
  try {
    yield* pieces;
  } catch (error) {
    if (!(error instanceof NotRead) || !error.isLasting) throw error;
    if (!forge.read.signal.aborted) yield { kind: "skipped", path, why: error.why };
  }
}

/** A time of an API in milliseconds since 1970. */
export const apiTime = z
  .string()
  .nullish()
  .transform((text) => timeOf(text));

function isoOf(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}

function later(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}
