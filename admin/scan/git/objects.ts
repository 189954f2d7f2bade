import type { Span } from "../bounds.ts";
import type { SourceFailed } from "../source.ts";
import { Git, type GitOptions } from "./run.ts";

/** An object as git knows it; `size` is null where it has none of the name. */
export interface Listed {
  readonly id: string;
  readonly type: string;
  readonly size: number | null;
}

const LINE_BYTES_MAX = 1_024;
const LINE_FEED = 10;
/** Asked for at once: question and answer fit into a pipe, so that neither side waits for the other. */
const AT_ONCE = 256;

/** Objects by their ids: their sizes first, so that none is read that is too large. To be closed. */
export class Objects {
  private readonly sizes: Git;
  private readonly contents: Git;

  constructor(options: GitOptions) {
    this.sizes = new Git("cat-file", ["cat-file", "--batch-check"], options);
    this.contents = new Git("cat-file", ["cat-file", "--batch"], options);
  }

  /** In the order of the ids. Rejects with SourceFailed. */
  async list(ids: readonly string[]): Promise<Listed[]> {
    const listed: Listed[] = [];
    for (let from = 0; from < ids.length; from += AT_ONCE) {
      const part = ids.slice(from, from + AT_ONCE);
      await this.sizes.write(part.map((id) => `${id}\n`).join(""));
      for (const id of part) listed.push(await this.header(this.sizes, id));
    }
    return listed;
  }

  /** Those of a list, one after the other, each to be read before the next; one that is not there is left out. */
  async *read(
    ids: readonly string[],
  ): AsyncGenerator<Listed & { readonly size: number; readonly bytes: Span }> {
    for (let from = 0; from < ids.length; from += AT_ONCE) {
      const part = ids.slice(from, from + AT_ONCE);
      await this.contents.write(part.map((id) => `${id}\n`).join(""));
      for (const id of part) {
        const { type, size } = await this.header(this.contents, id);
        if (size === null) continue;
        const bytes = this.contents.out.span(size);
        yield { id, type, size, bytes };
        if (!((await bytes.end()) && (await this.contents.out.skip(1))))
          throw await this.brokenOff(this.contents);
      }
    }
  }

  close(): void {
    this.sizes.kill();
    this.contents.kill();
  }

  private async header(git: Git, id: string): Promise<Listed> {
    const line = await git.out.line(LINE_FEED, LINE_BYTES_MAX);
    if (line === null) throw await this.brokenOff(git);
    const [, type = "", size = ""] = line.toString("latin1").split(" ");
    return { id, type, size: /^[0-9]+$/.test(size) ? Number(size) : null };
  }

  private async brokenOff(git: Git): Promise<SourceFailed> {
    await git.end().catch(() => {});
    return git.failed();
  }
}
