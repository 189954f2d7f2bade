import { ebcdic, octal, percent, unicode, utf7, wide } from "./encodings.ts";
import { body, FORM, JSON_TYPE, key, type Spelling } from "./request.ts";

const mark = (units: Buffer, bytes: readonly number[]) => Buffer.concat([Buffer.from(bytes), units]);
/** Letters beyond ASCII, before which sight alone does not tell UTF-16. */
const foreign = (token: string) => `{"name":"${"\u4e2d\u6587".repeat(20)}","key":"${token}"}`;
/** A form that begins like UTF-16, and is none. */
const masked = (start: string) => (token: string) => `${start}&key=${percent(token)}`;

/** Where a charset hides a token, or makes believe that there is one. */
export const charsetSpellings: readonly Spelling[] = [
  body("JSON, UTF-8 with a mark", JSON_TYPE, (t) => mark(Buffer.from(key(t)), [0xef, 0xbb, 0xbf])),
  body("JSON, UTF-16 little", JSON_TYPE, (token) => wide(key(token), 2, "le")),
  body("JSON, UTF-16 big", JSON_TYPE, (token) => wide(key(token), 2, "be")),
  body("JSON, UTF-16 little, a mark", JSON_TYPE, (t) => mark(wide(key(t), 2, "le"), [0xff, 0xfe])),
  body("JSON, UTF-16 big, a mark", JSON_TYPE, (t) => mark(wide(key(t), 2, "be"), [0xfe, 0xff])),
  body("JSON, UTF-16 named", `${JSON_TYPE}; charset=utf-16`, (t) =>
    mark(wide(key(t), 2, "le"), [0xff, 0xfe]),
  ),
  body("JSON, UTF-16LE named", `${JSON_TYPE}; charset=UTF-16LE`, (t) => wide(key(t), 2, "le")),
  body("JSON, UTF-16BE named, escaped", `${JSON_TYPE}; charset="utf-16be"`, (t) =>
    wide(key(unicode(t)), 2, "be"),
  ),
  body("JSON, UTF-32 little", JSON_TYPE, (token) => wide(key(token), 4, "le")),
  body("JSON, UTF-32 big, a mark", JSON_TYPE, (t) => mark(wide(key(t), 4, "be"), [0, 0, 0xfe, 0xff])),
  body("JSON, UTF-32 named", `${JSON_TYPE}; charset=utf-32le`, (token) => wide(key(token), 4, "le")),
  body("JSON, UTF-7 named", `${JSON_TYPE}; charset=utf-7`, (token) => key(utf7(token)), { refused: 415 }),
  body("form, charset utf-8", `${FORM}; charset=utf-8`, (token) => `key=${percent(token)}`),
  body("form, charset iso-8859-1", `${FORM};charset=ISO-8859-1`, (token) => `key=${percent(token)}`),
  body("form, UTF-16 named", `${FORM}; charset=utf-16le`, (token) => wide(`key=${token}`, 2, "le")),
  body("form, UTF-7 named", `${FORM}; charset=utf-7`, (token) => `key=${encodeURIComponent(utf7(token))}`, {
    refused: 415,
  }),
  body("form, EBCDIC named", `${FORM}; charset=cp037`, (token) => ebcdic(`key=${token}`), { refused: 415 }),
  body("form, unicode_escape named", `${FORM}; charset=unicode_escape`, (token) => `key=${unicode(token)}`, {
    refused: 415,
  }),
  body("form, octal by unicode_escape", `${FORM}; charset=unicode_escape`, (token) => `key=${octal(token)}`, {
    refused: 415,
  }),
  body("text, UTF-16 named", "text/plain; charset=utf-16le", (token) => wide(token, 2, "le")),
  body("text, UTF-7 named", "text/plain; charset=utf-7", utf7, { refused: 415 }),
  body("text, EBCDIC named", "text/plain; charset=cp037", ebcdic, { refused: 415 }),
  body("text, bytes that charset hex spells out", "text/plain; charset=hex", (t) => Buffer.from(t, "hex"), {
    sort: "hex",
    refused: 415,
  }),
  body(
    "text, bytes that charset base64 spells out",
    "text/plain; charset=base64",
    (t) => Buffer.from(t, "base64"),
    { sort: "hex", refused: 415 },
  ),
  body("JSON, UTF-16 little, other letters first", JSON_TYPE, (t) => wide(foreign(t), 2, "le")),
  body("JSON, UTF-16 big, other letters first", JSON_TYPE, (t) => wide(foreign(t), 2, "be")),
  body("JSON, UTF-16 named, other letters first", `${JSON_TYPE}; charset=utf-16`, (t) =>
    wide(foreign(t), 2, "le"),
  ),
  body("JSON, UTF-16LE named with a backslash", `${JSON_TYPE}; charset="utf\\-16le"`, (t) =>
    wide(foreign(t), 2, "le"),
  ),
  body("JSON escaped in UTF-8, UTF-16 named", `${JSON_TYPE}; charset=utf-16`, (t) => key(unicode(t))),
  body("form percent-encoded, UTF-16 named", `${FORM}; charset=utf-16`, (t) => `key=${percent(t)}`),
  body("form that begins with a mark of UTF-16", FORM, masked("\xff\xfe=1")),
  body("form that begins with NULs", FORM, masked("a\0".repeat(20))),
];
