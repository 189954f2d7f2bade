import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from "node:crypto";
import type { Pepper } from "../../rules/pepper.ts";

const IV_BYTES = 12;
const TAG_BYTES = 16;
const SECRET_BYTES = 32;
const PREFIX = "whsec_";

/** A sealed secret was made under another pepper, for another owner, or was changed. */
export class SealBroken extends Error {
  readonly code = "SealBroken";
  constructor() {
    super("a sealed secret cannot be read: it was stored under another pepper, or changed");
  }
}

/** Encrypts secrets of destinations and sources as they are stored (AES-256-GCM); the key comes from the tenant's pepper. */
export class Sealer {
  readonly #key: KeyObject;

  /** What was sealed for one purpose opens for no other. */
  constructor(pepper: Pepper, purpose: "notify" | "sources" = "notify") {
    this.#key = createSecretKey(pepper.derive(purpose, 32));
  }

  /** Bound to its owner, by id: moved to another one it cannot be opened. */
  seal(owner: string, secret: string): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#key, iv).setAAD(Buffer.from(owner));
    const sealed = Buffer.concat([iv, cipher.update(secret, "utf8"), cipher.final(), cipher.getAuthTag()]);
    return sealed.toString("base64");
  }

  /** Throws SealBroken. */
  open(owner: string, sealed: string): string {
    const bytes = Buffer.from(sealed, "base64");
    const [iv, tag] = [bytes.subarray(0, IV_BYTES), bytes.subarray(-TAG_BYTES)];
    try {
      const decipher = createDecipheriv("aes-256-gcm", this.#key, iv, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(owner)).setAuthTag(tag);
      const clear = [decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()];
      return Buffer.concat(clear).toString("utf8");
    } catch {
      throw new SealBroken();
    }
  }
}

/** A signing secret as Standard Webhooks writes it: `whsec_` and 32 random bytes in base64. */
export function newWebhookSecret(): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString("base64");
}

/** The bytes that sign. */
export function keyOfSecret(secret: string): Buffer {
  return Buffer.from(secret.slice(PREFIX.length), "base64");
}
