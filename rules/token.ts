import { inspect } from "node:util";
import { signingInput } from "./jwt.ts";

/** Shorter ones would meet ordinary text; Wallarm and HasMySecretLeaked draw the same line. */
export const TOKEN_BYTES_MIN = 6;
export const TOKEN_BYTES_MAX = 4096;

export type RefusalReason = "empty" | "too_short" | "too_long" | "whitespace" | "control" | "redacted";

const REASONS: Record<RefusalReason, string> = {
  empty: "the token is empty",
  too_short: `the token is shorter than ${TOKEN_BYTES_MIN} bytes`,
  too_long: `the token is longer than ${TOKEN_BYTES_MAX} bytes`,
  whitespace: "the token holds white space",
  control: "the token holds control characters",
  redacted: "the token is redacted: a mask stands in its place",
};

/** Why a text cannot be registered as a token. The message names the reason and the line, never the token. */
export class TokenRefused extends Error {
  readonly code = "TokenRefused";
  readonly reason: RefusalReason;
  /** Counted from 1; null where the text came alone. */
  readonly line: number | null;

  constructor(reason: RefusalReason, line: number | null) {
    super(line === null ? REASONS[reason] : `line ${line}: ${REASONS[reason]}`);
    this.reason = reason;
    this.line = line;
  }
}

const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^gh[opusr]_|^github_pat_/, "github"],
  [/^gl(?:pat|dt|rt|ptt|cbt|ft|imt|agent|oas|soat)-/, "gitlab"],
  [/^xox[abeprs][-.]|^xapp-/, "slack"],
  [/^[sr]k_(?:test|live|prod)_/, "stripe"],
  [/^(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}$|^ABSK/, "aws"],
  [/^AIza/, "google"],
  [/^sk-ant-/, "anthropic"],
  [/^sk-/, "openai"],
  [/^npm_/, "npm"],
  [/^SG\./, "sendgrid"],
  [/^hv[sb]\./, "vault"],
  [/^glsa_|^glc_/, "grafana"],
  [/^ATATT3/, "atlassian"],
  [/^do[por]_v1_/, "digitalocean"],
  [/^shp(?:at|ca|pa|ss)_/, "shopify"],
  [/^pypi-/, "pypi"],
  [/^hf_/, "huggingface"],
  [/^[0-9]{5,16}:A[A-Za-z0-9_-]{34}$/, "telegram"],
];

/** Words before a token that are not part of it; singletons seen in the field are listed in docs. */
const SCHEME =
  /^(?:bearer|token|basic|apikey|api-key|key|bot|oauth|ssws|geniekey|accesskey|jwt|zoho-oauthtoken)[ \t]+(?=[^ \t]+$)/i;
const FIELD =
  /^(?:authorization|proxy-authorization|x-api-key|api-key|apikey|x-auth-token|x-access-token|private-token|job-token):[ \t]*/i;
const PARAMETER = /^(?:token|access_token|api_key|apikey|key)=(?=["'`])/i;

/**
 * Secret bytes that a client presents, in canonical form: scheme and quotes stripped, a JWT cut to its signing
 * input. Lives only until it is digested, and has no way into text.
 */
export class Token {
  /** What format the token has: `github`, `jwt`, ... or `opaque`. */
  readonly kind: string;
  /** Safe to show: at most four leading characters, and only of tokens of 16 bytes and more. */
  readonly preview: string;
  #bytes: Buffer;

  private constructor(bytes: Buffer, kind: string, preview: string) {
    this.#bytes = bytes;
    this.kind = kind;
    this.preview = preview;
  }

  /** Parses one line; throws TokenRefused. */
  static parse(text: string, line: number | null = null): Token {
    const stripped = strip(text);
    const canonical = signingInput(stripped) ?? stripped;
    const refusal = refusalOf(canonical);
    if (refusal !== null) throw new TokenRefused(refusal, line);
    const bytes = Buffer.from(canonical, "utf8");
    const kind = canonical === stripped ? kindOf(canonical) : "jwt";
    return new Token(bytes, kind, previewOf(canonical, bytes.length));
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

function strip(text: string): string {
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

function kindOf(text: string): string {
  for (const [shape, kind] of KINDS) if (shape.test(text)) return kind;
  return "opaque";
}

function previewOf(text: string, bytes: number): string {
  // Four letters of other scripts are up to twelve bytes, and a cut may leave half of one.
  const start = /^[!-~]{4}/.exec(text)?.[0] ?? "";
  return `${bytes >= 16 ? start : ""}****(${bytes})`;
}
