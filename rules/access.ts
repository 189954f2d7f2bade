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
  /** Refused for good since then. */
  readonly revokedAt: number | null;
  /** Refused from then on; null: never. */
  readonly expiresAt: number | null;
  /** Refused since then, until it is enabled again. */
  readonly disabledAt: number | null;
  /** Until when the secret before the last rotation is taken beside the new one. */
  readonly graceUntil: number | null;
}

/** What of a key's secret is stored; `digest` is the HMAC under the pepper, in hex. */
export interface StoredSecret {
  readonly publicPart: string;
  readonly digest: string;
}

/** An API key as it is stored. */
export interface AccessKeyRecord extends AccessKey, StoredSecret {
  /** The secret before the last rotation; it counts until `graceUntil`. */
  readonly previous: StoredSecret | null;
}

/** A key that is not stored yet. */
export type MintedKey = Pick<AccessKeyRecord, "name" | "role" | "publicPart" | "digest" | "expiresAt">;

/** Why a key is refused though its secret is the right one; `rotated`: it was, until a rotation. */
export type Standing = "good" | "revoked" | "disabled" | "expired" | "rotated";

const prefix = "lgk_";
const publicChars = 8;
const secretChars = 40;
const checksumChars = 6;
/** `lgk_` 8 public characters `_` 40 secret ones and the checksum, 59 in all. */
const keyChars = prefix.length + publicChars + 1 + secretChars + checksumChars;
const keyNameChars = 128;
const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** A new key: `clear` is to be shown once and kept nowhere, `record` goes into the store. Throws InputRefused for the name. */
export function mintKey(
  pepper: Pepper,
  role: Role,
  name: string,
  expiresAt: number | null = null,
): { clear: string; record: MintedKey } {
  const { clear, secret } = mintSecret(pepper);
  return { clear, record: { name: checkKeyName(name), role, ...secret, expiresAt } };
}

/** Throws InputRefused. */
export function checkKeyName(name: string): string {
  const checked = checkText("name", name, keyNameChars);
  if (checked === "") throw new InputRefused("name", "is empty");
  return checked;
}

/**
 * A new secret for a key. The last 6 characters are the CRC-32 of all before them in base 62, so that secret scanners
 * can tell a real key from a look-alike offline.
 */
export function mintSecret(pepper: Pepper): { clear: string; secret: StoredSecret } {
  const publicPart = randomBase62(publicChars);
  const body = `${prefix}${publicPart}_${randomBase62(secretChars)}`;
  const clear = body + checksum(body);
  return { clear, secret: { publicPart, digest: digestOf(pepper, clear).toString("hex") } };
}

/** What authentication needs of the store. */
export interface KeySource {
  keyByPublicPart(publicPart: string): AccessKeyRecord | null;
}

/** The key that `clear` is now, or null: whatever is refused looks alike, in constant time. */
export function authenticate(store: KeySource, pepper: Pepper, clear: string, now: number): AccessKey | null {
  const found = recognise(store, pepper, clear, now);
  return found?.standing === "good" ? found.key : null;
}

/** Whose secret `clear` is, and whether it counts now; null for what nobody's is. For the log, which may say more. */
export function recognise(
  store: KeySource,
  pepper: Pepper,
  clear: string,
  now: number,
): { readonly key: AccessKey; readonly standing: Standing } | null {
  const publicPart = publicPartOf(clear);
  if (publicPart === null) return null;
  const record = store.keyByPublicPart(publicPart);
  const isCurrent = record?.publicPart === publicPart;
  const secret = isCurrent ? record : record?.previous;
  const stored = Buffer.from(secret?.digest ?? "0".repeat(64), "hex");
  const isSame = timingSafeEqual(digestOf(pepper, clear), stored);
  if (record === null || !isSame) return null;
  const standing = standingOf(record, now);
  const isOld = !isCurrent && (record.graceUntil ?? 0) <= now;
  return { key: publicView(record), standing: standing === "good" && isOld ? "rotated" : standing };
}

/** Whether a key counts, its secret aside. */
export function standingOf(key: AccessKey, now: number): Exclude<Standing, "rotated"> {
  if (key.revokedAt !== null) return "revoked";
  if (key.disabledAt !== null) return "disabled";
  return key.expiresAt !== null && key.expiresAt <= now ? "expired" : "good";
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
    expiresAt: record.expiresAt,
    disabledAt: record.disabledAt,
    graceUntil: record.graceUntil,
  };
}

/** The public part of a well-formed key whose checksum holds, else null. */
export function publicPartOf(clear: string): string | null {
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
