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
  /** Line breaks stand within. */
  isWrapped: boolean;
}

/**
 * Finds the next run of at least `min` letters in `bytes[from, end)`. It looks at every `min`th byte first and
 * steps back from there, so that ordinary text, whose words are short, costs a fraction of a look a byte. With `joinsLines` a run goes on through line breaks (and
 * the blanks of a folded line) where the line before was long enough to be one by itself, as MIME wraps it (RFC 2045
 * section 6.8).
 */
export function nextRun(
  bytes: Uint8Array,
  from: number,
  end: number,
  min: number,
  joinsLines: boolean,
  run: Run,
): boolean {
  let start = from;
  while (start + min <= end) {
    let at = start + min - 1;
    while (at >= start && SEXTET[bytes[at]!]! >= 0) at--;
    if (at >= start) {
      start = at + 1;
      continue;
    }
    run.start = start;
    run.end = lineEnd(bytes, start + min, end);
    run.isWrapped = false;
    if (joinsLines) joinLines(bytes, end, run);
    return true;
  }
  return false;
}

/** Four letters carry three bytes: a shorter run cannot hold a token of `bytes`. */
export function leastLetters(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}

/** Whether letters before and after the place where two pieces meet make a run of at least `min`. */
export function meetInRun(before: Uint8Array, after: Uint8Array, min: number): boolean {
  if (before.length === 0) return false;
  const first = Math.max(0, before.length - min);
  let start = before.length;
  while (start > first && SEXTET[before[start - 1]!]! >= 0) start--;
  const left = min - (before.length - start);
  return left < min && lineEnd(after, 0, Math.min(left, after.length)) >= left;
}

function lineEnd(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && SEXTET[bytes[at]!]! >= 0) at++;
  return at;
}

function joinLines(bytes: Uint8Array, end: number, run: Run): void {
  while (run.end < end && (bytes[run.end] === CR || bytes[run.end] === LF)) {
    let next = run.end;
    while (next < end && isBreak(bytes[next]!)) next++;
    if (next === end || SEXTET[bytes[next]!]! < 0) return;
    run.end = lineEnd(bytes, next, end);
    run.isWrapped = true;
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
