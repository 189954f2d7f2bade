import * as binary from "./binary.ts";
import type { Layer } from "./layers.ts";
import * as layers from "./layers.ts";
import type { Random } from "./random.ts";
import { type Field, get, oneChunk, post, type Request } from "./request.ts";
import * as spell from "./spell.ts";

/** A place for a token: which layers may lie around it there, innermost first, and the request it makes. */
export interface Place {
  readonly name: string;
  readonly stacks: readonly (readonly Layer[])[];
  request(text: string, random: Random): Request;
}

const { plain } = layers;
const name = (random: Random) => `X-${random.word(12)}`;
/** Some fields before and after, so that the one that counts stands anywhere. */
function among(field: Field, random: Random): Field[] {
  const others = () =>
    Array.from(
      { length: random.below(4) },
      (): Field => [name(random), `${random.word(20)}, ${random.word(9)}`],
    );
  return [...others(), field, ...others()];
}

const inHead = (
  title: string,
  stacks: Place["stacks"],
  field: (text: string, random: Random) => Field,
): Place => ({
  name: title,
  stacks,
  request: (text, random) => get(`/${random.word(9)}`, among(field(text, random), random)),
});
const inTarget = (
  title: string,
  stacks: Place["stacks"],
  target: (text: string, random: Random) => string,
): Place => ({
  name: title,
  stacks,
  request: (text, random) => get(target(text, random), among([name(random), random.word(9)], random)),
});
const inBody = (
  title: string,
  type: string,
  stacks: Place["stacks"],
  body: (text: string, random: Random) => string | Buffer,
): Place => ({
  name: title,
  stacks,
  request: (text, random) => post(random.chance(0.1) ? "" : type, body(text, random)),
});

const INNER = [[plain], [plain], [layers.base64], [layers.url], [layers.urlEscaped]] as const;
const BOUNDARY = "made-up-boundary";
const part = (head: string, body: string) =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="a"\r\n${head}\r\n${body}\r\n--${BOUNDARY}--\r\n`;
const multipart = `multipart/form-data; boundary=${BOUNDARY}`;
const form = "application/x-www-form-urlencoded";
const document = (text: string, random: Random) =>
  `${"[".repeat(random.below(9))}{"${random.word(9)}":"${text}","n":${random.below(99)}}`;

export const PLACES: readonly Place[] = [
  inHead("a header field", [[plain], [layers.base64], [layers.json]], (text, random) => [
    name(random),
    random.pick(
      ["", "Bearer ", "a=b, key=", 'token="'].map(
        (before) => before + text + (before.endsWith('"') ? '"' : ""),
      ),
    ),
  ]),
  inHead("Basic", [[plain]], (text, random) => {
    const credentials = random.pick([`${text}:`, `:${text}`, `${random.word(9)}:${text}`, `a:b:${text}`]);
    return ["Authorization", `Basic ${random.pick([spell.base64, spell.base64NoPadding])(credentials)}`];
  }),
  inHead("a cookie", [[plain], [layers.percent], [layers.base64Url]], (text, random) => [
    "Cookie",
    `${random.word(5)}=${random.word(9)}; ${random.word(5)}=${text}${random.pick(["", "; a=b"])}`,
  ]),
  inHead("Referer", [[layers.url], [layers.urlEscaped]], (text) => ["Referer", text]),
  inTarget(
    "the path",
    [[plain], [layers.percent], [layers.percentTwice], [layers.base64Url]],
    (text, random) =>
      `/${random.word(9)}/${random.pick(["", "", "bot", "./", ";k="])}${text}${random.pick(["", "/x", "?a=b"])}`,
  ),
  inTarget(
    "the query",
    [
      [plain],
      [layers.percent],
      [layers.percentTwice],
      [layers.json, layers.percentText],
      [layers.jsonEscaped, layers.percentText],
      [layers.base64, layers.percentText],
      [layers.base64Url],
      [layers.url, layers.percentText],
      [layers.urlEscaped, layers.percentText],
    ],
    (text, random) =>
      `/?${random.word(5)}=${random.word(9)}&${random.word(5)}[]=${text}${random.pick(["", "&c=d"])}`,
  ),
  inBody(
    "JSON",
    "application/json",
    [
      ...INNER,
      [layers.escapes],
      [layers.escapes],
      [layers.base64, layers.escapes],
      [layers.url, layers.escapes],
    ],
    document,
  ),
  inBody(
    "JSON in JSON",
    "application/json",
    [[layers.json], [layers.jsonEscaped], [layers.base64, layers.json]],
    (text, random) => document(spell.jsonString(text).slice(1, -1), random),
  ),
  inBody(
    "a form",
    form,
    [
      [plain],
      [layers.percent],
      [layers.percentTwice],
      [layers.json, layers.percentText],
      [layers.jsonEscaped, layers.percentText],
      [layers.base64, layers.percentText],
    ],
    (text, random) =>
      `${random.word(5)}=${random.word(9)}&${random.word(5)}=${text}${random.pick(["", "&c=d"])}`,
  ),
  inBody("multipart", multipart, [[plain], [layers.jsonEscaped], [layers.base64]], (text) => part("", text)),
  inBody("multipart in base64", multipart, [[plain]], (text, random) =>
    part(
      "Content-Transfer-Encoding: base64\r\n",
      spell.base64Lines(`${random.word(9)}=${text}`, random.pick([76, 64, 20]), "\r\n"),
    ),
  ),
  inBody("multipart in quoted-printable", multipart, [[layers.quoted]], (text) =>
    part("Content-Transfer-Encoding: quoted-printable\r\n", text),
  ),
  inBody(
    "XML",
    "application/xml",
    [[plain], [layers.entities], [layers.entities], [layers.cdata], [layers.base64]],
    (text, random) => `<?xml version="1.0"?><r><${random.word(1)}a>${text}</${random.word(1)}a></r>`,
  ),
  inBody(
    "plain text",
    "text/plain",
    [[plain], [layers.base64]],
    (text, random) => `${random.word(30)}\n${text}\n`,
  ),
  inBody("UTF-16", "application/json", [[plain], [layers.escapes]], (text, random) => {
    const body = document(text, random);
    return random.chance(0.5)
      ? Buffer.concat([spell.UTF16LE_BOM, spell.utf16le(body)])
      : Buffer.concat([spell.UTF16BE_BOM, spell.utf16be(body)]);
  }),
  inBody("protobuf", "application/x-protobuf", [[plain]], (text, random) =>
    Buffer.concat([
      binary.protobufNumber(1, 300),
      binary.protobuf(2, text),
      binary.protobuf(random.pick([6, 8, 12, 13, 15]), random.word(9)),
    ]),
  ),
  inBody("CBOR", "application/cbor", [[plain]], (text, random) =>
    binary.cborMap(
      binary.cborText(random.word(9)),
      binary.cborText(text),
      binary.cborText(random.word(9)),
      binary.cborNumber(1),
    ),
  ),
  inBody("MessagePack", "application/msgpack", [[plain]], (text, random) =>
    binary.packMap(
      binary.packText(random.word(9)),
      binary.packText(text),
      binary.packText("n"),
      binary.packNumber(48),
    ),
  ),
  {
    name: "a trailer",
    stacks: [[plain], [layers.base64]],
    request: (text, random) =>
      post("text/plain", random.word(9), { framing: oneChunk, trailers: [[name(random), text]] }),
  },
];
