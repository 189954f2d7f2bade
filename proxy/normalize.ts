import { createRequire } from "node:module";
import type { Limits } from "./config.ts";
import { Field, fieldKindAt, isSpelled, lookAlikeKind } from "./fields.ts";
import { OK, type Parser, spans } from "./llhttp.ts";
import type { ReplyKind } from "./reply.ts";
import { endsLikeCredential } from "./seen/names.ts";
import { copyOfText } from "./wire.ts";

const { METHODS, METHODS_HTTP } = createRequire(import.meta.url)("undici/lib/llhttp/constants.js") as {
  METHODS: Record<string, number>;
  METHODS_HTTP: number[];
};
const USER_AGENT = Buffer.from("user-agent");
const VERSION_LENGTH = "HTTP/1.1".length;
const COLON = 58;
const BLANK = 32;
const CR = 13;
const LF = 10;
const METHOD_NAMES = new Set(Object.keys(METHODS).filter((name) => METHODS_HTTP.includes(METHODS[name]!)));

export const Framing = { none: 0, length: 1, chunked: 2 } as const;

/** What the engine knows of a request once it is certain that every reader understands it alike. */
export class RequestHead {
  method = "";
  /** In origin form (or `*`): what goes upstream. */
  target = "";
  minor = 1;
  /** The client's Host, or the authority of an absolute target; "" for HTTP/1.0 without one. */
  host = "";
  framing = 0;
  contentLength = 0;
  keepAlive = true;
  isWebSocket = false;
  expectsContinue = false;
  acceptsTrailers = false;
  forwardedFor = "";
  requestId = "";
  userAgent = "";
  contentType = "";
  /** All Content-Encoding values, in order, with commas between. */
  contentEncoding = "";
  grpcEncoding = "";
  /** Credentials of `Basic` fields, still in base64; null where there is none. */
  basic: string[] | null = null;
  /** Fields whose values may be credentials, each name before its value; null where there is none. */
  presented: string[] | null = null;
  /** The fields that go on unchanged, each as `Name: value` with CRLF. */
  fields = "";
}

/** As many fields as a head may have at most, whatever the limits say. */
export const FIELDS_MAX = 10_000;
const kinds = new Uint8Array(FIELDS_MAX);
/** Which fields of the head at hand go on, for `keptFields`. */
export const kept = new Uint8Array(FIELDS_MAX);
/** The Host that was found well-formed last: most requests name the same. */
let knownHost = "";

/**
 * normalize: turns the parsed head `bytes[from, to)` into a RequestHead, or says with which reply it is refused.
 * Everything two parsers could read in two ways is refused, not repaired (RFC 9112 sections 3, 5, 6 and 11.2).
 */
export function normalizeRequest(
  parser: Parser,
  bytes: Buffer,
  from: number,
  to: number,
  limits: Limits,
  isTrusted: boolean,
): RequestHead | ReplyKind {
  const text = bytes.latin1Slice(from, to);
  const head = new RequestHead();
  const refused = readStartLine(head, text, limits);
  if (refused !== null) return refused;
  // Folded lines, bare CR or LF, blanks before a colon and control bytes are refused by the strict parser.
  if (parser.executeHead(bytes, from, to) !== OK) return "broken_request";
  if (parser.headerCount > limits.headerCount) return "too_many_fields";
  return readFields(head, parser, text, from, isTrusted);
}

function readStartLine(head: RequestHead, text: string, limits: Limits): ReplyKind | null {
  const end = text.indexOf("\r\n");
  const first = text.indexOf(" ");
  const last = text.indexOf(" ", first + 1);
  if (first <= 0 || last < 0 || last > end) return "broken_request";
  if (last - first - 1 > limits.targetBytes) return "target_too_long";
  // The raw bytes decide: the parser takes RTSP/1.0 and ICE/1.0 for HTTP/1.0, and HTTP/2.0 for a version of its own.
  const isWhole = end === last + 1 + VERSION_LENGTH;
  if (isWhole && text.startsWith("HTTP/1.1", last + 1)) head.minor = 1;
  else if (isWhole && text.startsWith("HTTP/1.0", last + 1)) head.minor = 0;
  else return "broken_request";
  head.method = text.startsWith("GET ") ? "GET" : text.slice(0, first);
  head.target = text.slice(first + 1, last);
  if (/[\u0000-\u0020\u007f#]/.test(head.target)) return "broken_request";
  if (head.method === "CONNECT") return "connect";
  if (head.method !== "GET" && !METHOD_NAMES.has(head.method))
    return isFieldName(head.method) ? "unknown_method" : "broken_request";
  return null;
}

function readFields(
  head: RequestHead,
  parser: Parser,
  text: string,
  from: number,
  isTrusted: boolean,
): RequestHead | ReplyKind {
  let lengths = 0;
  let encodings = 0;
  let hosts = 0;
  let connection = "";
  let upgrade = "";
  let seen = "";
  const count = parser.headerCount;
  const hasUnderscore = text.includes("_");
  for (let index = 0; index < count; index++) {
    const nameStart = spans[index * 4]! - from;
    const nameEnd = spans[index * 4 + 1]! - from;
    const kind = fieldKindAt(text, nameStart, nameEnd);
    kinds[index] = kind;
    if (kind === Field.other) {
      const alike = hasUnderscore ? lookAlikeKind(text.slice(nameStart, nameEnd)) : Field.other;
      if (alike === Field.other) {
        if (nameEnd - nameStart === USER_AGENT.length && isSpelled(text, nameStart, USER_AGENT))
          head.userAgent = valueAt(text, index, from);
        else if (endsLikeCredential(text, nameStart, nameEnd)) present(head, text, index, from);
        continue;
      }
      if (alike === Field.contentLength || alike === Field.transferEncoding || alike === Field.host)
        return "broken_request";
      kinds[index] = alike >= Field.singleton ? Field.other : alike;
      if (alike === Field.forwardedFor || alike === Field.requestId) kinds[index] = Field.forwarded;
      continue;
    }
    const value = valueAt(text, index, from);
    switch (kind) {
      case Field.host:
        hosts++;
        head.host = value;
        break;
      case Field.contentLength:
        lengths++;
        head.contentLength = lengthOf(value);
        if (head.contentLength < 0) return "broken_request";
        break;
      case Field.transferEncoding:
        encodings++;
        if (value.toLowerCase() !== "chunked") return "broken_request";
        break;
      case Field.connection:
        connection = connection === "" ? value : `${connection},${value}`;
        break;
      case Field.expect:
        if (head.expectsContinue) return "broken_request";
        if (value.toLowerCase() !== "100-continue") return "expectation";
        head.expectsContinue = true;
        break;
      case Field.upgrade:
        upgrade = upgrade === "" ? value : `${upgrade},${value}`;
        break;
      case Field.te:
        head.acceptsTrailers ||= listHas(value, "trailers");
        break;
      case Field.forwardedFor:
        head.forwardedFor = head.forwardedFor === "" ? value : `${head.forwardedFor}, ${value}`;
        break;
      case Field.requestId:
        head.requestId = value;
        break;
      case Field.singleton: {
        const mark = `\n${text.slice(nameStart, nameEnd).toLowerCase()}\n`;
        if (seen.includes(mark)) return "broken_request";
        seen += mark;
        if (mark === "\ncontent-type\n") head.contentType = value;
        break;
      }
      case Field.contentEncoding:
        head.contentEncoding = head.contentEncoding === "" ? value : `${head.contentEncoding},${value}`;
        break;
      case Field.grpcEncoding:
        head.grpcEncoding = value;
        break;
      case Field.authorization:
        present(head, text, index, from);
        if (/^basic[ \t]/i.test(value)) {
          head.basic ??= [];
          head.basic.push(value.slice(6));
        }
        break;
    }
  }
  const broken = frame(head, lengths, encodings) ?? route(head, hosts);
  if (broken !== null) return broken;
  readConnection(head, connection, upgrade);
  const named = connection === "" ? null : namedFields(connection);
  for (let index = 0; index < count; index++) {
    const kind = kinds[index]!;
    const isKept = kind === Field.other || kind >= Field.singleton || (kind === Field.forwarded && isTrusted);
    kept[index] = isKept && !(named?.includes(nameAt(text, index, from).toLowerCase()) ?? false) ? 1 : 0;
  }
  head.fields = keptFields(text, count, from);
  return head;
}

function present(head: RequestHead, text: string, index: number, from: number): void {
  head.presented ??= [];
  head.presented.push(nameAt(text, index, from), valueAt(text, index, from));
}

/**
 * The fields marked in `kept`, each as `Name: value` with CRLF. Lines that are written so already, as most are, are
 * taken over in one piece with their neighbours.
 */
export function keptFields(text: string, count: number, from: number): string {
  let fields = "";
  let start = 0;
  let end = 0;
  for (let index = 0; index < count; index++) {
    if (kept[index] === 0) continue;
    const at = spans[index * 4]! - from;
    const lineEnd = plainLineEnd(text, index, from);
    if (lineEnd === 0 || at !== end) {
      fields += text.slice(start, end);
      start = lineEnd === 0 ? end : at;
    }
    if (lineEnd === 0) fields += `${nameAt(text, index, from)}: ${valueAt(text, index, from)}\r\n`;
    else end = lineEnd;
  }
  return fields + text.slice(start, end);
}

/** Where the field's line ends, CRLF included, if it is `Name: value` with one blank; else 0. */
function plainLineEnd(text: string, index: number, from: number): number {
  const nameEnd = spans[index * 4 + 1]! - from;
  const start = spans[index * 4 + 2]! - from;
  const end = spans[index * 4 + 3]! - from;
  const isPlain =
    start === nameEnd + 2 &&
    end > start &&
    text.charCodeAt(nameEnd) === COLON &&
    text.charCodeAt(nameEnd + 1) === BLANK &&
    text.charCodeAt(end - 1) > BLANK &&
    text.charCodeAt(end) === CR &&
    text.charCodeAt(end + 1) === LF;
  return isPlain ? end + 2 : 0;
}

/** The body's framing, where it is certain (RFC 9112 section 6.1 and 6.3). */
function frame(head: RequestHead, lengths: number, encodings: number): ReplyKind | null {
  if (lengths + encodings > 1) return "broken_request";
  if (encodings === 1) {
    if (head.minor === 0) return "broken_request";
    head.framing = Framing.chunked;
  } else if (lengths === 1) {
    head.framing = Framing.length;
  }
  return null;
}

/** Host and target agree on one authority (RFC 9112 section 3.2). */
function route(head: RequestHead, hosts: number): ReplyKind | null {
  if (hosts > 1 || (hosts === 0 && head.minor === 1)) return "missing_host";
  if (hosts === 1 && head.host !== knownHost) {
    if (!/^[A-Za-z0-9._~%:[\]-]{1,260}$/.test(head.host)) return "missing_host";
    knownHost = copyOfText(head.host);
  }
  const { target } = head;
  if (target.startsWith("/")) return null;
  if (target === "*") return head.method === "OPTIONS" ? null : "broken_request";
  const absolute = /^https?:\/\/([A-Za-z0-9._~%:[\]-]{1,260})(?=[/?]|$)/i.exec(target);
  if (absolute === null) return "broken_request";
  const authority = absolute[1]!;
  if (hosts === 1 && authority.toLowerCase() !== head.host.toLowerCase()) return "missing_host";
  head.host = authority;
  const rest = target.slice(absolute[0].length);
  if (rest === "" && head.method === "OPTIONS") head.target = "*";
  else head.target = rest.startsWith("/") ? rest : `/${rest}`;
  return null;
}

function readConnection(head: RequestHead, connection: string, upgrade: string): void {
  if (head.minor === 0) head.keepAlive = listHas(connection, "keep-alive") && !listHas(connection, "close");
  else head.keepAlive = connection === "" || !listHas(connection, "close");
  // Only WebSocket becomes a tunnel; every other upgrade (h2c above all) is dropped and the request is an ordinary one.
  head.isWebSocket =
    upgrade !== "" &&
    upgrade.toLowerCase() === "websocket" &&
    listHas(connection, "upgrade") &&
    head.minor === 1 &&
    head.method === "GET" &&
    (head.framing === Framing.none || head.contentLength === 0) &&
    head.framing !== Framing.chunked;
}

/** Fields that `Connection` names are for us alone; what the request cannot do without stays. */
function namedFields(connection: string): readonly string[] | null {
  const names = connection
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "close" && name !== "keep-alive" && name !== "upgrade" && name !== "te");
  const dropped = names.filter((name) => name !== "content-type" && name !== "content-encoding");
  return dropped.length === 0 ? null : dropped;
}

/** Whether a comma-separated list holds the word, in any case. */
export function listHas(list: string, word: string): boolean {
  if (list.length === word.length) return list.toLowerCase() === word;
  if (!list.includes(",")) return false;
  return list
    .toLowerCase()
    .split(",")
    .some((member) => member.trim() === word);
}

/** The number of a Content-Length, or -1. Fifteen digits stay below 2^53; the parser itself counts to 2^64. */
export function lengthOf(value: string): number {
  if (value === "" || value.length > 15) return -1;
  let length = 0;
  for (let at = 0; at < value.length; at++) {
    const digit = value.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) return -1;
    length = length * 10 + digit;
  }
  return length;
}

export function nameAt(text: string, index: number, from: number): string {
  return text.slice(spans[index * 4]! - from, spans[index * 4 + 1]! - from);
}

/** A field's value without the blanks around it; the parser leaves those at the end. */
export function valueAt(text: string, index: number, from: number): string {
  const start = spans[index * 4 + 2]! - from;
  let end = spans[index * 4 + 3]! - from;
  while (end > start && (text.charCodeAt(end - 1) === 32 || text.charCodeAt(end - 1) === 9)) end--;
  return text.slice(start, end);
}

function isFieldName(text: string): boolean {
  return text.length <= 64 && /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text);
}
