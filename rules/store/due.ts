import type { LeakId } from "../leak.ts";
import type { Tables } from "./tables.ts";

/** Something that ends at a time its maker chose. */
export interface Due {
  readonly leak: LeakId;
  readonly what: "decision" | "watch";
}

/** Rows of the index by time: [due, time, leak seq, decision or watch]. */
export const due = "due";

/** What is to end by `now` (ms), the earliest first. */
export function dueBy(tables: Tables, now: number, limit: number): Due[] {
  const rows = tables.index.getKeys({ start: [due], end: [due, now + 1], limit });
  return [...rows.map((key) => dueOf(key as [string, number, number, Due["what"]]))];
}

function dueOf([, , seq, what]: [string, number, number, Due["what"]]): Due {
  return { leak: `leak-${seq}`, what };
}
