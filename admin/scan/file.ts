import { constants, type FileHandle, open } from "node:fs/promises";
import type { RandomAccess } from "./archive/zip.ts";

/** A regular file, opened to be read at any place; to be closed. */
export class ScannedFile implements RandomAccess {
  readonly size: number;
  private readonly handle: FileHandle;

  private constructor(handle: FileHandle, size: number) {
    this.handle = handle;
    this.size = size;
  }

  /**
   * Null where it is no regular file, or not the one that was looked at before (`ino`): a link that has taken its place is not
   * followed. A pipe is never waited for. Rejects with the error of the system.
   */
  static async open(path: string, ino?: number): Promise<ScannedFile | null> {
    const plain = constants.O_RDONLY | constants.O_NONBLOCK;
    const handle = await open(path, ino === undefined ? plain : plain | constants.O_NOFOLLOW);
    const stat = await handle.stat();
    if (stat.isFile() && (ino === undefined || stat.ino === ino)) return new ScannedFile(handle, stat.size);
    await handle.close();
    return null;
  }

  async read(at: number, count: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(count);
    let length = 0;
    while (length < count) {
      const { bytesRead } = await this.handle.read(bytes, length, count - length, at + length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, length);
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}
