import zlib from "node:zlib";
import { percent, unicode, wide } from "./encodings.ts";
import { chunked, FORM, JSON_TYPE, post, type Spelling } from "./request.ts";

const { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } = zlib;
// Node 22.15 and later.
const zstd = (zlib as { zstdCompressSync?: (bytes: Buffer) => Buffer }).zstdCompressSync;

type Coded = (token: string) => Buffer;
const coded = (name: string, coding: string, of: Coded, type = JSON_TYPE): Spelling => ({
  name,
  request: (token) => post(type, of(token), `Content-Encoding: ${coding}\r\n`),
});
/** Said thrice, so that something is left to compress. */
const key = (token: string) => Buffer.from(`{"a":"${token}","b":"${token}","key":"${token}"}`);
/** A member for each half: the token is cut between them. */
const members = (token: string) => {
  const whole = key(token);
  return Buffer.concat([gzipSync(whole.subarray(0, 15)), gzipSync(whole.subarray(15))]);
};
/** NULs between members are padding to some readers, and the end to others. */
const padded = (token: string) =>
  Buffer.concat([gzipSync("{"), Buffer.alloc(8), gzipSync(key(token).subarray(1))]);
/** One member with a name in its head (RFC 1952 section 2.3.1). */
const named = (token: string) => {
  const member = gzipSync(key(token));
  member[3]! |= 8;
  return Buffer.concat([member.subarray(0, 10), Buffer.from("name\0"), member.subarray(10)]);
};

/** Where a content coding hides a token. */
export const codingSpellings: readonly Spelling[] = [
  coded("gzip", "gzip", (token) => gzipSync(key(token))),
  coded("gzip in capitals", "GZIP", (token) => gzipSync(key(token))),
  coded("x-gzip", "x-gzip", (token) => gzipSync(key(token))),
  coded("gzip, stored", "gzip", (token) => gzipSync(key(token), { level: 0 })),
  coded("gzip, escaped within", "gzip", (token) => gzipSync(key(unicode(token)))),
  coded(
    "gzip, UTF-16 within",
    "gzip",
    (t) => gzipSync(wide(`{"key":"${t}"}`, 2, "le")),
    `${JSON_TYPE}; charset=utf-16le`,
  ),
  coded("gzip, two members", "gzip", members),
  coded("gzip, two members with NULs between", "gzip", padded),
  coded("gzip with a name", "gzip", named),
  coded("gzip with bytes after it", "gzip", (t) => Buffer.concat([gzipSync(key(t)), Buffer.alloc(8)])),
  coded("gzip, a form", "gzip", (token) => gzipSync(`key=${percent(token)}`), FORM),
  coded("gzip, text", "gzip", (token) => gzipSync(token), "text/plain"),
  {
    name: "gzip in chunks of a byte",
    request: (token) => chunked(JSON_TYPE, gzipSync(key(token)), { fields: "Content-Encoding: gzip\r\n" }),
  },
  coded("deflate", "deflate", (token) => deflateSync(key(token))),
  coded("deflate without a wrapper", "deflate", (token) => deflateRawSync(key(token))),
  coded("br", "br", (token) => brotliCompressSync(key(token))),
  ...(zstd === undefined ? [] : [coded("zstd", "zstd", (token) => zstd(key(token)))]),
  coded("gzip twice", "gzip, gzip", (token) => gzipSync(gzipSync(key(token)))),
  coded("deflate, then gzip", "deflate, gzip", (token) => gzipSync(deflateSync(key(token)))),
  {
    name: "gzip twice, in two fields",
    request: (token) =>
      post(JSON_TYPE, gzipSync(gzipSync(key(token))), "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n"),
  },
  coded("identity", "identity", (token) => key(unicode(token))),
  { ...coded("gzip named, escaped plain text", "gzip", (token) => key(unicode(token))), refused: 415 },
  coded("a coding nobody knows, escaped within", "made-up", (token) => key(unicode(token))),
  coded("a coding nobody knows", "made-up", (token) => key(token)),
];
