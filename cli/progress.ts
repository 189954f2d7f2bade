/** How far something long has come, for a person who waits; nothing where standard error is not a terminal. */
export class Progress {
  private readonly what: string;
  private shown = false;

  /** `what` follows the count, as in `tokens digested`. */
  constructor(what = "") {
    this.what = what;
  }

  show(count: number, total?: number): void {
    if (!process.stderr.isTTY) return;
    const of = total === undefined ? "" : ` of ${total.toLocaleString("en")}`;
    process.stderr.write(`\r${count.toLocaleString("en")}${of} ${this.what}`);
    this.shown = true;
  }

  /** Words instead of a count. */
  say(text: string): void {
    if (!process.stderr.isTTY) return;
    process.stderr.write(`\r\u001b[K${text}`);
    this.shown = true;
  }

  clear(): void {
    if (this.shown) process.stderr.write("\r\u001b[K");
    this.shown = false;
  }
}
