/** Small encoders of binary formats, as far as the cases need them. */

export function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  bytes.push(value);
  return Buffer.from(bytes);
}

const bytesOf = (content: string | Buffer) =>
  typeof content === "string" ? Buffer.from(content, "utf8") : content;

/** Protobuf: field `number` of wire type 2, a length and the bytes. */
export function protobuf(number: number, content: string | Buffer): Buffer {
  const bytes = bytesOf(content);
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

/** Protobuf: field `number` of wire type 0. The tag of fields 6, 8, 12, 13, 14 and 15 is a digit or letter. */
export const protobufNumber = (number: number, value: number) =>
  Buffer.concat([varint(number << 3), varint(value)]);

/** A gRPC message: a flag, a length of four bytes, the message. */
export function grpc(message: Buffer, isCompressed = false): Buffer {
  const head = Buffer.alloc(5);
  head[0] = isCompressed ? 1 : 0;
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** CBOR (RFC 8949 section 3): the head of a data item. */
function cborHead(major: number, argument: number): Buffer {
  const type = major << 5;
  if (argument < 24) return Buffer.from([type | argument]);
  if (argument < 256) return Buffer.from([type | 24, argument]);
  return Buffer.from([type | 25, argument >> 8, argument & 0xff]);
}

export const cborText = (text: string) =>
  Buffer.concat([cborHead(3, Buffer.byteLength(text)), Buffer.from(text)]);
export const cborBytes = (text: string) =>
  Buffer.concat([cborHead(2, Buffer.byteLength(text)), Buffer.from(text)]);
export const cborArray = (...items: Buffer[]) => Buffer.concat([cborHead(4, items.length), ...items]);
export const cborMap = (...items: Buffer[]) => Buffer.concat([cborHead(5, items.length / 2), ...items]);
export const cborNumber = (value: number) => cborHead(0, value);

/** MessagePack: str of the shortest form, or of the form that `bits` asks for. */
export function packText(text: string, bits: 0 | 8 | 16 | 32 = 0): Buffer {
  const bytes = Buffer.from(text);
  const { length } = bytes;
  if (bits === 0 && length < 32) return Buffer.concat([Buffer.from([0xa0 | length]), bytes]);
  if (bits <= 8 && length < 256) return Buffer.concat([Buffer.from([0xd9, length]), bytes]);
  if (bits <= 16) return Buffer.concat([Buffer.from([0xda, length >> 8, length & 0xff]), bytes]);
  return Buffer.concat([Buffer.from([0xdb, 0, 0, length >> 8, length & 0xff]), bytes]);
}

export const packBytes = (text: string) =>
  Buffer.concat([Buffer.from([0xc5, text.length >> 8, text.length & 0xff]), Buffer.from(text)]);
export const packMap = (...items: Buffer[]) =>
  Buffer.concat([Buffer.from([0x80 | (items.length / 2)]), ...items]);
/** A number of 0 to 127 is its own byte: 65 is `A`. */
export const packNumber = (value: number) => Buffer.from([value]);

/** BSON: a document of one string, whose length counts its closing NUL. */
export function bson(key: string, text: string): Buffer {
  const value = Buffer.from(`${text}\0`);
  const document = Buffer.alloc(4 + 1 + key.length + 1 + 4 + value.length + 1);
  document.writeInt32LE(document.length, 0);
  document[4] = 2;
  document.write(`${key}\0`, 5, "latin1");
  document.writeInt32LE(value.length, 6 + key.length);
  value.copy(document, 10 + key.length);
  return document;
}
