/** What the upstream of the parity check tells of a request that it got whole. */
export interface Told {
  /** By which a contender is known to have passed a request on, as with the upstream of the workload. */
  readonly name: "made-up order";
  readonly method: string;
  readonly target: string;
  /** Of the body: its bytes and their SHA-256 in hexadecimal. */
  readonly length: number;
  readonly sha256: string;
  /** How many connections the upstream had taken by then. */
  readonly connections: number;
}

/** A request to this path is answered with so many bytes, which are no one letter repeated. */
export const LARGE_PATH = "/large";
export const LARGE_BYTES = 64 * 1_024;

export function largeBody(): Buffer {
  return Buffer.from(Array.from({ length: LARGE_BYTES }, (_, index) => (index * 31 + (index >> 8)) & 0xff));
}
