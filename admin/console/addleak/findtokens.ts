import { knownSpans, type Span } from "./knowntokens.ts";
import { namedSpans } from "./namedvalues.ts";
import { isComment, type Layout, layoutOf, piecesOf } from "./tokenlists.ts";

/** A token that was found in what somebody pasted. */
export type FoundToken = Pick<Span, "text" | "kind">;

/** What was made of a text. */
export interface Found {
  /** In order, each once. */
  readonly tokens: readonly FoundToken[];
  /** Lines that are not empty, and those of them in which no token stands. */
  readonly lines: number;
  readonly barrenLines: number;
  /** Values of secrets' names that hold blanks: no token does. */
  readonly spacedValues: number;
}

const PIECE_CHARS = 64 * 1024;
/** How far back a good place to cut is looked for. */
const CUT_CHARS = 8 * 1024;
/** Longer without a pause, and the page would not answer a key at once. */
const TURN_MS = 25;

/**
 * Tokens in what was pasted: one a line, a curl command, a `.env`, a HAR, a log, a table. Known formats are found anywhere,
 * others by the name before them, and words by standing alone in their line. The time is linear in the text.
 */
export function findTokens(text: string): Found {
  const search = searching(text);
  for (;;) {
    const { done, value } = search.next();
    if (done) return value;
  }
}

/**
 * The same, with pauses in which the page lives on. `onShare` is told how much is done, from 0 to 1. Rejects with the
 * signal's reason once that is aborted.
 */
export async function findTokensInTurns(
  text: string,
  onShare: (share: number) => void,
  signal: AbortSignal,
): Promise<Found> {
  const search = searching(text);
  let turnEnd = performance.now() + TURN_MS;
  for (;;) {
    const { done, value } = search.next();
    if (done) return value;
    if (performance.now() < turnEnd) continue;
    onShare(value);
    await pause();
    signal.throwIfAborted();
    turnEnd = performance.now() + TURN_MS;
  }
}

/** A message, and no timer: those wait for seconds in a tab that nobody looks at. */
function pause(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

function* searching(text: string): Generator<number, Found> {
  const layout = layoutOf(text);
  const found = new Map<string, string>();
  const counts = { lines: 0, barrenLines: 0, spacedValues: 0 };
  const line: OpenLine = { isOpen: false, hasToken: false, isInKey: false };
  for (let start = 0; start < text.length; ) {
    const end = cutOf(text, start);
    for (const { text: token, kind } of spansOf(text.slice(start, end), layout, counts, line))
      if (!found.has(token)) found.set(token, kind);
    start = end;
    yield end / text.length;
  }
  // The last line may have no end.
  if (line.isOpen) countLine(counts, line);
  return { tokens: [...found].map(([token, kind]) => ({ text: token, kind })), ...counts };
}

/** Where a piece ends: behind a line, if it may be not within a command or an object; else where no token goes on. */
function cutOf(text: string, start: number): number {
  const end = start + PIECE_CHARS;
  if (end >= text.length) return text.length;
  const from = end - CUT_CHARS;
  const near = text.slice(from, end);
  for (const place of [/[^,\\{[\s]\s*\n/g, /\n/g, /\}/g, /[\s,;&]/g]) {
    const last = [...near.matchAll(place)].at(-1);
    if (last !== undefined) return from + last.index + last[0].length;
  }
  return end;
}

type Counts = { -readonly [Count in Exclude<keyof Found, "tokens">]: Found[Count] };

/** What is known of a line that goes on in the next piece. */
interface OpenLine {
  isOpen: boolean;
  hasToken: boolean;
  /** Within a private key in PEM, whose lines are words and no tokens. */
  isInKey: boolean;
}

/** The tokens of a piece by where they stand; none overlaps one that is surer. */
function spansOf(piece: string, layout: Layout, counts: Counts, open: OpenLine): Span[] {
  const isTaken = new Uint8Array(piece.length);
  const isFree = (start: number, end: number) => !isTaken.subarray(start, end).includes(1);
  const spans: Span[] = [];
  const take = (span: Span) => {
    if (!isFree(span.start, span.end)) return;
    isTaken.fill(1, span.start, span.end);
    spans.push(span);
  };
  for (const span of knownSpans(piece)) take(span);
  for (const span of namedSpans(piece, () => counts.spacedValues++)) take(span);
  if (open.isOpen && /^[\r\n]/.test(piece)) countLine(counts, open);
  for (const { 0: line, index } of piece.matchAll(/[^\r\n]+/g)) {
    const end = index + line.length;
    if (line.trim() === "") continue;
    if (/-----BEGIN /.test(line)) open.isInKey = true;
    if (!open.isInKey && !isComment(line))
      for (const { start, text } of piecesOf(line, layout))
        take({ start: index + start, end: index + start + text.length, text, kind: "opaque" });
    if (/-----END /.test(line)) open.isInKey = false;
    open.isOpen = true;
    open.hasToken ||= !isFree(index, end);
    if (end < piece.length) countLine(counts, open);
  }
  return spans.sort((one, other) => one.start - other.start);
}

function countLine(counts: Counts, open: OpenLine): void {
  counts.lines += 1;
  if (!open.hasToken) counts.barrenLines += 1;
  open.isOpen = false;
  open.hasToken = false;
}
