/**
 * Spellings that a backend reads and the gateway lets through: known, and open (docs/spellings.md). The list may only
 * become shorter; a spelling that is seen must be taken from it.
 */
export const UNSEEN: ReadonlySet<string> = new Set([
  // Python and PHP drop what is no letter of base64, a dash and an equals sign among it.
  "Basic with a dash within",
  "Basic with an equals sign within",
  // Python's cookies have the escapes of quoted strings, and octal ones.
  "cookie in octal",
  "cookie with one letter in octal",
  "cookie with backslashes",
  "multipart, base64 in short lines",
  "multipart, base64 with points within",
  "multipart, QUOTED-PRINTABLE",
  "multipart, uuencoded",
  "multipart, part in UTF-16",
  "multipart, part in UTF-7",
  // Any charset the language knows, where the content type names it.
  "multipart, all in EBCDIC named",
  "query in UTF-7, as the content type names it",
  "JSON, UTF-7 named",
  "form, UTF-7 named",
  "form, EBCDIC named",
  "form, octal by unicode_escape",
  "text, UTF-7 named",
  "text, EBCDIC named",
  "text, bytes that charset hex spells out",
  "text, bytes that charset base64 spells out",
  "JSON, UTF-32 little",
  "JSON, UTF-32 big, a mark",
  "JSON, UTF-32 named",
  // UTF-16 that is not taken for it, and what is taken for it and is none.
  "JSON, UTF-16 little, other letters first",
  "JSON, UTF-16 big, other letters first",
  "JSON, UTF-16 named, other letters first",
  "JSON, UTF-16LE named with a backslash",
  "JSON escaped in UTF-8, UTF-16 named",
  "form percent-encoded, UTF-16 named",
  "form that begins with a mark of UTF-16",
  "form that begins with NULs",
  // Padding to Python, the end to zlib's own reader of gzip.
  "gzip, two members with NULs between",
]);
