import { inspect } from "node:util";
import { expiryOf, signingInput } from "./jwt.ts";
import { type Checksum, isLowEntropy, recognize } from "./kinds.ts";
import { LineRefused } from "./linerefused.ts";

/** Shorter ones would meet ordinary text; Wallarm and HasMySecretLeaked draw the same line. */
export const TOKEN_BYTES_MIN = 6;
export const TOKEN_BYTES_MAX = 4096;

export type RefusalReason =
  | "empty"
  | "too_short"
  | "too_long"
  | "whitespace"
  | "control"
  | "redacted"
  | "false_positive";

const REASONS: Record<RefusalReason, string> = {
  empty: "the token is empty",
  too_short: `the token is shorter than ${TOKEN_BYTES_MIN} bytes`,
  too_long: `the token is longer than ${TOKEN_BYTES_MAX} bytes`,
  whitespace: "the token holds white space",
  control: "the token holds control characters",
  redacted: "the token is redacted: a mask stands in its place",
  false_positive: "the token is a false positive, says a rule of the intake",
};

/** Why a text cannot be registered as a token. The message names the reason and the line, never the token. */
export class TokenRefused extends LineRefused {
  readonly code = "TokenRefused";
  readonly reason: RefusalReason;

  /** `rule` is the rule of the intake that refuses it. */
  constructor(reason: RefusalReason, line: number | null, rule: string | null = null) {
    super(rule === null ? REASONS[reason] : `${REASONS[reason]} (${rule})`, line);
    this.reason = reason;
  }
}

/** Words before a token that are not part of it; singletons seen in the field are listed in docs. */
const SCHEME =
  /^(?:bearer|token|basic|apikey|api-key|key|bot|oauth|ssws|geniekey|accesskey|jwt|zoho-oauthtoken)[ \t]+(?=[^ \t]+$)/i;
const FIELD =
  /^(?:authorization|proxy-authorization|x-api-key|api-key|apikey|x-auth-token|x-access-token|private-token|job-token):[ \t]*/i;
const PARAMETER = /^(?:token|access_token|api_key|apikey|key)=(?=["'`])/i;

/** What people should look at before they trust a token as it was given; told from its text alone. */
export type TextWarning = "low_entropy" | "looks_truncated" | "checksum_invalid";

/**
 * Secret bytes that a client presents, in canonical form: scheme and quotes stripped, a JWT cut to its signing
 * input. Lives only until it is digested, and has no way into text.
 */
export class Token {
  /** What format the token has: `github`, `jwt`, ... or `opaque`. */
  readonly kind: string;
  /** Safe to show: at most four leading characters, and only of tokens of 16 bytes and more. */
  readonly preview: string;
  readonly checksum: Checksum;
  readonly warnings: readonly TextWarning[];
  /** When a JWT expires (ms); null where nobody knows. */
  readonly expiresAt: number | null;
  /** Where it stood in a list, from 1; null where it came alone. */
  readonly line: number | null;
  #bytes: Buffer;

  private constructor(bytes: Buffer, text: string, jwt: string | null, line: number | null) {
    this.#bytes = bytes;
    const { kind, checksum, looksTruncated } = recognize(text);
    this.kind = jwt === null ? kind : "jwt";
    this.checksum = jwt === null ? checksum : "none";
    this.preview = previewOf(text, bytes.length);
    this.expiresAt = jwt === null ? null : expiryOf(jwt);
    this.line = line;
    const warnings: TextWarning[] = [];
    if (isLowEntropy(text)) warnings.push("low_entropy");
    if (jwt === null && looksTruncated) warnings.push("looks_truncated");
    if (this.checksum === "invalid") warnings.push("checksum_invalid");
    this.warnings = warnings;
  }

  /** Parses one line; throws TokenRefused. */
  static parse(text: string, line: number | null = null): Token {
    const stripped = bareText(text);
    const jwt = signingInput(stripped);
    const canonical = jwt ?? stripped;
    const refusal = refusalOf(canonical);
    if (refusal !== null) throw new TokenRefused(refusal, line);
    return new Token(Buffer.from(canonical, "utf8"), canonical, jwt, line);
  }

  /** Bytes of the canonical form; 0 after it was taken. */
  get length(): number {
    return this.#bytes.length;
  }

  /** Hands the bytes to `use`, then overwrites them: a token is digested once. */
  take<T>(use: (bytes: Buffer) => T): T {
    try {
      return use(this.#bytes);
    } finally {
      this.#bytes.fill(0);
      this.#bytes = Buffer.alloc(0);
    }
  }

  toString(): string {
    return "Token(masked)";
  }

  toJSON(): string {
    return "Token(masked)";
  }

  [inspect.custom](): string {
    return "Token(masked)";
  }
}

/** Without the scheme, field name and quotes that may stand around a token. */
export function bareText(text: string): string {
  let rest = text.trim();
  for (;;) {
    const before = rest;
    rest = rest.replace(FIELD, "").replace(SCHEME, "").replace(PARAMETER, "");
    const quote = rest[0];
    if (rest.length >= 2 && (quote === '"' || quote === "'" || quote === "`") && rest.endsWith(quote))
      rest = rest.slice(1, -1);
    if (rest === before) return rest;
  }
}

function refusalOf(text: string): RefusalReason | null {
  if (text === "") return "empty";
  if (/\s/.test(text)) return "whitespace";
  // Half a surrogate pair has no bytes of its own: another token would be stored in its place.
  if (/[\u0000-\u001f\u007f-\u009f]|\p{Surrogate}/u.test(text)) return "control";
  if (isRedacted(text)) return "redacted";
  const bytes = Buffer.byteLength(text, "utf8");
  if (bytes < TOKEN_BYTES_MIN) return "too_short";
  return bytes > TOKEN_BYTES_MAX ? "too_long" : null;
}

function isRedacted(text: string): boolean {
  return (
    /\*{3}|…|\.{3}|•{3}/.test(text) ||
    /^[<[({]?(?:redacted|masked|removed|hidden)[>\])}]?$/i.test(text) ||
    /^[xX]+$|^\*+$/.test(text)
  );
}

function previewOf(text: string, bytes: number): string {
  // Four letters of other scripts are up to twelve bytes, and a cut may leave half of one.
  const start = /^[!-~]{4}/.exec(text)?.[0] ?? "";
  return `${bytes >= 16 ? start : ""}****(${bytes})`;
}
