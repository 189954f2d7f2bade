import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { z } from "zod";

const IV_BYTES = 12;
const TAG_BYTES = 16;
const SEALED_CHARS_MAX = 4_000;

/** A value that a browser keeps for us and can neither read nor change (AES-256-GCM). */
export function seal(key: Buffer, value: object): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  const sealed = Buffer.concat([cipher.update(JSON.stringify(value), "utf8"), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString("base64url");
}

/** The value, or null for what we did not seal. */
export function unseal<Schema extends z.ZodType>(
  key: Buffer,
  text: string,
  schema: Schema,
): z.output<Schema> | null {
  if (text.length > SEALED_CHARS_MAX) return null;
  const bytes = Buffer.from(text, "base64url");
  if (bytes.length <= IV_BYTES + TAG_BYTES) return null;
  try {
    const options = { authTagLength: TAG_BYTES };
    const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, IV_BYTES), options);
    decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    const clear = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
    return schema.parse(JSON.parse(clear.toString("utf8")));
  } catch {
    return null;
  }
}
