import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { ArchiveReader } from "../../admin/scan/archive.ts";
import { FolderReader } from "../../admin/scan/folder.ts";
import { addressOf, gitSchemes } from "../../admin/scan/git/address.ts";
import { gitDirOf, LocalRepository, Mirror } from "../../admin/scan/git/repository.ts";
import { GitReader } from "../../admin/scan/git.ts";
import { imageReader, isImage } from "../../admin/scan/image.ts";
import { NpmReader, npmRegistry } from "../../admin/scan/npm.ts";
import { type Reader, SourceFailed } from "../../admin/scan/source.ts";
import type { TargetKind } from "./flags.ts";

export interface TargetOptions {
  /** Where copies of repositories are kept. */
  readonly cache: string;
  readonly registry?: string | undefined;
}

/** What is meant, by its looks: `npm:NAME`, a URL, or what lies at a path. Rejects with SourceFailed where nothing does. */
export async function kindOf(target: string): Promise<TargetKind> {
  if (target.startsWith("npm:")) return "npm";
  const stat = statSync(target, { throwIfNoEntry: false });
  if (stat === undefined) {
    if (/^(?:[a-z+]+:\/\/|[\w.-]+@[\w.-]+:)/i.test(target)) return "git";
    throw new SourceFailed("there is no such file or folder, and it is neither a URL nor npm:NAME", {
      isLasting: true,
    });
  }
  if (stat.isDirectory()) {
    if (gitDirOf(target) !== null) return "git";
    return existsSync(join(target, "oci-layout")) ? "image" : "folder";
  }
  // A plain file is an archive of itself alone.
  return (await isImage(target)) ? "image" : "archive";
}

/** The target as it may be told: a URL without what opens it. */
export function told(target: string): string {
  return target.replace(/^([a-z+]+:\/\/)[^/]*@/i, "$1");
}

/** Throws SourceFailed. */
export function readerOf(target: string, kind: TargetKind, { cache, registry }: TargetOptions): Reader {
  switch (kind) {
    case "npm":
      // Whoever types the address of a registry may reach it.
      return new NpmReader(target.replace(/^npm:/, ""), {
        registry: registry ?? npmRegistry,
        allowPrivate: true,
      });
    case "git":
      if (existsSync(target)) return new GitReader(new LocalRepository(target));
      return new GitReader(new Mirror(addressOf(target, gitSchemes), { folder: cache, allowPrivate: true }));
    case "image":
      return imageReader(target);
    case "archive":
      return new ArchiveReader(target);
    case "folder":
      return new FolderReader(target);
  }
}
