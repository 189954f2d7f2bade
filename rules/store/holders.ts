import type { Tables } from "./tables.ts";

/**
 * Which leaks hold which tokens: the first 16 bytes of a digest -> 8 bytes for each token of that digest, the number of
 * its leak and its own (little-endian). 128 bits of an HMAC tell any two tokens apart. Removed tokens do not count.
 * One value a digest and not a row a token, because a look-up by range costs ten times as much as a plain one.
 */
const digestBytes = 16;
const entryBytes = 8;

export interface Holder {
  readonly seq: number;
  readonly number: number;
}

/** Those that hold the token, in the order in which they came to. */
export function holdersOf(tables: Tables, digest: Uint8Array): Holder[] {
  const packed = tables.holders.get(keyOf(digest));
  if (packed === undefined) return [];
  return Array.from({ length: packed.length / entryBytes }, (_, i) => ({
    seq: packed.readUInt32LE(i * entryBytes),
    number: packed.readUInt32LE(i * entryBytes + 4),
  }));
}

/** Adds a holder and answers those there were; only inside a write transaction. */
export function addHolder(tables: Tables, digest: Uint8Array, holder: Holder): Holder[] {
  const before = holdersOf(tables, digest);
  write(tables, digest, [...before, holder]);
  return before;
}

/** Removes a holder and answers those there are still; only inside a write transaction. */
export function removeHolder(tables: Tables, digest: Uint8Array, { seq, number }: Holder): Holder[] {
  const after = holdersOf(tables, digest).filter((each) => each.seq !== seq || each.number !== number);
  write(tables, digest, after);
  return after;
}

function write(tables: Tables, digest: Uint8Array, holders: readonly Holder[]): void {
  const key = keyOf(digest);
  if (holders.length === 0) {
    tables.holders.remove(key);
    return;
  }
  const packed = Buffer.allocUnsafe(holders.length * entryBytes);
  for (const [i, { seq, number }] of holders.entries()) {
    packed.writeUInt32LE(seq, i * entryBytes);
    packed.writeUInt32LE(number, i * entryBytes + 4);
  }
  tables.holders.put(key, packed);
}

/** A copy: the digest may lie in a page that goes away. */
function keyOf(digest: Uint8Array): Buffer {
  return Buffer.from(digest.subarray(0, digestBytes));
}
