import { gzipSync } from "node:zlib";
import * as binary from "./binary.ts";
import { type Case, one } from "./case.ts";
import { chunkPerByte, type Framing, post, randomChunks } from "./request.ts";
import * as spell from "./spell.ts";

const PROTOBUF = "application/x-protobuf";
const { protobuf, protobufNumber } = binary;
const body = (name: string, type: string, write: (token: string) => Buffer, framing?: Framing): Case =>
  one(name, (t) => post(type, write(t), framing === undefined ? {} : { framing }));

/** A field of text, then one whose tag is the digit or letter. */
const before = (tag: string) => (t: string) => {
  const rest =
    tag.charCodeAt(0) & 7 ? protobuf(tag.charCodeAt(0) >> 3, "x") : protobufNumber(tag.charCodeAt(0) >> 3, 1);
  return Buffer.concat([protobufNumber(1, 300), protobuf(2, t), rest]);
};
const login = (t: string) => Buffer.concat([protobuf(1, "made up"), protobuf(2, t), protobuf(12, "x")]);

const protobufCases: readonly Case[] = [
  body("protobuf: the last field", PROTOBUF, (t) => protobuf(1, t)),
  ...["0", "8", "2", "B", "J", "R", "Z", "b", "j", "r", "z", "x", "h"].map((tag) =>
    body(`protobuf: before the tag ${tag}`, PROTOBUF, before(tag)),
  ),
  body("protobuf: nested", PROTOBUF, (t) =>
    protobuf(3, Buffer.concat([protobuf(4, login(t)), protobuf(13, "y")])),
  ),
  body("protobuf: repeated", PROTOBUF, (t) =>
    Buffer.concat([protobuf(12, "x"), protobuf(12, t), protobuf(12, "y")]),
  ),
  body("protobuf: a chunk a byte", PROTOBUF, login, chunkPerByte),
  body("protobuf: chunks of random sizes", PROTOBUF, login, randomChunks),
  body("protobuf without content type", "", login),
  body("protobuf as application/octet-stream", "application/octet-stream", login),
  body("protobuf as text/plain", "text/plain", login),
  one("protobuf in gzip", (t) =>
    post(PROTOBUF, gzipSync(login(t)), { extra: [["Content-Encoding", "gzip"]] }),
  ),
  body("protobuf in base64 in JSON", "application/json", (t) =>
    Buffer.from(`{"m":"${spell.base64(login(t))}"}`),
  ),
];

const grpcCases: readonly Case[] = [
  body("gRPC", "application/grpc", (t) => binary.grpc(login(t))),
  body("gRPC, the second message", "application/grpc+proto", (t) =>
    Buffer.concat([binary.grpc(protobuf(1, "x")), binary.grpc(login(t))]),
  ),
  body("gRPC, a chunk a byte", "application/grpc", (t) => binary.grpc(login(t)), chunkPerByte),
  one("gRPC, a message in gzip", (t) =>
    post("application/grpc", binary.grpc(gzipSync(login(t)), true), { extra: [["grpc-encoding", "gzip"]] }),
  ),
  body("gRPC-Web", "application/grpc-web+proto", (t) => binary.grpc(login(t))),
  body("gRPC-Web as text", "application/grpc-web-text", (t) =>
    Buffer.from(spell.base64(binary.grpc(login(t)))),
  ),
];

const key = binary.cborText("key");
const cborCases: readonly Case[] = [
  body("CBOR: text", "application/cbor", (t) => binary.cborMap(key, binary.cborText(t))),
  body("CBOR: text before a text", "application/cbor", (t) =>
    binary.cborMap(key, binary.cborText(t), binary.cborText("on"), binary.cborNumber(1)),
  ),
  body("CBOR: text before a number", "application/cbor", (t) =>
    binary.cborArray(binary.cborText(t), binary.cborNumber(500)),
  ),
  body("CBOR: text before bytes", "application/cbor", (t) =>
    binary.cborArray(binary.cborText(t), binary.cborBytes("made-up")),
  ),
  body("CBOR: bytes", "application/cbor", (t) => binary.cborArray(binary.cborBytes(t), binary.cborText("a"))),
  body("CBOR: a key", "application/cbor", (t) =>
    binary.cborMap(binary.cborText(t), binary.cborText("made-up")),
  ),
  body("CBOR without content type", "", (t) =>
    binary.cborMap(key, binary.cborText(t), binary.cborText("a"), key),
  ),
  body(
    "CBOR: a chunk a byte",
    "application/cbor",
    (t) => binary.cborArray(binary.cborText(t), key),
    chunkPerByte,
  ),
];

const named = binary.packText("key");
const packCases: readonly Case[] = [
  body("MessagePack: text", "application/msgpack", (t) => binary.packMap(named, binary.packText(t))),
  ...([0, 8, 16, 32] as const).map((bits) =>
    body(
      `MessagePack: text of ${bits || "the fewest"} bits before the number 65`,
      "application/msgpack",
      (t) => Buffer.concat([Buffer.from([0x92]), binary.packText(t, bits), binary.packNumber(65)]),
    ),
  ),
  body("MessagePack: bytes before the number 97", "application/x-msgpack", (t) =>
    Buffer.concat([Buffer.from([0x92]), binary.packBytes(t), binary.packNumber(97)]),
  ),
  body("MessagePack: a key before the number 48", "application/msgpack", (t) =>
    binary.packMap(binary.packText(t), binary.packNumber(48)),
  ),
  body("MessagePack without content type", "", (t) =>
    Buffer.concat([Buffer.from([0x93, 0]), binary.packText(t), binary.packNumber(95)]),
  ),
];

export const messageCases: readonly Case[] = [
  ...protobufCases,
  ...grpcCases,
  ...cborCases,
  ...packCases,
  body("BSON", "application/bson", (t) => binary.bson("key", t)),
  body("text after NUL bytes", "application/octet-stream", (t) =>
    Buffer.from(`\0\0\x01${t}\0made up`, "latin1"),
  ),
];
