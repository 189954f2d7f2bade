import { keyed } from "../rules/digest.ts";
import { signingInput } from "../rules/jwt.ts";
import { anchorAt, type Keyed } from "../rules/matcher/keyed.ts";
import type { Pepper } from "../rules/pepper.ts";
import { bareText, TOKEN_BYTES_MAX, TOKEN_BYTES_MIN } from "../rules/token.ts";
import { isSpelled } from "./fields.ts";
import type { RequestHead } from "./normalize.ts";
import { SeenHosts } from "./seen/hosts.ts";
import { CredentialNames, PATH_POINT, seenPoints } from "./seen/names.ts";
import { OTHER_PLACE, type SeenAt, SeenTable } from "./seen/table.ts";

/** Values of one request that are counted, the first ones. */
const VALUES_MAX = 8;
/** Pairs of a query, or of a cookie field, whose names are looked at. */
const PAIRS_MAX = 64;
/** A token with a scheme or quotes around it. */
const TEXT_MAX = TOKEN_BYTES_MAX + 64;
/** Longer words before a blank are no schemes. */
const SCHEME_MAX = 32;
const POINT_BITS = 8;
const UNKNOWN = -1;
const BLANK = 32;
const COLON = 58;

const fieldNames = new CredentialNames("header");
const queryNames = new CredentialNames("query");
const cookieNames = new CredentialNames("cookie");
const AUTHORIZATION = fieldNames.pointOf("authorization");
const AUTHORIZATION_LETTERS = Buffer.from("authorization");

/** Where the values of one request lie while they are looked at; overwritten before the look is over. */
const scratch = Buffer.alloc(TEXT_MAX);
/** The same bytes, without what a Buffer's methods cost. */
const bytes = new Uint8Array(scratch.buffer, scratch.byteOffset, scratch.length);

/** What is known of a value at one place, in words. */
export interface SeenPlace {
  readonly requests: number;
  /** Milliseconds since 1970, exact to the second. */
  readonly first: number;
  readonly last: number;
  readonly point: string;
  readonly host: string;
  readonly addresses: number;
}

/**
 * The values of requests that look like credentials, so that people can ask in how many requests a leak's tokens came.
 * Of a value its keyed anchor, fingerprint and length are kept, in a fixed amount of memory, and nothing that a file
 * ever sees; its bytes are overwritten in the same turn. Values are taken from `Authorization`, Basic credentials
 * (each half), fields, query parameters and cookies with names that speak of credentials, and from `/bot<token>/`;
 * in the canonical form, so that they are those of a registered token. Bodies are not looked at. bench/seen.ts has
 * what it costs.
 */
export class SeenValues {
  /** Milliseconds since 1970. */
  readonly since: number;
  private readonly keyed: Keyed;
  private readonly table: SeenTable;
  private readonly hosts: SeenHosts;
  /** Of the request at hand: how many values may still be counted, who sent it to whom, and when. */
  private left = 0;
  private hostText = "";
  private host = UNKNOWN;
  private address = 0;
  private nowMs = 0;
  /** Seconds since the table began. */
  private now = 0;
  private written = 0;

  /** Room for so many values, 32 bytes each. */
  constructor(pepper: Pepper, values: number, now: number) {
    this.since = now;
    this.keyed = keyed(pepper);
    this.table = new SeenTable(values);
    this.hosts = new SeenHosts(() => new Set([...this.table.places()].map((place) => place >>> POINT_BITS)));
  }

  /** Values that others pushed out. */
  get forgotten(): number {
    return this.table.forgotten;
  }

  /** Counts the values of a request that passes; `address` is a bit that stands for the client's (see addressBit). */
  note(head: RequestHead, address: number, nowMs: number): void {
    const { presented, basic, target } = head;
    const question = target.indexOf("?");
    const isBot = target.startsWith("/bot");
    if (presented === null && question < 0 && !isBot) return;
    this.left = VALUES_MAX;
    this.hostText = head.host;
    this.host = UNKNOWN;
    this.address = address;
    this.nowMs = nowMs;
    this.now = Math.max(0, Math.floor((nowMs - this.since) / 1_000));
    if (presented !== null) this.fields(presented);
    if (basic !== null) for (const credentials of basic) this.basic(credentials);
    if (question >= 0) this.pairs(target, question + 1, "&", queryNames);
    if (isBot) {
      const end = target.indexOf("/", 4);
      this.encoded(target.slice(4, end < 0 ? undefined : end), PATH_POINT);
    }
    bytes.fill(0, 0, this.written);
    this.written = 0;
    // It is cut from the request's text, and would keep all of it in memory.
    this.hostText = "";
  }

  /** What is kept of a registered token, place by place; null where it was not seen. */
  of(anchor: number, fingerprint: number, length: number): SeenPlace[] | null {
    const found = this.table.of(anchor | 0, fingerprint, length);
    return found === null ? null : found.map((each) => this.inWords(each));
  }

  private inWords({ count, first, last, place, addresses }: SeenAt): SeenPlace {
    const isOther = place === OTHER_PLACE;
    return {
      requests: count,
      first: this.since + first * 1_000,
      last: this.since + last * 1_000,
      point: seenPoints[isOther ? 0 : place & ((1 << POINT_BITS) - 1)]!,
      host: this.hosts.nameOf(isOther ? 0 : place >>> POINT_BITS),
      addresses,
    };
  }

  /** Names and values in turn, as normalize found them. */
  private fields(presented: readonly string[]): void {
    for (let at = 0; at + 1 < presented.length; at += 2) {
      const name = presented[at]!;
      if (name.length === 6 && name.toLowerCase() === "cookie") {
        this.pairs(presented[at + 1]!, 0, ";", cookieNames);
        continue;
      }
      const point = isAuthorization(name) ? AUTHORIZATION : fieldNames.pointOf(name);
      if (point > 0) this.value(presented[at + 1]!, point);
    }
  }

  private pairs(text: string, from: number, delimiter: string, names: CredentialNames): void {
    let at = from;
    for (let pairs = 0; pairs < PAIRS_MAX && at < text.length; pairs++) {
      const next = text.indexOf(delimiter, at);
      const end = next < 0 ? text.length : next;
      while (text.charCodeAt(at) === BLANK) at++;
      const equals = text.indexOf("=", at);
      if (equals < 0) return;
      if (equals < end && end - equals > TOKEN_BYTES_MIN) {
        const point = names.pointOf(text.slice(at, equals));
        if (point > 0) this.encoded(text.slice(equals + 1, end), point);
      }
      at = end + 1;
    }
  }

  /** User and password; what they look like on the wire is among the fields. */
  private basic(credentials: string): void {
    if (credentials.length > TEXT_MAX) return;
    const end = scratch.write(credentials, 0, "base64");
    this.written = Math.max(this.written, end);
    const colon = bytes.subarray(0, end).indexOf(COLON);
    if (colon < 0) return;
    for (const [from, to] of [
      [0, colon],
      [colon + 1, end],
    ] as const)
      if (this.takes(to - from)) this.see(from, to, this.placeOf(AUTHORIZATION));
  }

  private value(text: string, point: number): void {
    const { length } = text;
    if (length < TOKEN_BYTES_MIN || length > TEXT_MAX) return;
    const last = text.charCodeAt(length - 1);
    if (last === 34 || last === 39 || last === 96) {
      // Quotes: rare enough for the way that intake takes.
      const bare = bareText(text);
      if (bare.length < length) this.value(bare, point);
      return;
    }
    const start = behindScheme(text);
    if (start < 0 || !this.takes(length - start)) return;
    if (isLikeJwt(text, start)) this.jwt(text, start, this.placeOf(point));
    else this.text(text, start, length, this.placeOf(point));
  }

  /** The value of a pair, whose percent-encoding is undone. */
  private encoded(text: string, point: number): void {
    if (text.length > TEXT_MAX) return;
    if (!text.includes("%")) this.value(text, point);
    else this.value(undone(text), point);
  }

  /** A JWT counts by what its signature signs. Whether it is one is only worth a look where that is not known. */
  private jwt(text: string, start: number, place: number): void {
    const first = text.indexOf(".", start);
    const second = first < 0 ? -1 : text.indexOf(".", first + 1);
    if (second - start < TOKEN_BYTES_MIN) {
      this.text(text, start, text.length, place);
      return;
    }
    const { keyed, table } = this;
    this.write(text, second);
    const anchor = anchorAt(keyed.words, bytes, second);
    const fingerprint = keyed.fingerprintIn(bytes, start, second);
    const length = second - start;
    if (table.meet(anchor, fingerprint, length, place, this.address, this.now)) return;
    if (signingInput(text.slice(start)) === null) this.text(text, start, text.length, place);
    else table.see(anchor, fingerprint, length, place, this.address, this.now);
  }

  private text(text: string, start: number, end: number, place: number): void {
    this.write(text, end);
    this.see(start, end, place);
  }

  private write(text: string, end: number): void {
    // A call out of JavaScript costs as much as a hundred characters.
    if (end > 128) scratch.latin1Write(text, 0, end);
    else for (let at = 0; at < end; at++) bytes[at] = text.charCodeAt(at);
    this.written = Math.max(this.written, end);
  }

  private takes(length: number): boolean {
    return length >= TOKEN_BYTES_MIN && length <= TOKEN_BYTES_MAX && this.left-- > 0;
  }

  private placeOf(point: number): number {
    if (this.host === UNKNOWN) this.host = this.hosts.numberOf(this.hostText, this.nowMs);
    return point | (this.host << POINT_BITS);
  }

  private see(start: number, end: number, place: number): void {
    const { keyed, table } = this;
    const anchor = anchorAt(keyed.words, bytes, end);
    const fingerprint = keyed.fingerprintIn(bytes, start, end);
    table.see(anchor, fingerprint, end - start, place, this.address, this.now);
  }
}

/** One of 32 bits that stands for an address: many addresses show as many bits, and no bit says which they were. */
export function addressBit(address: string): number {
  let mixed = 0;
  for (let at = 0; at < address.length; at++) mixed = Math.imul(mixed ^ address.charCodeAt(at), 0x01000193);
  return 1 << (Math.imul(mixed, 0x9e3779b1) >>> 27);
}

/** Where the text begins, or what stands behind its scheme; -1 where there are more words. */
function behindScheme(text: string): number {
  const blank = text.indexOf(" ");
  if (blank < 0) return 0;
  if (blank === 0 || blank > SCHEME_MAX) return -1;
  let start = blank + 1;
  while (text.charCodeAt(start) === BLANK) start++;
  return text.includes(" ", start) ? -1 : start;
}

/** By far the most usual of the names, told without hashing it. */
function isAuthorization(name: string): boolean {
  return name.length === AUTHORIZATION_LETTERS.length && isSpelled(name, 0, AUTHORIZATION_LETTERS);
}

/** Whether it begins as a JSON object in base64 does: `eyJ`. */
function isLikeJwt(text: string, start: number): boolean {
  return (
    text.charCodeAt(start) === 101 && text.charCodeAt(start + 1) === 121 && text.charCodeAt(start + 2) === 74
  );
}

/** Without percent-encoding; what is broken stays as it is. */
function undone(text: string): string {
  return text.replaceAll(/%[0-9A-Fa-f]{2}/g, (spelled) =>
    String.fromCharCode(Number.parseInt(spelled.slice(1), 16)),
  );
}
