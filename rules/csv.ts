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

/**
 * The cells of a record of comma-separated values (RFC 4180), or of those that another character separates. What follows a
 * closing quote in its cell is taken as it stands: some programs write so.
 */
export function csvCells(record: string, separator = ","): string[] {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    let cell = "";
    if (record[at] === '"') {
      for (at++; ; ) {
        const quote = record.indexOf('"', at);
        const end = quote < 0 ? record.length : quote;
        cell += record.slice(at, end);
        at = end + 1;
        if (record[at] !== '"') break;
        cell += '"';
        at++;
      }
    }
    const end = record.indexOf(separator, at);
    cells.push(cell + record.slice(at, end < 0 ? record.length : end));
    if (end < 0) return cells;
    at = end + 1;
  }
}
