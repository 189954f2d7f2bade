import type { Reader } from "../source.ts";
import { SourceFailed } from "../source.ts";
import type { RemoteClient } from "./client.ts";
import { FeedReader } from "./feed.ts";
import { SitemapReader } from "./sitemap.ts";
import { UrlReader } from "./url.ts";

export const remoteKinds = ["url", "sitemap", "feed"] as const;
export type RemoteKind = (typeof remoteKinds)[number];

export interface ReaderOptions {
  /** One for all readers of a process. */
  readonly client: RemoteClient;
}

/**
 * The reader of a source on the web. The address is the one that people know: of a page, a site, a feed. Throws SourceFailed
 * for what is no http or https address, or holds a user name or password.
 */
export function readerOf(kind: RemoteKind, address: string, { client }: ReaderOptions): Reader {
  const url = addressOf(address);
  if (kind === "url") return new UrlReader(client, url);
  return kind === "sitemap" ? new SitemapReader(client, url) : new FeedReader(client, url);
}

function addressOf(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new SourceFailed("the address is neither http nor https", { isLasting: true });
  if (url.username !== "" || url.password !== "")
    throw new SourceFailed("the address holds a user name or password: leave it out", { isLasting: true });
  url.hash = "";
  return url;
}
