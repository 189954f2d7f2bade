/** What a header field means to the engine. `0` is every other field: forwarded as it is, and inspected. */
export const Field = {
  other: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  expect: 5,
  upgrade: 6,
  te: 7,
  /** Never forwarded: they speak of one connection only (RFC 9110 section 7.6.1). */
  hopByHop: 8,
  /** Says who the client is; believed, and forwarded, only from trusted addresses. */
  forwarded: 9,
  forwardedFor: 10,
  requestId: 11,
  /** May stand once; two would be read differently by different parsers. */
  singleton: 12,
  authorization: 13,
  contentEncoding: 14,
  grpcEncoding: 15,
} as const;

const NAMES: Record<string, number> = {
  host: Field.host,
  "content-length": Field.contentLength,
  "transfer-encoding": Field.transferEncoding,
  connection: Field.connection,
  expect: Field.expect,
  upgrade: Field.upgrade,
  te: Field.te,
  "keep-alive": Field.hopByHop,
  "proxy-connection": Field.hopByHop,
  // Belongs to the h2c upgrade, which is dropped (RFC 7540 section 3.2.1).
  "http2-settings": Field.hopByHop,
  forwarded: Field.forwarded,
  "x-forwarded-host": Field.forwarded,
  "x-forwarded-proto": Field.forwarded,
  "x-forwarded-port": Field.forwarded,
  "x-forwarded-prefix": Field.forwarded,
  "x-forwarded-server": Field.forwarded,
  "x-real-ip": Field.forwarded,
  "x-forwarded-for": Field.forwardedFor,
  "x-request-id": Field.requestId,
  "content-type": Field.singleton,
  "content-encoding": Field.contentEncoding,
  "grpc-encoding": Field.grpcEncoding,
  "content-range": Field.singleton,
  "content-location": Field.singleton,
  date: Field.singleton,
  "max-forwards": Field.singleton,
  "sec-websocket-key": Field.singleton,
  "sec-websocket-version": Field.singleton,
  authorization: Field.authorization,
  "proxy-authorization": Field.authorization,
};

interface Known {
  readonly letters: Uint8Array;
  readonly kind: number;
}

const LENGTH_MAX = 32;
/** By length and first letter (its low five bits, the same in both cases): few names share a shape, most have none. */
const shapes: (Known[] | null)[] = new Array((LENGTH_MAX + 1) * 32).fill(null);
for (const [name, kind] of Object.entries(NAMES)) {
  const shape = name.length * 32 + (name.charCodeAt(0) & 31);
  shapes[shape] = [...(shapes[shape] ?? []), { letters: Buffer.from(name), kind }];
}

/** The kind of a field name, in any case. */
export function fieldKind(name: string): number {
  return fieldKindAt(name, 0, name.length);
}

/** The kind of the field name `text[start, end)`. */
export function fieldKindAt(text: string, start: number, end: number): number {
  const length = end - start;
  if (length === 0 || length > LENGTH_MAX) return Field.other;
  const known = shapes[length * 32 + (text.charCodeAt(start) & 31)]!;
  if (known === null) return Field.other;
  for (let index = 0; index < known.length; index++) {
    const { letters, kind } = known[index]!;
    if (isSpelled(text, start, letters)) return kind;
  }
  return Field.other;
}

/** Whether `letters` (lower case, digits, dashes) stand in a field name from `start` on, in any case. */
export function isSpelled(text: string, start: number, letters: Uint8Array): boolean {
  // Of the characters that a name may have, the bit changes letters alone.
  for (let at = 0; at < letters.length; at++)
    if ((text.charCodeAt(start + at) | 0x20) !== letters[at]) return false;
  return true;
}

/**
 * The kind a name with underscores would have where a CGI-like server folds `_` and `-` into one
 * (`Transfer_Encoding` smuggled past proxies that know only the dash).
 */
export function lookAlikeKind(name: string): number {
  return name.includes("_") ? fieldKind(name.replaceAll("_", "-")) : Field.other;
}

/** Fields that must not stand in trailers: framing, routing and what is said once (RFC 9110 section 6.5.1). */
export function isRefusedInTrailers(name: string): boolean {
  return (fieldKind(name) || lookAlikeKind(name)) !== Field.other;
}
