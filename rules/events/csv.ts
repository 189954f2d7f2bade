import { csvRecord } from "../csv.ts";
import type { VpatchEvent } from "./event.ts";

const columns = [
  "id",
  "at",
  "lastAt",
  "count",
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
  "ip",
  "requestId",
  "worker",
] as const satisfies readonly (keyof VpatchEvent)[];

/** The first line of a CSV of events, with its end. */
export const csvHead = `${columns.join(",")}\r\n`;

/** The event as a line of CSV (RFC 4180), with its end; times in ISO 8601, names of query parameters joined with `&`. */
export function csvLine(event: VpatchEvent): string {
  return `${csvRecord(columns.map((column) => textOf(event, column)))}\r\n`;
}

function textOf(event: VpatchEvent, column: (typeof columns)[number]): string {
  if (column === "at" || column === "lastAt") return new Date(event[column]).toISOString();
  return column === "query" ? event.query.join("&") : String(event[column] ?? "");
}
