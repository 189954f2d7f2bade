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
