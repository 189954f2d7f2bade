/** The literal pieces between stars: `["/v1/", ""]` is `/v1/*`, one piece alone is the whole text. */
export type Pattern = readonly string[];

/**
 * Whether the pattern covers the whole text. The first fit of each piece is taken and never given back, which with
 * nothing but stars misses no fit: the work is at most the text's length a piece.
 */
export function covers(pattern: Pattern, text: string): boolean {
  const last = pattern.length - 1;
  const [head, tail] = [pattern[0]!, pattern[last]!];
  if (last === 0) return text === head;
  if (!text.startsWith(head) || !text.endsWith(tail)) return false;
  let from = head.length;
  const end = text.length - tail.length;
  for (let piece = 1; piece < last; piece++) {
    const found = text.indexOf(pattern[piece]!, from);
    if (found < 0) return false;
    from = found + pattern[piece]!.length;
  }
  return from <= end;
}

/** Whether the pattern covers some part of the text. */
export function occurs(pattern: Pattern, text: string): boolean {
  return covers(["", ...pattern, ""], text);
}

export function lowerCased(pattern: Pattern): Pattern {
  return pattern.map((piece) => piece.toLowerCase());
}
