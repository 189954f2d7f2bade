import { crc32 } from "node:zlib";
import { signingInput } from "./jwt.ts";

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** GitHub's and npm's: CRC-32 of the 30 characters before, in base 62, six digits. */
export function endsInBase62(text: string): boolean {
  let rest = crc32(text.slice(-36, -6));
  let digits = "";
  for (; digits.length < 6; rest = Math.floor(rest / 62)) digits = BASE62[rest % 62] + digits;
  return digits === text.slice(-6);
}

/** GitLab's routable tokens: CRC-32 of all before, in base 36, seven digits. */
export function endsInBase36(text: string): boolean {
  return text.slice(-7) === crc32(text.slice(0, -7)).toString(36).padStart(7, "0");
}

/** Grafana's: CRC-32 of the first 37 characters, as eight hex digits, the lowest byte first. */
export function endsInLittleEndian(text: string): boolean {
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(text.slice(0, 37)));
  return sum.toString("hex") === text.slice(-8).toLowerCase();
}

/** Atlassian's: CRC-32 of all before, with or without the `=` between, as eight hex digits. */
export function endsInHex(text: string): boolean {
  const sum = crc32(text.slice(0, -8)).toString(16).padStart(8, "0");
  const withoutMark = crc32(text.slice(0, -9)).toString(16).padStart(8, "0");
  return [sum, withoutMark].includes(text.slice(-8).toLowerCase());
}

/** Not a checksum, yet nothing else looks so: the first two parts are JSON, the first of them with `alg`. */
export function isJwt(text: string): boolean {
  return signingInput(text) !== null;
}
