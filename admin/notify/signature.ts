import { createHmac } from "node:crypto";
import { keyOfSecret } from "./seal.ts";

/**
 * The headers of Standard Webhooks (github.com/standard-webhooks): a receiver verifies `id.timestamp.body`, refuses what
 * is older than some minutes, and remembers ids. One signature per secret, so that a rotation breaks nothing.
 */
export function signatureHeaders(
  messageId: string,
  at: number,
  body: string,
  secrets: readonly string[],
): Record<string, string> {
  const timestamp = String(Math.floor(at / 1_000));
  const signed = `${messageId}.${timestamp}.${body}`;
  const signatures = secrets.map(
    (secret) => `v1,${createHmac("sha256", keyOfSecret(secret)).update(signed).digest("base64")}`,
  );
  return {
    "webhook-id": messageId,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.join(" "),
  };
}
