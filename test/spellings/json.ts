import { type Case, one } from "./case.ts";
import { type Field, get, oneChunk, post } from "./request.ts";
import * as spell from "./spell.ts";

const TYPE = "application/json";
const json = (name: string, body: (token: string) => string | Buffer, type = TYPE): Case =>
  one(name, (t) => post(type, body(t)));
const value = (token: string) => `{"id":1,"key":"${token}","on":true}`;
const nested = (depth: number, inner: string) => `${'{"a":['.repeat(depth)}${inner}${"]}".repeat(depth)}`;

/** Ways to write a JSON string's text. */
const ESCAPES: readonly (readonly [string, (token: string) => string])[] = [
  ["\\u with small digits", spell.jsonLower],
  ["\\u with capital digits", spell.jsonUpper],
  ["every other character as \\u", spell.jsonMixed],
  ["the first character as \\u", spell.jsonFirst],
  ["the last character as \\u", spell.jsonLast],
  ["\\/ for slashes", spell.jsonSlash],
];

/** Ways to put text in base64. */
const BASE64: readonly (readonly [string, (text: string) => string])[] = [
  ["base64", spell.base64],
  ["base64 without padding", spell.base64NoPadding],
  ["base64url", spell.base64Url],
  ["base64url with padding", spell.base64UrlPadded],
];

export const jsonCases: readonly Case[] = [
  json("a value", value),
  json("a string alone", (t) => `"${t}"`),
  json("in an array", (t) => `["a","${t}"]`),
  json("as a key", (t) => `{"${t}":1}`),
  json("pretty", (t) => JSON.stringify({ a: { key: t }, b: [1] }, null, 2)),
  json("five deep", (t) => nested(5, `{"key":"${t}"}`)),
  json("a hundred deep", (t) => nested(100, `{"key":"${t}"}`)),
  json("the first of two keys", (t) => `{"key":"${t}","key":"x"}`),
  json("the second of two keys", (t) => `{"key":"x","key":"${t}"}`),
  json("__proto__", (t) => `{"__proto__":{"key":"${t}"}}`),
  json("in a sentence", (t) => `{"text":"my key is ${t}, keep it"}`),
  json("a URL", (t) => `{"url":"https://made.up/?key=${t}"}`),
  json("a URL with an escaped token", (t) => `{"url":"https://made.up/?key=${spell.percentMixed(t)}&a=b"}`),
  json("a bearer field", (t) => `{"headers":{"Authorization":"Bearer ${t}"}}`),
  json("a Basic field", (t) => `{"headers":{"Authorization":"Basic ${spell.base64(`me:${t}`)}"}}`),
  json("behind escapes of other letters", (t) => `{"note":"\\n\\t\\"\\\\ \\u00e9","key":"\\n${t}\\n"}`),
  json("behind 60 KB", (t) => `{"long":"${"made up ".repeat(7_500)}","key":"${t}"}`),
  json("behind 200 KB", (t) => `{"long":"${"made up ".repeat(25_000)}","key":"${t}"}`),
  json(
    "behind 200 KB, in \\u",
    (t) => `{"long":"${"made up ".repeat(25_000)}","key":"${spell.jsonMixed(t)}"}`,
  ),
  ...ESCAPES.flatMap(([name, write]) => [
    json(name, (t) => value(write(t))),
    json(`${name}, as a key`, (t) => `{"${write(t)}":null}`),
    json(`${name}, in JSON in a string`, (t) => `{"body":${spell.jsonString(value(write(t)))}}`),
  ]),
  json("JSON in a string", (t) => `{"body":${spell.jsonString(value(t))}}`),
  json("JSON in a string, twice", (t) => `{"a":${spell.jsonString(`{"b":${spell.jsonString(value(t))}}`)}}`),
  json("JSON in a string, its quotes as \\u0022", (t) => `{"body":"{\\u0022key\\u0022:\\u0022${t}\\u0022}"}`),
  json("JSON in a string, all of it as \\u", (t) => `{"body":"${spell.jsonLower(value(t))}"}`),
  ...BASE64.flatMap(([name, write]) => [
    json(name, (t) => value(write(t))),
    json(`${name} of a longer text, one byte off`, (t) => value(write(`?${t}~ and more of it`))),
    json(`${name} of a longer text, two bytes off`, (t) => value(write(`??${t}>> and more of it`))),
    json(`${name} of a longer text, three bytes off`, (t) => value(write(`{"${t}": "and more of it"}`))),
  ]),
  json("base64 with slashes escaped", (t) => value(spell.base64(`???>>>${t}???`).replaceAll("/", "\\/"))),
  json("base64 with its padding as \\u003d", (t) => value(spell.base64(`${t}.`).replaceAll("=", "\\u003d"))),
  json("base64 in lines", (t) => value(spell.base64Lines(`made up ${t}`, 16, "\\r\\n"))),
  json("a data: URL", (t) => value(`data:text/plain;base64,${spell.base64(`key: ${t}`)}`)),
  json("JSON in base64", (t) => value(spell.base64(value(t)))),
  json("JSON with \\u in base64", (t) => value(spell.base64(value(spell.jsonMixed(t))))),
];

const TYPES: readonly (readonly [string, string])[] = [
  ["no content type", ""],
  ["text/plain", "text/plain"],
  ["a form's type", "application/x-www-form-urlencoded"],
  ["application/octet-stream", "application/octet-stream"],
  ["image/png", "image/png"],
  ["application/xml", "application/xml"],
  ["multipart/form-data", "multipart/form-data; boundary=made-up"],
  ["application/vnd.api+json", "application/vnd.api+json"],
  ["a charset", "application/json; charset=utf-8"],
  ["nonsense", "made/up; ;=,"],
];

const UNICODE: readonly (readonly [string, string, (text: string) => Buffer])[] = [
  ["UTF-8 with a BOM", TYPE, (text) => Buffer.concat([spell.UTF8_BOM, Buffer.from(text)])],
  ["UTF-16LE with a BOM", TYPE, (text) => Buffer.concat([spell.UTF16LE_BOM, spell.utf16le(text)])],
  ["UTF-16BE with a BOM", TYPE, (text) => Buffer.concat([spell.UTF16BE_BOM, spell.utf16be(text)])],
  ["UTF-16LE by charset", `${TYPE}; charset=utf-16le`, spell.utf16le],
  ["UTF-16BE by charset", `${TYPE}; charset="UTF-16BE"`, spell.utf16be],
  ["UTF-16 by charset", `${TYPE};Charset=utf-16`, spell.utf16le],
  ["UTF-16BE in a wrong type", "text/plain; charset=utf-16be", spell.utf16be],
  ["UTF-16LE by its look", TYPE, spell.utf16le],
  ["UTF-16BE by its look", TYPE, spell.utf16be],
];

export const typeCases: readonly Case[] = [
  ...TYPES.flatMap(([name, type]) => [
    json(`JSON under ${name}`, value, type),
    json(`JSON with \\u under ${name}`, (t) => value(spell.jsonMixed(t)), type),
  ]),
  ...UNICODE.flatMap(([name, type, write]) => [
    json(name, (t) => write(value(t)), type),
    json(`${name}, with \\u`, (t) => write(value(spell.jsonMixed(t))), type),
  ]),
];

const variables = (t: string) =>
  `{"query":"mutation($i:I!){login(input:$i){id}}","variables":{"i":{"t":"${t}"}}}`;
const trailers = (...fields: Field[]) => ({ framing: oneChunk, trailers: fields });

export const dialectCases: readonly Case[] = [
  json("GraphQL: an argument", (t) => `{"query":"{ me(token: \\"${t}\\") { id } }"}`),
  json(
    "GraphQL: an alias",
    (t) => `{"query":"{ a: me(token: \\"x\\") { id } b: me(token: \\"${t}\\") { id } }"}`,
  ),
  json(
    "GraphQL: an argument with \\u in its string",
    (t) => `{"query":"{ me(token: \\"${spell.jsonMixed(t).replaceAll("\\", "\\\\")}\\") { id } }"}`,
  ),
  json("GraphQL: a block string", (t) => `{"query":"{ me(token: \\"\\"\\"${t}\\"\\"\\") { id } }"}`),
  json("GraphQL: a variable", variables),
  json("GraphQL: a variable with \\u", (t) => variables(spell.jsonLower(t))),
  json(
    "GraphQL: a default of a variable",
    (t) => `{"query":"query($t:String=\\"${t}\\"){me(token:$t){id}}"}`,
  ),
  json("GraphQL: the second of a batch", (t) => `[{"query":"{a}"},${variables(t)}]`),
  json("GraphQL text", (t) => `{ me(token: "${t}") { id } }`, "application/graphql"),
  json("NDJSON, first line", (t) => `${value(t)}\n{"a":1}\n`, "application/x-ndjson"),
  json("NDJSON, last line without its end", (t) => `{"a":1}\n${value(t)}`, "application/x-ndjson"),
  json("NDJSON with \\u", (t) => `{"a":1}\r\n${value(spell.jsonUpper(t))}\r\n`, "application/x-ndjson"),
  json("a JSON sequence", (t) => `\u001e{"a":1}\n\u001e${value(t)}\n`, "application/json-seq"),
  json("JSON-RPC", (t) => `{"jsonrpc":"2.0","method":"login","params":["me","${t}"],"id":1}`),
  json("plain text", (t) => `the key is ${t}.`, "text/plain"),
  json("plain text that is the token", (t) => t, "text/plain"),
  json("plain text, a line", (t) => `a\nKEY=${t}\nb\n`, "text/plain"),
  json("YAML", (t) => `a: 1\nkey: '${t}'\n`, "application/yaml"),
  json("CSV", (t) => `id,key\r\n1,${t}\r\n`, "text/csv"),
  json(
    "a PEM-like block",
    (t) => `-----BEGIN MADE UP-----\n${spell.base64Lines(`made up ${t}`, 64, "\n")}\n-----END MADE UP-----\n`,
    "text/plain",
  ),
  one("a trailer", (t) => post(TYPE, "{}", trailers(["X-Key", t]))),
  one("the second trailer", (t) => post(TYPE, "{}", trailers(["X-Sum", "x"], ["X-Key", `Bearer ${t}`]))),
  one("a binary trailer of gRPC", (t) =>
    post("application/grpc", "", trailers(["x-key-bin", spell.base64(t)])),
  ),
  one("DELETE with a body", (t) => post(TYPE, value(t), { method: "DELETE" })),
  one("GET with a body", (t) => post(TYPE, value(t), { method: "GET" })),
  one("PUT", (t) => post(TYPE, value(spell.jsonFirst(t)), { method: "PUT" })),
  one("a body, and a query beside it", (t) => ({ ...post(TYPE, "{}"), target: `/?key=${t}` })),
  one("a GET that says it has none", (t) => get("/", [["X-Key", t]], { body: Buffer.alloc(0) })),
];
