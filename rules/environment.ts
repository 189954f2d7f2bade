import {
  accessSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readSync,
  realpathSync,
  statfsSync,
  statSync,
} from "node:fs";
import { devNull } from "node:os";
import { join } from "node:path";
import { type Database, type Key, open, type RootDatabaseOptions } from "lmdb";
import { StoreFailed } from "./refusal.ts";

/** Descriptors that LMDB opens for one environment, and one to spare. */
const DESCRIPTORS = 4;
/** Two meta pages, the least that an environment consists of. */
const LEAST_BYTES = 2 * 4_096;

/**
 * `ordered`: each commit is on disk before the next one, so that a power cut costs the last commits and nothing else.
 * `never`: for what says nothing after the machine has stopped, whatever state it is then in.
 */
export type Sync = "ordered" | "never";

/**
 * Throws StoreFailed where less is free. A full disk must be seen before LMDB meets it: lmdb-js 3.5.6 then corrupts
 * its heap and ends the process, and a page of the lock file that has no room raises SIGBUS.
 */
export function ensureSpace(folder: string, spareBytes: number): void {
  const { blocks, bavail, bsize } = statfsSync(folder);
  // Some file systems cannot tell, and say none of none.
  if (blocks === 0 || bavail * bsize >= spareBytes) return;
  const spare = `${Math.ceil(spareBytes / 2 ** 20)} MiB`;
  throw new StoreFailed("write", new Error(`less than ${spare} are free where ${folder} is`));
}

/**
 * Opens an environment of one database, and makes it (folder 0700, files 0600) where it is absent. Throws StoreFailed.
 * Only inside a gate that all who use the environment pass, see gate.ts.
 * Where LMDB itself refuses to open, lmdb-js 3.5.6 uses what it has just freed; so the reasons are looked for first.
 */
export function openEnvironment<V, K extends Key>(
  path: string,
  sync: Sync,
  spareBytes: number,
): Database<V, K> {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    ensureSpace(path, spareBytes);
    ensureUsable(path);
    const options: RootDatabaseOptions & { path: string; permissionsMode: number } = {
      // Environments are told apart by their path: two spellings of one folder must not become two.
      path: realpathSync(path),
      permissionsMode: 0o600,
      maxReaders: 512,
      overlappingSync: false,
      // Otherwise each batch begins with an instruction whose promise nobody holds, and its failure ends the process.
      eventTurnBatching: false,
      ...(sync === "never" ? { noSync: true } : { noMetaSync: true }),
    };
    return open<V, K>(options);
  } catch (error) {
    if (error instanceof StoreFailed) throw error;
    throw new StoreFailed(`open ${path}`, error);
  }
}

/** Throws for what LMDB would refuse to open. */
export function ensureUsable(path: string): void {
  accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  for (const name of ["data.mdb", "lock.mdb"]) {
    const file = join(path, name);
    const size = statSync(file, { throwIfNoEntry: false })?.size;
    if (size === undefined) continue;
    accessSync(file, constants.R_OK | constants.W_OK);
    // An empty file is one that another process is making at this moment.
    if (name === "data.mdb" && size > 0 && !isLmdb(file, size))
      throw new Error("data.mdb is no database of LMDB");
  }
  const descriptors: number[] = [];
  try {
    for (let i = 0; i < DESCRIPTORS; i++) descriptors.push(openSync(devNull, "r"));
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
  }
}

/** The magic number stands in the meta page behind the page's header, 16 or 24 bytes by data version. */
function isLmdb(file: string, size: number): boolean {
  const head = Buffer.alloc(64);
  const descriptor = openSync(file, "r");
  try {
    readSync(descriptor, head, 0, head.length, 0);
  } finally {
    closeSync(descriptor);
  }
  const isMarked = head.readUInt32LE(16) === 0xbeefc0de || head.readUInt32LE(24) === 0xbeefc0de;
  return isMarked && size >= LEAST_BYTES;
}
