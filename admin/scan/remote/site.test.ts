import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { gather } from "../../../test/hosts/gathered.ts";
import { Host, type Reply } from "../../../test/hosts/host.ts";
import { AllowList } from "./allow.ts";
import { RemoteClient } from "./client.ts";
import { readerOf } from "./readers.ts";

const client = new RemoteClient({ allow: AllowList.parse(["localhost"]) });
const files = new Map<string, string | Buffer | Reply>();
let host: Host;

beforeAll(async () => {
  host = await Host.start(({ path, headers }) => {
    const file = files.get(path);
    if (file === undefined) return { status: 404 };
    if (typeof file !== "string" && !Buffer.isBuffer(file)) return file;
    const etag = `"${file.length}"`;
    return headers["if-none-match"] === etag ? { status: 304 } : { headers: { etag }, body: file };
  });
});
beforeEach(() => {
  files.clear();
  host.taken();
});
afterAll(async () => {
  await client.close();
  await host.stop();
});

const urlset = (...entries: (readonly [path: string, lastmod?: string])[]) =>
  `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${entries
    .map(
      ([path, at]) =>
        `<url><loc> ${path.startsWith("/") ? host.url(path) : path} </loc>${at ? `<lastmod>${at}</lastmod>` : ""}</url>`,
    )
    .join("")}</urlset>`;
const index = (...paths: string[]) =>
  `<sitemapindex>${paths.map((path) => `<sitemap><loc>${host.url(path)}</loc></sitemap>`).join("")}</sitemapindex>`;

describe("sitemaps", () => {
  test("robots.txt leads to an index, that to sitemaps, one packed, and those to pages of the site", async () => {
    files.set(
      "/robots.txt",
      `User-agent: *\nDisallow: /\nsitemap: ${host.url("/all.xml")}\r\nSitemap: ftp://nonsense\n`,
    );
    files.set("/all.xml", index("/one.xml", "/two.xml.gz", "/lost.xml", "/all.xml"));
    files.set(
      "/one.xml",
      urlset(["/a", "2026-01-02"], ["/b?x=1&amp;y=2"], ["https://other.example/c"], ["ftp://x/"]),
    );
    files.set("/two.xml.gz", gzipSync(urlset(["/d"], ["/gone"])));
    files.set("/a", "page a");
    files.set("/b?x=1&y=2", "page b");
    files.set("/d", { headers: { "content-type": "image/png" }, body: "picture" });
    const { texts, places, skipped, error, mark } = await gather(
      readerOf("sitemap", host.url("/"), { client }),
    );
    expect(error).toBeNull();
    expect(Object.fromEntries(texts)).toEqual({ a: "page a", b: "page b" });
    expect(places.get("a")).toMatchObject({ url: host.url("/a"), seenAt: Date.UTC(2026, 0, 2) });
    expect(skipped.sort()).toEqual([
      "d: unsupported",
      "gone: unreadable",
      "lost.xml: unreadable",
      "other.example/c: outside",
    ]);
    expect(JSON.stringify(mark)).not.toContain("http");
  });

  test("the next look asks for what changed since, and for what could not be read", async () => {
    files.set("/map.xml", urlset(["/old", "2020-01-01T00:00:00Z"], ["/undated"], ["/broken", "2020-01-01"]));
    for (const page of ["/old", "/undated"]) files.set(page, page);
    files.set("/broken", { status: 500 });
    const reader = readerOf("sitemap", host.url("/map.xml"), { client });
    const first = await gather(reader);
    expect([[...first.texts.keys()].sort(), first.skipped]).toEqual([
      ["old", "undated"],
      ["broken: unreadable"],
    ]);

    host.taken();
    files.set("/broken", "mended");
    const second = await gather(reader, { mark: first.mark });
    const asked = new Map(host.asked.map(({ path, headers }) => [path, headers["if-modified-since"]]));
    expect([...asked.keys()].sort()).toEqual(["/broken", "/map.xml", "/undated"]);
    expect([asked.get("/broken"), Date.parse(asked.get("/undated")!) > 0]).toEqual([undefined, true]);
    expect(second.texts.get("broken")).toBe("mended");

    host.taken();
    files.set("/map.xml", urlset(["/old", new Date().toISOString()], ["/broken", "2020-01-01"]));
    expect([...(await gather(reader, { mark: second.mark })).texts.keys()]).toEqual(["old"]);
  });

  test("a look that is stopped goes on behind its last mark", async () => {
    const paths = Array.from({ length: 120 }, (_, number) => `/page${number}`);
    files.set("/map.xml", urlset(...paths.map((path) => [path] as const)));
    for (const path of paths) files.set(path, path);
    const controller = new AbortController();
    const { answering } = host;
    host.answering = (asked, answer) => {
      if (host.asked.length === 80) controller.abort();
      return answering(asked, answer);
    };
    const reader = readerOf("sitemap", host.url("/map.xml"), { client });
    const first = await gather(reader, { signal: controller.signal });
    host.answering = answering;
    // The map and 79 pages were asked for, the last of them in vain.
    expect([first.error, first.marks.length]).toEqual([null, 78]);
    host.taken();
    const second = await gather(reader, { mark: first.mark });
    expect(host.taken()).toHaveLength(1 + 120 - 78);
    expect(new Set([...first.texts.keys(), ...second.texts.keys()]).size).toBe(120);
  });

  test("a page that is no sitemap is said to be none, a host that wants peace gets it", async () => {
    files.set("/map.xml", "<html><body>made up</body></html>");
    const reader = readerOf("sitemap", host.url("/map.xml"), { client });
    expect((await gather(reader)).error).toMatchObject({ isLasting: true, name: "SourceFailed" });
    files.set("/map.xml", urlset(["/a"], ["/b"]));
    for (const page of ["/a", "/b"]) files.set(page, { status: 429, headers: { "retry-after": "9" } });
    const { error, mark } = await gather(reader);
    expect([error?.retryAfterMs, mark]).toEqual([9_000, null]);
  });
});

const rss = (...items: string[]) =>
  `<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="urn:made-up"><channel><title>x</title>${items.join("")}</channel></rss>`;

describe("feeds", () => {
  test("RSS 2.0: entries with their contents, and linked pages of the site", async () => {
    files.set(
      "/feed",
      rss(
        `<item><guid>1</guid><title>First &amp; last</title><link>${host.url("/post")}</link><dc:creator>somebody</dc:creator>
         <pubDate>Fri, 02 Jan 2026 00:00:00 GMT</pubDate><content:encoded><![CDATA[<b>made-up-token</b>]]></content:encoded></item>`,
        "<item><guid>2</guid><description>elsewhere</description><link>https://other.example/</link></item>",
      ),
    );
    files.set("/post", "the post itself");
    const reader = readerOf("feed", host.url("/feed"), { client });
    const first = await gather(reader);
    expect(first.error).toBeNull();
    expect(first.texts.get("post")).toMatch(/<b>made-up-token<\/b>\nthe post itself$/);
    expect(first.places.get("post")).toMatchObject({
      source: "feed",
      url: host.url("/post"),
      author: "somebody",
      seenAt: Date.UTC(2026, 0, 2),
    });
    expect(first.texts.get("other.example")).toContain("elsewhere");
    expect(host.taken()).toEqual(["/feed", "/post"]);

    expect((await gather(reader, { mark: first.mark })).texts.size).toBe(0);
    expect(host.taken()).toEqual(["/feed"]);

    files.set("/feed", rss("<item><guid>2</guid><description>changed since</description></item>"));
    const third = await gather(reader, { mark: first.mark });
    expect([...third.texts.values()]).toEqual(["2\nchanged since"]);
  });

  test("an entry whose page could not be read comes again, though the feed is the same", async () => {
    files.set("/feed", rss(`<item><guid>1</guid><link>${host.url("/post")}</link></item>`));
    files.set("/post", { status: 500 });
    const reader = readerOf("feed", host.url("/feed"), { client });
    const first = await gather(reader);
    expect(first.skipped).toEqual(["post: unreadable"]);
    files.set("/post", "now");
    const second = await gather(reader, { mark: first.mark });
    expect(second.texts.get("post")).toMatch(/\nnow$/);
    expect((await gather(reader, { mark: second.mark })).texts.size).toBe(0);
  });

  test.each([
    [
      "Atom",
      `<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>urn:1</id><link rel="self" href="/no"/><link href="/post"/>
       <author><name>somebody</name></author><updated>2026-01-02T00:00:00Z</updated>
       <content type="xhtml"><div><a href="https://x/?t=made-up-token">here</a></div></content></entry></feed>`,
    ],
    [
      "RSS 1.0",
      `<rdf:RDF xmlns:rdf="urn:rdf" xmlns:dc="urn:dc"><channel/><item rdf:about="urn:1"><link>/post</link><dc:creator>somebody</dc:creator>
       <dc:date>2026-01-02</dc:date><description>made-up-token</description></item></rdf:RDF>`,
    ],
    [
      "JSON Feed",
      JSON.stringify({
        version: "https://jsonfeed.org/version/1.1",
        items: [
          {
            id: 7,
            url: "/post",
            authors: [{ name: "somebody" }],
            date_modified: "2026-01-02",
            content_html: "made-up-token",
          },
        ],
      }),
    ],
  ])("%s", async (_name, feed) => {
    files.set("/feed", feed);
    const { texts, places, skipped, error } = await gather(readerOf("feed", host.url("/feed"), { client }));
    expect([skipped, error]).toEqual([["post: unreadable"], null]);
    expect(texts.get("post")).toContain("made-up-token");
    expect(places.get("post")).toMatchObject({
      author: "somebody",
      seenAt: Date.UTC(2026, 0, 2),
      url: host.url("/post"),
    });
  });

  test("damaged XML is read as far as it goes, and as it stands", async () => {
    files.set(
      "/feed",
      `${rss("<item><guid>1</guid><title>a&nbsp;b</title></item>").slice(0, -10)}<item><b>made-up-token`,
    );
    const { texts, skipped } = await gather(readerOf("feed", host.url("/feed"), { client }));
    expect(skipped).toEqual(["feed: unreadable"]);
    expect(texts.get("feed")).toMatch(/made-up-token\n1\na&nbsp;b$/);
    files.set(
      "/feed",
      rss("<item><title>a & b</title></item><item><title>made-up-token &amp; c</title></item>"),
    );
    expect((await gather(readerOf("feed", host.url("/feed"), { client }))).texts.get("feed")).toContain(
      "made-up-token",
    );
    files.set("/feed", "<html/>");
    expect((await gather(readerOf("feed", host.url("/feed"), { client }))).error?.isLasting).toBe(true);
  });

  test("charsets are those of the answer or of the XML", async () => {
    const bytes = Buffer.from(
      '<?xml version="1.0" encoding="ISO-8859-1"?><rss><item><title>\xfcber</title></item></rss>',
      "latin1",
    );
    files.set("/feed", bytes);
    expect([...(await gather(readerOf("feed", host.url("/feed"), { client }))).texts.values()]).toEqual([
      "über",
    ]);
  });

  test("ten thousand elements deep or side by side, and a billion laughs: all end at once", async () => {
    files.set("/feed", `<rss><item>${"<a>".repeat(10_000)}made-up${"</a>".repeat(10_000)}</item></rss>`);
    const reader = readerOf("feed", host.url("/feed"), { client });
    expect((await gather(reader)).skipped).toEqual(["feed: too_deep"]);

    files.set("/feed", rss(`<item>${"<a/>".repeat(10_001)}</item>`));
    expect((await gather(reader)).skipped).toEqual(["feed: too_many"]);

    const entities = Array.from(
      { length: 30 },
      (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`,
    ).join("");
    const outside = '<!ENTITY file SYSTEM "file:///etc/passwd">';
    files.set(
      "/feed",
      `<!DOCTYPE rss [<!ENTITY l0 "lol">${entities}${outside}]>${rss("<item><title>&l30;&file;</title></item>")}`,
    );
    const { texts } = await gather(reader);
    // The feed as it stands, and its one entry.
    expect(texts.get("feed")!.endsWith("</rss>\n&l30;&file;")).toBe(true);
    expect(texts.get("feed")!.length).toBeLessThan(10_000);
  });
});
