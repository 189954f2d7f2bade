import type { Socket } from "node:net";
import type { Parser } from "./llhttp.ts";

/** Up to here bytes are copied into one write; beyond it the pieces are handed to `writev`. */
const COPY_MAX = 16 * 1024;

/** As much as a socket is read at once. */
const SPARE_BYTES = 64 * 1024;
const SPARES_MAX = 64;
const spares: Buffer[] = [];

export const chunkEnd = Buffer.from("\r\n");

/**
 * What the kernel has not taken yet: changes with every byte it takes, while `writableLength` counts a write under way
 * as whole until it is over. Node's own time-outs look at `writeQueueSize` too.
 */
export function unwritten(socket: Socket): number {
  const { _handle: handle } = socket as unknown as { _handle: { writeQueueSize?: number } | null };
  return socket.writableLength + (handle?.writeQueueSize ?? 0);
}

/** Bytes to be kept for long: a piece of Node's pool would keep all 8 KiB of it in memory. */
export function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}

/** The size line of a chunk (RFC 9112 section 7.1). */
export function chunkStart(bytes: number): Buffer {
  return Buffer.from(`${bytes.toString(16)}\r\n`, "latin1");
}

/** Writes latin1 text around bytes, in one system call where that is cheap; answers whether the socket wants more. */
export function writeAround(socket: Socket, before: string, bytes: Buffer | null, after: string): boolean {
  const length = before.length + (bytes === null ? 0 : bytes.length) + after.length;
  if (length <= COPY_MAX) {
    const whole = Buffer.allocUnsafe(length);
    whole.latin1Write(before, 0);
    if (bytes !== null) bytes.copy(whole, before.length);
    if (after !== "") whole.latin1Write(after, length - after.length);
    return socket.write(whole);
  }
  socket.cork();
  if (before !== "") socket.write(before, "latin1");
  let wantsMore = bytes === null || writeCopy(socket, bytes);
  if (after !== "") wantsMore = socket.write(after, "latin1");
  socket.uncork();
  return wantsMore;
}

/**
 * Writes bytes that may be read over before the socket has taken them. The copies are used again, so that a long
 * download does not leave a trail of 64 KiB buffers for the collector.
 */
function writeCopy(socket: Socket, bytes: Buffer): boolean {
  if (bytes.length > SPARE_BYTES) return socket.write(Buffer.from(bytes));
  const copy = spares.pop() ?? Buffer.allocUnsafeSlow(SPARE_BYTES);
  bytes.copy(copy);
  return socket.write(copy.subarray(0, bytes.length), () => {
    if (spares.length < SPARES_MAX) spares.push(copy);
  });
}

/** Writes the parts in one system call where that is cheap; answers whether the socket wants more. */
export function writeParts(socket: Socket, parts: readonly Buffer[]): boolean {
  if (parts.length === 1) return socket.write(parts[0]!);
  let length = 0;
  for (const part of parts) length += part.length;
  if (length <= COPY_MAX) return socket.write(Buffer.concat(parts, length));
  socket.cork();
  let wantsMore = true;
  for (const part of parts) wantsMore = socket.write(part);
  socket.uncork();
  return wantsMore;
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
