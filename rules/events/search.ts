import { Refusal } from "../refusal.ts";
import { type Network, parseNetwork } from "./address.ts";
import { eventActions, eventTypes } from "./event.ts";
import {
  type EventFilter,
  type FilterField,
  numberFields,
  type Range,
  type Term,
  textFields,
} from "./filter.ts";
import type { Pattern } from "./glob.ts";
import { DAY_MS, parseTime, UNITS_MS, utcDay } from "./time.ts";

/** What a search line may name, as the refusals list it. */
export const searchFields: readonly string[] = [
  ...textFields.filter((field) => field !== "text"),
  "ip",
  ...numberFields,
  "from",
  "to",
];

const LINE_CHARS_MAX = 4_096;
const TERMS_MAX = 64;
const ALTERNATIVES_MAX = 256;

/** The line, or a field's values, cannot be read; the message does not repeat what came in. */
export class SearchRefused extends Refusal {
  readonly code = "InputRefused";
  /** The place in the line, from 1 on. */
  readonly position: number;
  constructor(position: number, why: string) {
    super(`at character ${position}: ${why}`);
    this.position = position;
  }
}

/** Literal pieces between stars, and where they stand. */
interface Value {
  readonly pieces: Pattern;
  readonly position: number;
  /** Nothing of it was quoted: it may be a word of ours, such as `today`. */
  readonly isBare: boolean;
}

/**
 * Reads a search line: `type:vpatch ip:10.0.0.0/8 !point:cookie path:/v1/* count:>=5 last 7 days`. Words in it that
 * tell a time count from `now` (milliseconds). Throws SearchRefused.
 */
export function parseSearch(line: string, now: number): EventFilter {
  return new Line(line, now).parse();
}

/** The values of one field as a parameter gives them: `a,b*`, or `!a` for none of them; blanks need no quotes. */
export function parseTerm(field: FilterField, text: string): Term {
  const not = text.startsWith("!");
  const reader = new Reader(text, not ? 1 : 0, false);
  return termOf(field, not, reader.values());
}

class Reader {
  readonly line: string;
  at: number;
  private readonly endsAtBlank: boolean;

  constructor(line: string, at: number, endsAtBlank: boolean) {
    if (line.length > LINE_CHARS_MAX)
      throw new SearchRefused(LINE_CHARS_MAX + 1, `longer than ${LINE_CHARS_MAX} characters`);
    this.line = line;
    this.at = at;
    this.endsAtBlank = endsAtBlank;
  }

  isOver(): boolean {
    return this.at >= this.line.length;
  }

  isBlank(): boolean {
    return !this.isOver() && /\s/.test(this.line[this.at]!);
  }

  /** Values with commas between them. */
  values(): Value[] {
    const found = [this.value()];
    while (this.line[this.at] === ",") {
      this.at++;
      found.push(this.value());
    }
    return found;
  }

  value(): Value {
    const position = this.at + 1;
    const pieces = [""];
    let isBare = true;
    let piece = "";
    for (; !this.isOver() && this.line[this.at] !== "," && !(this.endsAtBlank && this.isBlank()); this.at++) {
      const char = this.line[this.at]!;
      if (char === '"') {
        piece += this.quoted();
        isBare = false;
      } else if (char === "*") {
        pieces[pieces.length - 1] = piece;
        pieces.push("");
        piece = "";
      } else piece += char;
    }
    pieces[pieces.length - 1] = piece;
    if (this.at + 1 === position) throw new SearchRefused(position, "a value is missing");
    return { pieces, position, isBare };
  }

  /** From one quote to the other, on which it stays; a backslash takes the next character as it is. */
  private quoted(): string {
    const position = this.at + 1;
    let text = "";
    for (this.at++; this.line[this.at] !== '"'; this.at++) {
      if (this.line[this.at] === "\\") this.at++;
      if (this.isOver()) throw new SearchRefused(position, "the quote is not closed");
      text += this.line[this.at];
    }
    return text;
  }
}

class Line {
  private readonly reader: Reader;
  private readonly now: number;
  private readonly terms: Term[] = [];
  private from: number | undefined;
  private to: number | undefined;

  constructor(line: string, now: number) {
    this.reader = new Reader(line, 0, true);
    this.now = now;
  }

  parse(): EventFilter {
    const { reader } = this;
    for (this.skip(); !reader.isOver(); this.skip()) this.one();
    const { terms, from, to } = this;
    if (from !== undefined && to !== undefined && from >= to)
      throw new SearchRefused(1, "the time ends before it begins");
    return { terms, from, to };
  }

  private skip(): void {
    while (this.reader.isBlank()) this.reader.at++;
  }

  private one(): void {
    const { reader } = this;
    const position = reader.at + 1;
    const not = reader.line[reader.at] === "!";
    if (not) reader.at++;
    const name = /^[A-Za-z]+(?=:)/.exec(reader.line.slice(reader.at, reader.at + 32))?.[0];
    if (name !== undefined) {
      this.named(name, not, position);
      return;
    }
    const words = reader.values();
    const [{ pieces, isBare }] = words as [Value];
    const mayBeTime = isBare && words.length === 1 && pieces.length === 1;
    if (mayBeTime && this.isTime(pieces[0]!.toLowerCase(), not, position)) return;
    this.add(position, termOf("text", not, words));
  }

  private named(name: string, not: boolean, position: number): void {
    const { reader } = this;
    reader.at += name.length + 1;
    const field = searchFields.find((known) => known.toLowerCase() === name.toLowerCase());
    if (field === undefined)
      throw new SearchRefused(
        position,
        `there is no such field; the known ones are ${searchFields.join(", ")}; quote a word that holds a colon`,
      );
    if (field !== "from" && field !== "to") {
      this.add(position, termOf(field as FilterField, not, reader.values()));
      return;
    }
    const { pieces, position: at } = reader.value();
    const time = pieces.length === 1 ? parseTime(pieces[0]!) : null;
    if (time === null || reader.line[reader.at] === ",")
      throw new SearchRefused(at, "a time is a date, an ISO 8601 time, or milliseconds since 1970");
    this.bound(not, position, field === "from" ? time : undefined, field === "to" ? time : undefined);
  }

  private add(position: number, term: Term): void {
    if (this.terms.length >= TERMS_MAX)
      throw new SearchRefused(position, `more than ${TERMS_MAX} conditions`);
    this.terms.push(term);
  }

  /** `today`, `yesterday`, `last hour`, `last 7 days`; a `last` without a unit behind it is a word like any other. */
  private isTime(word: string, not: boolean, position: number): boolean {
    const today = utcDay(this.now);
    if (word === "today") this.bound(not, position, today, undefined);
    else if (word === "yesterday") this.bound(not, position, today - DAY_MS, today);
    else if (word === "last") return this.isLast(not, position);
    else return false;
    return true;
  }

  private isLast(not: boolean, position: number): boolean {
    const { reader } = this;
    const rest = reader.line.slice(reader.at, reader.at + 64);
    const match = /^\s+(?:([0-9]{1,6})\s+)?([A-Za-z]+?)s?(?=\s|$)/.exec(rest);
    const unitMs = match === null ? undefined : UNITS_MS.get(match[2]!.toLowerCase());
    if (match === null || unitMs === undefined) return false;
    reader.at += match[0].length;
    this.bound(not, position, Math.max(0, this.now - Number(match[1] ?? 1) * unitMs), undefined);
    return true;
  }

  private bound(not: boolean, position: number, from: number | undefined, to: number | undefined): void {
    if (not) throw new SearchRefused(position, "a time cannot be negated");
    if ((from !== undefined && this.from !== undefined) || (to !== undefined && this.to !== undefined))
      throw new SearchRefused(position, "the time is bounded twice");
    this.from ??= from;
    this.to ??= to;
  }
}

function termOf(field: FilterField, not: boolean, values: readonly Value[]): Term {
  if (values.length > ALTERNATIVES_MAX)
    throw new SearchRefused(values[ALTERNATIVES_MAX]!.position, `more than ${ALTERNATIVES_MAX} values`);
  if (field === "ip") return { field, not, any: values.map(addressOf) };
  if (field === "count" || field === "worker") return { field, not, any: values.map(rangeOf) };
  return { field, not, any: values.map((value) => textOf(field, value)) };
}

const KNOWN: Partial<Record<FilterField, readonly string[]>> = { type: eventTypes, action: eventActions };

/** With a star anything goes. */
function textOf(field: FilterField, { pieces, position }: Value): Pattern {
  if (pieces.length > 1) return pieces;
  const text = pieces[0]!;
  const known = KNOWN[field];
  if (known !== undefined && !known.includes(text))
    throw new SearchRefused(position, `${field} is one of ${known.join(", ")}`);
  const isId = field === "leak" || field === "rule";
  if (isId && !(text.startsWith(`${field}-`) && /^[1-9][0-9]{0,14}$/.test(text.slice(5))))
    throw new SearchRefused(position, `${field} is an id as ${field}-1`);
  return pieces;
}

function addressOf({ pieces, position }: Value): Network | Pattern {
  if (pieces.length > 1) return pieces;
  const network = parseNetwork(pieces[0]!);
  if (network === null)
    throw new SearchRefused(
      position,
      "ip is an address (192.0.2.1), a network (10.0.0.0/8), or a text with *",
    );
  return network;
}

/** `5`, `>5`, `>=5`, `<5`, `<=5`, `5..9`. */
function rangeOf({ pieces, position }: Value): Range {
  const match = /^(?:(>=?|<=?)?([0-9]{1,15})|([0-9]{1,15})\.\.([0-9]{1,15}))$/.exec(pieces.join("*"));
  if (match === null) throw new SearchRefused(position, "a number is written 5, >=5, >5, <=5, <5 or 5..9");
  const range =
    match[3] === undefined
      ? openRange(match[1] ?? "", Number(match[2]))
      : { min: Number(match[3]), max: Number(match[4]) };
  if (range.min > range.max) throw new SearchRefused(position, "no number lies in this range");
  return range;
}

function openRange(sign: string, value: number): Range {
  if (sign === "") return { min: value, max: value };
  if (sign.startsWith(">")) return { min: sign === ">" ? value + 1 : value, max: Number.MAX_SAFE_INTEGER };
  return { min: 0, max: sign === "<" ? value - 1 : value };
}
