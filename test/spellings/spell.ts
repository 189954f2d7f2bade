/** Spellings of a text. Each answers latin1 text (or bytes) that a server turns back into what it was. */

const hex = (character: string, digits: number) => character.charCodeAt(0).toString(16).padStart(digits, "0");
const each = (text: string, spell: (character: string, index: number) => string) =>
  [...text].map(spell).join("");

export const percentAll = (text: string) => each(text, (c) => `%${hex(c, 2).toUpperCase()}`);
export const percentLower = (text: string) => each(text, (c) => `%${hex(c, 2)}`);
/** Every other character, hexadecimal digits in turns of both cases. */
export const percentMixed = (text: string) =>
  each(text, (c, i) => (i % 2 === 0 ? c : i % 4 === 1 ? `%${hex(c, 2).toUpperCase()}` : `%${hex(c, 2)}`));
export const percentFirst = (text: string) => percentAll(text[0]!) + text.slice(1);
export const percentLast = (text: string) => text.slice(0, -1) + percentAll(text.slice(-1));
/** Encoded as a program would: only what must be. */
export const percentNeeded = (text: string) => encodeURIComponent(text);
export const percentTwice = (text: string) => percentAll(text).replaceAll("%", "%25");

export const jsonUpper = (text: string) => each(text, (c) => `\\u${hex(c, 4).toUpperCase()}`);
export const jsonLower = (text: string) => each(text, (c) => `\\u${hex(c, 4)}`);
export const jsonMixed = (text: string) => each(text, (c, i) => (i % 2 === 0 ? c : `\\u${hex(c, 4)}`));
export const jsonFirst = (text: string) => jsonLower(text[0]!) + text.slice(1);
export const jsonLast = (text: string) => text.slice(0, -1) + jsonUpper(text.slice(-1));
export const jsonSlash = (text: string) => text.replaceAll("/", "\\/");
/** A JSON string of a text that may itself be JSON. */
export const jsonString = (text: string) => JSON.stringify(text);

export const base64 = (text: string | Buffer) => Buffer.from(text).toString("base64");
export const base64NoPadding = (text: string) => base64(text).replace(/=+$/, "");
export const base64Url = (text: string) => Buffer.from(text).toString("base64url");
export const base64UrlPadded = (text: string) => base64(text).replaceAll("+", "-").replaceAll("/", "_");
export const base64Lines = (text: string, width: number, end: string) =>
  base64(text).replaceAll(new RegExp(`.{${width}}(?=.)`, "g"), `$&${end}`);

export const entityDecimal = (text: string) => each(text, (c) => `&#${c.charCodeAt(0)};`);
export const entityHex = (text: string) => each(text, (c) => `&#x${hex(c, 2)};`);
export const entityHexUpper = (text: string) => each(text, (c) => `&#x${hex(c, 2).toUpperCase()};`);
export const entityPadded = (text: string) => each(text, (c) => `&#000${c.charCodeAt(0)};`);
export const entityMixed = (text: string) =>
  each(text, (c, i) => (i % 3 === 0 ? c : i % 3 === 1 ? `&#${c.charCodeAt(0)};` : `&#x${hex(c, 4)};`));
export const entityFirst = (text: string) => entityHex(text[0]!) + text.slice(1);
export const entityLast = (text: string) => text.slice(0, -1) + entityDecimal(text.slice(-1));

/** RFC 2045 section 6.7: only `=` must be encoded; a soft line break after every `width` characters. */
export const quotedPrintable = (text: string, width = 70) =>
  text.replaceAll("=", "=3D").replaceAll(new RegExp(`(?:=3D|[^]){${width}}(?=[^])`, "g"), "$&=\r\n");
export const quotedPrintableAll = (text: string) => each(text, (c) => `=${hex(c, 2).toUpperCase()}`);

/** One character in three encoded, and a soft line break after it. */
export const quotedPrintableMixed = (text: string) =>
  each(text, (c, i) => (i % 3 === 0 || c === "=" ? `${quotedPrintableAll(c)}=\r\n` : c));

export const utf16le = (text: string) => Buffer.from(text, "utf16le");
export const utf16be = (text: string) => Buffer.from(text, "utf16le").swap16();
export const UTF8_BOM = Buffer.from([0xef, 0xbb, 0xbf]);
export const UTF16LE_BOM = Buffer.from([0xff, 0xfe]);
export const UTF16BE_BOM = Buffer.from([0xfe, 0xff]);
