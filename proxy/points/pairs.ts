/** A value and the name it goes by; both as they are spelled. */
export interface Pair {
  readonly name: string;
  readonly text: string;
}

/**
 * The string values of a JSON text (RFC 8259) at any depth, without their quotes, each with the last member's name
 * before it; shorter ones than `least` are left out. Reads on where the text is broken; of repeated names every value
 * comes. Much cheaper than partsOfJson, which says where a value stands.
 */
export function* stringsOfJson(text: string, least: number): Generator<Pair> {
  let name = "";
  for (let at = text.indexOf('"'); at >= 0; ) {
    const end = stringEnd(text, at + 1);
    const start = at + 1;
    at = text.indexOf('"', end + 1);
    if (isName(text, end + 1)) name = text.slice(start, end);
    else if (end - start >= least) yield { name, text: text.slice(start, end) };
  }
}

/** The same for a form (WHATWG URL, `application/x-www-form-urlencoded`); a name alone is a value too. */
export function* pairsOfForm(text: string, least: number): Generator<Pair> {
  for (let at = 0; at <= text.length; ) {
    const ampersand = text.indexOf("&", at);
    const end = ampersand < 0 ? text.length : ampersand;
    if (end - at >= least) {
      const pair = text.slice(at, end);
      const equals = pair.indexOf("=");
      if (pair.length - equals > least)
        yield { name: pair.slice(0, Math.max(0, equals)), text: pair.slice(equals + 1) };
    }
    at = end + 1;
  }
}

/** The closing quote: the first with an even number of backslashes before it. */
function stringEnd(text: string, from: number): number {
  for (let quote = text.indexOf('"', from); quote >= 0; quote = text.indexOf('"', quote + 1)) {
    let backslash = quote - 1;
    while (backslash >= from && text[backslash] === "\\") backslash--;
    if ((quote - backslash) % 2 === 1) return quote;
  }
  return text.length;
}

function isName(text: string, from: number): boolean {
  let at = from;
  while (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t") at++;
  return text[at] === ":";
}
