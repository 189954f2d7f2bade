import { hash } from "node:crypto";
import { z } from "zod";
import type { SkipReason } from "../source.ts";
import { timeOf } from "./page.ts";
import { XmlBroken, type XmlPart, XmlReader, type XmlRecord } from "./xml.ts";

/** What a feed says of one thing. */
export interface Entry {
  /** Stands for the entry as it is now: changed, it has another one. */
  readonly key: string;
  /** As it is written there. */
  readonly link: string | null;
  readonly author: string | null;
  readonly seenAt: number | null;
  readonly text: string;
}

export interface Entries {
  readonly entries: readonly Entry[];
  /** Why there may be more than these; `unsupported` where it is no feed at all. */
  readonly cut: SkipReason | null;
  /** Entries may be missing, or hold less than they do. */
  readonly isDamaged: boolean;
}

const ENTRIES_MAX = 10_000;
const SLICE_BYTES = 64 * 1024;
const XML_ROOTS = new Set(["rss", "RDF", "feed"]);

const text = z.string().nullish();
const jsonSchema = z.object({
  version: z.string().startsWith("https://jsonfeed.org/version/"),
  items: z.array(z.unknown()),
});
const jsonItemSchema = z.object({
  id: z.union([z.string(), z.number()]).nullish(),
  url: text,
  external_url: text,
  title: text,
  content_html: text,
  content_text: text,
  summary: text,
  date_published: text,
  date_modified: text,
  authors: z.array(z.object({ name: text })).nullish(),
  author: z.object({ name: text }).nullish(),
});

/** The entries of an RSS 0.9 to 2.0, Atom (RFC 4287) or JSON feed. Never rejects. */
export async function entriesOf(bytes: Buffer, contentType: string | undefined): Promise<Entries> {
  const isJson = /^\s*\{/.test(bytes.toString("latin1", 0, 256).replace(/^\u00ef\u00bb\u00bf/, ""));
  const found = isJson ? jsonEntries(bytes) : await xmlEntries(bytes, contentType);
  if (found.entries.length <= ENTRIES_MAX) return found;
  return { ...found, entries: found.entries.slice(0, ENTRIES_MAX), cut: "too_many" };
}

async function xmlEntries(bytes: Buffer, contentType: string | undefined): Promise<Entries> {
  const reader = new XmlReader(["item", "entry"]);
  const entries: Entry[] = [];
  try {
    for await (const record of reader.records(slices(bytes), contentType)) {
      entries.push(xmlEntry(record));
      if (entries.length > ENTRIES_MAX) break;
    }
  } catch (error) {
    if (!(error instanceof XmlBroken)) throw error;
    return { entries, cut: error.why, isDamaged: true };
  }
  const isFeed = XML_ROOTS.has(reader.root ?? "");
  return { entries, cut: isFeed ? null : "unsupported", isDamaged: reader.isDamaged };
}

/** In pieces, between which others have their turn. */
async function* slices(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
    yield bytes.subarray(at, at + SLICE_BYTES);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function xmlEntry({ parts, attributes }: XmlRecord): Entry {
  const first = (...names: string[]) => {
    for (const name of names) {
      const found = parts.find((part) => part.name === name && part.text.trim() !== "");
      if (found !== undefined) return found.text.trim();
    }
    return null;
  };
  const isPage = ({ name, attributes: { rel = "alternate" } }: XmlPart) =>
    name === "link" && rel === "alternate";
  const link = parts.find((part) => isPage(part) && part.attributes.href !== undefined)?.attributes.href;
  return entry({
    id: first("guid", "id") ?? attributes["rdf:about"] ?? null,
    link: link ?? first("link"),
    author: first("creator", "author"),
    updated: first("updated", "modified", "pubDate", "published", "date"),
    texts: parts.flatMap((part) => [...Object.values(part.attributes), part.text]),
  });
}

function jsonEntries(bytes: Buffer): Entries {
  const feed = jsonSchema.safeParse(jsonOf(bytes)).data;
  if (feed === undefined) return { entries: [], cut: "unsupported", isDamaged: true };
  const items = feed.items.slice(0, ENTRIES_MAX + 1).map((item) => jsonItemSchema.safeParse(item).data);
  const entries = items.flatMap((item) => (item === undefined ? [] : jsonEntry(item)));
  const isDamaged = entries.length < items.length;
  return { entries, cut: isDamaged ? "unreadable" : null, isDamaged };
}

function jsonEntry(item: z.output<typeof jsonItemSchema>): Entry {
  const { id, url, external_url, title, summary, content_html, content_text } = item;
  return entry({
    id: id === null || id === undefined ? null : String(id),
    link: url ?? null,
    author: item.authors?.[0]?.name ?? item.author?.name ?? null,
    updated: item.date_modified ?? item.date_published ?? null,
    texts: [title, url, external_url, summary, content_text, content_html].map((each) => each ?? ""),
  });
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString().replace(/^\ufeff/, ""));
  } catch {
    return null;
  }
}

interface Said {
  readonly id: string | null;
  readonly link: string | null;
  readonly author: string | null;
  readonly updated: string | null;
  readonly texts: readonly string[];
}

function entry({ id, link, author, updated, texts }: Said): Entry {
  const whole = texts.filter((each) => each.trim() !== "").join("\n");
  // Without a date the text itself tells whether it is another one.
  const name = JSON.stringify([id ?? link, updated ?? whole]);
  const key = hash("sha256", name, "base64url").slice(0, 16);
  return { key, link, author, seenAt: timeOf(updated), text: whole };
}
