import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from "node:zlib";
import type { Received } from "../spellings/strict.ts";

type Decode = (body: Buffer) => Buffer;
const inflate: Decode = (body) => {
  try {
    return inflateSync(body);
  } catch {
    return inflateRawSync(body);
  }
};
const CODINGS: Readonly<Record<string, Decode>> = {
  gzip: (body) => gunzipSync(body),
  "x-gzip": (body) => gunzipSync(body),
  deflate: inflate,
  br: (body) => brotliDecompressSync(body),
  identity: (body) => body,
};

/**
 * What a plain server would read from a request that reached it, by decoders that share nothing with the gateway's.
 * Answers how a token is read from it, or null where none is.
 */
export class Oracle {
  private readonly tokens: readonly string[];

  constructor(tokens: readonly string[]) {
    this.tokens = tokens;
  }

  /** A token of ours in the text, with no word character after it. */
  holds(text: string): boolean {
    for (const token of this.tokens) {
      for (let at = text.indexOf(token); at >= 0; at = text.indexOf(token, at + 1)) {
        const next = text[at + token.length];
        if (next === undefined || !/[A-Za-z0-9_-]/.test(next)) return true;
      }
    }
    return false;
  }

  reads(request: Received): string | null {
    if (this.holds(request.target)) return "the target";
    if (this.holdsPercent(request.target)) return "the target, percent-decoded";
    for (const [name, value] of [...request.fields, ...request.trailers]) {
      if (this.holds(`${name}: ${value}`)) return `the field ${name}`;
      const basic = /^basic[ \t]+(.*)$/i.exec(value)?.[1];
      if (
        /^(?:proxy-)?authorization$/i.test(name) &&
        basic !== undefined &&
        this.holds(latin1(basic, "base64"))
      )
        return "Basic credentials";
    }
    if (this.holds(request.body.toString("latin1"))) return "the body";
    const body = decoded(request);
    return body === null ? null : this.readsBody(body, fieldValue(request, "content-type").toLowerCase());
  }

  private readsBody(body: Buffer, type: string): string | null {
    const text = textOf(body);
    if (this.holds(text)) return "the body, decoded";
    if (type.includes("x-www-form-urlencoded") && this.holdsPercent(text)) return "a form, percent-decoded";
    // Within CDATA an entity is none. Where one has no end, readers of XML refuse the text, and those of HTML read another letter.
    const isXml = type.includes("xml") && !text.includes("<![CDATA[") && !UNENDED.test(text);
    if (isXml && this.holds(withoutEntities(text))) return "XML";
    if (!type.includes("json")) return null;
    try {
      return this.holdsJson(JSON.parse(text)) ? "JSON" : null;
    } catch {
      return null;
    }
  }

  private holdsPercent(text: string): boolean {
    let view = text;
    for (let depth = 0; depth < 2 && view.includes("%"); depth++) {
      view = view.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => latin1(hex, "hex"));
      if (this.holds(view)) return true;
    }
    return false;
  }

  /** What an application may do with a string that is JSON or base64 from end to end. */
  private holdsInner(text: string): boolean {
    if (/^[A-Za-z0-9+/_-]{8,}={0,2}$/.test(text)) return this.holds(latin1(text, "base64"));
    if (!/^[[{"]/.test(text)) return false;
    try {
      return this.holdsJson(JSON.parse(text));
    } catch {
      return false;
    }
  }

  private holdsJson(value: unknown): boolean {
    if (typeof value === "string") return this.holds(value) || this.holdsInner(value);
    if (typeof value !== "object" || value === null) return false;
    return Object.entries(value).some(([key, inner]) => this.holds(key) || this.holdsJson(inner));
  }
}

/** A numeric reference without its semicolon (XML 1.0 section 4.1). */
const UNENDED = /&#(?!(?:x[0-9A-Fa-f]{1,6}|[0-9]{1,7});)/;
const latin1 = (text: string, from: BufferEncoding) => Buffer.from(text, from).toString("latin1");

function withoutEntities(text: string): string {
  return text.replaceAll(
    /&#(?:x([0-9A-Fa-f]{1,6})|([0-9]{1,7}));/g,
    (entity, hex?: string, decimal?: string) => {
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code < 256 ? String.fromCharCode(code) : entity;
    },
  );
}

function fieldValue(request: Received, name: string): string {
  const values = request.fields.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value);
  return values.join(",");
}

/** The body without its content codings; null where it cannot be decoded. */
function decoded(request: Received): Buffer | null {
  const codings = fieldValue(request, "content-encoding").toLowerCase();
  let { body } = request;
  try {
    for (const coding of codings.split(",").reverse()) {
      const name = coding.trim();
      if (name !== "") body = CODINGS[name]!(body);
    }
    return body;
  } catch {
    return null;
  }
}

function textOf(body: Buffer): string {
  if (body[0] === 0xff && body[1] === 0xfe) return new TextDecoder("utf-16le").decode(body);
  if (body[0] === 0xfe && body[1] === 0xff) return new TextDecoder("utf-16be").decode(body);
  return body.toString("latin1").replace(/^\xef\xbb\xbf/, "");
}
