import type { Reader } from "../source.ts";
import { SourceFailed } from "../source.ts";
import type { RemoteClient } from "./client.ts";
import { FeedReader } from "./feed.ts";
import type { TokenOf } from "./forge.ts";
import { type Dialect, ForgeReader } from "./forgereader.ts";
import { gitea } from "./gitea.ts";
import { github } from "./github.ts";
import { gitlab } from "./gitlab.ts";
import { SitemapReader } from "./sitemap.ts";
import { UrlReader } from "./url.ts";

export const remoteKinds = ["url", "sitemap", "feed", "github", "gitlab", "gitea"] as const;
export type RemoteKind = (typeof remoteKinds)[number];

export interface ReaderOptions {
  /** One for all readers of a process. */
  readonly client: RemoteClient;
  /** Of GitHub, GitLab and Gitea. */
  readonly token?: TokenOf | undefined;
  /** Of their API, where it does not lie where it usually does. */
  readonly base?: string | undefined;
}

const dialects: Readonly<Record<"github" | "gitlab" | "gitea", Dialect>> = { github, gitlab, gitea };

/**
 * The reader of a source on the web. The address is the one that people know: of a page, a site, a feed, an owner
 * (`https://github.com/acme`) or a repository (`https://git.example/acme/app`). Throws SourceFailed for what is no http or https
 * address, or holds a user name or password.
 */
export function readerOf(
  kind: "github" | "gitlab" | "gitea",
  address: string,
  options: ReaderOptions,
): ForgeReader;
export function readerOf(kind: RemoteKind, address: string, options: ReaderOptions): Reader;
export function readerOf(kind: RemoteKind, address: string, options: ReaderOptions): Reader {
  const url = addressOf(address);
  const { client, token, base } = options;
  if (kind === "url") return new UrlReader(client, url);
  if (kind === "sitemap") return new SitemapReader(client, url);
  if (kind === "feed") return new FeedReader(client, url);
  const api = base === undefined ? null : addressOf(base);
  if (url.pathname === "/") throw new SourceFailed("the address names no owner", { isLasting: true });
  return new ForgeReader(dialects[kind], url, { client, token, base: api });
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
