/** The six bits of each letter, of both alphabets (RFC 4648 sections 4 and 5); -1 for all others. */
const SEXTET = new Int8Array(256).fill(-1);
for (const [value, letter] of [
  ..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
].entries())
  SEXTET[letter.charCodeAt(0)] = value;
SEXTET["-".charCodeAt(0)] = 62;
SEXTET["_".charCodeAt(0)] = 63;

/** All ones for visible ASCII, which tokens are made of; 0 for the others. */
const VISIBLE = new Int32Array(256).fill(-1, 0x21, 0x7f);

const CR = 13;
const LF = 10;
const [BLANK, TAB] = [32, 9];

/** A run of base64 letters found by `nextRun`: where it starts, and where it ends (exclusive). */
export interface Run {
  start: number;
  end: number;
}

/**
 * Finds the next run of at least `min` letters in `bytes[from, end)`. It looks at every `min`th byte first and
 * steps back from there, so that ordinary text, whose words are short, costs a fraction of a look a byte. A run goes on through line breaks (and
 * the blanks of a folded line) where the line before was long enough to be one by itself, as MIME wraps it (RFC 2045
 * section 6.8).
 */
export function nextRun(bytes: Uint8Array, from: number, end: number, min: number, run: Run): boolean {
  let start = from;
  while (start + min <= end) {
    let at = start + min - 1;
    while (at >= start && SEXTET[bytes[at]!]! >= 0) at--;
    if (at >= start) {
      start = at + 1;
      continue;
    }
    run.start = start;
    run.end = runEnd(bytes, start + min, end);
    return true;
  }
  return false;
}

function runEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  for (;;) {
    while (at < end && SEXTET[bytes[at]!]! >= 0) at++;
    if (at === end || (bytes[at] !== CR && bytes[at] !== LF)) return at;
    let next = at;
    while (next < end && isBreak(bytes[next]!)) next++;
    if (next === end || SEXTET[bytes[next]!]! < 0) return at;
    at = next;
  }
}

function isBreak(byte: number): boolean {
  return byte === CR || byte === LF || byte === BLANK || byte === TAB;
}

/**
 * Decodes `bytes[start, end)`, letters and line breaks, from its `skipped`th letter on, into `out`; answers the bytes
 * written, or 0 where no stretch of `least` of them is made of visible ASCII, so that no token can stand there. A
 * run's own start says little (a path's slash is a letter too): the caller tries all four.
 */
export function decodeRun(
  bytes: Uint8Array,
  start: number,
  end: number,
  skipped: number,
  out: Uint8Array,
  least: number,
): number {
  let written = 0;
  let streak = 0;
  let longest = 0;
  let held = 0;
  // Letters that `held` has: a byte comes with each but every fourth, the first of which is -skipped.
  let letters = -skipped;
  for (let at = start; at < end; at++) {
    const sextet = SEXTET[bytes[at]!]!;
    if (sextet < 0 || letters++ < 0) continue;
    held = (held << 6) | sextet;
    const place = letters & 3;
    if (place === 1) continue;
    const byte = (held >>> (((4 - place) << 1) & 7)) & 0xff;
    out[written++] = byte;
    streak = (streak + 1) & VISIBLE[byte]!;
    if (streak > longest) longest = streak;
  }
  return longest >= least ? written : 0;
}
