/**
 * A record of comma-separated values (RFC 4180), without its end. What others chose to send must not become a formula of
 * the spreadsheet that opens the file: text that begins as one gets an apostrophe in front (OWASP, CSV Injection).
 */
export function csvRecord(cells: readonly (string | number | null)[]): string {
  return cells.map(cellOf).join(",");
}

function cellOf(cell: string | number | null): string {
  if (typeof cell !== "string") return cell === null ? "" : String(cell);
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
