/** 1 for each byte of a text in UTF-8 (RFC 3629): a spelled token is made of these alone, however it is spelled. */
const IS_TEXT = new Uint8Array(256).fill(1, 0x20, 0xf5).fill(0, 0xc0, 0xc2);
IS_TEXT[0x7f] = 0;
for (const blank of "\t\n\r") IS_TEXT[blank.charCodeAt(0)] = 1;

/** What stands before a text is copied with it: formats write its length there (binary.ts). */
const BEFORE = 5;

/** The texts that `collectTexts` found: the bytes written, and whether the last one ends where the bytes do. */
export interface Texts {
  length: number;
  isOpen: boolean;
}

/**
 * Copies the texts of at least `least` bytes in binary `bytes[0, end)` to `out` (as long), each with the few bytes
 * before it and the one behind: all of a binary body that a decoded view can hold a token in. It looks at every
 * `least`th byte first and steps back from there, so that noise costs a fraction of a look a byte (bench/views.ts).
 */
export function collectTexts(
  bytes: Uint8Array,
  end: number,
  out: Uint8Array,
  least: number,
  texts: Texts,
): void {
  let written = 0;
  /** What stands before it is copied already. */
  let copied = 0;
  let start = 0;
  texts.isOpen = false;
  while (start + least <= end) {
    let at = start + least - 1;
    while (at >= start && IS_TEXT[bytes[at]!] === 1) at--;
    if (at >= start) {
      start = at + 1;
      continue;
    }
    let last = start + least;
    while (last < end && IS_TEXT[bytes[last]!] === 1) last++;
    texts.isOpen = last === end;
    const until = Math.min(end, last + 1);
    for (let from = Math.max(copied, start - BEFORE); from < until; from++) out[written++] = bytes[from]!;
    copied = until;
    start = until;
  }
  texts.length = written;
}
