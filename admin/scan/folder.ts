import type { Dirent } from "node:fs";
import { lstat, opendir, realpath } from "node:fs/promises";
import { basename, join, relative, resolve, sep } from "node:path";
import { Budget } from "./archive/budget.ts";
import { HEAD_BYTES, packingOf } from "./archive/kinds.ts";
import { unpacked } from "./archive/unpack.ts";
import { ScannedFile } from "./file.ts";
import { printable } from "./given.ts";
import { type Piece, type Reader, type ReadOptions, SourceFailed } from "./source.ts";

/**
 * All files of a folder, or one file, and what archives among them hold. Links are not followed: what they lead to within the
 * folder is found there, and what lies outside is counted. Devices, sockets and pipes are passed over; what cannot be read is
 * counted. The whole of it each time: nobody can tell by a file that it is as it was.
 */
export class FolderReader implements Reader {
  readonly source = "folder";
  readonly label: string;
  private readonly root: string;

  constructor(path: string) {
    this.root = resolve(path);
    this.label = printable(this.root);
  }

  async *read({ limits, signal }: ReadOptions): AsyncGenerator<Piece> {
    let real: string;
    try {
      real = await realpath(this.root);
      const stat = await lstat(real);
      if (!stat.isDirectory()) {
        if (!stat.isFile())
          throw new SourceFailed(`${this.label} is neither a file nor a folder`, { isLasting: true });
        return yield* this.file(real, basename(this.root), stat.ino, limits);
      }
      // Whether it can be listed at all; its entries may fail alone.
      await (await opendir(real)).close();
    } catch (error) {
      if (error instanceof SourceFailed) throw error;
      const { code } = error as NodeJS.ErrnoException;
      throw new SourceFailed(`${this.label} cannot be read (${code})`, {
        isLasting: code === "ENOENT",
        cause: error,
      });
    }
    const folders = [real];
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      for await (const entry of entriesIn(folder)) {
        if (signal.aborted) return;
        const path = entry === null ? folder : join(folder, entry.name);
        const name = relative(real, path).split(sep).join("/");
        if (entry === null) yield { kind: "skipped", path: name, why: "unreadable" };
        else if (entry.isDirectory()) folders.push(path);
        else if (entry.isSymbolicLink()) {
          if (await leadsOut(path, real)) yield { kind: "skipped", path: name, why: "outside" };
        } else if (entry.isFile()) yield* this.entry(path, name, limits);
      }
    }
  }

  private async *entry(path: string, name: string, limits: ReadOptions["limits"]): AsyncGenerator<Piece> {
    try {
      const { ino } = await lstat(path);
      yield* this.file(path, name, ino, limits);
    } catch (error) {
      if (typeof (error as { code?: unknown }).code !== "string") throw error;
      yield { kind: "skipped", path: name, why: "unreadable" };
    }
  }

  private async *file(
    path: string,
    name: string,
    ino: number,
    limits: ReadOptions["limits"],
  ): AsyncGenerator<Piece> {
    const file = await ScannedFile.open(path, ino);
    if (file === null) return yield { kind: "skipped", path: name, why: "unreadable" };
    try {
      const from = path.slice(0, path.length - name.length);
      const placeOf = (within: string) => ({ source: this.source, path: from + within });
      if (file.size > limits.textBytesMax && !(await isArchive(file)))
        yield { kind: "skipped", path: name, why: "too_large" };
      else yield* unpacked(file, name, { budget: new Budget(limits, file.size), placeOf });
    } finally {
      await file.close();
    }
  }
}

async function isArchive(file: ScannedFile): Promise<boolean> {
  return packingOf(await file.read(0, HEAD_BYTES)) !== null;
}

/** Null, as the last, where the folder cannot be read, or no further. */
async function* entriesIn(folder: string): AsyncGenerator<Dirent | null> {
  try {
    for await (const entry of await opendir(folder)) yield entry;
  } catch {
    yield null;
  }
}

/** What leads nowhere leads out too: nobody knows where. */
async function leadsOut(link: string, root: string): Promise<boolean> {
  try {
    const target = await realpath(link);
    return target !== root && !target.startsWith(root + sep);
  } catch {
    return true;
  }
}
