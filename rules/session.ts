import { randomBytes } from "node:crypto";
import type { KeyId, Role } from "./access.ts";
import type { Pepper } from "./pepper.ts";

export type SessionId = `session-${number}`;

/** Who signed in: with an access key, or as a person whom an OIDC provider vouched for. */
export type SessionOwner =
  | { readonly kind: "key"; readonly key: KeyId }
  | { readonly kind: "person"; readonly subject: string; readonly name: string; readonly role: Role };

/** A sign-in. Of its secret the store has only the keyed digest, as the name of the record. */
export interface Session {
  readonly id: SessionId;
  readonly owner: SessionOwner;
  /** The address it was made from. */
  readonly from: string;
  readonly createdAt: number;
  /** Exact to a minute. */
  readonly lastSeenAt: number;
  /** It ends then, whatever happens. */
  readonly expiresAt: number;
}

const SECRET_BYTES = 32;
const SECRET = /^[A-Za-z0-9_-]{43}$/;

/** A new secret of 256 random bits: `clear` goes into the cookie and is kept nowhere. */
export function mintSession(pepper: Pepper): { readonly clear: string; readonly digest: string } {
  const clear = randomBytes(SECRET_BYTES).toString("base64url");
  return { clear, digest: digestOf(pepper, clear) };
}

/** Under what name the session of this secret is stored; null for what cannot be one. */
export function sessionDigest(pepper: Pepper, clear: string): string | null {
  return SECRET.test(clear) ? digestOf(pepper, clear) : null;
}

/** Whether two sessions are of the same key or person. */
export function isSameOwner(one: SessionOwner, other: SessionOwner): boolean {
  if (one.kind === "key") return other.kind === "key" && one.key === other.key;
  return other.kind === "person" && one.subject === other.subject;
}

/** A label keeps the digests of sessions, keys and tokens apart. */
function digestOf(pepper: Pepper, clear: string): string {
  return pepper.digestOf(Buffer.from(`leakgate session\n${clear}`)).toString("hex");
}
