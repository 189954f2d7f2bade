/** Every byte percent-encoded. */
export function percent(text: string, digits: "upper" | "lower" = "upper"): string {
  return text.replace(/./g, (letter) => `%${hex(letter, 2, digits)}`);
}

/** Every character as `\uXXXX`. */
export function unicode(text: string, digits: "upper" | "lower" = "lower"): string {
  return text.replace(/./g, (letter) => `\\u${hex(letter, 4, digits)}`);
}

function hex(letter: string, length: number, digits: "upper" | "lower"): string {
  const text = letter.charCodeAt(0).toString(16).padStart(length, "0");
  return digits === "upper" ? text.toUpperCase() : text;
}

export function base64(text: string | Buffer): string {
  return Buffer.from(text as string, "latin1").toString("base64");
}

/** UTF-16 or UTF-32, either byte order, without a mark. */
export function wide(text: string, unit: 2 | 4, order: "le" | "be"): Buffer {
  const out = Buffer.alloc(text.length * unit);
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (order === "le") out.writeUInt16LE(code, index * unit);
    else out.writeUInt16BE(code, index * unit + unit - 2);
  }
  return out;
}

/** UTF-7 (RFC 2152) with everything in base64. */
export function utf7(text: string): string {
  return `+${wide(text, 2, "be").toString("base64").replaceAll("=", "")}-`;
}

/** EBCDIC (code page 37), as far as tokens and forms need it. */
export function ebcdic(text: string): Buffer {
  return Buffer.from(
    [...text].map((letter) => {
      const place = "abcdefghi       jklmnopqr        stuvwxyz".indexOf(letter);
      if (place >= 0 && letter !== " ") return 0x81 + place;
      if (letter >= "0" && letter <= "9") return 0xf0 + Number(letter);
      return letter === "-" ? 0x60 : 0x7e;
    }),
  );
}

/** Every character as a backslash and three octal digits. */
export function octal(text: string): string {
  return text.replace(/./g, (letter) => `\\${letter.charCodeAt(0).toString(8).padStart(3, "0")}`);
}

/** Every byte in quoted-printable (RFC 2045 section 6.7). */
export function printable(text: string): string {
  return text.replace(/./g, (letter) => `=${hex(letter, 2, "upper")}`);
}

/** One line of uuencoded text with its head and end; at most 45 bytes. */
export function uuencoded(text: string): string {
  const letters = base64(text.padEnd(Math.ceil(text.length / 3) * 3, "\0")).replace(/./g, (letter) => {
    const value = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".indexOf(letter);
    return String.fromCharCode(value === 0 ? 0x60 : 0x20 + value);
  });
  return `begin 644 a\r\n${String.fromCharCode(0x20 + text.length)}${letters}\r\n\`\r\nend\r\n`;
}

/** Puts `junk` after every fourth letter. */
export function every4(text: string, junk: string): string {
  return text.replace(/.{4}/g, `$&${junk}`);
}
