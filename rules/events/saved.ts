import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deserialize, serialize } from "node:v8";
import { ensureSpace } from "../environment.ts";
import { Columns, type SavedColumns } from "./columns.ts";
import type { FeedPosition } from "./feed.ts";
import { COLUMNS, partitionName } from "./partition.ts";

/** Another number, and what was saved before is made anew from the records. */
const FORMAT = 1;

interface Saved {
  readonly format: number;
  /** Of the records' file: a partition that was made anew, or copied, is read anew. */
  readonly inode: number;
  readonly position: FeedPosition;
  readonly columns: SavedColumns;
}

/** Columns, and up to where in the feed they know everything. */
export interface Indexed {
  readonly columns: Columns;
  readonly position: FeedPosition;
}

/** Saves columns beside the records they were made of, so that nobody need read those again. Throws. */
export function saveColumns(
  folder: string,
  start: number,
  inode: number,
  { columns, position }: Indexed,
  spareBytes: number,
): void {
  const path = join(folder, partitionName(start), COLUMNS);
  const saved: Saved = { format: FORMAT, inode, position, columns: columns.saved() };
  const bytes = serialize(saved);
  ensureSpace(folder, spareBytes + bytes.length);
  const half = `${path}.${process.pid}`;
  try {
    writeFileSync(half, bytes, { mode: 0o600 });
    renameSync(half, path);
  } catch (error) {
    rmSync(half, { force: true });
    throw error;
  }
}

/** Null where nothing was saved, or nothing that fits; it is then made from the records. */
export function loadColumns(folder: string, start: number, inode: number): Indexed | null {
  try {
    const saved = deserialize(readFileSync(join(folder, partitionName(start), COLUMNS))) as Saved;
    if (saved.format !== FORMAT || saved.inode !== inode) return null;
    return { columns: new Columns(saved.columns), position: saved.position };
  } catch {
    return null;
  }
}
