import { z } from "zod";
import { type ReadOptions, SourceFailed } from "../source.ts";
import type { Answer, RemoteClient } from "./client.ts";
import { NotRead } from "./failure.ts";

/** The operator's token for one host, asked for at each request; null sends none. It is kept and logged nowhere. */
export type TokenOf = () => string | null | Promise<string | null>;

export interface ForgeOptions {
  readonly client: RemoteClient;
  readonly token?: TokenOf | undefined;
  /** Of the API: `https://git.example/api/v4`. */
  readonly base: URL;
  /** Header fields of every request, with the token where there is one. */
  readonly headers: (token: string | null) => Readonly<Record<string, string>>;
}

/** One page of a list. */
export interface ForgePage {
  readonly items: readonly unknown[];
  /** The next one (RFC 8288), always below the base. */
  readonly next: URL | null;
  readonly etag: string | null;
}

/** Requests to the API of one host during one look. The token goes to addresses below the base and nowhere else. */
export class Forge {
  readonly read: ReadOptions;
  private readonly options: ForgeOptions;
  private readonly base: URL;
  /** By performance.now(): until then the host wants no request. */
  private freeAt = 0;

  constructor(options: ForgeOptions, read: ReadOptions) {
    this.options = options;
    this.read = read;
    this.base = new URL(options.base.href.replace(/\/*$/, "/"));
  }

  /** An address of the API: a path below the base, with these parameters; null ones are left out. */
  url(path: string, query: Readonly<Record<string, string | null>> = {}): URL {
    const url = new URL(path, this.base);
    for (const [name, value] of Object.entries(query)) if (value !== null) url.searchParams.set(name, value);
    return url;
  }

  /** One page; null where nothing has changed since the ETag. Rejects with NotRead and SourceFailed. */
  async list(url: URL, etag: string | null = null): Promise<ForgePage | null> {
    const answer = await this.get(url, etag);
    if (answer === null) return null;
    // Programs in Go write an empty list as null.
    const parsed = z
      .array(z.unknown())
      .nullable()
      .safeParse(await this.json(answer));
    if (!parsed.success) throw this.strange();
    const items = parsed.data ?? [];
    return { items, next: this.next(answer, items.length), etag: answer.validators.etag };
  }

  /** All items of a list, page by page, while the look lasts. */
  async *all(url: URL): AsyncGenerator<unknown> {
    for (let next: URL | null = url; next !== null && !this.read.signal.aborted; ) {
      const page: ForgePage | null = await this.list(next);
      yield* page?.items ?? [];
      next = page?.next ?? null;
    }
  }

  /** One thing. Rejects with NotRead and SourceFailed. */
  async one<T>(url: URL, schema: z.ZodType<T>): Promise<T> {
    const parsed = schema.safeParse(await this.json((await this.get(url, null))!));
    if (!parsed.success) throw this.strange();
    return parsed.data;
  }

  /** The same, or null where there is none (404). */
  async maybe<T>(url: URL, schema: z.ZodType<T>): Promise<T | null> {
    try {
      return await this.one(url, schema);
    } catch (error) {
      if (error instanceof NotRead && error.status === 404) return null;
      throw error;
    }
  }

  /** A file of the host as it is. To be read or discarded. */
  async raw(url: URL): Promise<Answer> {
    return (await this.get(url, null))!;
  }

  private async get(url: URL, etag: string | null): Promise<Answer | null> {
    const { client, headers, token } = this.options;
    const waitMs = Math.ceil(this.freeAt - performance.now());
    if (waitMs > 0)
      throw new NotRead(`${this.base.host} has answered all requests it allows for now`, {
        retryAfterMs: waitMs,
      });
    const isOurs = url.origin === this.base.origin && url.pathname.startsWith(this.base.pathname);
    const secret = isOurs ? ((await token?.()) ?? null) : null;
    if (secret !== null) this.checkToken(secret);
    const answer = await client.get(url, {
      signal: this.read.signal,
      limits: this.read.limits,
      validators: { etag, lastModified: null },
      credentials: isOurs ? headers(secret) : {},
    });
    if (isOurs && answer !== null && answer.waitMs > 0) this.freeAt = performance.now() + answer.waitMs;
    return answer;
  }

  private checkToken(secret: string): void {
    if (!/^[\x21-\x7e]{1,4096}$/.test(secret))
      throw new SourceFailed("the token is not one line of plain characters", { isLasting: true });
    if (this.base.protocol !== "https:" && !this.options.client.allow.namesHost(this.base.hostname))
      throw new SourceFailed("a token is sent over https only, or to a host that scan.allow names", {
        isLasting: true,
      });
  }

  private async json({ body }: Answer): Promise<unknown> {
    const bytes = await body.whole();
    if (body.cut !== null) throw new NotRead(`${this.base.host} broke off its answer`, { why: body.cut });
    try {
      return JSON.parse(bytes.toString());
    } catch {
      throw this.strange();
    }
  }

  private next({ headers, url }: Answer, count: number): URL | null {
    const { link } = headers;
    if (typeof link !== "string") return nextByCount(url, headers["x-total-count"], count);
    for (const [, address = "", parameters = ""] of link.matchAll(/<([^<>]*)>([^<>]*)/g)) {
      if (!/;\s*rel="?next"?\s*(?:[;,]|$)/.test(parameters) || !URL.canParse(address, url.href)) continue;
      const next = new URL(address, url);
      // A host behind a proxy may not know its own name: the path counts, and the token stays at home.
      return next.pathname.startsWith(this.base.pathname)
        ? new URL(next.pathname + next.search, this.base)
        : null;
    }
    return null;
  }

  private strange(): NotRead {
    return new NotRead(`${this.base.host} answered what its API does not say`, { isLasting: true });
  }
}

/** Some lists of Gitea say how many there are, and not where the next page is; a page beyond the last one is empty. */
function nextByCount(url: URL, total: string | string[] | undefined, count: number): URL | null {
  const page = Number(url.searchParams.get("page") ?? 1);
  if (typeof total !== "string" || count === 0 || !(count * page < Number(total))) return null;
  const next = new URL(url);
  next.searchParams.set("page", String(page + 1));
  return next;
}
