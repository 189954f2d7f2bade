import { holds, type Network, parseAddress } from "./address.ts";
import type { VpatchEvent } from "./event.ts";
import { covers, lowerCased, occurs, type Pattern } from "./glob.ts";

/** Fields of texts; `text` stands for host, path and user agent together. */
export const textFields = [
  "type",
  "leak",
  "rule",
  "action",
  "point",
  "method",
  "host",
  "path",
  "query",
  "userAgent",
  "requestId",
  "text",
] as const;
export type TextField = (typeof textFields)[number];
export const numberFields = ["count", "worker"] as const;
export type NumberField = (typeof numberFields)[number];
export type FilterField = TextField | NumberField | "ip";

/** Both ends inclusive. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** One condition: the field matches one of the alternatives, or with `not` none of them. */
export type Term =
  | { readonly field: TextField; readonly not: boolean; readonly any: readonly Pattern[] }
  | { readonly field: "ip"; readonly not: boolean; readonly any: readonly (Network | Pattern)[] }
  | { readonly field: "count"; readonly not: boolean; readonly any: readonly Range[] }
  | { readonly field: "worker"; readonly not: boolean; readonly any: readonly Range[] };

/** What to look for: all terms hold. Times of the first attempt in milliseconds, `from` inclusive, `to` exclusive. */
export interface EventFilter {
  readonly terms?: readonly Term[] | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** Fields whose upper and lower case are alike; of points those in headers, whose names have no case (RFC 9110 5.1). */
const folded: ReadonlySet<TextField> = new Set(["host", "method", "text"]);
const HEADER = "header ";

/** Whether a text (null where the event has none) matches one of the alternatives. Negation is not looked at. */
export type TextTest = (text: string | null) => boolean;

/** The terms ready to be asked; made once for many events. */
export function textTest(field: TextField, any: readonly Pattern[]): TextTest {
  const lower = any.map(lowerCased);
  if (field === "text") return (text) => text !== null && some(lower, text.toLowerCase(), occurs);
  if (field === "point") return (text) => text !== null && isPoint(any, lower, text);
  if (folded.has(field)) return (text) => text !== null && some(lower, text.toLowerCase(), covers);
  return (text) => text !== null && some(any, text, covers);
}

/** `header` is also the first word of each `header x`. */
function isPoint(exact: readonly Pattern[], lower: readonly Pattern[], text: string): boolean {
  const isHeader = text.startsWith(HEADER);
  const patterns = isHeader ? lower : exact;
  const point = isHeader ? text.toLowerCase() : text;
  const blank = point.indexOf(" ");
  return some(patterns, point, covers) || (blank > 0 && some(patterns, point.slice(0, blank), covers));
}

function some(patterns: readonly Pattern[], text: string, fits: typeof covers): boolean {
  for (const pattern of patterns) if (fits(pattern, text)) return true;
  return false;
}

export function isPattern(value: Network | Pattern): value is Pattern {
  return Array.isArray(value);
}

/** Whether an address, or a text that is none, matches one of the alternatives. */
export function addressTest(any: readonly (Network | Pattern)[]): (text: string) => boolean {
  const networks = any.filter((value): value is Network => !isPattern(value));
  const patterns = any.filter(isPattern).map(lowerCased);
  return (text) => {
    const words = networks.length === 0 ? null : parseAddress(text);
    if (words !== null && networks.some((network) => holds(network, ...words))) return true;
    return patterns.length > 0 && some(patterns, text.toLowerCase(), covers);
  };
}

export function inRanges(ranges: readonly Range[], value: number): boolean {
  for (const { min, max } of ranges) if (value >= min && value <= max) return true;
  return false;
}

/** Whether an event is one that the filter looks for. */
export type EventTest = (event: VpatchEvent) => boolean;

export function eventTest({ terms = [], from = 0, to = Number.POSITIVE_INFINITY }: EventFilter): EventTest {
  const tests = terms.map(termTest);
  return (event) => event.at >= from && event.at < to && tests.every((test) => test(event));
}

function termTest(term: Term): EventTest {
  const test = positive(term);
  return term.not ? (event) => !test(event) : test;
}

function positive(term: Term): EventTest {
  if (term.field === "ip") {
    const test = addressTest(term.any);
    return ({ ip }) => test(ip);
  }
  if (term.field === "count" || term.field === "worker") {
    const { field, any } = term;
    return (event) => inRanges(any, event[field]);
  }
  const { field } = term;
  const test = textTest(field, term.any);
  if (field === "query") return ({ query }) => query.some(test);
  if (field === "text") return ({ host, path, userAgent }) => test(host) || test(path) || test(userAgent);
  return (event) => test(event[field]);
}

/** The filter for events whose fields are exactly these. */
export function where(fields: Partial<Record<TextField | "ip", string>>): EventFilter {
  const named = Object.entries(fields) as [TextField | "ip", string][];
  return { terms: named.map(([field, text]) => ({ field, not: false, any: [[text]] })) };
}
