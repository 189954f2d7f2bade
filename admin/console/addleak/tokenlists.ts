import { isSecret, looksRandom, mayBeToken } from "./tokenlooks.ts";

const SAMPLED_CHARS = 256 * 1024;
const SAMPLED_LINES = 1_000;
const SEPARATORS = [";", "\t", ",", "|"] as const;
const COMMENT = /^\s*(?:#|\/\/[ \t]|--[ \t]|;[ \t])/;
const ONE_WORD = /^["'`]?([^\s"'`]{1,4096}?)["'`]?[,;]?$/;
const BULLET = /^\s*(?:(?:[-*•]|\d{1,6}[.)])\s+)?/;
const SECRET_COLUMN = /^(?:.*(?:token|secret|api[_ -]?key|password|credential)|key)s?$/i;
/** `NAME=value`, `NAME:value`, and `NAME=` where nothing is assigned; not the padding of base64. */
const ASSIGNMENT = /^[\w.-]{1,64}(?:[:=](?!=?$)|:$)|^(?:[A-Z\d_]+|[a-z_.-]+)=$/;

/** How the lines of a text are laid out, told from its first ones. */
export interface Layout {
  /** How short a word may be that is a token by standing alone in its line; 0: all lines are such words, which says it. */
  readonly charsMin: number;
  /** The column of the tokens, where the text is a table. */
  readonly column: { readonly separator: string; readonly at: number; readonly heading: string } | null;
}

/** A stretch of a line. */
export interface Piece {
  readonly start: number;
  readonly text: string;
}

export function isComment(line: string): boolean {
  return COMMENT.test(line);
}

export function layoutOf(text: string): Layout {
  const start = text.slice(0, SAMPLED_CHARS);
  const lines = start.split(/\r?\n/, SAMPLED_LINES).filter((line) => line.trim() !== "" && !isComment(line));
  const words = lines.filter((line) => ONE_WORD.test(line.replace(BULLET, "").trim())).length;
  // Between other text a word needs more to be a token.
  const charsMin = words === lines.length ? 0 : words * 2 >= lines.length ? 8 : 16;
  return { charsMin, column: columnOf(lines) };
}

function columnOf(lines: readonly string[]): Layout["column"] {
  if (lines.length < 2) return null;
  for (const separator of SEPARATORS) {
    const rows = lines.map((line) => cellsOf(line, separator));
    const columns = rows[0]!.length;
    if (columns < 2 || rows.some((cells) => cells.length !== columns)) continue;
    const named = rows[0]!.findIndex(({ text }) => SECRET_COLUMN.test(text));
    if (named !== -1) return { separator, at: named, heading: lines[0]! };
    const isList = rows.every((cells) => cells.every(({ text }) => text === "" || looksRandom(text)));
    if (!isList && rows.every(([first]) => looksRandom(first!.text) && !ASSIGNMENT.test(first!.text)))
      return { separator, at: 0, heading: "" };
  }
  return null;
}

function cellsOf(line: string, separator: string): Piece[] {
  const cells: Piece[] = [];
  for (let at = 0; at <= line.length; ) {
    const isQuoted = line[at] === '"';
    const closing = isQuoted ? line.indexOf('"', at + 1) : -1;
    const found = line.indexOf(separator, closing === -1 ? at : closing);
    const end = found === -1 ? line.length : found;
    cells.push(trimmed(line.slice(at, end), at));
    at = end + 1;
  }
  return cells;
}

/** Without the blanks, brackets and quotes around it. */
function trimmed(written: string, at: number): Piece {
  const [before] = /^[\s["'`]*/.exec(written)!;
  const text = written.slice(before.length).replace(/[\s\]"'`]+$/, "");
  return { start: at + before.length, text };
}

/** The tokens of a line that nothing names: its one word, words between commas, or the cell of a table. */
export function piecesOf(line: string, { charsMin, column }: Layout): Piece[] {
  if (column !== null) {
    if (line === column.heading) return [];
    const cell = cellsOf(line, column.separator)[column.at];
    return cell !== undefined && isSecret(cell.text) ? [cell] : [];
  }
  for (const separator of SEPARATORS) {
    if (!line.includes(separator)) continue;
    const cells = cellsOf(line, separator).filter(({ text }) => text !== "");
    const isList = cells.every(({ text }) => looksRandom(text) && !ASSIGNMENT.test(text));
    if (cells.length > 1 && isList) return cells;
  }
  const start = BULLET.exec(line)![0].length;
  const word = ONE_WORD.exec(line.slice(start).trim())?.[1];
  // An address, a mark-up, a mailbox with its password: none is a token as it stands.
  if (word === undefined || /:\/\/|^[[{<(].*[\]}>)]$|@[\w.-]+:/.test(word) || ASSIGNMENT.test(word))
    return [];
  const isToken = charsMin === 0 ? mayBeToken(word) : looksRandom(word, charsMin);
  return isToken ? [{ start: line.indexOf(word, start), text: word }] : [];
}
