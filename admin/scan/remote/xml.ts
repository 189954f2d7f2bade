import { SaxesParser, type SaxesTagPlain } from "saxes";
import type { SkipReason } from "../source.ts";

/** A child of a record, with all text within it: values of attributes and of elements below are part of it. */
export interface XmlPart {
  /** Without prefix. */
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
}

/** One element of a list: an `item`, an `entry`, a `url`. */
export interface XmlRecord {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly parts: readonly XmlPart[];
}

/** What follows cannot be read; what came before counts. */
export class XmlBroken extends Error {
  readonly why: SkipReason;

  constructor(why: SkipReason) {
    super(`the XML cannot be read (${why})`);
    this.why = why;
  }
}

const DEPTH_MAX = 100;
/** Of one record. */
const PARTS_MAX = 10_000;
/** Feeds have `&nbsp;` and a stray `&`; what has more faults is no XML. */
const FAULTS_MAX = 1_000;

/**
 * Reads records out of XML as it comes. Declared entities are not known, so that none is expanded or fetched: a reference to
 * one stays as it is written. Throws XmlBroken where the text is nested more than a hundred deep, a record has more than
 * 10,000 parts, or it is no XML.
 */
export class XmlReader {
  /** Name of the outermost element, once it was met. */
  root: string | null = null;
  private readonly parser = new SaxesParser();
  private readonly names: ReadonlySet<string>;
  private depth = 0;
  private faults = 0;
  private ready: XmlRecord[] = [];
  private record: { at: number; name: string; attributes: Record<string, string>; parts: XmlPart[] } | null =
    null;
  private part: { name: string; attributes: Record<string, string>; texts: string[] } | null = null;

  constructor(names: readonly string[]) {
    this.names = new Set(names);
    this.parser.on("opentag", (tag) => this.open(tag as SaxesTagPlain));
    this.parser.on("closetag", () => this.close());
    this.parser.on("text", (text) => this.part?.texts.push(text));
    this.parser.on("cdata", (text) => this.part?.texts.push(text));
    this.parser.on("error", () => {
      if (++this.faults > FAULTS_MAX) throw new XmlBroken("unreadable");
    });
  }

  /** `contentType`: of the answer; its charset counts before the one that the XML declares (RFC 7303 section 3). */
  async *records(bytes: AsyncIterable<Buffer>, contentType: string | undefined): AsyncGenerator<XmlRecord> {
    let decoder: InstanceType<typeof TextDecoder> | null = null;
    for await (const chunk of bytes) {
      decoder ??= new TextDecoder(charsetOf(chunk, contentType));
      this.parser.write(decoder.decode(chunk, { stream: true }));
      yield* this.taken();
    }
    if (this.depth > 0) throw new XmlBroken("unreadable");
  }

  /** There were faults. Behind a stray `&` all is its name up to the next `;`, so that whole records may be missing. */
  get isDamaged(): boolean {
    return this.faults > 0;
  }

  private taken(): XmlRecord[] {
    const ready = this.ready;
    this.ready = [];
    return ready;
  }

  private open({ name, attributes }: SaxesTagPlain): void {
    this.root ??= localName(name);
    if (++this.depth > DEPTH_MAX) throw new XmlBroken("too_deep");
    if (this.part !== null)
      this.part.texts.push(" ", ...Object.values(attributes).flatMap((value) => [value, " "]));
    else if (this.record !== null) this.part = { name: localName(name), attributes, texts: [] };
    else if (this.names.has(localName(name)))
      this.record = { at: this.depth, name: localName(name), attributes, parts: [] };
  }

  private close(): void {
    const { record, part } = this;
    if (record !== null && part !== null && this.depth === record.at + 1) {
      if (record.parts.length === PARTS_MAX) throw new XmlBroken("too_many");
      record.parts.push({ name: part.name, attributes: part.attributes, text: part.texts.join("") });
      this.part = null;
    } else if (record !== null && this.depth === record.at) {
      this.ready.push({ name: record.name, attributes: record.attributes, parts: record.parts });
      this.record = null;
    }
    this.depth--;
  }
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

/** A label that TextDecoder knows, UTF-8 where nothing is said or nobody knows it. */
function charsetOf(head: Buffer, contentType = ""): string {
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff))
    return head[0] === 0xff ? "utf-16le" : "utf-16be";
  const declared = /^[^>]{0,200}?encoding\s{0,9}=\s{0,9}["']([\w.:-]{1,40})/.exec(
    head.toString("latin1", 0, 256),
  );
  const label = /charset\s{0,9}=\s{0,9}"?([\w.:-]{1,40})/i.exec(contentType)?.[1] ?? declared?.[1] ?? "utf-8";
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return "utf-8";
  }
}
