import { posix } from "node:path";
import { createGunzip } from "node:zlib";
import { Cursor } from "../bounds.ts";
import type { Piece, Place, SkipReason } from "../source.ts";
import type { Budget } from "./budget.ts";
import { HEAD_BYTES, packingOf } from "./kinds.ts";
import { tarEntries } from "./tar.ts";
import { inHand, type RandomAccess, stretch, through, zipEntries } from "./zip.ts";

/** Bytes that may be an archive. */
export type Packed = RandomAccess | AsyncIterable<Buffer>;

export interface Unpacking {
  readonly budget: Budget;
  readonly placeOf: (path: string) => Place;
  /** What an entry of the outermost archive is called; its own name where it is left out. */
  readonly nameOf?: ((name: string) => string) | undefined;
}

/** A text of so many bytes is given whole: most are small, and a stream costs more than they do. */
const SMALL_BYTES = 128 * 1024;

/**
 * The texts of a file: itself, or where it is an archive whatever it holds, archives within it included, `depthMax` deep;
 * `!/` parts the path of an archive from the paths within it. What cannot be looked at is told of; a broken archive is one
 * unreadable file, and what came before stays.
 */
export async function* unpacked(packed: Packed, path: string, unpacking: Unpacking): AsyncGenerator<Piece> {
  yield* opened(packed, path, unpacking, 0);
  const { exhausted } = unpacking.budget;
  if (exhausted !== null) yield skipped(path, exhausted);
}

async function* opened(
  packed: Packed,
  path: string,
  unpacking: Unpacking,
  depth: number,
): AsyncGenerator<Piece> {
  const { budget } = unpacking;
  const cursor = new Cursor(isFile(packed) ? stretch(packed, 0, packed.size) : packed);
  try {
    const head = await cursor.peek(SMALL_BYTES + 1);
    const packing = packingOf(head.subarray(0, HEAD_BYTES));
    if (packing === null) {
      const bytes = head.length <= SMALL_BYTES ? head : cursor.rest();
      yield { kind: "text", path, place: unpacking.placeOf(path), bytes };
    } else if (packing === "unsupported") yield skipped(path, packing);
    else if (depth >= budget.limits.depthMax) yield skipped(path, "too_deep");
    else if (packing === "gzip") yield* inGzip(cursor, path, unpacking, depth);
    else if (packing === "tar") yield* inTar(cursor, path, unpacking, depth);
    else yield* inZip(isFile(packed) ? packed : cursor, path, unpacking, depth);
  } catch (error) {
    if (typeof (error as { code?: unknown }).code !== "string") throw error;
    // What the budget cut off is broken too, and told of once.
    if (budget.exhausted === null) yield skipped(path, "unreadable");
  } finally {
    await cursor.close();
  }
}

async function* inGzip(
  cursor: Cursor,
  path: string,
  unpacking: Unpacking,
  depth: number,
): AsyncGenerator<Piece> {
  const inner = new Cursor(unpacking.budget.spend(through(cursor.rest(), createGunzip())));
  try {
    // A tar in it is one archive with it.
    const isTar = packingOf(await inner.peek(HEAD_BYTES)) === "tar";
    if (isTar) yield* inTar(inner, path, unpacking, depth);
    else yield* opened(inner.rest(), `${path}!/${posix.basename(path, ".gz")}`, unpacking, depth + 1);
  } finally {
    await inner.close();
  }
}

async function* inTar(
  cursor: Cursor,
  path: string,
  unpacking: Unpacking,
  depth: number,
): AsyncGenerator<Piece> {
  for await (const { name, bytes } of tarEntries(cursor)) {
    if (!unpacking.budget.entry()) return;
    yield* opened(bytes, entryPath(path, name, unpacking, depth), unpacking, depth + 1);
  }
}

async function* inZip(
  packed: RandomAccess | Cursor,
  path: string,
  unpacking: Unpacking,
  depth: number,
): AsyncGenerator<Piece> {
  const { budget } = unpacking;
  const file = packed instanceof Cursor ? await inMemory(packed, budget.limits.textBytesMax) : packed;
  if (file === null) return yield skipped(path, "too_large");
  for await (const { name, open } of zipEntries(file)) {
    if (!budget.entry()) return;
    const within = entryPath(path, name, unpacking, depth);
    if (open === null) yield skipped(within, "unsupported");
    else yield* opened(budget.spend(open()), within, unpacking, depth + 1);
  }
}

function entryPath(path: string, name: string, { nameOf }: Unpacking, depth: number): string {
  return `${path}!/${depth === 0 && nameOf !== undefined ? nameOf(name) : name}`;
}

function isFile(packed: Packed): packed is RandomAccess {
  return "read" in packed;
}

/** The directory of a zip stands at its end: one within another archive is held whole, or, null, not looked at. */
async function inMemory(cursor: Cursor, max: number): Promise<RandomAccess | null> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of cursor.rest()) {
    size += part.length;
    if (size > max) return null;
    parts.push(part);
  }
  return inHand(Buffer.concat(parts));
}

function skipped(path: string, why: SkipReason): Piece {
  return { kind: "skipped", path, why };
}
