import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  copyEnvironment,
  copyPrivate,
  describeFile,
  filesBelow,
  holdsStore,
  syncAll,
} from "./backup/copy.ts";
import {
  type FileCopy,
  formatKnown,
  type Manifest,
  manifestName,
  type StoreCopy,
} from "./backup/manifest.ts";
import { FolderTaken } from "./backup/refusals.ts";
import { checkPeppers, verifyStore } from "./backup/verify.ts";
import { listPartitions, partitionName } from "./events/partition.ts";
import { StoreAbsent } from "./refusal.ts";
import { tenantNames } from "./tenants.ts";

export interface BackupOptions {
  /** Which Leakgate makes it. */
  readonly version: string;
  readonly withEvents?: boolean;
  /** The deployment's pepper file, to be copied too, beside those of tenants; null for none. */
  readonly pepperFile?: string | null;
  /** Told what is being done. */
  readonly progress?: (what: string) => void;
}

/**
 * Copies all tenants of a data folder into the new folder `to`, while others go on changing them: each store as it is
 * at one moment, opened and audited once it is copied. `to` appears whole, with its manifest, or not at all. Rejects
 * with StoreAbsent, FolderTaken, BackupBroken, StoreFailed, and the refusals of peppers.
 */
export async function backUp(dataDir: string, to: string, options: BackupOptions): Promise<Manifest> {
  if (!holdsStore(dataDir)) throw new StoreAbsent(dataDir);
  const target = resolve(to);
  if (existsSync(target) && readdirSync(target).length > 0)
    throw new FolderTaken(`${to} is not empty; name a folder that is not there yet`);
  const staging = `${target}.partial-${process.pid}`;
  mkdirSync(staging, { recursive: true, mode: 0o700 });
  try {
    const manifest = await fill(dataDir, staging, options);
    writeFileSync(join(staging, manifestName), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 });
    syncAll(staging);
    renameSync(staging, target);
    return manifest;
  } catch (error) {
    rmSync(staging, { recursive: true, force: true });
    throw error;
  }
}

async function fill(dataDir: string, staging: string, options: BackupOptions): Promise<Manifest> {
  const { version, withEvents = false, pepperFile = null, progress = () => {} } = options;
  const tenants = tenantNames(dataDir).map((name, index) => (index === 0 ? "" : `tenants/${name}`));
  const folders = holdsStore(join(dataDir, "control")) ? [...tenants, "control"] : tenants;
  const stores: StoreCopy[] = [];
  for (const folder of folders) {
    progress(`rules of ${folder === "" ? "the data folder" : folder}`);
    await copyEnvironment(join(dataDir, folder, "rules"), join(staging, folder, "rules"));
    stores.push(await verifyStore(staging, folder));
  }
  if (withEvents) for (const folder of tenants) await copyEvents(dataDir, staging, folder, progress);
  if (pepperFile !== null) {
    copyPeppers(dataDir, staging, tenants, pepperFile);
    checkPeppers(staging, dataDir, stores, {});
  }
  const files: FileCopy[] = [];
  for (const path of filesBelow(staging)) {
    progress(`SHA-256 of ${path}`);
    files.push(await describeFile(staging, path));
  }
  const madeAt = new Date().toISOString();
  return {
    leakgateBackup: formatKnown,
    version,
    madeAt,
    withEvents,
    withPepper: pepperFile !== null,
    stores,
    files,
  };
}

async function copyEvents(
  dataDir: string,
  staging: string,
  folder: string,
  progress: (what: string) => void,
): Promise<void> {
  const events = join(dataDir, folder, "events");
  if (!existsSync(events)) return;
  for (const { start } of listPartitions(events)) {
    const name = partitionName(start);
    progress(join(folder, "events", name));
    const to = join(staging, folder, "events", name);
    try {
      await copyEnvironment(join(events, name), to, events);
    } catch (error) {
      // Dropped meanwhile, for its age.
      if (existsSync(join(events, name, "data.mdb"))) throw error;
      rmSync(to, { recursive: true, force: true });
    }
  }
}

function copyPeppers(dataDir: string, staging: string, tenants: readonly string[], pepperFile: string): void {
  copyPrivate(pepperFile, join(staging, "pepper"));
  for (const folder of tenants) {
    const own = join(dataDir, folder, "pepper");
    if (folder !== "" && existsSync(own)) copyPrivate(own, join(staging, folder, "pepper"));
  }
}
