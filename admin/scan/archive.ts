import { basename, resolve } from "node:path";
import { Budget } from "./archive/budget.ts";
import { unpacked } from "./archive/unpack.ts";
import { ScannedFile } from "./file.ts";
import { printable } from "./given.ts";
import { type Piece, type Reader, type ReadOptions, SourceFailed } from "./source.ts";

/** An archive: zip, tar, either in gzip, and whatever archives it holds. A plain file is one text. */
export class ArchiveReader implements Reader {
  readonly source: string = "archive";
  readonly label: string;
  protected readonly path: string;

  constructor(path: string) {
    this.path = resolve(path);
    this.label = printable(this.path);
  }

  async *read({ limits }: ReadOptions): AsyncGenerator<Piece> {
    const file = await openSource(this.path, this.label);
    const name = basename(this.path);
    const from = this.path.slice(0, this.path.length - name.length);
    const placeOf = (within: string) => ({ source: this.source, path: from + within });
    try {
      const nameOf = await this.namesOf(file);
      yield* unpacked(file, name, { budget: new Budget(limits, file.size), placeOf, nameOf });
    } finally {
      await file.close();
    }
  }

  /** What its entries are called, where that is not what stands there. */
  protected async namesOf(_file: ScannedFile): Promise<((name: string) => string) | undefined> {
    return undefined;
  }
}

/** Rejects with SourceFailed where it is no file that can be read. */
export async function openSource(path: string, label: string): Promise<ScannedFile> {
  let file: ScannedFile | null;
  try {
    file = await ScannedFile.open(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new SourceFailed(`${label} cannot be read (${code})`, {
      isLasting: code === "ENOENT",
      cause: error,
    });
  }
  if (file === null) throw new SourceFailed(`${label} is no file`, { isLasting: true });
  return file;
}
