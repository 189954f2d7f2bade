import { base64, unicode } from "./encodings.ts";
import { body, chunked, FORM, JSON_TYPE, key, post, type Spelling } from "./request.ts";

const message = (data: string) => `{"message":{"data":"${data}"}}`;
const url64 = (text: string) => Buffer.from(text).toString("base64url");

/** Where JSON carries a token. */
export const jsonSpellings: readonly Spelling[] = [
  body("JSON", JSON_TYPE, key),
  body("JSON, deep", JSON_TYPE, (token) => `{"a":[{"b":[[{"c":"${token}"}]]}]}`),
  body("JSON, all letters escaped", JSON_TYPE, (token) => key(unicode(token))),
  body("JSON, escaped in capitals", JSON_TYPE, (token) => key(unicode(token, "upper"))),
  body("JSON, the first letter escaped", JSON_TYPE, (token) => key(unicode(token[0]!) + token.slice(1))),
  body("JSON, the last letter escaped", JSON_TYPE, (t) => key(t.slice(0, -1) + unicode(t.at(-1)!))),
  body("JSON, slashes escaped", JSON_TYPE, (t) => key(t.replaceAll("/", "\\/")), { sort: "slashed" }),
  body("JSON, key twice, the first", JSON_TYPE, (token) => `{"key":"${token}","key":"other"}`),
  body("JSON, key twice, the last", JSON_TYPE, (token) => `{"key":"other","key":"${unicode(token)}"}`),
  body("JSON in JSON", JSON_TYPE, (token) => JSON.stringify({ payload: key(token) })),
  body("JSON in JSON, escaped within", JSON_TYPE, (t) => JSON.stringify({ payload: key(unicode(t)) })),
  body("JSON in JSON, escaped twice", JSON_TYPE, (t) => `{"payload":"${unicode(key(unicode(t)))}"}`),
  body("JSON in JSON in JSON, escaped within", JSON_TYPE, (t) =>
    JSON.stringify({ payload: JSON.stringify({ payload: key(unicode(t)) }) }),
  ),
  body("JSON, base64 data", JSON_TYPE, (token) => message(base64(token))),
  body("JSON, base64 data without padding", JSON_TYPE, (t) => message(base64(`${t}`).replaceAll("=", ""))),
  body("JSON, base64 data in the URL alphabet", JSON_TYPE, (token) => message(url64(token))),
  body("JSON, base64 data escaped", JSON_TYPE, (token) => message(unicode(base64(token)))),
  body("JSON of another type", "application/vnd.api+json", key),
  body("JSON, type in capitals", "APPLICATION/JSON", (token) => key(unicode(token))),
  body("JSON without a type", "", (token) => key(unicode(token))),
  body("JSON called text", "text/plain", (token) => key(unicode(token))),
  body("JSON called a form", FORM, (token) => key(token)),
  { name: "JSON by PUT", request: (token) => post(JSON_TYPE, key(unicode(token)), "", "PUT") },
  { name: "JSON by DELETE", request: (token) => post(JSON_TYPE, key(unicode(token)), "", "DELETE") },
  { name: "JSON by GET", request: (token) => post(JSON_TYPE, key(token), "", "GET") },
  { name: "JSON in chunks of a byte", request: (token) => chunked(JSON_TYPE, key(token)) },
  { name: "JSON escaped, in chunks of a byte", request: (token) => chunked(JSON_TYPE, key(unicode(token))) },
  {
    name: "JSON in chunks with extensions",
    request: (token) => chunked(JSON_TYPE, key(token), { size: 5, extension: ";a=b" }),
  },
  {
    name: "trailer",
    request: (token) =>
      chunked(JSON_TYPE, "{}", { trailers: `X-Api-Key: ${token}\r\n`, fields: "Trailer: X-Api-Key\r\n" }),
  },
];
