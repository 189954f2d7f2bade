/** As much as a socket is read at once. */
export const SPARE_BYTES = 64 * 1024;
const SPARES_MAX = 64;
const spares: Buffer[] = [];

/**
 * Memory for large pieces on their way through, used again and again: a fresh buffer for each had V8 collect all of its
 * heap twice a second (a sixth of the processor time of a 64 KiB upload).
 */
export function takeSpare(): Buffer {
  return spares.pop() ?? Buffer.allocUnsafeSlow(SPARE_BYTES);
}

/** Gives one back whose bytes nobody reads any more. */
export function giveSpare(spare: Buffer): void {
  if (spares.length < SPARES_MAX) spares.push(spare);
}
