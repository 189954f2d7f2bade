import { IS_WORD } from "../../rules/word.ts";
import type { Window } from "./window.ts";

const VALUE_BYTES_MIN = 6;
const VALUE_BYTES_MAX = 4096;
/** Between values: blanks, quotes, brackets, and the marks that lists and markup put between them. */
const IS_BETWEEN = new Uint8Array(256);
for (let byte = 0; byte <= 0x20; byte++) IS_BETWEEN[byte] = 1;
for (const mark of "\"'`<>()[]{},;|&\\\x7f") IS_BETWEEN[mark.charCodeAt(0)] = 1;
/** Marks in a run behind which a value may begin: `name=value`, `user:password`, `https://user:value@host`. */
const IS_LEAD = new Uint8Array(256);
for (const mark of "=:/@#?") IS_LEAD[mark.charCodeAt(0)] = 1;
/** Marks that end a sentence, and pad nothing. */
const IS_TAIL = new Uint8Array(256);
for (const mark of ".:!?@/") IS_TAIL[mark.charCodeAt(0)] = 1;
/** Marks in one run behind which is looked. */
const LEADS_MAX = 8;

/**
 * Hands out the whole values that begin in the window: each run of bytes between blanks, quotes and brackets; what follows a
 * mark like `=` or `:` in it, to the end of the run or of the word; all without the marks that end a sentence. A token that
 * is known by its hash alone must be one of these: a hash tells nothing of where in a text its token might stand.
 */
export function eachValue({ bytes, from, to }: Window, use: (start: number, end: number) => void): void {
  let at = from;
  // A run that began before is the window's before.
  if (from > 0 && IS_BETWEEN[bytes[from - 1]!] === 0)
    while (at < bytes.length && IS_BETWEEN[bytes[at]!] === 0) at++;
  while (at < to) {
    if (IS_BETWEEN[bytes[at]!] === 1) {
      at++;
      continue;
    }
    const start = at;
    while (at < bytes.length && IS_BETWEEN[bytes[at]!] === 0) at++;
    valuesOf(bytes, start, at, use);
  }
}

function valuesOf(
  bytes: Uint8Array,
  start: number,
  end: number,
  use: (start: number, end: number) => void,
): void {
  let last = end;
  while (last > start && IS_TAIL[bytes[last - 1]!] === 1) last--;
  if (end > last) give(start, end, use);
  give(start, last, use);
  let leads = 0;
  for (let at = start; at < last; at++) {
    const isLead = at > start && IS_LEAD[bytes[at - 1]!] === 1;
    if (at > start && !isLead) continue;
    if (isLead && ++leads > LEADS_MAX) return;
    let word = at;
    while (word < last && IS_WORD[bytes[word]!] === 1) word++;
    if (word < last) give(at, word, use);
    if (isLead) give(at, last, use);
  }
}

function give(start: number, end: number, use: (start: number, end: number) => void): void {
  if (end - start >= VALUE_BYTES_MIN && end - start <= VALUE_BYTES_MAX) use(start, end);
}
