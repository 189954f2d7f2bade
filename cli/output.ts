import { once } from "node:events";

/** Lines for standard output, gathered, and written no faster than they are read. */
export class Output {
  private waiting = "";

  /** Resolves when there is room for more. */
  async line(text: string): Promise<void> {
    this.waiting += `${text}\n`;
    if (this.waiting.length >= 65_536) await this.flush();
  }

  async flush(): Promise<void> {
    const text = this.waiting;
    this.waiting = "";
    if (text !== "" && !process.stdout.write(text)) await once(process.stdout, "drain");
  }
}

/** A record of comma-separated values (RFC 4180). What a spreadsheet would run as a formula gets an apostrophe first. */
export function csvRecord(cells: readonly (string | number | null)[]): string {
  return cells.map(csvCell).join(",");
}

function csvCell(cell: string | number | null): string {
  if (typeof cell !== "string") return cell === null ? "" : String(cell);
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
