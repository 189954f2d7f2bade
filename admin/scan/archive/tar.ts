import type { Cursor, Span } from "../bounds.ts";

const BLOCK = 512;
/** Of long names and extended headers; Linux knows no longer path. */
const NAME_BYTES_MAX = 64 * 1024;

export interface TarEntry {
  readonly name: string;
  readonly size: number;
  /** To be read, or passed over by `end`, before the next one is asked for. */
  readonly bytes: Span;
}

/** It breaks off or says what cannot be. The code makes it one unreadable file among others. */
export class TarBroken extends Error {
  readonly code = "ETARBROKEN";
}

/** Whether a block is a header: its checksum is right (POSIX ustar, and the older ones without a magic). */
export function isTarHeader(block: Buffer): boolean {
  if (block.length < BLOCK || block[0] === 0) return false;
  let sum = 8 * 32;
  for (let at = 0; at < BLOCK; at++) if (at < 148 || at >= 156) sum += block[at]!;
  return sum === octal(block.subarray(148, 156));
}

/**
 * The files of a tar, as it streams: ustar, and the long names and sizes of pax and GNU. Links, devices and folders hold no
 * text, and are passed over. A name is a name, wherever it leads.
 */
export async function* tarEntries(cursor: Cursor): AsyncGenerator<TarEntry> {
  let longName: string | null = null;
  let longSize: number | null = null;
  for (;;) {
    const header = await cursor.take(BLOCK);
    // Two blocks of NULs end it; tools pad, and some leave them out.
    if (header.length < BLOCK || header[0] === 0) return;
    if (!isTarHeader(header)) throw new TarBroken("a header is broken");
    const type = String.fromCharCode(header[156]!);
    const size: number = longSize ?? number(header.subarray(124, 136));
    if (!Number.isSafeInteger(size) || size < 0) throw new TarBroken("a size is no number");
    const padding = (BLOCK - (size % BLOCK)) % BLOCK;
    if (type === "L" || type === "x") {
      if (size > NAME_BYTES_MAX) throw new TarBroken("a name is too long");
      const bytes = await cursor.take(size);
      await cursor.skip(padding);
      if (type === "L") longName = text(bytes);
      else {
        const fields = paxFields(bytes);
        longName = fields.get("path") ?? longName;
        const given = fields.get("size");
        if (given !== undefined) longSize = /^[0-9]{1,15}$/.test(given) ? Number(given) : -1;
      }
      continue;
    }
    const bytes = cursor.span(size);
    // 7 is a contiguous file; a NUL is a file of old.
    if (/[07\0]/.test(type)) yield { name: longName ?? nameOf(header), size, bytes };
    if (type !== "g") {
      longName = null;
      longSize = null;
    }
    if (!((await bytes.end()) && (await cursor.skip(padding)))) throw new TarBroken("it breaks off");
  }
}

function nameOf(header: Buffer): string {
  const name = text(header.subarray(0, 100));
  const isUstar = header.toString("latin1", 257, 262) === "ustar" && header[262] === 0;
  const prefix = isUstar ? text(header.subarray(345, 500)) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

function text(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end < 0 ? bytes.length : end);
}

/** Octal digits, or, of more than 8 GiB, a binary number behind a first byte of 0x80 (GNU). */
function number(bytes: Buffer): number {
  return bytes[0] === 0x80 ? Number(bytes.readBigUInt64BE(bytes.length - 8)) : octal(bytes);
}

function octal(bytes: Buffer): number {
  const digits = bytes
    .toString("latin1")
    .replaceAll(/[\0 ]+/g, " ")
    .trim();
  return digits === "" ? 0 : /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

/** Records `LENGTH NAME=VALUE\n` (POSIX, pax interchange format). */
function paxFields(bytes: Buffer): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const blank = bytes.indexOf(0x20, at);
    const length = blank < 0 ? 0 : Number(bytes.toString("latin1", at, blank));
    if (!(Number.isInteger(length) && length > blank - at && at + length <= bytes.length)) break;
    const record = bytes.toString("utf8", blank + 1, at + length - 1);
    const equals = record.indexOf("=");
    if (equals > 0) fields.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return fields;
}
