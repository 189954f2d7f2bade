import { hash } from "node:crypto";
import type { SkipReason } from "../source.ts";
import type { Answer } from "./client.ts";
import { pageUrl, timeOf } from "./page.ts";
import { XmlBroken, XmlReader } from "./xml.ts";

/** What sitemaps.org allows one sitemap. */
const ENTRIES_MAX = 50_000;
const DAY_MS = 24 * 3_600_000;

/** A page or a sitemap that a sitemap lists. */
export interface Listed {
  readonly url: URL;
  /** Stands for the address in marks: an address may hold a token. */
  readonly key: string;
  readonly changedAt: number | null;
  /** When it changed at the latest: a date alone is a whole day. */
  readonly changedBy: number | null;
}

export interface SitemapList {
  readonly sitemaps: readonly Listed[];
  /** In the order of their keys, which stays when a page comes in between. */
  readonly pages: readonly Listed[];
  /** Why there may be more than these. */
  readonly cut: SkipReason | null;
  /** Asked again, it may be whole. */
  readonly isPassing: boolean;
}

/** What a sitemap or an index of sitemaps lists, also packed. Never rejects. */
export async function sitemapList({ url, body, headers }: Answer): Promise<SitemapList> {
  const reader = new XmlReader(["sitemap", "url"]);
  const sitemaps: Listed[] = [];
  const pages: Listed[] = [];
  const over = (why: SkipReason | null): SitemapList => {
    const isPassing = body.cut === "time" || body.cut === "unreadable";
    return { sitemaps, pages: pages.sort(byKey), cut: body.cut ?? why, isPassing };
  };
  try {
    for await (const { name, parts } of reader.records(body, headers["content-type"])) {
      const address = pageUrl(parts.find((part) => part.name === "loc")?.text ?? "", url);
      if (address === null) continue;
      if (sitemaps.length + pages.length === ENTRIES_MAX) return over("too_many");
      const listed = listedOf(address, parts.find((part) => part.name === "lastmod")?.text);
      (name === "sitemap" ? sitemaps : pages).push(listed);
    }
  } catch (error) {
    if (!(error instanceof XmlBroken)) throw error;
    return over(error.why);
  } finally {
    body.discard();
  }
  const isSitemap = reader.root === "urlset" || reader.root === "sitemapindex";
  return over(isSitemap && !reader.isDamaged ? null : "unreadable");
}

export function listedOf(url: URL, lastmod?: string): Listed {
  const text = lastmod?.trim() ?? "";
  // A year or a month alone says too little.
  const changedAt = /^[0-9]{4}-[0-9]{2}-[0-9]{2}/.test(text) ? timeOf(text) : null;
  const changedBy = changedAt === null ? null : changedAt + (text.length === 10 ? DAY_MS : 0);
  return { url, key: hash("sha256", url.href, "base64url").slice(0, 16), changedAt, changedBy };
}

function byKey(one: Listed, other: Listed): number {
  return one.key < other.key ? -1 : one.key > other.key ? 1 : 0;
}
