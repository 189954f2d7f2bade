import { z } from "zod";
import { type Piece, type Reader, type ReadOptions, SourceFailed } from "../source.ts";
import type { RemoteClient } from "./client.ts";
import { NotRead } from "./failure.ts";
import { isSameSite, labelOf, page, pageUrl, pathOf } from "./page.ts";
import { type Listed, listedOf, type SitemapList, sitemapList } from "./sitemaplist.ts";

const SITEMAPS_MAX = 1_000;
const INDEX_DEPTH_MAX = 3;
const ROBOTS_BYTES = 512 * 1024;
/** Their clock may be behind ours. */
const CLOCKS_MS = 3_600_000;
/** After so many pages in a row for which no server answers, the site is down. */
const SILENT_MAX = 20;
/** Pages that could not be read now, to be read at the next look whenever they changed. */
const AGAIN_MAX = 1_000;

const key = z.string().max(16);
const markSchema = z.object({
  /** When the last look that came to its end began. */
  since: z.number().nullable(),
  /** Of a look that was stopped: when it began, which sitemaps were done, and the last page of the one that was not. */
  going: z.object({ startedAt: z.number(), done: z.array(key), sitemap: key, page: key }).nullable(),
  again: z.array(key),
});
type SitemapMark = z.output<typeof markSchema>;

/** One look. */
interface Course {
  readonly options: ReadOptions;
  readonly mark: SitemapMark;
  readonly startedAt: number;
  readonly done: string[];
  readonly again: Set<string>;
  /** Pages in a row without an answer. */
  silent: number;
  /** False once a sitemap could not be read: its pages are still to come. */
  isWhole: boolean;
}

/**
 * All pages that a site lists: its address leads to its sitemaps by `robots.txt`, or is a sitemap itself. Pages of other hosts
 * are left out. After the first look those are read that changed since the one before: by `lastmod`, and by
 * If-Modified-Since.
 */
export class SitemapReader implements Reader {
  readonly source = "sitemap";
  readonly label: string;
  private readonly client: RemoteClient;
  private readonly url: URL;

  constructor(client: RemoteClient, url: URL) {
    this.client = client;
    this.url = url;
    this.label = labelOf(url);
  }

  async *read(options: ReadOptions): AsyncGenerator<Piece> {
    const mark = markSchema.safeParse(options.mark).data ?? { since: null, going: null, again: [] };
    const course: Course = {
      options,
      mark,
      startedAt: mark.going?.startedAt ?? Date.now(),
      done: [...(mark.going?.done ?? [])],
      again: new Set(mark.again),
      silent: 0,
      isWhole: true,
    };
    try {
      yield* this.sitemaps(course);
    } catch (error) {
      if (!options.signal.aborted) throw error;
    }
    if (options.signal.aborted) return;
    const since = course.isWhole ? course.startedAt : mark.since;
    yield { kind: "mark", mark: { since, going: null, again: [...course.again] } };
  }

  private async *sitemaps(course: Course): AsyncGenerator<Piece> {
    const waiting = (await this.entries(course.options)).map((each) => ({ ...each, depth: 0 }));
    const isOnly = waiting.length === 1;
    const met = new Set(course.done);
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { url, key, depth } = next;
      if (course.options.signal.aborted) return;
      if (met.has(key)) continue;
      met.add(key);
      const why = met.size > SITEMAPS_MAX ? "too_many" : depth > INDEX_DEPTH_MAX ? "too_deep" : null;
      if (why !== null) {
        yield { kind: "skipped", path: pathOf(url), why };
        continue;
      }
      const list = yield* this.list(url, course, isOnly && depth === 0);
      const room = Math.max(0, SITEMAPS_MAX - met.size - waiting.length);
      waiting.push(...list.sitemaps.slice(0, room).map((each) => ({ ...each, depth: depth + 1 })));
      if (list.sitemaps.length > room) yield { kind: "skipped", path: pathOf(url), why: "too_many" };
      yield* this.pages(next, list.pages, course);
      if (list.pages.length > 0) course.done.push(key);
    }
  }

  /** The sitemaps that the site names itself. Rejects where it does not answer. */
  private async entries({ signal, limits }: ReadOptions): Promise<readonly Listed[]> {
    if (this.url.pathname !== "/" && !this.url.pathname.endsWith("/robots.txt")) return [listedOf(this.url)];
    const robots = new URL("/robots.txt", this.url);
    const usual = listedOf(new URL("/sitemap.xml", this.url));
    const textBytesMax = Math.min(limits.textBytesMax, ROBOTS_BYTES);
    try {
      const answer = await this.client.get(robots, { signal, limits: { ...limits, textBytesMax } });
      const text = (await answer!.body.whole()).toString();
      const named = [...text.matchAll(/^[ \t]*sitemap[ \t]*:([^\r\n]*)/gim)].flatMap(
        ([, address]) => pageUrl(address!, robots) ?? [],
      );
      return named.length > 0 ? named.map((url) => listedOf(url)) : [usual];
    } catch (error) {
      const isMissing = error instanceof NotRead && error.status !== null && error.isLasting;
      if (isMissing) return [usual];
      throw error;
    }
  }

  /** What a sitemap lists; nothing where it cannot be read, which fails the look where it is the only one. */
  private async *list(url: URL, course: Course, isOnly: boolean): AsyncGenerator<Piece, SitemapList> {
    const { signal, limits } = course.options;
    const nothing: SitemapList = { sitemaps: [], pages: [], cut: null, isPassing: false };
    try {
      const answer = await this.client.get(url, { signal, limits, unpack: true });
      const list = await sitemapList(answer!);
      if (signal.aborted) return nothing;
      if (list.cut !== null) yield { kind: "skipped", path: pathOf(url), why: list.cut };
      if (list.isPassing) course.isWhole = false;
      if (isOnly && list.cut !== null && list.pages.length + list.sitemaps.length === 0)
        throw new SourceFailed(`${url.host} has no sitemap that can be read there`, { isLasting: true });
      return list;
    } catch (error) {
      if (!(error instanceof NotRead) || error.retryAfterMs !== null || isOnly) throw error;
      if (signal.aborted) return nothing;
      yield { kind: "skipped", path: pathOf(url), why: error.why };
      course.isWhole &&= error.isLasting;
      return nothing;
    }
  }

  private async *pages(sitemap: Listed, pages: readonly Listed[], course: Course): AsyncGenerator<Piece> {
    const { options, mark, startedAt, done, again } = course;
    const behind = mark.going?.sitemap === sitemap.key ? mark.going.page : "";
    for (const [index, each] of pages.entries()) {
      if (options.signal.aborted) return;
      if (each.key <= behind || isOld(each, mark)) continue;
      if (!isSameSite(each.url, this.url)) {
        yield { kind: "skipped", path: `${each.url.host}/${pathOf(each.url)}`, why: "outside" };
        continue;
      }
      yield { kind: "progress", done: index, of: pages.length, what: pathOf(sitemap.url) };
      yield* this.one(each, course);
      if (options.signal.aborted) return;
      const going = { startedAt, done: [...done], sitemap: sitemap.key, page: each.key };
      yield { kind: "mark", mark: { since: mark.since, going, again: [...again] } };
    }
  }

  private async *one({ url, key, changedAt }: Listed, course: Course): AsyncGenerator<Piece> {
    const { options, mark, again } = course;
    const since = again.has(key) ? null : mark.since;
    const lastModified = since === null ? null : new Date(since - CLOCKS_MS).toUTCString();
    const { client, source } = this;
    const validators = { etag: null, lastModified };
    const { failure } = yield* page({ client, source, url, options, validators, seenAt: changedAt });
    course.silent = failure === null || failure.status !== null ? 0 : course.silent + 1;
    if (failure !== null && course.silent === SILENT_MAX) throw failure;
    if (failure === null || failure.isLasting) again.delete(key);
    else if (again.size < AGAIN_MAX) again.add(key);
  }
}

/** Whether the look before this one has seen it as it is. */
function isOld({ key, changedBy }: Listed, { since, again }: SitemapMark): boolean {
  return since !== null && changedBy !== null && changedBy < since - CLOCKS_MS && !again.includes(key);
}
