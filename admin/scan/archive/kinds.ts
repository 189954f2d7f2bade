import { isTarHeader } from "./tar.ts";

/** What can be looked into, and what is known to be packed and cannot. */
export type Packing = "zip" | "gzip" | "tar" | "unsupported";

/** Bytes from which the packing is told: a header of tar. */
export const HEAD_BYTES = 512;

const UNSUPPORTED: readonly Buffer[] = [
  Buffer.from("fd377a585a00", "hex"), // xz
  Buffer.from("425a68", "hex"), // bzip2
  Buffer.from("28b52ffd", "hex"), // zstd
  Buffer.from("377abcaf271c", "hex"), // 7z
  Buffer.from("526172211a07", "hex"), // rar
];

/** By the first bytes, whatever the name says: a `.jar`, `.whl` or `.docx` is a zip. Null for a plain text. */
export function packingOf(head: Buffer): Packing | null {
  if (head.length >= 4 && head.readUInt16BE(0) === 0x504b && [0x0304, 0x0506].includes(head.readUInt16BE(2)))
    return "zip";
  if (head.length >= 3 && head.readUIntBE(0, 3) === 0x1f8b08) return "gzip";
  if (isTarHeader(head)) return "tar";
  const isUnsupported = UNSUPPORTED.some((magic) => head.subarray(0, magic.length).equals(magic));
  // The letters of bzip2 may begin a text; a digit and the magic of its first block follow them.
  if (isUnsupported && head[0] === 0x42)
    return head.subarray(4, 10).toString("hex") === "314159265359" ? "unsupported" : null;
  return isUnsupported ? "unsupported" : null;
}
