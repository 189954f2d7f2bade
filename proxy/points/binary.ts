/** What may stand before a token in the same text. Any word would do for some length: letters are lengths too. */
const SCHEME =
  /(?:authorization: ?)?(?:bearer|token|basic|api-?key|key|bot|oauth|ssws|geniekey|jwt|access_token)(?: |=|:)$/i;
const SCHEME_MAX = 32;
const SIGHT_BYTES = 512;

const BINARY =
  /^(?:application\/(?:grpc|.*protobuf|.*cbor|.*msgpack|octet-stream|bson|.*avro|.*thrift|x-amf|x-hessian)|avro\/)/i;

/** Whether a body is binary: by its content type, else by its first bytes. */
export function looksBinary(contentType: string, bytes: Uint8Array): boolean {
  return BINARY.test(contentType) || hasBinary(bytes);
}

/** Control bytes, or what is no UTF-8 (RFC 3629 section 3), among the first few hundred. */
export function hasBinary(bytes: Uint8Array): boolean {
  const length = Math.min(bytes.length, SIGHT_BYTES);
  let following = 0;
  for (let at = 0; at < length; at++) {
    const byte = bytes[at]!;
    if (isControl(byte)) return true;
    const follows = byte >= 0x80 && byte < 0xc0;
    if (follows !== following > 0) return true;
    if (follows) following--;
    else if (byte >= 0xc0) following = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
  }
  return false;
}

/** All but tab, line feed, form feed, carriage return and escape. */
function isControl(byte: number): boolean {
  return byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13 && byte !== 0x1b;
}

/**
 * Whether a length stands before the token at `[start, end)` that spans exactly to its end, as the formats write the
 * length of a text: protobuf and Avro (varint, zigzag), CBOR (RFC 8949 section 3), MessagePack, Thrift and BSON (32 bits,
 * BSON with the NUL behind it). The text may begin with a scheme before the token.
 */
export function hasLengthPrefix(bytes: Uint8Array, start: number, end: number): boolean {
  if (start > 0 && isSpanOf(bytes, start, end - start)) return true;
  const before = Buffer.from(bytes.subarray(Math.max(0, start - SCHEME_MAX), start)).toString("latin1");
  const text = start - (SCHEME.exec(before)?.[0].length ?? 0);
  return text < start && text > 0 && isSpanOf(bytes, text, end - text);
}

/** Whether the bytes right before `text` say that it has `length` bytes. */
function isSpanOf(bytes: Uint8Array, text: number, length: number): boolean {
  const last = bytes[text - 1]!;
  const before = text > 1 ? bytes[text - 2]! : 0;
  const two = (before << 8) | last;
  return (
    isVarint(before, last, length) ||
    isVarint(before, last, length * 2) ||
    // CBOR: byte and text strings; MessagePack: fixstr, str 8, bin 8.
    (length < 24 && (last === 0x40 + length || last === 0x60 + length)) ||
    (length < 32 && last === 0xa0 + length) ||
    (last === length && (before === 0x58 || before === 0x78 || before === 0xd9 || before === 0xc4)) ||
    (text > 2 && two === length && isWide(bytes[text - 3]!)) ||
    (text > 3 && is32(bytes, text - 4, length))
  );
}

/** One or two bytes of seven bits, the lowest first. */
function isVarint(before: number, last: number, length: number): boolean {
  if (length < 128) return last === length;
  return length < 16_384 && before === ((length & 0x7f) | 0x80) && last === length >> 7;
}

/** What introduces a length of 16 bits: CBOR byte and text strings, MessagePack str 16 and bin 16. */
function isWide(byte: number): boolean {
  return byte === 0x59 || byte === 0x79 || byte === 0xda || byte === 0xc5;
}

function is32(bytes: Uint8Array, at: number, length: number): boolean {
  const little = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  const big = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  return little === length || little === length + 1 || big === length;
}
