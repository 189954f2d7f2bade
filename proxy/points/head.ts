/** A piece of a request that has a name of its own. */
export interface Part {
  readonly point: string;
  readonly text: string;
}

/**
 * Names the point of a hit that ends at `end` (exclusive) in a serialised head: `path`, `query api_key`,
 * `cookie sid`, `header authorization`. Runs only after a hit. The names are the client's: the caller masks them.
 */
export function pointInHead(head: string, end: number): string {
  const last = end - 1;
  const firstLineEnd = head.indexOf("\r\n");
  if (last < firstLineEnd)
    return pointInTarget(head.slice(head.indexOf(" ") + 1, firstLineEnd), last - head.indexOf(" ") - 1);
  const lineStart = head.lastIndexOf("\r\n", last) + 2;
  const colon = head.indexOf(":", lineStart);
  const name = head.slice(lineStart, colon);
  if (name.toLowerCase() === "cookie") {
    const crumbStart = head.lastIndexOf(";", last);
    const crumb = head.slice(crumbStart > colon ? crumbStart + 1 : colon + 1, end);
    const equals = crumb.indexOf("=");
    if (equals >= 0) return `cookie ${crumb.slice(0, equals).trim()}`;
  }
  return `header ${name}`;
}

/** The point of a hit whose last byte is `last` in a request target. */
export function pointInTarget(target: string, last: number): string {
  const question = target.indexOf("?");
  if (question < 0 || last < question) return "path";
  const start = Math.max(question, target.lastIndexOf("&", last)) + 1;
  const equals = target.indexOf("=", start);
  const ampersand = target.indexOf("&", start);
  const nameEnd = Math.min(...[equals, ampersand, target.length].filter((at) => at >= 0));
  return `query ${target.slice(start, nameEnd)}`;
}

/** The parts of a serialised head, for a hit in a decoded view, whose place in the raw bytes nobody knows. */
export function* partsOfHead(head: string): Generator<Part> {
  const lines = head.split("\r\n");
  const [method, target] = lines[0]!.split(" ");
  const question = target!.indexOf("?");
  const path = question < 0 ? target! : target!.slice(0, question);
  yield { point: "path", text: path };
  const pairs = question < 0 ? [] : target!.slice(question + 1).split("&");
  for (const pair of pairs) yield { point: `query ${pair.split("=", 1)[0]}`, text: pair };
  for (const line of lines.slice(1)) {
    const colon = line.indexOf(":");
    if (colon < 0) continue;
    const [name, value] = [line.slice(0, colon), line.slice(colon + 2)];
    const crumbs = name.toLowerCase() === "cookie" ? value.split(";") : [];
    for (const crumb of crumbs) {
      const equals = crumb.indexOf("=");
      if (equals >= 0)
        yield { point: `cookie ${crumb.slice(0, equals).trim()}`, text: crumb.slice(equals + 1) };
    }
    yield { point: `header ${name}`, text: value };
  }
  yield { point: "path", text: method! };
}
