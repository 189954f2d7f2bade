import { createHmac } from "node:crypto";
import { isSame } from "./secrets.ts";

/** Whether `sha256=` and hex digits are the HMAC-SHA-256 of the bytes under this key. */
export function isSignedHex(given: string, key: string, bytes: Uint8Array): boolean {
  return isSame(given.toLowerCase(), `sha256=${createHmac("sha256", key).update(bytes).digest("hex")}`);
}

/** What such a header looks like; another is not worth reading the body for. */
export const SIGNATURE_HEX = /^sha256=[0-9a-f]{64}$/i;
