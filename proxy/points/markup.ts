import { EMPTY, hexDigit, NONE, read } from "./spelling.ts";

/** Names of ASCII characters that XML 1.0 (section 4.6) and HTML (section 13.5) know. */
const NAMES: ReadonlyMap<string, number> = new Map(
  Object.entries({
    amp: "&",
    lt: "<",
    gt: ">",
    quot: '"',
    apos: "'",
    lowbar: "_",
    period: ".",
    colon: ":",
    equals: "=",
    plus: "+",
    sol: "/",
    bsol: "\\",
    num: "#",
    dollar: "$",
    percnt: "%",
    commat: "@",
    lpar: "(",
    rpar: ")",
    excl: "!",
    ast: "*",
    comma: ",",
    semi: ";",
    quest: "?",
    lsqb: "[",
    rsqb: "]",
    Hat: "^",
    grave: "`",
    lcub: "{",
    verbar: "|",
    rcub: "}",
    Tab: "\t",
    NewLine: "\n",
  }).map(([name, letter]) => [name, letter.charCodeAt(0)]),
);
const NAME_MAX = 8;
/** A longer comment is none: each `<!--` costs a look so far ahead. */
const COMMENT_MAX = 256;
const CDATA = Buffer.from("<![CDATA[");

/** `&#65;`, `&#x41;`, `&amp;`. The semicolon may be missing after a number, as HTML allows. */
export function entityAt(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at + 1] !== 0x23) return namedAt(bytes, at, end);
  const isHex = ((bytes[at + 2] ?? 0) | 0x20) === 0x78;
  const base = isHex ? 16 : 10;
  const start = at + (isHex ? 3 : 2);
  let code = 0;
  let next = start;
  // Leading zeros beyond what fits a read are left alone: no serialiser writes them.
  for (; next < end && next - at < 13; next++) {
    const value = hexDigit(bytes[next]!);
    if (value < 0 || value >= base) break;
    code = code * base + value;
  }
  if (next === start || next === end || code > 0x10ffff) return NONE;
  return read(code, next - at + (bytes[next] === 0x3b ? 1 : 0));
}

function namedAt(bytes: Uint8Array, at: number, end: number): number {
  let name = "";
  for (let next = at + 1; next < end && next <= at + NAME_MAX; next++) {
    if (bytes[next] === 0x3b) {
      const letter = NAMES.get(name);
      return letter === undefined ? NONE : read(letter, next - at + 1);
    }
    name += String.fromCharCode(bytes[next]!);
  }
  return NONE;
}

/** `<![CDATA[`, `]]>` and comments are not part of the text, which goes on through them (XML 1.0 sections 2.5 and 2.7). */
export function sectionAt(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] === 0x5d)
    return at + 2 < end && bytes[at + 1] === 0x5d && bytes[at + 2] === 0x3e ? read(EMPTY, 3) : NONE;
  if (bytes[at + 2] === 0x2d) return commentAt(bytes, at, end);
  if (at + CDATA.length > end) return NONE;
  for (let index = 1; index < CDATA.length; index++) if (bytes[at + index] !== CDATA[index]) return NONE;
  return read(EMPTY, CDATA.length);
}

function commentAt(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at + 1] !== 0x21 || bytes[at + 3] !== 0x2d) return NONE;
  const last = Math.min(end, at + COMMENT_MAX);
  for (let next = at + 4; next + 2 < last; next++) {
    if (bytes[next] === 0x2d && bytes[next + 1] === 0x2d && bytes[next + 2] === 0x3e)
      return read(EMPTY, next + 3 - at);
  }
  return NONE;
}
