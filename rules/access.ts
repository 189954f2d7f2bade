import { randomBytes, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";
import { checkText } from "./leak.ts";
import type { Pepper } from "./pepper.ts";
import { InputRefused } from "./refusal.ts";

/** Administrators change, analysts only look: those of one tenant, and the global ones in all of them. */
export type Role = TenantRole | GlobalRole;
export type TenantRole = "administrator" | "analyst";
export type GlobalRole = "global_administrator" | "global_analyst";
export const tenantRoles: readonly TenantRole[] = ["administrator", "analyst"];
export const globalRoles: readonly GlobalRole[] = ["global_administrator", "global_analyst"];
export const roles: readonly Role[] = [...tenantRoles, ...globalRoles];

/** Whether the role holds in all tenants; its keys lie in the control store. */
export function isGlobal(role: string): role is GlobalRole {
  return (globalRoles as readonly string[]).includes(role);
}

export type KeyId = `key-${number}`;

/** An API key as it may be shown. */
export interface AccessKey {
  readonly id: KeyId;
  readonly name: string;
  readonly role: Role;
  /** The 8 characters after `lgk_`: enough to recognise a key, useless without the rest. */
  readonly publicPart: string;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly revokedAt: number | null;
}

/** An API key as it is stored; `digest` is the HMAC under the pepper, in hex. */
export interface AccessKeyRecord extends AccessKey {
  readonly digest: string;
}

/** A key that is not stored yet. */
export type MintedKey = Pick<AccessKeyRecord, "name" | "role" | "publicPart" | "digest">;

const prefix = "lgk_";
const publicChars = 8;
const secretChars = 40;
const checksumChars = 6;
/** `lgk_` 8 public characters `_` 40 secret ones and the checksum, 59 in all. */
const keyChars = prefix.length + publicChars + 1 + secretChars + checksumChars;
const keyNameChars = 128;
const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/**
 * A new key: `clear` is to be shown once and kept nowhere, `record` goes into the store. The last 6 characters are
 * the CRC-32 of all before them in base 62, so that secret scanners can tell a real key from a look-alike offline.
 * Throws InputRefused for the name.
 */
export function mintKey(pepper: Pepper, role: Role, name: string): { clear: string; record: MintedKey } {
  const checked = checkText("name", name, keyNameChars);
  if (checked === "") throw new InputRefused("name", "is empty");
  const publicPart = randomBase62(publicChars);
  const body = `${prefix}${publicPart}_${randomBase62(secretChars)}`;
  const clear = body + checksum(body);
  return {
    clear,
    record: { name: checked, role, publicPart, digest: digestOf(pepper, clear).toString("hex") },
  };
}

/** What authentication needs of the store. */
export interface KeySource {
  keyByPublicPart(publicPart: string): AccessKeyRecord | null;
}

/** The key that `clear` is, or null: unknown, malformed and revoked keys all look alike, in constant time. */
export function authenticate(store: KeySource, pepper: Pepper, clear: string): AccessKey | null {
  const publicPart = publicPartOf(clear);
  if (publicPart === null) return null;
  const record = store.keyByPublicPart(publicPart);
  const stored = Buffer.from(record?.digest ?? "0".repeat(64), "hex");
  const isSame = timingSafeEqual(digestOf(pepper, clear), stored);
  return record !== null && isSame && record.revokedAt === null ? publicView(record) : null;
}

/** The fields of a record that may be shown. */
export function publicView(record: AccessKeyRecord): AccessKey {
  return {
    id: record.id,
    name: record.name,
    role: record.role,
    publicPart: record.publicPart,
    createdAt: record.createdAt,
    createdBy: record.createdBy,
    revokedAt: record.revokedAt,
  };
}

/** The public part of a well-formed key whose checksum holds, else null. */
function publicPartOf(clear: string): string | null {
  if (clear.length !== keyChars || !/^lgk_[0-9A-Za-z]{8}_[0-9A-Za-z]{46}$/.test(clear)) return null;
  const body = clear.slice(0, -checksumChars);
  return checksum(body) === clear.slice(-checksumChars)
    ? clear.slice(prefix.length, prefix.length + publicChars)
    : null;
}

/** A label keeps keys and tokens apart: the digest of a key that leaked is not the digest of the token it then is. */
function digestOf(pepper: Pepper, clear: string): Buffer {
  return pepper.digestOf(Buffer.from(`leakgate access key\n${clear}`));
}

function checksum(text: string): string {
  let rest = crc32(text);
  let digits = "";
  while (digits.length < checksumChars) {
    digits = base62[rest % 62] + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

function randomBase62(chars: number): string {
  let text = "";
  while (text.length < chars) {
    for (const byte of randomBytes(chars)) {
      // 248 is the largest multiple of 62 in a byte: a plain remainder would favour the first characters.
      if (byte < 248 && text.length < chars) text += base62[byte % 62];
    }
  }
  return text;
}
