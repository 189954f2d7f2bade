import { base64, ebcdic, every4, octal, percent, unicode, utf7 } from "./encodings.ts";
import { get, type Spelling } from "./request.ts";

/** A field, and one with the token in it. */
const field = (name: string, line: (token: string) => string, more: Partial<Spelling> = {}): Spelling => ({
  name,
  request: (token) => get("/v1/messages", `${line(token)}\r\n`),
  ...more,
});
const target = (name: string, of: (token: string) => string, more: Partial<Spelling> = {}): Spelling => ({
  name,
  request: (token) => get(of(token)),
  ...more,
});
/** Blanks of base64 fall where the letters are whole bytes, so that padding is never needed within. */
const basic = (token: string) => base64(`${token}:pass`);
/** A pair whose base64 has letters that the two alphabets write differently. */
const odd = (token: string) => base64(`\xfb\xef\xbe>>>???:${token}`);

const headers: readonly Spelling[] = [
  field("header", (token) => `X-Api-Key: ${token}`),
  field("header name in capitals", (token) => `X-API-KEY: ${token}`),
  field("header with blanks and tabs around", (token) => `X-Api-Key: \t ${token} \t`),
  field("header without a blank", (token) => `X-Api-Key:${token}`),
  field("header twice, the first", (token) => `X-Api-Key: ${token}\r\nX-Api-Key: other`),
  field("header twice, the last", (token) => `X-Api-Key: other\r\nX-Api-Key: ${token}`),
  field("header name with underscores", (token) => `X_Api_Key: ${token}`),
  field("header folded", (token) => `X-Api-Key:\r\n ${token}`, { refused: 400 }),
  field("header percent-encoded", (token) => `X-Api-Key: ${percent(token)}`),
  field("header in a list of JSON", (token) => `X-Api-Key: ["${unicode(token)}"]`),
];

const authorization: readonly Spelling[] = [
  field("Bearer", (token) => `Authorization: Bearer ${token}`),
  field("bearer in small letters", (token) => `authorization: bearer ${token}`),
  field("BEARER, two blanks", (token) => `Authorization: BEARER  ${token}`),
  field("Bearer, a tab", (token) => `Authorization: Bearer\t${token}`),
  field("Token scheme", (token) => `Authorization: Token ${token}`),
  field("no scheme", (token) => `Authorization: ${token}`),
  field("Authorization twice, the first", (t) => `Authorization: Bearer ${t}\r\nAuthorization: Bearer other`),
  field("Authorization twice, the last", (t) => `Authorization: Bearer other\r\nAuthorization: Bearer ${t}`),
  field("Basic user", (token) => `Authorization: Basic ${basic(token)}`),
  field("Basic password", (token) => `Authorization: Basic ${base64(`user:${token}`)}`),
  field("Basic user without a password", (token) => `Authorization: Basic ${base64(`${token}:`)}`),
  field("bAsIC, two blanks", (token) => `Authorization: bAsIC  ${basic(token)}`),
  field("Basic, a tab", (token) => `Authorization: Basic\t${basic(token)}`),
  field("Basic without padding", (t) => `Authorization: Basic ${base64(`u:${t}`).replaceAll("=", "")}`),
  field("Basic with blanks within", (token) => `Authorization: Basic ${every4(basic(token), " ")}`),
  field(
    "Basic in the URL alphabet",
    (t) => `Authorization: Basic ${Buffer.from(odd(t), "base64").toString("base64url")}`,
  ),
  field("Basic in the other alphabet", (token) => `Authorization: Basic ${odd(token)}`),
  field("Basic with points within", (token) => `Authorization: Basic ${every4(basic(token), ".")}`),
  field("Basic with a dash within", (t) => `Authorization: Basic ${basic(t).replace(/^.{7}/, "$&-")}`),
  field("Basic with an equals sign first", (token) => `Authorization: Basic =${basic(token)}`),
  field(
    "Basic with an equals sign within",
    (t) => `Authorization: Basic ${basic(t).replace(/^.{8}/, "$&=")}`,
  ),
  field("Basic with a byte beyond ASCII within", (t) => `Authorization: Basic ${every4(basic(t), "\xe9")}`),
  {
    name: "Basic over HTTP/1.0",
    request: (t) => Buffer.from(`GET / HTTP/1.0\r\nAuthorization: Basic ${basic(t)}\r\n\r\n`),
  },
];

/** Query strings that are ASCII, and yet another text in the charset that the content type names. */
const named = (charset: string, query: string): Buffer =>
  get(`/v1?${query}`, `Content-Type: text/html; charset=${charset}\r\n`);

const cookies: readonly Spelling[] = [
  field("cookie", (token) => `Cookie: a=b; sid=${token}; c=d`),
  field("cookie in quotes", (token) => `Cookie: sid="${token}"`),
  field("cookie percent-encoded", (token) => `Cookie: sid=${percent(token)}`),
  field("cookie twice, the first", (token) => `Cookie: sid=${token}; sid=other`),
  field("cookie twice, the last", (token) => `Cookie: sid=other; sid=${token}`),
  field("two Cookie fields", (token) => `Cookie: a=b\r\nCookie: sid=${token}`),
  field("cookie in octal", (token) => `Cookie: sid="${octal(token)}"`),
  field("cookie with one letter in octal", (t) => `Cookie: sid="${octal(t[0]!)}${t.slice(1)}"`),
  field("cookie with backslashes", (token) => `Cookie: sid="${token.replace(/./g, "\\$&")}"`),
  field("cookie of JSON", (token) => `Cookie: sid=${encodeURIComponent(`j:{"key":"${unicode(token)}"}`)}`),
  field("cookie with a key in brackets", (token) => `Cookie: sid[a]=${token}`),
];

const queries: readonly Spelling[] = [
  target("query", (token) => `/v1?key=${token}`),
  target("query percent-encoded", (token) => `/v1?key=${percent(token)}`),
  target("query percent-encoded in small letters", (token) => `/v1?key=${percent(token, "lower")}`),
  target("query, the first letter encoded", (t) => `/v1?key=${percent(t[0]!)}${t.slice(1)}`),
  target("query, the last letter encoded", (t) => `/v1?key=${t.slice(0, -1)}${percent(t.at(-1)!)}`),
  target("query, a stray percent sign beside it", (token) => `/v1?a=100%&key=${percent(token)}`),
  target("query percent-encoded twice", (token) => `/v1?key=${percent(percent(token))}`),
  target("query in %u", (token) => `/v1?key=${unicode(token).replaceAll("\\", "%")}`),
  target(
    "query in overlong UTF-8",
    (t) => `/v1?key=${percent(`${String.fromCharCode(0xc1, 0x80 | (t.charCodeAt(0) & 0x3f))}`)}${t.slice(1)}`,
  ),
  target("query twice, the first", (token) => `/v1?key=${token}&key=other`),
  target("query twice, the last", (token) => `/v1?key=other&key=${token}`),
  target("query array", (token) => `/v1?key[]=a&key[]=${percent(token)}`),
  target("query nested brackets", (token) => `/v1?a[b][c]=${token}`),
  target("query encoded brackets", (token) => `/v1?a%5Bb%5D=${token}`),
  target("query after a plus", (token) => `/v1?key=+${token}`),
  target("query between semicolons", (token) => `/v1?a=b;key=${token};c=d`),
  target("query of JSON", (token) => `/v1?filter=${encodeURIComponent(`{"key":"${unicode(token)}"}`)}`),
  target("query in an absolute target", (token) => `http://api.test/v1?key=${token}`),
  target("query with two question marks", (token) => `/v1??key=${token}`),
  target("query after a fragment's mark", (token) => `/v1?a=b#&key=${token}`, { refused: 400 }),
  {
    name: "query in EBCDIC, as the content type names it",
    refused: 400,
    request: (token) => named("cp037", ebcdic(`key=${token}`).toString("latin1")),
  },
  {
    name: "query in UTF-7, as the content type names it",
    refused: 415,
    request: (token) => named("utf-7", `key=${utf7(token)}`),
  },
  {
    name: "query percent-encoded EBCDIC",
    refused: 415,
    request: (token) => named("cp037", `key=${percent(ebcdic(token).toString("latin1"))}`),
  },
];

const paths: readonly Spelling[] = [
  target("path", (token) => `/v1/keys/${token}`),
  target("path percent-encoded", (token) => `/v1/keys/${percent(token)}`),
  target("path percent-encoded twice", (token) => `/v1/keys/${percent(percent(token))}`),
  target("path after two slashes", (token) => `/v1//keys//${token}`),
  target("path after a point", (token) => `/v1/./keys/./${token}`),
  target("path after two points", (token) => `/v1/other/../keys/${token}`),
  target("path after an encoded slash", (token) => `/v1/keys%2F${token}`),
  target("path before parameters", (token) => `/v1/keys/${token};v=1`),
  target("path within parameters", (token) => `/v1/keys;jsessionid=${token}`),
  target("path with a slash at the end", (token) => `/v1/keys/${token}/`),
  target("path of a bot", (token) => `/bot${token}/sendMessage`),
  target("path of a bot, percent-encoded", (token) => `/bot${percent(token, "lower")}/sendMessage`),
  target("path with encoded slashes in the token", (t) => `/v1/keys/${encodeURIComponent(t)}`, {
    sort: "slashed",
  }),
];

/** Where a head carries a token. */
export const headSpellings: readonly Spelling[] = [
  ...headers,
  ...authorization,
  ...cookies,
  ...queries,
  ...paths,
];
