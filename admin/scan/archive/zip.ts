import { pipeline, Readable } from "node:stream";
import { createInflateRaw } from "node:zlib";
import { Cursor } from "../bounds.ts";

/** Bytes that can be read at any place. */
export interface RandomAccess {
  readonly size: number;
  /** Fewer only at the end. */
  read(at: number, count: number): Promise<Buffer>;
}

/** Bytes that are at hand. */
export function inHand(bytes: Buffer): RandomAccess {
  return { size: bytes.length, read: async (at, count) => bytes.subarray(at, at + count) };
}

export interface ZipEntry {
  readonly name: string;
  /** As the archive says: what comes out may be more. */
  readonly size: number;
  /** Null where it is encrypted, or packed in a way that is not known here. */
  readonly open: (() => AsyncIterable<Buffer>) | null;
}

/** It is no zip, or a broken one. The code makes it one unreadable file among others. */
export class ZipBroken extends Error {
  readonly code = "EZIPBROKEN";
}

const END_BYTES = 22;
const COMMENT_BYTES_MAX = 65_535;
const PIECE_BYTES = 64 * 1024;
const STORED = 0;
const DEFLATED = 8;

/** The files of a zip by its central directory (APPNOTE 4.3.12; zip64 too), which is read as it is asked for. */
export async function* zipEntries(file: RandomAccess): AsyncGenerator<ZipEntry> {
  const directory = await directoryOf(file);
  const cursor = new Cursor(stretch(file, directory.at, directory.size));
  for (;;) {
    const header = await cursor.take(46);
    if (header.length === 0) return;
    if (header.length < 46 || header.readUInt32LE(0) !== 0x02014b50)
      throw new ZipBroken("its directory is broken");
    const name = await cursor.take(header.readUInt16LE(28));
    const extra = await cursor.take(header.readUInt16LE(30));
    await cursor.skip(header.readUInt16LE(32));
    const [size, packed, at] = sizesOf(header, extra);
    const text = name.toString("utf8");
    if (text.endsWith("/")) continue;
    const method = header.readUInt16LE(10);
    const isReadable = (header.readUInt16LE(8) & 1) === 0 && (method === STORED || method === DEFLATED);
    const open = () => bytesOf(file, at!, packed!, method === DEFLATED);
    yield { name: text, size: size!, open: isReadable ? open : null };
  }
}

async function directoryOf(file: RandomAccess): Promise<{ at: number; size: number }> {
  const from = Math.max(0, file.size - END_BYTES - COMMENT_BYTES_MAX);
  const tail = await file.read(from, file.size - from);
  const end = tail.lastIndexOf(Buffer.from("504b0506", "hex"), tail.length - END_BYTES);
  if (end < 0) throw new ZipBroken("it has no directory");
  const found = { at: tail.readUInt32LE(end + 16), size: tail.readUInt32LE(end + 12) };
  const locator = end - 20;
  if (locator < 0 || tail.readUInt32LE(locator) !== 0x07064b50) return found;
  const large = await file.read(Number(tail.readBigUInt64LE(locator + 8)), 56);
  if (large.length < 56 || large.readUInt32LE(0) !== 0x06064b50)
    throw new ZipBroken("its directory is broken");
  return { at: Number(large.readBigUInt64LE(48)), size: Number(large.readBigUInt64LE(40)) };
}

/** Size, packed size and place; what does not fit into 32 bits stands in the extra field (APPNOTE 4.5.3). */
function sizesOf(header: Buffer, extra: Buffer): number[] {
  const sizes = [header.readUInt32LE(24), header.readUInt32LE(20), header.readUInt32LE(42)];
  if (!sizes.includes(0xffff_ffff)) return sizes;
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let place = at + 4;
    return sizes.map((size) => {
      if (size !== 0xffff_ffff || place + 8 > extra.length) return size;
      place += 8;
      return Number(extra.readBigUInt64LE(place - 8));
    });
  }
  return sizes;
}

async function* bytesOf(
  file: RandomAccess,
  at: number,
  packed: number,
  isDeflated: boolean,
): AsyncGenerator<Buffer> {
  const header = await file.read(at, 30);
  if (header.length < 30 || header.readUInt32LE(0) !== 0x04034b50)
    throw new ZipBroken("an entry is not there");
  const raw = stretch(file, at + 30 + header.readUInt16LE(26) + header.readUInt16LE(28), packed);
  if (isDeflated) yield* through(raw, createInflateRaw());
  else yield* raw;
}

/** What a transform makes of the bytes; it ends with whoever reads it. */
export function through(
  bytes: AsyncIterable<Buffer>,
  transform: NodeJS.ReadWriteStream,
): AsyncIterable<Buffer> {
  // What fails is told by the transform, which is then destroyed.
  pipeline(Readable.from(bytes, { objectMode: true, highWaterMark: 1 }), transform, () => {});
  return transform as unknown as AsyncIterable<Buffer>;
}

/** A part of a file, piece by piece. */
export async function* stretch(file: RandomAccess, from: number, count: number): AsyncGenerator<Buffer> {
  for (let at = from; at < from + count; at += PIECE_BYTES) {
    const piece = await file.read(at, Math.min(PIECE_BYTES, from + count - at));
    if (piece.length === 0) return;
    yield piece;
  }
}
