/** The six bits of each letter, of both alphabets (RFC 4648 sections 4 and 5); -1 for all others. */
const SEXTET = new Int8Array(256).fill(-1);
for (const [value, letter] of [
  ..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
].entries())
  SEXTET[letter.charCodeAt(0)] = value;
SEXTET["-".charCodeAt(0)] = 62;
SEXTET["_".charCodeAt(0)] = 63;

const CR = 13;
const LF = 10;
const [BLANK, TAB, EQUALS] = [32, 9, 0x3d];

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
 * Decodes `bytes[start, end)`, of which all but letters of base64 is passed over, from its `skipped`th letter on, into
 * `out`; answers the bytes written, or 0 where no stretch of `least` of them is made of visible ASCII, so that no token
 * can stand there. A run's own start says little (a path's slash is a letter too): the caller tries all four.
 */
export function decodeRun(
  bytes: Buffer,
  start: number,
  end: number,
  skipped: number,
  out: Buffer,
  least: number,
): number {
  let from = start;
  for (let left = skipped; from < end && (left > 0 || SEXTET[bytes[from]!]! < 0); from++)
    if (SEXTET[bytes[from]!]! >= 0) left--;
  // Node's decoder takes both alphabets, passes over the rest, and ends at a sign of equality (bench/views.ts).
  const equals = bytes.subarray(from, end).includes(EQUALS);
  const written = equals
    ? decodeThrough(bytes, from, end, out)
    : out.write(bytes.latin1Slice(from, end), 0, "base64");
  return hasVisible(out, written, least) ? written : 0;
}

/** The same through signs of equality, which readers of mail pass over like all other bytes. */
function decodeThrough(bytes: Uint8Array, start: number, end: number, out: Uint8Array): number {
  let written = 0;
  let held = 0;
  let letters = 0;
  for (let at = start; at < end; at++) {
    const sextet = SEXTET[bytes[at]!]!;
    if (sextet < 0) continue;
    held = (held << 6) | sextet;
    // A byte comes with each letter but the first of four.
    const place = ++letters & 3;
    if (place !== 1) out[written++] = (held >>> (((4 - place) << 1) & 7)) & 0xff;
  }
  return written;
}

/** It looks at every `least`th byte first and steps back from there: noise costs a fraction of a look a byte. */
function hasVisible(bytes: Uint8Array, end: number, least: number): boolean {
  for (let start = 0; start + least <= end; ) {
    let at = start + least - 1;
    while (at >= start && isVisible(bytes[at]!)) at--;
    if (at < start) return true;
    start = at + 1;
  }
  return false;
}

/** ASCII that tokens are made of. */
function isVisible(byte: number): boolean {
  return byte > BLANK && byte < 0x7f;
}
