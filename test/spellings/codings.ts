import * as zlib from "node:zlib";
import { Random } from "./random.ts";

/** A content coding: the value of `Content-Encoding`, and what it makes of a body. */
export interface Coding {
  readonly name: string;
  readonly field: string;
  encode(body: Buffer): Buffer;
}

const coding = (name: string, field: string, encode: (body: Buffer) => Buffer): Coding => ({
  name,
  field,
  encode,
});

const gzip = (body: Buffer) => zlib.gzipSync(body);
const brotli = (body: Buffer) =>
  zlib.brotliCompressSync(body, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } });

export const identity = coding("identity", "identity", (body) => body);

export const CODINGS: readonly Coding[] = [
  coding("gzip", "gzip", gzip),
  coding("x-gzip", "x-gzip", gzip),
  coding("GZIP in capitals", "GZIP", gzip),
  coding("gzip, a member for every five bytes", "gzip", (body) => members(body, 5)),
  coding("gzip with stored blocks of five bytes", "gzip", (body) => gzipAround(body, storedBlocks(body, 5))),
  coding("gzip that names a file", "gzip", (body) => gzipAround(body, zlib.deflateRawSync(body), true)),
  coding("deflate", "deflate", (body) => zlib.deflateSync(body)),
  coding("deflate without its zlib frame", "deflate", (body) => zlib.deflateRawSync(body)),
  coding("raw deflate in stored blocks", "deflate", (body) => storedBlocks(body, 4)),
  coding("br", "br", brotli),
  coding("gzip, then br", "gzip, br", (body) => brotli(gzip(body))),
  coding("br, then gzip", "br,gzip", (body) => gzip(brotli(body))),
  coding("gzip twice", "gzip, gzip", (body) => gzip(gzip(body))),
  coding("deflate, identity, gzip", "deflate, identity, gzip", (body) => gzip(zlib.deflateSync(body))),
  ...zstd(),
];

/** Codings that are quick to make, for the generator. */
export const QUICK: readonly Coding[] = CODINGS.filter(({ name }) => name !== "gzip that names a file");

/** zstd is in Node from 22.15. */
function zstd(): Coding[] {
  if (!("zstdCompressSync" in zlib)) return [];
  const compress = zlib.zstdCompressSync as (body: Buffer) => Buffer;
  return [
    coding("zstd", "zstd", compress),
    coding("gzip, then zstd", "gzip, zstd", (body) => compress(gzip(body))),
  ];
}

/** Many gzip members in a row (RFC 1952 section 2.2): a token is cut by their borders. */
function members(body: Buffer, size: number): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < body.length; at += size) pieces.push(gzip(body.subarray(at, at + size)));
  return Buffer.concat(pieces);
}

/** Deflate's stored blocks (RFC 1951 section 3.2.4): the bytes as they are, cut by block headers. */
function storedBlocks(body: Buffer, size: number): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < body.length; at += size) {
    const block = body.subarray(at, at + size);
    const header = Buffer.alloc(5);
    header[0] = at + size >= body.length ? 1 : 0;
    header.writeUInt16LE(block.length, 1);
    header.writeUInt16LE(0xffff - block.length, 3);
    pieces.push(header, block);
  }
  return Buffer.concat(pieces);
}

function gzipAround(body: Buffer, deflated: Buffer, named = false): Buffer {
  const checked = gzip(body).subarray(-8);
  const head = Buffer.from([0x1f, 0x8b, 8, named ? 0x18 : 0, 0, 0, 0, 0, 0, 3]);
  const texts = named ? Buffer.from("made-up.json\0a made-up comment\0") : Buffer.alloc(0);
  return Buffer.concat([head, texts, deflated, checked]);
}

const random = new Random(9);
/** Text that compresses badly, so that a coded body outgrows the hold too. */
export const filler = (bytes: number) =>
  random
    .bytes(Math.ceil((bytes * 3) / 4))
    .toString("hex")
    .slice(0, bytes);
