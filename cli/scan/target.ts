import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ArchiveReader } from "../../admin/scan/archive.ts";
import { npmRegistry } from "../../admin/scan/config.ts";
import { FolderReader } from "../../admin/scan/folder.ts";
import { addressOf, gitSchemes } from "../../admin/scan/git/address.ts";
import { gitDirOf, LocalRepository, Mirror } from "../../admin/scan/git/repository.ts";
import { GitReader } from "../../admin/scan/git.ts";
import { imageReader, isImage } from "../../admin/scan/image.ts";
import { NpmReader } from "../../admin/scan/npm.ts";
import { AllowList } from "../../admin/scan/remote/allow.ts";
import type { RemoteClient } from "../../admin/scan/remote/client.ts";
import { readerOf as remoteReaderOf } from "../../admin/scan/remote/readers.ts";
import { type Reader, SourceFailed } from "../../admin/scan/source.ts";
import type { TargetKind } from "./flags.ts";

export interface TargetOptions {
  /** For what is on the web. */
  readonly client: RemoteClient;
  readonly tokenFile?: string | undefined;
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

/** What a person typed may be reached, whatever its address; where that leads to, only if it is everybody's. */
export function allowedBy(target: string, registry: string | undefined): AllowList {
  const typed = [target, registry ?? ""].filter((each) => /^https?:/i.test(each) && URL.canParse(each));
  return AllowList.parse(typed.map((each) => new URL(each).hostname.replace(/^\[(.*)\]$/, "$1")));
}

/** Never from arguments: those stand in the process list and the shell's history. */
function tokenIn(file: string | undefined): string | null {
  if (file === undefined) return null;
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new SourceFailed("the file of the token cannot be read", { isLasting: true, cause: error });
  }
}

/** Throws SourceFailed. */
export function readerOf(target: string, kind: TargetKind, options: TargetOptions): Reader {
  const { cache, client, registry, tokenFile } = options;
  switch (kind) {
    case "npm":
      return new NpmReader(target.replace(/^npm:/, ""), {
        registry: registry ?? npmRegistry,
        allowPrivate: client.allow.covers,
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
    default:
      return remoteReaderOf(kind, target, { client, token: () => tokenIn(tokenFile) });
  }
}
