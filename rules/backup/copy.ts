import { createHash } from "node:crypto";
import {
  chmodSync,
  closeSync,
  copyFileSync,
  createReadStream,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { type Database, open, type RootDatabase, type RootDatabaseOptions } from "lmdb";
import { ensureSpace, ensureUsable } from "../environment.ts";
import { Gate } from "../gate.ts";
import type { JournalHead } from "../journal.ts";
import { StoreFailed } from "../refusal.ts";
import type { FileCopy } from "./manifest.ts";

/** Beyond what is copied, so that a backup never fills the disk that it is on. */
const SPARE_BYTES = 64 * 2 ** 20;

/** What a store says of itself, whatever its schema. */
export interface StoreMeta {
  readonly schema: number;
  readonly pepper: string;
  readonly head: JournalHead;
}

/**
 * Copies the environment in `from` as it is at one moment, while others go on changing it; `to` is made. `gateFolder`
 * is where those others pass (see gate.ts): opening and closing does, the copy itself only reads. Free pages are left
 * out, and with them what once stood there. Rejects with StoreFailed.
 */
export async function copyEnvironment(from: string, to: string, gateFolder = from): Promise<void> {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  ensureSpace(to, statSync(join(from, "data.mdb")).size + SPARE_BYTES);
  const gate = Gate.of(gateFolder);
  const root = await gate.alone(() => openToLook(from));
  try {
    await root.backup(to, true);
  } catch (error) {
    throw new StoreFailed(`copy ${from}`, error);
  } finally {
    await gate.alone(() => root.close());
  }
  chmodSync(join(to, "data.mdb"), 0o600);
}

/** Reads a store's meta table past its schema. Rejects with StoreFailed. */
export async function readMeta(folder: string): Promise<StoreMeta> {
  const gate = Gate.of(folder);
  const root = await gate.alone(() => openToLook(folder));
  try {
    const meta: Database<unknown, string> | undefined = root.openDB({ name: "meta", encoding: "json" });
    const [schema, pepper, head] = ["schema", "pepper", "head"].map((key) => meta?.get(key));
    if (typeof schema !== "number") throw new StoreFailed("read the copy", new Error("it holds no rules"));
    return { schema, pepper: String(pepper), head: head as JournalHead };
  } finally {
    await gate.alone(() => root.close());
  }
}

function openToLook(path: string): RootDatabase {
  try {
    ensureUsable(path);
    const options: RootDatabaseOptions & { path: string } = {
      path,
      readOnly: true,
      maxDbs: 24,
      maxReaders: 512,
      cache: false,
    };
    return open(options);
  } catch (error) {
    throw new StoreFailed(`open ${path}`, error);
  }
}

/** Copies a file and makes it its owner's alone. */
export function copyPrivate(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
  copyFileSync(from, to);
  chmodSync(to, 0o600);
}

/** Removes what opening an environment leaves beside its data. */
export function tidy(folder: string): void {
  for (const name of ["lock.mdb", "gate.turn", "gate.hold"]) rmSync(join(folder, name), { force: true });
}

/** All files below the folder, their paths relative to it, with `/`. */
export function filesBelow(folder: string): string[] {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true });
  return paths
    .filter((each) => !each.isDirectory())
    .map((each) => relative(folder, join(each.parentPath, each.name)).split(sep).join("/"))
    .sort();
}

/** Size and SHA-256 of a file. */
export async function describeFile(folder: string, path: string): Promise<FileCopy> {
  const sum = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(join(folder, path), { highWaterMark: 1_048_576 })) {
    sum.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { path, bytes, sha256: sum.digest("hex") };
}

/** Waits until the files below the folder, and the folders, are on the disk. */
export function syncAll(folder: string): void {
  for (const each of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, each.name);
    if (each.isDirectory()) syncAll(path);
    else sync(path);
  }
  sync(folder);
}

/** Waits until the file or folder is on the disk. */
export function sync(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Whether the folder holds a store. */
export function holdsStore(folder: string): boolean {
  return existsSync(join(folder, "rules", "data.mdb"));
}
