import { TOKEN_BYTES_MAX, TOKEN_BYTES_MIN } from "../rules/token.ts";
import { type Part, partsOfHead } from "./points/head.ts";
import { pairsOfForm, stringsOfJson } from "./points/pairs.ts";
import { Language, unspell } from "./points/unspell.ts";

/*
 * The whole values of a request that may be a token (6 to 4,096 bytes), for tokens of which only a hash is known. Pure,
 * and taken out part by part: how many are looked at is the caller's choice, so the likely ones come first and ordinary
 * fields last. All text is latin1, a character a byte. The same value may come several times.
 *
 * What is pushed into `values` and not yielded spares a third of the time (bench/views.ts, head, hash-only tokens).
 */

/** Names of points under which APIs take credentials. */
const LIKELY = /auth|key|token|secret|pass|pwd|cred|sess|sid|jwt|bearer|sig/i;
/** Fields that every client sends, and that hardly an API takes a credential from. */
const ORDINARY =
  /^header (?:host|accept|user-agent|content-|connection|cache-control|pragma|sec-|x-forwarded-|x-request-id|date|te$|dnt|priority|origin|if-|via|range|upgrade)/i;

/** `head` as it is serialised; `basic` the credentials of its Basic fields, in base64. */
export function* candidatesInHead(head: string, basic: readonly string[] | null): Generator<Part> {
  if (basic !== null) {
    const values: string[] = [];
    for (const credentials of basic)
      inUserPass(Buffer.from(credentials, "base64").toString("latin1"), values);
    for (const text of values) yield { point: "header authorization", text };
  }
  const ranks: Part[][] = [[], [], []];
  for (const part of partsOfHead(head))
    if (part.text.length >= TOKEN_BYTES_MIN) ranks[rankOf(part.point)]!.push(part);
  for (const parts of ranks) {
    for (const part of parts) for (const text of valuesOf(part)) yield { point: part.point, text };
  }
}

/**
 * A whole body, in UTF-8: the strings of JSON, the values of a form, or else the body itself. Where in JSON a string
 * stands is left to a look after the hit: a pointer for every string costs more than hashing it.
 */
export function* candidatesInBody(contentType: string, body: string): Generator<Part> {
  const type = contentType.toLowerCase();
  if (type.startsWith("multipart/")) return;
  const isJson = type.includes("json") || /^(?:\u00ef\u00bb\u00bf)?\s*[[{"]/.test(body);
  const isForm = !isJson && (type.includes("form-urlencoded") || /^[^\s=&<]{1,256}=/.test(body));
  for (const isLikely of [true, false]) {
    if (isJson) yield* inJson(body, isLikely);
    if (isForm) yield* inForm(body, isLikely);
  }
  if (isJson) return;
  const values: string[] = [];
  plain(body.trim(), values);
  for (const text of values) yield { point: "body", text };
}

/** Any text that is about to be recorded, taken apart at whatever may stand around a value. */
export function candidatesInText(text: string): string[] {
  const values: string[] = [];
  push(text, values);
  for (const view of [text, undone(text, Language.percent)]) {
    for (const piece of view.split(/[/?&;,\s]/)) decoded(afterEquals(piece), values);
    for (const piece of view.split(/[/\s]/)) decoded(piece, values);
    for (const word of view.split(/[^A-Za-z0-9_.~+/=-]/)) push(word, values);
    for (const word of view.split(/[^A-Za-z0-9_-]/)) push(word, values);
  }
  return values;
}

/** What a string of JSON, as it is spelled there, may stand for. */
export function valuesOfString(text: string): string[] {
  const values: string[] = [];
  plain(undone(text, Language.escape), values);
  return values;
}

function rankOf(point: string): 0 | 1 | 2 {
  if (LIKELY.test(point.slice(point.indexOf(" ") + 1))) return 0;
  return ORDINARY.test(point) ? 2 : 1;
}

function valuesOf({ point, text }: Part): string[] {
  const values: string[] = [];
  if (point === "path") inPath(text, values);
  else if (point.startsWith("query ")) inPair(text.includes("=") ? afterEquals(text) : text, values);
  else if (point.startsWith("cookie ")) decoded(text.trim(), values);
  else inField(text, values);
  return values;
}

/** A field's value; what stands behind a scheme; each member of a list; each parameter's value. */
function inField(value: string, values: string[]): void {
  plain(value, values);
  if (value.includes(",")) for (const member of split(value, ",")) plain(member, values);
  if (value.includes("=")) for (const pair of split(value, ",;& \t")) plain(afterEquals(pair), values);
}

/** `/bot<token>/` is how Telegram takes its tokens. */
function inPath(path: string, values: string[]): void {
  for (const segment of path.split("/")) {
    if (segment.length < TOKEN_BYTES_MIN) continue;
    decoded(segment, values);
    if (segment.startsWith("bot")) decoded(segment.slice(3), values);
    if (segment.includes("=")) decoded(afterEquals(segment), values);
  }
}

/** A value of a query or form, `+` as itself and as a blank. */
function inPair(value: string, values: string[]): void {
  decoded(value, values);
  if (value.includes("+")) plain(undone(value.replaceAll("+", " "), Language.percent), values);
}

/** User and password: a colon may stand in either. */
function inUserPass(credentials: string, values: string[]): void {
  push(credentials, values);
  const [first, last] = [credentials.indexOf(":"), credentials.lastIndexOf(":")];
  if (first < 0) return;
  for (const colon of first === last ? [first] : [first, last]) {
    push(credentials.slice(0, colon), values);
    push(credentials.slice(colon + 1), values);
  }
}

function* inForm(body: string, isLikely: boolean): Generator<Part> {
  for (const { name, text } of pairsOfForm(body, TOKEN_BYTES_MIN)) {
    if (LIKELY.test(name) !== isLikely) continue;
    const values: string[] = [];
    inPair(text.trimEnd(), values);
    for (const value of values) yield { point: `body form ${name}`, text: value };
  }
}

function* inJson(body: string, isLikely: boolean): Generator<Part> {
  for (const { name, text } of stringsOfJson(body, TOKEN_BYTES_MIN)) {
    if (LIKELY.test(name) !== isLikely) continue;
    for (const value of valuesOfString(text)) yield { point: "body", text: value };
  }
}

/** As it stands, and percent-decoded. */
function decoded(value: string, values: string[]): void {
  plain(value, values);
  if (value.includes("%")) plain(undone(value, Language.percent), values);
}

/** As it stands; without quotes; and what follows a first word (`Bearer x`). */
function plain(value: string, values: string[]): void {
  push(value, values);
  const bare = unquoted(value);
  if (bare !== value) push(bare, values);
  const scheme = schemeEnd(bare);
  if (scheme > 0) push(unquoted(bare.slice(scheme).trim()), values);
}

function push(value: string, values: string[]): void {
  if (value.length >= TOKEN_BYTES_MIN && value.length <= TOKEN_BYTES_MAX) values.push(value);
}

/** Where the blank behind a first word stands, or -1: a word in quotes, of a list or with a parameter is no scheme. */
function schemeEnd(value: string): number {
  const blank = value.search(/[ \t]/);
  return blank > 0 && blank <= 64 && !/["=,]/.test(value.slice(0, blank)) ? blank : -1;
}

function afterEquals(pair: string): string {
  return pair.slice(pair.indexOf("=") + 1);
}

function unquoted(value: string): string {
  const quote = value[0];
  const isQuoted = (quote === '"' || quote === "'" || quote === "`") && value.length >= 2;
  return isQuoted && value.endsWith(quote) ? value.slice(1, -1) : value;
}

/** The pieces between delimiters that stand in no double quotes (RFC 9110 section 5.6.4), but for short ones. */
function split(value: string, delimiters: string): string[] {
  const pieces: string[] = [];
  let [start, isOpen] = [0, false];
  for (let at = 0; at <= value.length; at++) {
    if (value[at] === '"') isOpen = !isOpen;
    if (at < value.length && (isOpen || !delimiters.includes(value[at]!))) continue;
    if (at - start >= TOKEN_BYTES_MIN) pieces.push(value.slice(start, at).trim());
    start = at + 1;
  }
  return pieces;
}

/** The text with one layer of a spelling undone; itself where nothing is spelled. */
function undone(text: string, language: number): string {
  if (!text.includes(language === Language.percent ? "%" : "\\")) return text;
  const bytes = Buffer.from(text, "latin1");
  const out = Buffer.allocUnsafe(bytes.length);
  const written = unspell(bytes, bytes.length, out, language, true, bytes.length);
  return written === 0 ? text : out.toString("latin1", 0, written);
}
