import { z } from "zod";
import { type Piece, type Reader, type ReadOptions, SourceFailed } from "../source.ts";
import type { Answer, RemoteClient } from "./client.ts";
import { type Entry, entriesOf } from "./entries.ts";
import { isSameSite, labelOf, page, pageUrl, pathOf } from "./page.ts";
import { validatorsSchema } from "./url.ts";

/** A feed is held whole while its entries are read. */
const FEED_BYTES = 16 * 1024 * 1024;
/** Entries between two marks, each of which names all that were read. */
const MARK_ENTRIES = 5;

const markSchema = z.object({
  /** Null while an entry is still to be read. */
  validators: validatorsSchema.nullable(),
  /** Keys of the entries that were read, of those that the feed had then. */
  seen: z.array(z.string().max(16)),
});

/**
 * The entries of a feed, and the pages of the same site that they lead to. Entries that were read stay read until they change;
 * one whose page could not be read comes again.
 */
export class FeedReader implements Reader {
  readonly source = "feed";
  readonly label: string;
  private readonly client: RemoteClient;
  private readonly url: URL;

  constructor(client: RemoteClient, url: URL) {
    this.client = client;
    this.url = url;
    this.label = labelOf(url);
  }

  async *read(options: ReadOptions): AsyncGenerator<Piece> {
    const { signal, limits } = options;
    const mark = markSchema.safeParse(options.mark).data ?? { validators: null, seen: [] };
    const textBytesMax = Math.min(limits.textBytesMax, FEED_BYTES);
    const { validators } = mark;
    let answer: Answer | null;
    try {
      answer = await this.client.get(this.url, { signal, limits: { ...limits, textBytesMax }, validators });
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    if (answer === null) {
      yield { kind: "mark", mark };
      return;
    }
    const bytes = await answer.body.whole();
    if (signal.aborted) return;
    const { entries, cut, isDamaged } = await entriesOf(bytes, answer.headers["content-type"]);
    const path = pathOf(this.url);
    const why = answer.body.cut ?? cut;
    if (why !== null) yield { kind: "skipped", path, why };
    if (why === "unsupported") throw new SourceFailed(`${this.label} is no feed`, { isLasting: true });
    // Read as it stands too, so that damage hides nothing.
    if (isDamaged) yield { kind: "text", path, place: { source: "feed", url: this.url.href, path }, bytes };

    const before = new Set(mark.seen);
    const seen = new Set(entries.flatMap(({ key }) => (before.has(key) ? [key] : [])));
    let missed = 0;
    let read = 0;
    for (const [index, entry] of entries.entries()) {
      if (seen.has(entry.key)) continue;
      yield { kind: "progress", done: index, of: entries.length, what: this.label };
      const isWhole = yield* this.entry(entry, answer.url, options);
      if (signal.aborted) return;
      if (isWhole) seen.add(entry.key);
      else missed++;
      if (++read % MARK_ENTRIES === 0) yield { kind: "mark", mark: { validators: null, seen: [...seen] } };
    }
    const isOver = missed === 0 && (answer.body.cut === null || answer.body.cut === "too_large");
    yield { kind: "mark", mark: { validators: isOver ? { ...answer.validators } : null, seen: [...seen] } };
  }

  /** Whether all of it could be read, as far as it is there. */
  private async *entry(entry: Entry, base: URL, options: ReadOptions): AsyncGenerator<Piece, boolean> {
    const { client, source } = this;
    const { author, seenAt } = entry;
    const url = entry.link === null ? null : pageUrl(entry.link, base);
    const path = pathOf(url ?? this.url);
    const place = { source, url: (url ?? this.url).href, path, author, seenAt };
    yield { kind: "text", path, place, bytes: Buffer.from(entry.text) };
    if (url === null || !isSameSite(url, base)) return true;
    const { failure } = yield* page({ client, source, url, options, author, seenAt });
    return failure === null || failure.isLasting;
  }
}
