import { type Case, one } from "./case.ts";
import { post } from "./request.ts";
import * as spell from "./spell.ts";

const TYPE = "application/xml";
const xml = (name: string, body: (token: string) => string | Buffer, type = TYPE): Case =>
  one(name, (t) => post(type, body(t)));
const text = (inner: string) => `<?xml version="1.0"?><r><id>1</id><key>${inner}</key></r>`;
const halves = (t: string): [string, string] => [t.slice(0, t.length >> 1), t.slice(t.length >> 1)];

const ENTITIES: readonly (readonly [string, (token: string) => string])[] = [
  ["decimal", spell.entityDecimal],
  ["hexadecimal, small digits", spell.entityHex],
  ["hexadecimal, capital digits", spell.entityHexUpper],
  ["decimal with zeros", spell.entityPadded],
  ["two of three characters", spell.entityMixed],
  ["the first character", spell.entityFirst],
  ["the last character", spell.entityLast],
];

export const xmlCases: readonly Case[] = [
  xml("text", text),
  xml("text among blanks", (t) => text(`\n  ${t}\n`)),
  xml("text between quote entities", (t) => text(`&quot;${t}&quot;`)),
  xml("text after an ampersand entity", (t) => text(`a=b&amp;key=${t}&amp;c`)),
  xml("an attribute", (t) => `<r key="${t}"/>`),
  xml("an attribute in single quotes", (t) => `<r a="b" key = '${t}'></r>`),
  xml("a comment", (t) => `<r><!-- ${t} --></r>`),
  xml("a processing instruction", (t) => `<?made-up key="${t}"?><r/>`),
  xml(
    "SOAP",
    (t) => `<s:Envelope xmlns:s="u"><s:Header><k:T xmlns:k="v">${t}</k:T></s:Header></s:Envelope>`,
    "text/xml",
  ),
  xml(
    "XML-RPC",
    (t) => `<methodCall><params><param><value><string>${t}</string></value></param></params></methodCall>`,
  ),
  xml(
    "XML-RPC in base64",
    (t) =>
      `<methodCall><params><param><value><base64>${spell.base64(t)}</base64></value></param></params></methodCall>`,
  ),
  xml("CDATA", (t) => text(`<![CDATA[${t}]]>`)),
  xml("CDATA, then text", (t) => text(`<![CDATA[${halves(t)[0]}]]>${halves(t)[1]}`)),
  xml("text, then CDATA", (t) => text(`${halves(t)[0]}<![CDATA[${halves(t)[1]}]]>`)),
  xml("two CDATA", (t) => text(`<![CDATA[${halves(t)[0]}]]><![CDATA[${halves(t)[1]}]]>`)),
  xml("an empty CDATA within", (t) => text(halves(t).join("<![CDATA[]]>"))),
  xml("CDATA a character", (t) => text([...t].map((c) => `<![CDATA[${c}]]>`).join(""))),
  xml("CDATA, then entities", (t) => text(`<![CDATA[${halves(t)[0]}]]>${spell.entityHex(halves(t)[1])}`)),
  xml("a comment within", (t) => text(halves(t).join("<!-- made up -->"))),
  ...ENTITIES.flatMap(([name, write]) => [
    xml(`entities, ${name}`, (t) => text(write(t))),
    xml(`entities in an attribute, ${name}`, (t) => `<r key="${write(t)}"/>`),
    xml(`entities without content type, ${name}`, (t) => text(write(t)), ""),
  ]),
  xml("entities in text/xml", (t) => text(spell.entityMixed(t)), "text/xml; charset=utf-8"),
  xml("entities in SOAP", (t) => text(spell.entityHex(t)), "application/soap+xml"),
  xml("entities in XHTML", (t) => text(spell.entityDecimal(t)), "text/html"),
  xml("UTF-16LE with a BOM", (t) => Buffer.concat([spell.UTF16LE_BOM, spell.utf16le(text(t))])),
  xml("UTF-16BE with a BOM", (t) => Buffer.concat([spell.UTF16BE_BOM, spell.utf16be(text(t))])),
  xml("UTF-16LE with entities", (t) =>
    Buffer.concat([spell.UTF16LE_BOM, spell.utf16le(text(spell.entityMixed(t)))]),
  ),
  xml("base64 in text", (t) => text(spell.base64(`made up ${t}`))),
  xml("base64 in lines", (t) => text(`\n${spell.base64Lines(`made up ${t}`, 64, "\n")}\n`)),
  xml("JSON with \\u in CDATA", (t) => text(`<![CDATA[{"key":"${spell.jsonMixed(t)}"}]]>`)),
  xml(
    "behind 200 KB, in entities",
    (t) => `<r><l>${"made up ".repeat(25_000)}</l><key>${spell.entityMixed(t)}</key></r>`,
  ),
];
