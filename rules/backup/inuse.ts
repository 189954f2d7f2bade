import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { tryLock, unlock } from "fs-native-extensions";
import { filesBelow } from "./copy.ts";

/**
 * Holds the lock files of all environments below a folder, so that no process opens one; null where a process has one
 * open. LMDB keeps a lock of the kernel on its lock file for as long as it is open (F_RDLCK in mdb_env_excl_lock),
 * which on Linux keeps ours out.
 */
export function holdEnvironments(folder: string): { release(): void } | null {
  const held: number[] = [];
  const release = () => {
    for (const descriptor of held.splice(0)) {
      unlock(descriptor);
      closeSync(descriptor);
    }
  };
  const locks = existsSync(folder) ? filesBelow(folder).filter((path) => path.endsWith("lock.mdb")) : [];
  for (const path of locks) {
    const descriptor = openSync(join(folder, path), "r+");
    if (tryLock(descriptor)) {
      held.push(descriptor);
      continue;
    }
    closeSync(descriptor);
    release();
    return null;
  }
  return { release };
}
