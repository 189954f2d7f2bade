import type { TokenDigest } from "./digest.ts";

/** What somebody asks the workers: in how many of the requests they saw these tokens came. Travels through the runtime. */
export interface HuntRequest {
  readonly id: string;
  readonly tenant: string;
  /** The leak whose live tokens are looked for; null where `wanted` has them. */
  readonly leak: string | null;
  /** Tokens that no leak holds yet, see `wantedOf`. */
  readonly wanted: Uint8Array;
  /** Host names as scopes have them; only requests to these count, and to any where there are none. */
  readonly hosts: readonly string[];
  readonly askedAt: number;
}

/** A token that came often. */
export interface HuntedToken {
  /** Its number within the leak, or its place in `wanted` from 1. */
  readonly token: number;
  readonly requests: number;
  /** See `addressesOf`. */
  readonly addresses: number;
}

/** What one worker answers. Bounded, whatever the leak's size: see the limits below. */
export interface HuntAnswer {
  readonly hunt: string;
  readonly worker: number;
  readonly answeredAt: number;
  /** `off`: it keeps nothing (`inspect.seen.values: 0`); `failed`: it could not read the leak. */
  readonly kind: "looked" | "off" | "failed";
  /** Since when it has kept what it saw, and how many values others have pushed out since. */
  readonly since: number;
  readonly forgotten: number;
  /** Tokens that were looked for, and those besides that only their hashes are known of. */
  readonly tokens: number;
  readonly unknown: number;
  readonly requests: number;
  /** Of the requests that carried one; null where none did. */
  readonly first: number | null;
  readonly last: number | null;
  readonly addresses: number;
  /** The numbers of the tokens that were met, 4 bytes each, little-endian. */
  readonly met: Uint8Array;
  /** Requests by point and by host. */
  readonly points: Readonly<Record<string, number>>;
  readonly hosts: Readonly<Record<string, number>>;
  /** Those that came most often. */
  readonly most: readonly HuntedToken[];
}

export const huntLimits = {
  /** Tokens in `wanted`. */
  wanted: 200_000,
  /** Hosts of an answer, those with the most requests; what is left is `other`. */
  hosts: 50,
  /** Tokens in `most`. */
  most: 1_000,
  /** Hunts at a time. */
  open: 16,
} as const;

const WANTED_BYTES = 12;

/** Tokens as a request carries them: 12 bytes each. Those known by their hash alone have a length of 0, and are never met. */
export function wantedOf(digests: readonly TokenDigest[]): Uint8Array {
  const bytes = Buffer.alloc(digests.length * WANTED_BYTES);
  digests.forEach(({ anchor, fingerprint, length }, index) => {
    bytes.writeUInt32LE(anchor, index * WANTED_BYTES);
    bytes.writeUInt32LE(fingerprint, index * WANTED_BYTES + 4);
    bytes.writeUInt16LE(length, index * WANTED_BYTES + 8);
  });
  return bytes;
}

/** What is looked for of a token. */
export interface Wanted {
  readonly anchor: number;
  readonly fingerprint: number;
  readonly length: number;
}

export function wantedCount(wanted: Uint8Array): number {
  return Math.floor(wanted.length / WANTED_BYTES);
}

export function wantedAt(wanted: Uint8Array, index: number): Wanted {
  const view = new DataView(wanted.buffer, wanted.byteOffset + index * WANTED_BYTES, WANTED_BYTES);
  return {
    anchor: view.getUint32(0, true),
    fingerprint: view.getUint32(4, true),
    length: view.getUint16(8, true),
  };
}

/**
 * About how many addresses set the bits of a map of 32, each one of them at random (linear counting, Whang et al. 1990).
 * Beyond 111, where all are set, it cannot tell.
 */
export function addressesOf(map: number): number {
  let unset = 0;
  for (let bit = 0; bit < 32; bit++) if ((map & (1 << bit)) === 0) unset++;
  return Math.round(-32 * Math.log(Math.max(unset, 1) / 32));
}
