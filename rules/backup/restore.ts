import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { ensureSpace } from "../environment.ts";
import { SchemaTooNew } from "../refusal.ts";
import { schemaKnown } from "../store/upgrade.ts";
import { defaultTenant } from "../tenants.ts";
import { copyPrivate, describeFile, filesBelow, sync, syncAll } from "./copy.ts";
import { holdEnvironments } from "./inuse.ts";
import { type Manifest, manifestName, parseManifest } from "./manifest.ts";
import { BackupBroken, FolderTaken } from "./refusals.ts";
import { checkPeppers, verifyStore } from "./verify.ts";

const SPARE_BYTES = 64 * 2 ** 20;
/** What lies in a data folder and is no data: the supervisor's socket, and what its workers say of themselves. */
const PASSING = new Set(["supervisor.sock", "runtime"]);
const PEPPER = /^(?:tenants\/[^/]+\/)?pepper$/;

export interface RestoreOptions {
  /** Moves what the folder holds aside, instead of refusing it. */
  readonly force?: boolean;
  /** The deployment's pepper file where the backup holds none; the folder's own is used otherwise. */
  readonly pepperFile?: string | null;
  /** Where the deployment's pepper is kept apart; as for Pepper.load. */
  readonly env?: NodeJS.ProcessEnv;
  readonly progress?: (what: string) => void;
}

export interface Restored {
  readonly manifest: Manifest;
  /** Where the folder's old content lies now; null where there was none. */
  readonly aside: string | null;
}

/**
 * Makes a data folder of a backup: all of it or nothing. The caller holds the folder, so that no supervisor starts on
 * it. Rejects with BackupBroken, FolderTaken, PepperUnusable, PepperMismatch, SchemaTooNew, StoreFailed.
 */
export async function restore(
  from: string,
  dataDir: string,
  options: RestoreOptions = {},
): Promise<Restored> {
  const progress = options.progress ?? (() => {});
  const manifest = await verifyBackup(from, progress);
  const data = resolve(dataDir);
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const peppers = filesBelow(data).filter((path) => PEPPER.test(path));
  if (!options.force && !holdsOnly(data, peppers))
    throw new FolderTaken(
      `${dataDir} is not empty; name another folder, or move its content aside with --force`,
    );
  const environments = holdEnvironments(data);
  if (environments === null)
    throw new FolderTaken(`${dataDir} is in use by a running process; stop it first`);
  const staging = join(data, `restoring-${process.pid}`);
  try {
    for (const path of peppers) copyPrivate(join(data, path), join(staging, path));
    await fill(from, staging, manifest, options, progress);
    return { manifest, aside: exchange(data, staging, peppers) };
  } finally {
    environments.release();
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Reads the manifest and compares every file with it. Rejects with BackupBroken, SchemaTooNew. */
export async function verifyBackup(from: string, progress: (what: string) => void): Promise<Manifest> {
  const file = join(from, manifestName);
  if (!existsSync(file)) throw new BackupBroken(`${from} holds no ${manifestName}`);
  const manifest = parseManifest(readFileSync(file, "utf8"));
  for (const { folder, schema } of manifest.stores)
    if (schema > schemaKnown) throw new SchemaTooNew(join(from, folder), schema, schemaKnown);
  const named = [...manifest.files.map(({ path }) => path), manifestName].sort();
  const there = filesBelow(from);
  const missing = named.find((path) => !there.includes(path));
  if (missing !== undefined) throw new BackupBroken(`${missing} is missing`);
  const more = there.find((path) => !named.includes(path));
  if (more !== undefined)
    throw new BackupBroken(`it holds ${JSON.stringify(more)}, of which its manifest says nothing`);
  for (const told of manifest.files) {
    progress(`SHA-256 of ${told.path}`);
    const found = await describeFile(from, told.path);
    if (found.bytes !== told.bytes || found.sha256 !== told.sha256)
      throw new BackupBroken(`${told.path} is not the file that was written`);
  }
  return manifest;
}

async function fill(
  from: string,
  staging: string,
  { files, stores }: Manifest,
  { pepperFile = null, env = process.env }: RestoreOptions,
  progress: (what: string) => void,
): Promise<void> {
  mkdirSync(staging, { recursive: true, mode: 0o700 });
  ensureSpace(
    staging,
    files.reduce((sum, { bytes }) => sum + bytes, SPARE_BYTES),
  );
  if (pepperFile !== null) copyPrivate(pepperFile, join(staging, "pepper"));
  for (const told of files) {
    progress(told.path);
    copyPrivate(join(from, told.path), join(staging, told.path));
    const found = await describeFile(staging, told.path);
    if (found.sha256 !== told.sha256) throw new BackupBroken(`${told.path} changed while it was copied`);
  }
  checkPeppers(staging, from, stores, env);
  for (const told of stores) {
    const found = await verifyStore(staging, told.folder);
    if (found.head !== told.head || found.revision !== told.revision)
      throw new BackupBroken(
        `the journal of ${told.folder || defaultTenant} ends otherwise than its manifest says`,
      );
  }
  syncAll(staging);
}

function holdsOnly(data: string, peppers: readonly string[]): boolean {
  return filesBelow(data).every((path) => peppers.includes(path) || PASSING.has(path.split("/")[0]!));
}

/**
 * Puts what was staged in the place of what the folder holds, by renames alone; after a failure everything is where it
 * was. Works in a folder that cannot be renamed itself, such as a mounted one. The rules come last: without them the
 * folder counts as holding none.
 */
function exchange(data: string, staging: string, peppers: readonly string[]): string | null {
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "");
  const aside = join(data, `before-restore-${stamp}`);
  const undo: (() => void)[] = [];
  const move = (from: string, to: string) => {
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
    renameSync(from, to);
    undo.unshift(() => renameSync(to, from));
  };
  try {
    for (const name of readdirSync(data)) {
      const stays = PASSING.has(name) || name.startsWith("before-restore-") || join(data, name) === staging;
      if (!stays) move(join(data, name), join(aside, name));
    }
    const names = readdirSync(staging).sort((a, b) => Number(a === "rules") - Number(b === "rules"));
    for (const name of names) move(join(staging, name), join(data, name));
    sync(data);
  } catch (error) {
    for (const step of undo) step();
    rmSync(aside, { recursive: true, force: true });
    throw error;
  }
  if (!existsSync(aside)) return null;
  if (!filesBelow(aside).every((path) => peppers.includes(path))) return aside;
  // Peppers only, which were taken over.
  rmSync(aside, { recursive: true });
  return null;
}
