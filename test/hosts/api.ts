import { createHash } from "node:crypto";
import { type Asked, Host, type Reply } from "./host.ts";

/** One thing of a list; all else of it is as the host tells it. */
export type Thing = Readonly<Record<string, unknown>>;

export interface ApiOptions {
  /** Before all paths: `/api/v4`. */
  readonly prefix: string;
  /** The header field that a request needs. */
  readonly authorization: string;
  /** The parameter for the size of a page, and what the host gives at most. */
  readonly size: string;
  readonly sizeMax: number;
  /** Whether a list says how many there are instead of where its next page is, as some of Gitea do. */
  readonly isCounted?: (path: string) => boolean;
  /** What there is at a path, without the prefix; undefined for none. */
  readonly route: (
    path: string,
    query: URLSearchParams,
    asked: Asked,
  ) => readonly Thing[] | Thing | string | undefined;
}

/** An API over HTTP as GitHub, GitLab and Gitea have one: token, pages with their Link header, ETags, 404 in JSON. */
export class ApiHost {
  readonly host: Host;
  /** Answers instead of the API where it says something. */
  breaking: (asked: Asked) => Reply | null = () => null;

  private constructor(host: Host, options: ApiOptions) {
    this.host = host;
    host.answering = (asked) => this.breaking(asked) ?? answer(asked, options);
  }

  static async start(options: (url: string) => ApiOptions): Promise<ApiHost> {
    const host = await Host.start(() => ({ status: 503 }));
    return new ApiHost(host, options(host.url("")));
  }

  /** Answers so many requests, then says with this that it wants no more. */
  limit(count: number, reply: Reply): void {
    let left = count;
    this.breaking = () => (left-- > 0 ? null : reply);
  }
}

function answer({ url, headers, ...asked }: Asked, options: ApiOptions): Reply {
  const { prefix, authorization, size, sizeMax, route } = options;
  const said = (status: number, message: string) => ({ status, body: JSON.stringify({ message }) });
  if (!url.pathname.startsWith(`${prefix}/`)) return said(404, "Not Found");
  if (headers.authorization !== authorization) return said(401, "Bad credentials");
  const found = route(url.pathname.slice(prefix.length), url.searchParams, { url, headers, ...asked });
  if (found === undefined) return said(404, "Not Found");
  if (typeof found === "string") return { headers: { "content-type": "text/plain" }, body: found };
  const shown = Array.isArray(found)
    ? pageOf(found as readonly Thing[], url, size, sizeMax)
    : { body: found, link: "" };
  const body = JSON.stringify(shown.body);
  const etag = `W/"${createHash("sha256").update(body).digest("hex")}"`;
  if (headers["if-none-match"] === etag) return { status: 304, headers: { etag } };
  const total = { "x-total-count": String(Array.isArray(found) ? found.length : 1) };
  const isCounted = options.isCounted?.(url.pathname.slice(prefix.length)) ?? false;
  const link = isCounted ? total : shown.link === "" ? {} : { link: shown.link };
  return { headers: { "content-type": "application/json; charset=utf-8", etag, ...link }, body };
}

function pageOf(all: readonly Thing[], url: URL, size: string, sizeMax: number) {
  const count = Math.min(Number(url.searchParams.get(size) ?? sizeMax), sizeMax);
  const page = Number(url.searchParams.get("page") ?? 1);
  const last = Math.max(1, Math.ceil(all.length / count));
  const to = (number: number, rel: string) => {
    const address = new URL(url);
    address.searchParams.set("page", String(number));
    return `<${address.href}>; rel="${rel}"`;
  };
  const links = page < last ? [to(page + 1, "next"), to(last, "last")] : [];
  if (page > 1) links.push(to(1, "first"), to(page - 1, "prev"));
  return { body: all.slice((page - 1) * count, page * count), link: links.join(", ") };
}

/** Things that changed at that time or later, in the order of their changes. */
export function changedSince(things: readonly Thing[], since: string | null): Thing[] {
  const time = ({ updated_at }: Thing) => Date.parse(String(updated_at));
  return things
    .filter((thing) => since === null || time(thing) >= Date.parse(since))
    .sort((one, other) => time(one) - time(other));
}
