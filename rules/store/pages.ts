import type { TokenDigest } from "../digest.ts";
import type { Checksum } from "../kinds.ts";
import { type HashAlgorithm, hashAlgorithms } from "../tokenhash.ts";

/**
 * Tokens lie in pages of fixed-size records, in the order in which they were added; token n of a leak is record
 * (n - 1) % recordsPerPage of page floor((n - 1) / recordsPerPage). Records are only ever appended, and flagged when
 * removed, so a number never comes to mean another token.
 *
 * Offsets in a record: 0 digest (32), 32 anchor (4), 36 fingerprint (4), 40 length (2), 42 flags (1), 43 kind (1),
 * 44 added at (6), 50 removed at (6), 56 preview (15, padded with NUL), 71 mark (1). Numbers are
 * little-endian. Flags: bit 0 removed; bits 1 and 2 say that only a hash of the token is known, made with SHA-256 (1) or
 * SHA-1 (2): then digest and anchor are those of the hash, and fingerprint, length and mark are 0; bits 3 and 4 hold the
 * checksum (0 none, 1 valid, 2 invalid); bits 5 and 6 what was decided of the token alone (0 nothing, 1 closed, 2 marked
 * false).
 */
export const recordBytes = 72;
/** The most that fit, with their header, in eight pages of LMDB (4096 bytes). */
export const recordsPerPage = 454;
/** Tokens one leak can hold over its life; the records of more would not fit the memory of a worker. */
export const tokensPerLeakMax = 20_000_000;

const flagRemoved = 1;
const hashShift = 1;
const hashMask = 3;
const checksumShift = 3;
const aloneShift = 5;
const twoBits = 3;
const kindsMax = 255;
const previewBytes = 15;

const checksums: readonly Checksum[] = ["none", "valid", "invalid"];

/** What may be decided of one token alone; it is then not enforced with its leak. */
export type AloneStatus = "closed" | "marked_false";
const aloneStatuses: readonly (AloneStatus | null)[] = [null, "closed", "marked_false"];

/** One token as the admin shows it. */
export interface TokenRecordView {
  /** The token id: 1 upwards within the leak, never used again. */
  readonly number: number;
  readonly digest: Uint8Array;
  readonly anchor: number;
  readonly fingerprint: number;
  readonly length: number;
  readonly removed: boolean;
  readonly addedAt: number;
  /** When it was removed (ms), or null. */
  readonly removedTime: number | null;
  readonly preview: string;
  readonly kind: string;
  /** What made the hash by which alone the token is known, or null. */
  readonly hash: HashAlgorithm | null;
  readonly checksum: Checksum;
  /** What was decided of it alone, or null where it is as its leak is. */
  readonly alone: AloneStatus | null;
}

/** A page, read-only; the accessors allocate nothing but the digest's view, so that a loader can walk millions. */
export class TokenPage {
  readonly count: number;
  readonly #bytes: Buffer;
  /** Reads a number with one load, where Buffer's methods put it together byte by byte. */
  readonly #numbers: DataView;
  readonly #first: number;
  readonly #kinds: readonly string[];

  constructor(bytes: Buffer, page: number, kinds: readonly string[]) {
    this.count = bytes.length / recordBytes;
    this.#bytes = bytes;
    this.#numbers = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#first = page * recordsPerPage + 1;
    this.#kinds = kinds;
  }

  /** All records of the page, `recordBytes` each, with the offsets above. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  numberAt(i: number): number {
    return this.#first + i;
  }

  digestAt(i: number): Buffer {
    return this.#bytes.subarray(i * recordBytes, i * recordBytes + 32);
  }

  anchorAt(i: number): number {
    return this.#numbers.getUint32(i * recordBytes + 32, true);
  }

  fingerprintAt(i: number): number {
    return this.#numbers.getUint32(i * recordBytes + 36, true);
  }

  lengthAt(i: number): number {
    return this.#numbers.getUint16(i * recordBytes + 40, true);
  }

  /** 0 where it is not known. */
  markAt(i: number): number {
    return this.#bytes[i * recordBytes + 71];
  }

  /** Whether record i was removed from the set. */
  removedAt(i: number): boolean {
    return (this.#bytes[i * recordBytes + 42] & flagRemoved) !== 0;
  }

  /** What was decided of record i alone, or null. */
  aloneAt(i: number): AloneStatus | null {
    return aloneStatuses[(this.#bytes[i * recordBytes + 42] >> aloneShift) & twoBits] ?? null;
  }

  /** Whether record i is in the set and as its leak is: only then it is enforced with it. */
  countsAt(i: number): boolean {
    return (this.#bytes[i * recordBytes + 42] & (flagRemoved | (twoBits << aloneShift))) === 0;
  }

  /** What made the hash by which alone the token is known, or null. */
  hashAt(i: number): HashAlgorithm | null {
    const code = (this.#bytes[i * recordBytes + 42] >> hashShift) & hashMask;
    return code === 0 ? null : (hashAlgorithms[code - 1] ?? null);
  }

  at(i: number): TokenRecordView {
    const start = i * recordBytes;
    const removedTime = this.#bytes.readUIntLE(start + 50, 6);
    const preview = this.#bytes.subarray(start + 56, start + 56 + previewBytes);
    const end = preview.indexOf(0);
    return {
      number: this.numberAt(i),
      digest: this.digestAt(i),
      anchor: this.anchorAt(i),
      fingerprint: this.fingerprintAt(i),
      length: this.lengthAt(i),
      removed: this.removedAt(i),
      addedAt: this.#bytes.readUIntLE(start + 44, 6),
      removedTime: removedTime === 0 ? null : removedTime,
      preview: preview.toString("utf8", 0, end < 0 ? previewBytes : end),
      kind: this.#kinds[this.#bytes[start + 43]] ?? "opaque",
      hash: this.hashAt(i),
      checksum: checksums[(this.#bytes[start + 42] >> checksumShift) & twoBits] ?? "none",
      alone: this.aloneAt(i),
    };
  }
}

export function pageOf(number: number): number {
  return Math.floor((number - 1) / recordsPerPage);
}

export function placeOf(number: number): number {
  return (number - 1) % recordsPerPage;
}

export function pagesFor(tokensEver: number): number {
  return Math.ceil(tokensEver / recordsPerPage);
}

/** A copy of the page in which the record at `place` is flagged as removed. */
export function withRemoved(bytes: Buffer, place: number, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[place * recordBytes + 42] |= flagRemoved;
  copy.writeUIntLE(at, place * recordBytes + 50, 6);
  return copy;
}

/** A copy of the page in which something else was decided of the record at `place` alone. */
export function withAlone(bytes: Buffer, place: number, status: AloneStatus | null): Buffer {
  const copy = Buffer.from(bytes);
  const flags = copy[place * recordBytes + 42] & ~(twoBits << aloneShift);
  copy[place * recordBytes + 42] = flags | (aloneStatuses.indexOf(status) << aloneShift);
  return copy;
}

/** Pages to write so that a leak holds some tokens more. */
export interface Appended {
  readonly pages: readonly { readonly page: number; readonly bytes: Buffer }[];
  readonly kinds: readonly string[];
  /** The tokens that were not live yet, each once, in the order of their numbers: those that count first. */
  readonly tokens: readonly TokenDigest[];
  readonly count: number;
  /** How many of them are registered as false, alone: the last ones. */
  readonly falseCount: number;
  /** The tokens that were live already or stood twice in the list. */
  readonly already: number;
}

/** What appending has to know of the leak as it is. */
export interface AppendTo {
  readonly tokensEver: number;
  readonly kinds: readonly string[];
  readonly readPage: (page: number) => Buffer;
}

/**
 * Works out the pages that append `tokens` to a leak, leaving out those it holds. It yields every few milliseconds
 * of work: drive it with `inSlices` where the event loop must stay free, or to its end with `atOnce` inside a write
 * transaction.
 */
export function* planAppend(
  tokens: readonly TokenDigest[],
  to: AppendTo,
  at: number,
): Generator<void, Appended, void> {
  const fresh = new Map<string, TokenDigest>();
  for (let i = 0; i < tokens.length; i++) {
    fresh.set(keyOf(tokens[i].digest, 0), tokens[i]);
    if (i % 4000 === 3999) yield;
  }
  for (let page = 0; page < pagesFor(to.tokensEver) && fresh.size > 0; page++) {
    dropLive(fresh, to.readPage(page));
    if (page % 40 === 39) yield;
  }
  const added = [...fresh.values()];
  const isFalse = added.filter((token) => token.isFalse);
  const inOrder = isFalse.length === 0 ? added : [...added.filter((token) => !token.isFalse), ...isFalse];
  const kinds = [...to.kinds];
  const pages: { page: number; bytes: Buffer }[] = [];
  let number = to.tokensEver + 1;
  let room = 0;
  for (const token of inOrder) {
    if (room === 0) {
      const page = pageOf(number);
      const kept = placeOf(number) === 0 ? null : to.readPage(page);
      const used = kept === null ? 0 : kept.length / recordBytes;
      room = recordsPerPage - used;
      const more = Math.min(room, to.tokensEver + inOrder.length + 1 - number);
      const bytes = Buffer.alloc((used + more) * recordBytes);
      kept?.copy(bytes);
      pages.push({ page, bytes });
      if (pages.length % 20 === 0) yield;
    }
    writeRecord(pages[pages.length - 1].bytes, placeOf(number), token, kindCode(kinds, token.kind), at);
    number++;
    room--;
  }
  const { length: count } = inOrder;
  return { pages, kinds, tokens: inOrder, count, falseCount: isFalse.length, already: tokens.length - count };
}

/** Runs the plan, giving way to the event loop between its slices. */
export async function inSlices<T>(plan: Generator<void, T, void>): Promise<T> {
  for (;;) {
    const step = plan.next();
    if (step.done) return step.value;
    await new Promise((resume) => setImmediate(resume));
  }
}

/** Runs the plan to its end in one go. */
export function atOnce<T>(plan: Generator<void, T, void>): T {
  for (;;) {
    const step = plan.next();
    if (step.done) return step.value;
  }
}

function dropLive(fresh: Map<string, TokenDigest>, bytes: Buffer): void {
  for (let start = 0; start < bytes.length; start += recordBytes) {
    if ((bytes[start + 42] & flagRemoved) === 0) fresh.delete(keyOf(bytes, start));
  }
}

function keyOf(bytes: Buffer, start: number): string {
  return bytes.latin1Slice(start, start + 32);
}

function kindCode(kinds: string[], kind: string): number {
  const known = kinds.indexOf(kind);
  if (known >= 0) return known;
  // More kinds than a byte can tell apart are shown as opaque; nothing is decided by a kind.
  if (kinds.length >= kindsMax) return kindsMax;
  return kinds.push(kind) - 1;
}

function writeRecord(bytes: Buffer, place: number, token: TokenDigest, kind: number, at: number): void {
  const start = place * recordBytes;
  token.digest.copy(bytes, start, 0, 32);
  bytes.writeUInt32LE(token.anchor, start + 32);
  bytes.writeUInt32LE(token.fingerprint, start + 36);
  bytes.writeUInt16LE(token.length, start + 40);
  const hash = token.hash === undefined ? 0 : hashAlgorithms.indexOf(token.hash) + 1;
  const alone = aloneStatuses.indexOf(token.isFalse ? "marked_false" : null);
  bytes[start + 42] =
    (hash << hashShift) |
    (checksums.indexOf(token.checksum ?? "none") << checksumShift) |
    (alone << aloneShift);
  bytes[start + 43] = kind;
  bytes.writeUIntLE(at, start + 44, 6);
  bytes.write(token.preview, start + 56, previewBytes, "utf8");
  bytes[start + 71] = token.mark;
}
