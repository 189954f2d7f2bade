import { base64, ebcdic, every4, percent, printable, unicode, utf7, uuencoded, wide } from "./encodings.ts";
import { BOUNDARY, body, chunked, FORM, key, PARTS, part, type Spelling } from "./request.ts";

const forms: readonly Spelling[] = [
  body("form", FORM, (token) => `a=b&key=${token}&c=d`),
  body("form percent-encoded", FORM, (token) => `key=${percent(token)}`),
  body(
    "form percent-encoded, mixed case",
    FORM,
    (token) => `key=${percent(token.slice(0, 9), "lower")}${percent(token.slice(9))}`,
  ),
  body("form percent-encoded twice", FORM, (token) => `key=${percent(percent(token))}`),
  body("form, key twice", FORM, (token) => `key=${percent(token)}&key=other`),
  body("form, brackets", FORM, (token) => `a[b][]=x&a[b][]=${percent(token)}`),
  body("form of JSON", FORM, (token) => `payload=${encodeURIComponent(key(unicode(token)))}`),
  body("form without a type", "", (token) => `key=${percent(token)}`),
  { name: "form in chunks of a byte", request: (token) => chunked(FORM, `key=${percent(token)}`) },
  body("text", "text/plain", (token) => token),
  body("text without a type", "", (token) => token),
];

const coded = (coding: string) => `\r\nContent-Transfer-Encoding: ${coding}`;

const multipart: readonly Spelling[] = [
  body("multipart field", PARTS, (token) => part("", token)),
  body("multipart file", PARTS, (t) => part('; filename="a.txt"\r\nContent-Type: text/plain', t)),
  body("multipart, boundary in quotes", `multipart/form-data; boundary="${BOUNDARY}"`, (t) => part("", t)),
  body("multipart, bare line feeds", PARTS, (token) => part("", token, "\n")),
  body("multipart, base64", PARTS, (token) => part(coded("base64"), base64(token))),
  body("multipart, base64 in short lines", PARTS, (token) =>
    part(coded("BASE64"), every4(base64(token), "\r\n")),
  ),
  body("multipart, base64 with points within", PARTS, (t) => part(coded("base64"), every4(base64(t), "."))),
  body("multipart, quoted-printable", PARTS, (token) => part(coded("quoted-printable"), printable(token))),
  body("multipart, quoted-printable with soft breaks", PARTS, (t) =>
    part(coded("quoted-printable"), every4(t, "=\r\n")),
  ),
  body("multipart, QUOTED-PRINTABLE", PARTS, (t) => part(coded("QUOTED-PRINTABLE"), printable(t))),
  body("multipart, uuencoded", PARTS, (token) => part(coded("x-uuencode"), uuencoded(token))),
  body("multipart, base64 file", PARTS, (t) =>
    part(`; filename="a"\r\nContent-Transfer-Encoding: base64`, base64(t)),
  ),
  body("multipart, part in UTF-16", PARTS, (t) =>
    part(`\r\nContent-Type: text/plain; charset=utf-16le`, wide(t, 2, "le").toString("latin1")),
  ),
  body("multipart, part in UTF-7", PARTS, (t) =>
    part(`\r\nContent-Type: text/plain; charset=utf-7`, utf7(t)),
  ),
  body("multipart, all in UTF-16 named", `${PARTS}; charset=utf-16le`, (t) =>
    part("", wide(t, 2, "le").toString("latin1")),
  ),
  body(
    "multipart, all in EBCDIC named",
    `${PARTS}; charset=cp037`,
    (t) => part("", ebcdic(t).toString("latin1")),
    { refused: 415 },
  ),
  body("multipart of JSON", PARTS, (token) => part("", key(unicode(token)))),
  { name: "multipart in chunks of a byte", request: (token) => chunked(PARTS, part("", token)) },
];

/** Where forms and plain text carry a token. */
export const formSpellings: readonly Spelling[] = [...forms, ...multipart];
