import type { Checksum } from "./kinds.ts";
import type { LineRefusals } from "./linerefused.ts";
import { ANCHOR_BYTES, Keyed } from "./matcher/keyed.ts";
import type { Pepper } from "./pepper.ts";
import { type TextWarning, Token } from "./token.ts";
import type { HashAlgorithm } from "./tokenhash.ts";

/** What is stored and compared instead of a token. */
export interface TokenDigest {
  /** HMAC-SHA-256 of the canonical form under the pepper; 32 bytes. */
  readonly digest: Buffer;
  /** Unsigned 32 bits over the last 6 bytes: finds, never decides. */
  readonly anchor: number;
  /** Keyed polynomial over the whole form, below 2^31. */
  readonly fingerprint: number;
  /** 1 to 255, keyed, over the first 2 bytes: spares work where only an ending is known. */
  readonly mark: number;
  /** Bytes of the canonical form, 6 to 4096; 0 where nobody knows. */
  readonly length: number;
  readonly preview: string;
  readonly kind: string;
  /** Where the token is known by its hash alone: what made that. Digest and anchor are then of the hash. */
  readonly hash?: HashAlgorithm | undefined;
  /** Default `none`. */
  readonly checksum?: Checksum | undefined;
  /** When a JWT expires (ms). */
  readonly expiresAt?: number | null | undefined;
  readonly warnings?: readonly TokenWarning[] | undefined;
  /** Where it stood in its list, from 1. */
  readonly line?: number | null | undefined;
  /** It is registered as false, alone of its leak (a rule of the intake, see intake.ts). */
  readonly isFalse?: boolean | undefined;
  readonly caughtBy?: string | undefined;
}

/** What people should look at before they trust a token as it was given. */
export type TokenWarning = TextWarning | "common_in_traffic" | "already_known";
export const tokenWarnings: readonly TokenWarning[] = [
  "low_entropy",
  "looks_truncated",
  "checksum_invalid",
  "common_in_traffic",
  "already_known",
];

/** Looks at a token's canonical form before its clear bytes are gone, and answers it as it is to be registered. */
export type Judge = (token: TokenDigest, bytes: Buffer) => TokenDigest;

/** How long digesting a list may keep the event loop before it yields. */
const SLICE_MS = 5;

const keyedOf = new WeakMap<Pepper, Keyed>();

/** The keyed tables of a pepper, made once. */
export function keyed(pepper: Pepper): Keyed {
  let tables = keyedOf.get(pepper);
  if (tables === undefined) {
    tables = new Keyed(pepper);
    keyedOf.set(pepper, tables);
  }
  return tables;
}

/** Digests a token; its clear bytes are overwritten in the same call. */
export function digestToken(token: Token, pepper: Pepper, judge: Judge | null = null): TokenDigest {
  const { kind, preview, checksum, expiresAt, warnings, line } = token;
  return token.take((bytes) => {
    const facts = { preview, kind, checksum, expiresAt, warnings, line };
    const digest: TokenDigest = { ...digestBytes(bytes, pepper), ...facts };
    return judge === null ? digest : judge(digest, bytes);
  });
}

/** The same for the bytes of a canonical form, at least 6. */
export function digestBytes(bytes: Uint8Array, pepper: Pepper): Omit<TokenDigest, "preview" | "kind"> {
  return {
    digest: pepper.digestOf(bytes),
    anchor: keyed(pepper).anchorOf(bytes, Math.max(bytes.length, ANCHOR_BYTES)),
    fingerprint: keyed(pepper).fingerprintOf(bytes),
    mark: keyed(pepper).markOf(bytes),
    length: bytes.length,
  };
}

/**
 * Parses and digests a list, line by line; the same token twice is one. Throws TokenRefused for the first line that
 * cannot be a token, unless `refusals` collects them. Yields to the event loop every few milliseconds.
 */
export function digestTokens(
  texts: readonly string[],
  pepper: Pepper,
  judge: Judge | null = null,
  refusals: LineRefusals | null = null,
): Promise<TokenDigest[]> {
  return digestEach(texts, (text, line) => digestToken(Token.parse(text, line), pepper, judge), refusals);
}

/** Digests each text of a list, which is named by its line (from 1); of equal digests one is kept. */
export async function digestEach(
  texts: readonly string[],
  digestOne: (text: string, line: number) => TokenDigest,
  refusals: LineRefusals | null,
): Promise<TokenDigest[]> {
  const found = new Map<string, TokenDigest>();
  let until = performance.now() + SLICE_MS;
  for (let index = 0; index < texts.length && !refusals?.isFull; index++) {
    const digestLine = () => digestOne(texts[index]!, index + 1);
    const digest = refusals === null ? digestLine() : refusals.collect(digestLine);
    if (digest !== null) {
      const name = digest.digest.toString("latin1");
      if (!found.has(name)) found.set(name, digest);
    }
    if ((index & 15) === 15 && performance.now() > until) {
      await new Promise((resolve) => setImmediate(resolve));
      until = performance.now() + SLICE_MS;
    }
  }
  return [...found.values()];
}
