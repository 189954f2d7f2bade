import { Language, unspell } from "./unspell.ts";

const DECODINGS = 2;
const MARK = /\/[/.\\]|[;%\\]/;

/**
 * The path of a target as servers read it once they have tidied it up: percent-decoded, without empty segments, `.`,
 * `..` (RFC 3986 section 5.2.4), `;parameters`, and with a backslash as a slash; null where it reads so already. For
 * tokens with slashes in them (`T000/B000/...` of a web hook): within a segment the other views see as much.
 */
export function plainPath(target: string): string | null {
  const question = target.indexOf("?");
  const path = question < 0 ? target : target.slice(0, question);
  if (!MARK.test(path)) return null;
  const segments: string[] = [];
  for (const segment of decoded(path).split(/[/\\]/)) {
    const semicolon = segment.indexOf(";");
    const name = semicolon < 0 ? segment : segment.slice(0, semicolon);
    if (name === "..") segments.pop();
    else if (name !== "" && name !== ".") segments.push(name);
  }
  const plain = `/${segments.join("/")}`;
  return plain === path ? null : plain;
}

function decoded(path: string): string {
  let text = path;
  for (let layer = 0; layer < DECODINGS && text.includes("%"); layer++) {
    const bytes = Buffer.from(text, "latin1");
    const out = Buffer.alloc(bytes.length);
    const written = unspell(bytes, bytes.length, out, Language.percent, true, bytes.length);
    if (written === 0) break;
    text = out.toString("latin1", 0, written);
  }
  return text;
}
