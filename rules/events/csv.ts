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
  return `${columns.map((column) => cell(textOf(event, column))).join(",")}\r\n`;
}

function textOf(event: VpatchEvent, column: (typeof columns)[number]): string {
  if (column === "at" || column === "lastAt") return new Date(event[column]).toISOString();
  return column === "query" ? event.query.join("&") : String(event[column] ?? "");
}

/**
 * What a client chose to send must not become a formula of the spreadsheet that opens the file: text that begins as
 * one gets an apostrophe in front (OWASP, CSV Injection).
 */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
