import { copyOfText } from "../wire.ts";

/** What names a place where APIs take credentials ... */
const LIKELY = /auth|key$|token|secret|passw|pwd|cred|sess|sid$|jwt|bearer/i;
/** ... and what only sounds so: these values change with every page or request. */
const UNLIKELY = /csrf|xsrf|idempot|websocket|cache|surrogate|page|next|cont|cursor|sort|author(?!iz)/i;

/** Names that are told apart; any other likely one is `other`. Ours, so that no name of a client's is ever shown. */
const KNOWN = {
  header: [
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "api-key",
    "apikey",
    "x-auth-token",
    "x-access-token",
    "x-api-token",
    "x-auth-key",
    "x-session-token",
    "x-amz-security-token",
    "x-goog-api-key",
    "x-vault-token",
    "x-shopify-access-token",
    "private-token",
    "job-token",
    "dd-api-key",
    "ocp-apim-subscription-key",
  ],
  query: [
    "token",
    "access_token",
    "auth_token",
    "id_token",
    "refresh_token",
    "api_key",
    "apikey",
    "api-key",
    "key",
    "auth",
    "authorization",
    "client_secret",
    "secret",
    "password",
    "session",
    "sid",
    "jwt",
    "private_token",
  ],
  cookie: [
    "token",
    "access_token",
    "auth_token",
    "id_token",
    "refresh_token",
    "session",
    "session_id",
    "sessionid",
    "sid",
    "connect.sid",
    "jsessionid",
    "phpsessid",
    "jwt",
    "auth",
  ],
} as const;

const OTHER = "other";
/** Words that are no names, and the path, whose values have none. */
const UNNAMED = ["other", "path"];

/** A point by its number; 0 stands for several. */
export const seenPoints: readonly string[] = [
  ...UNNAMED,
  ...Object.entries(KNOWN).flatMap(([word, names]) => [...names, OTHER].map((name) => `${word} ${name}`)),
];
export const PATH_POINT = seenPoints.indexOf("path");

/** Names that were asked for, each looked at once; beyond so many all are forgotten. */
const NAMES_MAX = 1_024;
/** Which names are kept in memory: no others, since a client may send a token where a name belongs. */
const PLAIN = /^[a-z._-]{1,24}$/i;

/** Which of the names of one sort are taken for those of credentials. */
export class CredentialNames {
  private readonly known: ReadonlyMap<string, number>;
  private readonly other: number;
  private readonly judged = new Map<string, number>();

  constructor(word: keyof typeof KNOWN) {
    this.known = new Map(KNOWN[word].map((name) => [name, seenPoints.indexOf(`${word} ${name}`)]));
    this.other = seenPoints.indexOf(`${word} ${OTHER}`);
  }

  /** The number of the name's point; 0 where no credential stands under it. */
  pointOf(name: string): number {
    return this.judged.get(name) ?? this.judge(name);
  }

  private judge(name: string): number {
    const isLikely = name.length <= 128 && LIKELY.test(name) && !UNLIKELY.test(name);
    const point = this.known.get(name.toLowerCase()) ?? (isLikely ? this.other : 0);
    if (!PLAIN.test(name)) return point;
    if (this.judged.size >= NAMES_MAX) this.judged.clear();
    this.judged.set(copyOfText(name), point);
    return point;
  }
}

/** The last two letters of fields that carry credentials: key, token, authorization, auth, secret, password, jwt, cookie. */
const endings = new Uint8Array(1_024);
for (const ending of ["ey", "en", "on", "th", "et", "rd", "wt", "ie"])
  endings[(ending.charCodeAt(0) & 31) * 32 + (ending.charCodeAt(1) & 31)] = 1;

/** Whether the field name `text[start, end)` may be one of those: leaves out most names for next to nothing. */
export function endsLikeCredential(text: string, start: number, end: number): boolean {
  if (end - start < 3) return false;
  return endings[(text.charCodeAt(end - 2) & 31) * 32 + (text.charCodeAt(end - 1) & 31)] === 1;
}
