import { type Case, one } from "./case.ts";
import { post } from "./request.ts";
import * as spell from "./spell.ts";

const FORM = "application/x-www-form-urlencoded";
const form = (name: string, body: (token: string) => string | Buffer, type = FORM): Case =>
  one(name, (t) => post(type, body(t)));

const PERCENT: readonly (readonly [string, (token: string) => string])[] = [
  ["every character, capitals", spell.percentAll],
  ["every character, small letters", spell.percentLower],
  ["every other character", spell.percentMixed],
  ["the first character", spell.percentFirst],
  ["the last character", spell.percentLast],
  ["what must be", spell.percentNeeded],
  ["every character, twice", spell.percentTwice],
  ["every other character, twice", (t) => spell.percentMixed(t).replaceAll("%", "%25")],
];

export const formCases: readonly Case[] = [
  form("a value", (t) => `a=b&key=${t}&c=d`),
  form("the last value", (t) => `a=b&key=${t}`),
  form("a key", (t) => `${t}=1`),
  form("the first of two", (t) => `key=${t}&key=x`),
  form("the second of two", (t) => `key=x&key=${t}`),
  form("an array", (t) => `key[]=x&key[]=${t}`),
  form("nested brackets, encoded", (t) => `a%5Bb%5D%5Bc%5D=${t}`),
  form("between pluses", (t) => `key=+${t}+`),
  form("after a scheme and a plus", (t) => `key=Bearer+${t}&a=b`),
  form("a semicolon between", (t) => `a=b;key=${t};c`),
  form("JSON in a value", (t) => `payload=${spell.percentNeeded(`{"key":"${t}"}`)}`),
  form(
    "JSON with \\u in a value",
    (t) => `payload=${spell.percentNeeded(`{"key":"${spell.jsonLower(t)}"}`)}`,
  ),
  form("JSON with bare \\u in a value", (t) => `payload={"key":"${spell.jsonMixed(t)}"}`),
  form("base64 in a value", (t) => `blob=${spell.percentNeeded(spell.base64(`>>>?${t}`))}`),
  form("base64url in a value", (t) => `blob=${spell.base64Url(`>>>?${t}`)}&a=b`),
  form("a SAML-like value", (t) => `SAMLResponse=${spell.percentNeeded(spell.base64(`<r><k>${t}</k></r>`))}`),
  form("behind 60 KB", (t) => `long=${"made+up+".repeat(7_500)}&key=${spell.percentMixed(t)}`),
  form("behind 200 KB", (t) => `long=${"made+up+".repeat(25_000)}&key=${spell.percentMixed(t)}`),
  form("UTF-16LE by charset", (t) => spell.utf16le(`a=b&key=${t}`), `${FORM}; charset=utf-16le`),
  ...PERCENT.flatMap(([name, write]) => [
    form(`a value, percent: ${name}`, (t) => `a=b&key=${write(t)}&c=d`),
    form(`a key, percent: ${name}`, (t) => `a=b&${write(t)}`),
    form(`no content type, percent: ${name}`, (t) => `key=${write(t)}`, ""),
    form(`text/plain, percent: ${name}`, (t) => `key=${write(t)}`, "text/plain;charset=UTF-8"),
  ]),
];

const BOUNDARY = "----made-up-boundary";
const MULTIPART = `multipart/form-data; boundary=${BOUNDARY}`;

interface Part {
  readonly disposition?: string;
  readonly fields?: readonly string[];
  readonly body: string | Buffer;
}

function multipart(parts: readonly Part[], boundary = BOUNDARY): Buffer {
  const pieces = parts.flatMap(({ disposition = 'form-data; name="key"', fields = [], body }) => [
    Buffer.from(`--${boundary}\r\nContent-Disposition: ${disposition}\r\n`, "latin1"),
    Buffer.from(`${fields.map((field) => `${field}\r\n`).join("")}\r\n`, "latin1"),
    typeof body === "string" ? Buffer.from(body, "latin1") : body,
    Buffer.from("\r\n"),
  ]);
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
}

const parts = (name: string, write: (token: string) => readonly Part[], type = MULTIPART): Case =>
  one(name, (t) => post(type, multipart(write(t))));
const file = 'form-data; name="f"; filename="made-up.txt"';
const plain: Part = { disposition: 'form-data; name="a"', body: "b" };
const inBase64 = (body: string, width = 76): Part => ({
  fields: ["Content-Type: text/plain", "Content-Transfer-Encoding: base64"],
  body: spell.base64Lines(body, width, "\r\n"),
});
const quoted = (body: string): Part => ({ fields: ["Content-Transfer-Encoding: quoted-printable"], body });

export const multipartCases: readonly Case[] = [
  parts("a field", (t) => [plain, { body: t }, plain]),
  parts("the first field", (t) => [{ body: t }, plain]),
  parts("a file", (t) => [
    plain,
    { disposition: file, fields: ["Content-Type: text/plain"], body: `KEY=${t}\n` },
  ]),
  parts("a binary file", (t) => [{ disposition: file, body: Buffer.from(`\x89PNG\0\0${t}\0\0`, "latin1") }]),
  parts("a file of UTF-16", (t) => [
    { disposition: file, body: Buffer.concat([spell.UTF16LE_BOM, spell.utf16le(`KEY=${t}\n`)]) },
  ]),
  parts("the name of a file", (t) => [
    { disposition: `form-data; name="f"; filename="${t}.txt"`, body: "x" },
  ]),
  parts("the encoded name of a file", (t) => [
    { disposition: `form-data; name="f"; filename*=UTF-8''${spell.percentAll(t)}`, body: "x" },
  ]),
  parts("the name of a field", (t) => [{ disposition: `form-data; name="${t}"`, body: "x" }]),
  parts("a header of a part", (t) => [{ fields: [`X-Key: ${t}`], body: "x" }]),
  parts("JSON in a part", (t) => [{ fields: ["Content-Type: application/json"], body: `{"key":"${t}"}` }]),
  parts("JSON with \\u in a part", (t) => [
    { fields: ["Content-Type: application/json"], body: `{"key":"${spell.jsonLower(t)}"}` },
  ]),
  parts("a part in base64", (t) => [plain, inBase64(`KEY=${t}\nmade up`)]),
  parts("a part in base64, one line", (t) => [plain, inBase64(t, 9_999)]),
  parts("a part in base64, odd lines", (t) => [inBase64(`KEY=${t}\nmade up`, 7), plain]),
  parts("a part in base64 without padding", (t) => [
    { fields: ["content-transfer-encoding:BASE64"], body: spell.base64NoPadding(t) },
  ]),
  parts("a part in quoted-printable", (t) => [plain, quoted(spell.quotedPrintable(`KEY=${t}`))]),
  parts("a part in quoted-printable, every character", (t) => [quoted(spell.quotedPrintableAll(t)), plain]),
  parts("a part in quoted-printable, small digits", (t) => [
    quoted(spell.quotedPrintableAll(t).toLowerCase()),
  ]),
  parts("a part in quoted-printable, soft breaks", (t) => [plain, quoted(spell.quotedPrintable(t, 4))]),
  parts("a part in quoted-printable, both", (t) => [quoted(spell.quotedPrintableMixed(t))]),
  parts("a quoted boundary", (t) => [plain, inBase64(t)], `multipart/form-data; boundary="${BOUNDARY}"`),
  parts(
    "multipart/mixed",
    (t) => [{ disposition: "inline", body: t }],
    `multipart/mixed;boundary=${BOUNDARY}`,
  ),
  parts("multipart under a wrong type", (t) => [plain, { body: t }], "text/plain"),
  parts("no content type, a part in base64", (t) => [plain, inBase64(`KEY=${t}`)], ""),
  parts("a hundred fields before it", (t) => [...Array.from({ length: 100 }, () => plain), { body: t }]),
  parts("multipart within multipart", (t) => [
    {
      fields: ["Content-Type: multipart/mixed; boundary=inner"],
      body: multipart([plain, inBase64(t)], "inner"),
    },
  ]),
  one("a preamble", (t) => post(MULTIPART, Buffer.concat([Buffer.from(`${t}\r\n`), multipart([plain])]))),
  one("an epilogue", (t) => post(MULTIPART, Buffer.concat([multipart([plain]), Buffer.from(t)]))),
];
