import type { Span } from "./knowntokens.ts";
import { isProse, isSecret, looksRandom } from "./tokenlooks.ts";

/** A name and what assigns to it: in a header, an assignment, a parameter, a field of JSON (also of JSON in JSON). */
const NAME = /(?<![\w.-])([\w.-]{1,128})(?:\\*["'`])?[ \t]*(=>|:=|[:=])[ \t]*/g;
/** A HAR has the name and the value in fields of their own. */
const PAIR = /"name"\s{0,200}:\s{0,200}"([\w.-]{1,128})"\s{0,200},\s{0,200}"value"\s{0,200}(:)\s{0,200}/g;
const SCHEME = /(?<![\w-])(bearer|ssws|geniekey)([ \t])[ \t]{0,20}/gi;
/** Names whose value is a secret. */
const SECRET_NAME =
  /authorization|api[_-]?key|access[_-]?key|token|secret|password|passwd|credential|private[_-]?key|session|sess\w{0,8}id|bearer|ssws|geniekey/i;
/** Names that others have too: their values must look like tokens themselves. */
const OFTEN_SECRET_NAME = /(?:^|[_.-])(?:key|auth|sid|sig|signature|pass|pwd|pat|jwt)$/i;
const CAMEL_KEY = /[a-z](?:Key|Auth|Pass|Pwd|Jwt)$/;
const ABOUT_SECRET =
  /(?:^|[_.-]|(?<=[a-z])(?=[A-Z]))(?:type|name|count|ur[il]|path|file|dir|host|port|expir\w{0,12}|length|limit|timeout|ttl|size|header|version|enabled|method|algorithm|user)$|public[_-]?key/i;

const OPENING = /\\*["'`]/y;
const SCHEME_BEFORE =
  /(?:bearer|token|basic|api-?key|key|bot|oauth|ssws|geniekey|accesskey|jwt|[\w-]{1,32}-(?:api-?key|oauthtoken))[ \t]{1,20}(?=[^\s=:])/iy;
const UNQUOTED = /[^\s"'`,;&<>{}()\\]{1,4097}/y;
/** All of a line behind its name: a password may hold what elsewhere ends a value. */
const REST_OF_LINE = /([^\s"'`<>{}()\\]{1,4097}?)[;,]?[ \t]*(?=[\r\n]|$|[ \t]#)/y;
const SEVERAL = /[&;,][\w.-]+[=:]/;
const OPENS_LINE = /(?:^|[\r\n"'`?&{,;])[ \t]*(?:(?:export|-)[ \t]+)?$/;
const STARTS_LINE = /(?:^|[\r\n])[ \t]*(?:export[ \t]+)?$/;
const VALUE_CHARS_MAX = 4_200;

const CURL_USER =
  /(?<!\S)(?:-u|-U|--user|--proxy-user)[ \t=]{0,20}(["']?)([^\s:"']{1,512}):([^\s"']{0,512})\1(?!\S)/g;
const USER_INFO =
  /(?<![\w+.-])[a-z][a-z\d+.-]{1,31}:\/\/([^\s:/@"'`<>?#]{0,512}):([^\s/@"'`<>?#]{0,512})(?=@)/gi;

interface Value {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly isQuoted: boolean;
}

/** What its names say that it is a token. `onSpaced` is told of each value of a secret's name that holds blanks. */
export function* namedSpans(text: string, onSpaced: () => void): Generator<Span> {
  for (const shape of [CURL_USER, USER_INFO]) yield* credentials(text, shape);
  for (const shape of [PAIR, NAME, SCHEME]) {
    for (const match of text.matchAll(shape)) {
      const [all, name, sign] = match as unknown as [string, string, string];
      const isSure = SECRET_NAME.test(name);
      if (!(isSure || OFTEN_SECRET_NAME.test(name) || CAMEL_KEY.test(name)) || ABOUT_SECRET.test(name))
        continue;
      const before = text.slice(Math.max(0, match.index - 24), match.index);
      const value = valueAt(text, match.index + all.length, STARTS_LINE.test(before));
      if (value === null) continue;
      if (value.isQuoted && isSure && /\S\s+\S/.test(value.text)) onSpaced();
      const isPlain = sign.startsWith("=") || OPENS_LINE.test(before);
      const isNamed = isSure || /^[A-Z\d_]+$/.test(name);
      if (isToken(value, isNamed, isPlain && isLast(text, value.end)))
        yield { start: value.start, end: value.end, text: value.text, kind: "opaque" };
    }
  }
}

/** `isStatement`: it is all that is assigned, and no word of a sentence. */
function isToken({ text, isQuoted }: Value, isNamed: boolean, isStatement: boolean): boolean {
  if (!isSecret(text)) return false;
  if (!isNamed) return looksRandom(text);
  return isQuoted || isStatement || !isProse(text);
}

function valueAt(text: string, from: number, startsLine: boolean): Value | null {
  const quote = matchAt(OPENING, text, from)?.[0] ?? "";
  let start = from + quote.length;
  start += matchAt(SCHEME_BEFORE, text, start)?.[0].length ?? 0;
  if (quote !== "") return quotedAt(text, start, quote);
  const rest = startsLine ? matchAt(REST_OF_LINE, text, start)?.[1] : undefined;
  let value = rest !== undefined && !SEVERAL.test(rest) ? rest : matchAt(UNQUOTED, text, start)?.[0];
  if (value === undefined) return null;
  // `token == other`, `token::Type` and `token = read(...)` are code; in `Token token="..."` the value has a name of its own.
  const next = text[start + value.length] ?? "";
  if (/^[=:>]/.test(value) || next === "(" || (value.endsWith("=") && /["'`]/.test(next))) return null;
  // A sentence goes on behind `token=made-up-0001:`.
  if (!isLast(text, start + value.length)) value = value.replace(/(?<!\.\.)[.:]$/, "");
  return { start, end: start + value.length, text: value, isQuoted: false };
}

/** Up to the closing quote, which stands on the same line and is escaped as the opening one is. */
function quotedAt(text: string, start: number, quote: string): Value | null {
  let end = text.indexOf(quote, start);
  while (end !== -1 && quote.length === 1 && text[end - 1] === "\\") end = text.indexOf(quote, end + 1);
  if (end <= start || end - start > VALUE_CHARS_MAX) return null;
  const written = text.slice(start, end);
  if (/[\r\n]/.test(written)) return null;
  const value = written.includes("\\") ? unescaped(written) : written;
  return value === null ? null : { start, end, text: value, isQuoted: true };
}

function unescaped(written: string): string | null {
  try {
    return String(JSON.parse(`"${written}"`));
  } catch {
    return null;
  }
}

/** `user:password`; a token often is the user, and the password then empty or an `x`. */
function* credentials(text: string, shape: RegExp): Generator<Span> {
  const isOfCurl = shape === CURL_USER;
  for (const match of text.matchAll(shape)) {
    const [user, password] = isOfCurl ? [match[2]!, match[3]!] : [match[1]!, match[2]!];
    const passwordEnd = match.index + match[0].length - (isOfCurl ? match[1]!.length : 0);
    const isUser = /^x?$/i.test(password);
    const end = isUser ? passwordEnd - password.length - 1 : passwordEnd;
    const written = isUser ? user : password;
    const value = isOfCurl ? written : decoded(written);
    if (isSecret(value)) yield { start: end - written.length, end, text: value, kind: "opaque" };
  }
}

function decoded(written: string): string {
  try {
    return decodeURIComponent(written);
  } catch {
    return written;
  }
}

/** Whether nothing of the same sentence follows. */
function isLast(text: string, at: number): boolean {
  return /^[ \t]*(?:$|[\r\n"'`&;,)}\]#\\])/.test(text.slice(at, at + 40));
}

function matchAt(sticky: RegExp, text: string, at: number): RegExpExecArray | null {
  sticky.lastIndex = at;
  return sticky.exec(text);
}
