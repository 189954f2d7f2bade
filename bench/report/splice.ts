const BEGIN = "<!-- figures: begin, written by npm run bench:report -->";
const END = "<!-- figures: end -->";

/** Puts the generated part between its two marks, and leaves the rest alone; throws where a mark is missing or doubled. */
export function splice(page: string, generated: string): string {
  const [before, rest, ...more] = page.split(BEGIN);
  if (rest === undefined || more.length > 0) throw new Error(`the page must hold once: ${BEGIN}`);
  const [, after, ...evenMore] = rest.split(END);
  if (after === undefined || evenMore.length > 0)
    throw new Error(`the page must hold once, after that: ${END}`);
  return `${before}${BEGIN}\n\n${generated.trim()}\n\n${END}${after}`;
}
