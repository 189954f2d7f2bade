import type { Parser } from "./llhttp.ts";

export const chunkEnd = Buffer.from("\r\n");

/** Bytes to be kept for long: a piece of Node's pool would keep all 8 KiB of it in memory. */
export function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

/** Latin1 text to be kept for long: what is cut from a head would keep all of it in memory, its credentials too. */
export function copyOfText(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}

/** The size line of a chunk (RFC 9112 section 7.1). */
export function chunkStart(bytes: number): Buffer {
  return Buffer.from(`${bytes.toString(16)}\r\n`, "latin1");
}

/** The stretches of body the parser found in `bytes`, as one; null where there are none. */
export function compact(parser: Parser, bytes: Buffer): Buffer | null {
  const { body } = parser;
  if (body.length === 0) return null;
  if (body.length === 2) return bytes.subarray(body[0], body[1]);
  const whole = Buffer.allocUnsafe(parser.bodyBytes);
  let at = 0;
  for (let index = 0; index < body.length; index += 2) {
    at += bytes.copy(whole, at, body[index], body[index + 1]);
  }
  return whole;
}
