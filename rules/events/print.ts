import { printNetwork } from "./address.ts";
import { type EventFilter, isPattern, type Range, type Term } from "./filter.ts";
import type { Pattern } from "./glob.ts";

/** The search line of a filter; `parseSearch` reads the same filter from it. */
export function printSearch({ terms = [], from, to }: EventFilter): string {
  const parts = terms.map(printTerm);
  if (from !== undefined) parts.push(`from:${new Date(from).toISOString()}`);
  if (to !== undefined) parts.push(`to:${new Date(to).toISOString()}`);
  return parts.join(" ");
}

function printTerm(term: Term): string {
  const not = term.not ? "!" : "";
  if (term.field === "text") return `${not}${term.any.map(printWord).join(",")}`;
  if (term.field === "count" || term.field === "worker")
    return `${not}${term.field}:${term.any.map(printRange).join(",")}`;
  if (term.field !== "ip") return `${not}${term.field}:${term.any.map(printPattern).join(",")}`;
  const values = term.any.map((each) => (isPattern(each) ? printPattern(each) : printNetwork(each)));
  return `${not}ip:${values.join(",")}`;
}

function printPattern(pattern: Pattern): string {
  return pattern.length === 1 && pattern[0] === "" ? '""' : pattern.map(quoted).join("*");
}

/** A word alone could be taken for a field, a negation or a time. */
function printWord(pattern: Pattern): string {
  const printed = printPattern(pattern);
  const isPlain = /^[\w./*-]+$/.test(printed) && !/^(?:today|yesterday|last)$/i.test(printed);
  return isPlain || printed.startsWith('"') ? printed : `""${printed}`;
}

function quoted(piece: string): string {
  if (/^[^\s",*\\]*$/.test(piece)) return piece;
  return `"${piece.replaceAll(/["\\]/g, "\\$&")}"`;
}

function printRange({ min, max }: Range): string {
  if (min === max) return String(min);
  return max === Number.MAX_SAFE_INTEGER ? `>=${min}` : `${min}..${max}`;
}
