import { isIPv6 } from "node:net";

/** Addresses of both versions as the 128 bits of IPv6, IPv4 mapped into `::ffff:0:0/96` (RFC 4291 section 2.5.5.2). */
export type Words = readonly [number, number, number, number];

/** The addresses whose first `bits` bits are those of `words`; 128 is one address. The other bits are 0. */
export interface Network {
  readonly words: Words;
  readonly bits: number;
}

const MAPPED = 0xffff;
const MAPPED_BITS = 96;

/** Null where the text is no address; one with a zone (`fe80::1%eth0`) is none. */
export function parseAddress(text: string): Words | null {
  if (!text.includes(":")) {
    const low = parseV4(text);
    return low === null ? null : [0, 0, MAPPED, low];
  }
  return text.includes("%") || !isIPv6(text) ? null : parseV6(text);
}

/** `192.0.2.1`, `10.0.0.0/8`, `2001:db8::/32`; null where it is none of these. Bits behind the prefix do not count. */
export function parseNetwork(text: string): Network | null {
  const slash = text.indexOf("/");
  const words = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (words === null) return null;
  if (slash < 0) return { words, bits: 128 };
  const prefix = text.slice(slash + 1);
  const isV4 = !text.includes(":");
  if (!/^[0-9]{1,3}$/.test(prefix) || Number(prefix) > (isV4 ? 32 : 128)) return null;
  const bits = Number(prefix) + (isV4 ? MAPPED_BITS : 0);
  const cut = words.map((word, index) => (word & maskOf(bits - 32 * index)) >>> 0);
  return { words: cut as unknown as Words, bits };
}

/** In the form of RFC 5952; IPv4 in dots. */
export function printNetwork({ words, bits }: Network): string {
  const isV4 = bits >= MAPPED_BITS && isMapped(words);
  const low = words[3];
  const text = isV4
    ? [24, 16, 8, 0].map((shift) => (low >>> shift) & 0xff).join(".")
    : new URL(
        `http://[${words.flatMap((word) => [word >>> 16, word & 0xffff].map((half) => half.toString(16))).join(":")}]`,
      ).hostname.slice(1, -1);
  return bits === 128 ? text : `${text}/${isV4 ? bits - MAPPED_BITS : bits}`;
}

/** A network of IPv6 that is wider than the mapped addresses is not meant to hold IPv4: `::/0` is all of IPv6. */
export function holds({ words, bits }: Network, a: number, b: number, c: number, d: number): boolean {
  if (bits < MAPPED_BITS && a === 0 && b === 0 && c === MAPPED) return false;
  const [p, q, r, s] = words;
  return (
    (((a ^ p) & maskOf(bits)) |
      ((b ^ q) & maskOf(bits - 32)) |
      ((c ^ r) & maskOf(bits - 64)) |
      ((d ^ s) & maskOf(bits - 96))) ===
    0
  );
}

function isMapped([a, b, c]: Words): boolean {
  return a === 0 && b === 0 && c === MAPPED;
}

/** A word whose first bits are set: none, some or all of the 32. */
function maskOf(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? -1 : -1 << (32 - bits);
}

function parseV4(text: string): number | null {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return null;
  let word = 0;
  for (let i = 1; i <= 4; i++) {
    const part = Number(match[i]);
    if (part > 255) return null;
    word = word * 256 + part;
  }
  return word;
}

/** What `isIPv6` took. */
function parseV6(given: string): Words {
  const dotted = given.lastIndexOf(":") + 1;
  const low = parseV4(given.slice(dotted));
  const text =
    low === null
      ? given
      : `${given.slice(0, dotted)}${(low >>> 16).toString(16)}:${(low & 0xffff).toString(16)}`;
  const [head, tail] = text.split("::").map((side) => (side === "" ? [] : side.split(":")));
  const middle = tail === undefined ? [] : new Array<string>(8 - head!.length - tail.length).fill("0");
  const halves = [...head!, ...middle, ...(tail ?? [])].map((half) => Number.parseInt(half, 16));
  const word = (i: number) => halves[2 * i]! * 0x10000 + halves[2 * i + 1]!;
  return [word(0), word(1), word(2), word(3)];
}
