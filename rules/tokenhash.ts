import { hash } from "node:crypto";
import { digestEach, keyed, type TokenDigest } from "./digest.ts";
import { type LineRefusals, LineRefused } from "./linerefused.ts";
import type { Pepper } from "./pepper.ts";

/** How a hash of a token was made; in the order in which a record of the store counts them. */
export const hashAlgorithms = ["sha256", "sha1"] as const;
export type HashAlgorithm = (typeof hashAlgorithms)[number];
export const hashLengths: Readonly<Record<HashAlgorithm, number>> = { sha256: 32, sha1: 20 };

export type HashRefusalReason = "no_algorithm" | "not_hex" | "sha256_length" | "sha1_length" | "of_nothing";

const REASONS: Record<HashRefusalReason, string> = {
  no_algorithm: "the hash names no algorithm: sha256: or sha1: stands before it",
  not_hex: "the hash holds other characters than hexadecimal digits",
  sha256_length: "a SHA-256 hash has 64 hexadecimal digits",
  sha1_length: "a SHA-1 hash has 40 hexadecimal digits",
  of_nothing: "the hash is that of an empty text",
};

/** Why a text cannot be registered as a hash of a token. The message names the reason and the line, never the hash. */
export class HashRefused extends LineRefused {
  readonly code = "HashRefused";
  readonly reason: HashRefusalReason;

  constructor(reason: HashRefusalReason, line: number | null) {
    super(REASONS[reason], line);
    this.reason = reason;
  }
}

/** The hash of a token that nobody has in clear: published as it is, so it is digested like a token. */
export interface TokenHash {
  readonly algorithm: HashAlgorithm;
  /** In small letters. */
  readonly hex: string;
}

/** Parses `sha256:` and 64 hex digits, or `sha1:` and 40, in any case; throws HashRefused. */
export function parseTokenHash(text: string, line: number | null = null): TokenHash {
  const given = text.trim().toLowerCase();
  const algorithm = hashAlgorithms.find((name) => given.startsWith(`${name}:`));
  if (algorithm === undefined) throw new HashRefused("no_algorithm", line);
  const hex = given.slice(algorithm.length + 1);
  if (!/^[0-9a-f]*$/.test(hex)) throw new HashRefused("not_hex", line);
  if (hex.length !== hashLengths[algorithm] * 2) throw new HashRefused(`${algorithm}_length`, line);
  // What an export writes that had no token to hash.
  if (hex === hash(algorithm, "", "hex")) throw new HashRefused("of_nothing", line);
  return { algorithm, hex };
}

/**
 * What of a hash is digested: the algorithm's name, a NUL, the raw bytes. No token's canonical form holds a NUL, so
 * neither kind can be taken for the other.
 */
export class HashForm {
  readonly bytes: Buffer;
  private readonly algorithm: HashAlgorithm;
  private readonly start: number;

  constructor(algorithm: HashAlgorithm) {
    this.algorithm = algorithm;
    this.start = algorithm.length + 1;
    this.bytes = Buffer.alloc(this.start + hashLengths[algorithm]);
    this.bytes.write(algorithm, "latin1");
  }

  set(hex: string): void {
    this.bytes.write(hex, this.start, "hex");
  }

  /** The form of the hash of these bytes. Hexadecimal, because `hash` is four times as fast with it as with a Buffer. */
  setHashOf(bytes: Uint8Array): void {
    this.set(hash(this.algorithm, bytes, "hex"));
  }
}

/** Digests a hash. Its anchor is that of its own last 6 bytes; what nobody knows of the token is 0. */
export function digestHash({ algorithm, hex }: TokenHash, pepper: Pepper): TokenDigest {
  const form = new HashForm(algorithm);
  form.set(hex);
  return {
    digest: pepper.digestOf(form.bytes),
    anchor: keyed(pepper).anchorOf(form.bytes, form.bytes.length),
    fingerprint: 0,
    mark: 0,
    length: 0,
    preview: `${algorithm}****`,
    kind: algorithm,
    hash: algorithm,
  };
}

/** Parses and digests a list, as digestTokens does. Throws HashRefused for the first line that is no hash. */
export function digestHashes(
  texts: readonly string[],
  pepper: Pepper,
  refusals: LineRefusals | null = null,
): Promise<TokenDigest[]> {
  const digestOne = (text: string, line: number) => ({
    ...digestHash(parseTokenHash(text, line), pepper),
    line,
  });
  return digestEach(texts, digestOne, refusals);
}
