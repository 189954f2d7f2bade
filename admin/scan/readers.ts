import { readFileSync } from "node:fs";
import type { SourceRecord } from "../../rules/source.ts";
import { allowedPath, hostOf, mayBeRead } from "./allowed.ts";
import { ArchiveReader } from "./archive.ts";
import type { ScanConfig } from "./config.ts";
import { FolderReader } from "./folder.ts";
import { type Address, addressOf } from "./git/address.ts";
import { LocalRepository, Mirror } from "./git/repository.ts";
import { GitReader } from "./git.ts";
import { imageReader } from "./image.ts";
import { NpmReader } from "./npm.ts";
import type { RemoteClient } from "./remote/client.ts";
import { readerOf as remoteReaderOf } from "./remote/readers.ts";
import { type Reader, SourceFailed } from "./source.ts";

export interface ReaderOptions {
  readonly config: ScanConfig;
  /** Where copies of repositories lie. */
  readonly cache: string;
  /** What is read over HTTP; it knows which addresses are allowed. */
  readonly client: RemoteClient;
  /** Opens what is sealed. */
  readonly unseal: (source: SourceRecord, sealed: string) => string;
}

/** The reader of a watched source. Throws SourceFailed where it cannot be read as it is. */
export function readerOf(source: SourceRecord, options: ReaderOptions): Reader {
  const { config, cache, client } = options;
  const { kind, address } = source;
  const allowPrivate = client.allow.covers;
  const path = allowedPath(config, source);
  switch (kind) {
    case "folder":
      return new FolderReader(path ?? address);
    case "archive":
      return new ArchiveReader(path ?? address);
    case "image":
      return imageReader(path ?? address);
    case "npm":
      if (path !== null) return new ArchiveReader(path);
      return new NpmReader(address, { registry: config.npmRegistry, allowPrivate });
    case "git": {
      if (!config.git)
        throw new SourceFailed("the git command is switched off (scan.git)", { isLasting: true });
      if (path !== null) return new GitReader(new LocalRepository(path, mayBeRead(config)));
      return new GitReader(new Mirror(repositoryOf(source, options), { folder: cache, allowPrivate }));
    }
    default:
      return remoteReaderOf(kind, address, {
        client,
        token: () => secretOf(source, options),
        base: config.bases[hostOf(address) ?? ""],
      });
  }
}

/**
 * SSH opens what the machine's keys open, whoever adds the source; of git's own protocol the address that was checked cannot be
 * pinned; what opens a source does not go in clear to a host that the operator has not named. Throws SourceFailed.
 */
function repositoryOf(source: SourceRecord, options: ReaderOptions): Address {
  const { config, client } = options;
  const found = addressOf(source.address, ["https", "http", "ssh"]);
  if (found.scheme === "ssh" && !config.ssh)
    throw new SourceFailed("repositories are not fetched over SSH (scan.ssh)", { isLasting: true });
  const isOpened = source.credential !== null || found.credentials !== null;
  if (found.scheme === "http" && isOpened && !client.allow.namesHost(new URL(found.url).hostname))
    throw new SourceFailed("a credential is sent over https only, or to a host of scan.allow", {
      isLasting: true,
    });
  return { ...found, credentials: userAnd(secretOf(source, options)) };
}

/** Forges take a token as the password of any user. */
function userAnd(secret: string | null): string | null {
  if (secret === null || secret.includes(":")) return secret;
  return `x-access-token:${secret}`;
}

/** What opens the source, in clear. Throws SourceFailed, which names nothing of it. */
function secretOf(source: SourceRecord, { config, unseal }: ReaderOptions): string | null {
  const { credential, sealed, address } = source;
  if (credential === null) return null;
  if (credential.kind === "sealed") {
    try {
      return unseal(source, sealed ?? "");
    } catch (error) {
      throw new SourceFailed("its credential cannot be read: give it anew", {
        isLasting: true,
        cause: error,
      });
    }
  }
  const named = config.credentials[credential.name];
  if (named === undefined || named.host !== hostOf(address))
    throw new SourceFailed(`there is no credential ${credential.name} for its host (scan.credentials)`, {
      isLasting: true,
    });
  try {
    return readFileSync(named.file, "utf8").trim();
  } catch (error) {
    throw new SourceFailed(`the file of the credential ${credential.name} cannot be read`, { cause: error });
  }
}
