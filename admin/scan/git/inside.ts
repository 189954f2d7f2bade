import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { opendir } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { SourceFailed } from "../source.ts";

/** Whether a real path may be read. */
export type IsAllowed = (real: string) => boolean;

/** Stores that borrow from each other; git follows five. */
const STORES_MAX = 20;
const POINTER_BYTES_MAX = 64 * 1024;

/**
 * The real folder of a repository, of which all that git reads may be read: where `.git`, `commondir` or `alternates` lead, and
 * what is linked within. Rejects with SourceFailed, lasting, where something leads elsewhere; the message does not say where.
 */
export async function insideOf(gitDir: string, isAllowed: IsAllowed): Promise<string> {
  const real = led(gitDir, isAllowed);
  const own = statSync(real).isFile()
    ? led(fromOf(dirname(real), textOf(real).replace(/^gitdir: /, "")), isAllowed)
    : real;
  await checkLinks(own, isAllowed);
  const pointer = join(own, "commondir");
  const common = existsSync(pointer) ? led(fromOf(own, textOf(pointer)), isAllowed) : own;
  if (common !== own) await checkLinks(common, isAllowed);
  await checkAlternates(join(common, "objects"), isAllowed);
  return own;
}

async function checkAlternates(objects: string, isAllowed: IsAllowed): Promise<void> {
  const stores = new Set([objects]);
  for (const store of stores) {
    const list = join(store, "info", "alternates");
    if (!existsSync(list)) continue;
    for (const line of textOf(list).split("\n")) {
      if (line === "" || line.startsWith("#")) continue;
      // Quoted as in C, which nobody writes by hand.
      if (line.startsWith('"')) throw refused(list);
      const other = led(isAbsolute(line) ? line : `${store}/${line}`, isAllowed);
      if (stores.has(other)) continue;
      if (stores.size === STORES_MAX) throw refused(list);
      await checkLinks(other, isAllowed);
      stores.add(other);
    }
  }
}

/** Links to files must stay inside; those to folders, behind which there may be more links, are not taken. */
async function checkLinks(folder: string, isAllowed: IsAllowed): Promise<void> {
  for await (const entry of await opendir(folder, { recursive: true })) {
    if (!entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    // One that leads nowhere is nothing to read.
    if (existsSync(path) && statSync(led(path, isAllowed)).isDirectory()) throw refused(path);
  }
}

function led(path: string, isAllowed: IsAllowed): string {
  let real: string;
  try {
    // With `..` behind a link the two differ, and git takes now the one and now the other.
    real = realpathSync.native(path);
    if (real !== realpathSync.native(resolve(path))) throw refused(path);
  } catch (error) {
    throw refused(path, error);
  }
  if (!isAllowed(real)) throw refused(path);
  return real;
}

/** What a file says, which git takes up to the ends of its lines, from a folder on; the path is left as it is. */
function fromOf(folder: string, text: string): string {
  const path = text.replace(/[\r\n]+$/, "");
  return isAbsolute(path) ? path : `${folder}/${path}`;
}

/** Of a file that says where something is. */
function textOf(path: string): string {
  if (statSync(path).size > POINTER_BYTES_MAX) throw refused(path);
  return readFileSync(path, "utf8");
}

function refused(path: string, cause?: unknown): SourceFailed {
  const what = basename(path)
    .replaceAll(/[^\w.-]/g, "?")
    .slice(0, 40);
  return new SourceFailed(
    `the repository's ${what} leads out of the folders that may be watched (scan.paths)`,
    { isLasting: true, cause },
  );
}
