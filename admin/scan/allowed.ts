import { realpathSync } from "node:fs";
import { InputRefused } from "../../rules/refusal.ts";
import { pathOfSource, type Source, type SourceKind } from "../../rules/source.ts";
import { AddressRefused, refuseAddress } from "../outgoing/guard.ts";
import type { ScanConfig } from "./config.ts";
import { AllowList } from "./remote/allow.ts";
import { Schedule } from "./schedule.ts";
import { SourceFailed } from "./source.ts";

type Wished = Pick<Source, "kind" | "address" | "schedule" | "options">;

/** Kinds that a credential opens. */
const OPENED: ReadonlySet<SourceKind> = new Set(["git", "github", "gitlab", "gitea"]);

/**
 * Whether the configuration lets such a source be watched, with a credential: the name of one, true for a sealed one. A name is
 * looked up when the source is looked at; an address can be refused at once. Throws InputRefused.
 */
export function checkAllowed(config: ScanConfig, source: Wished, credential: string | true | null): void {
  const { kind, address, schedule } = source;
  const path = pathOfSource(source);
  if (path !== null && !isWithin(path, config.paths))
    throw new InputRefused("address", "is in none of the folders that may be watched (scan.paths)");
  if (kind === "git" && !config.git)
    throw new InputRefused("kind", "cannot be git: the git command is switched off (scan.git)");
  const host = hostOf(address);
  if (path === null && host !== null && !isPublic(host, config.allow))
    throw new InputRefused("address", "names a private address, or one of this machine (scan.allow)");
  if (schedule !== null) Schedule.parse(schedule);
  const { rules } = source.options;
  if (rules !== null && config.rules[rules] === undefined)
    throw new InputRefused("rules", "is the name of no rules file (scan.rules)");
  if (credential === null) return;
  if (path !== null || !OPENED.has(kind))
    throw new InputRefused("credential", "is for git, GitHub, GitLab and Gitea only");
  if (credential === true) return;
  const named = config.credentials[credential];
  if (named === undefined) throw new InputRefused("credential", "is the name of none (scan.credentials)");
  if (named.host !== host) throw new InputRefused("credential", "is for another host (scan.credentials)");
}

function isPublic(host: string, allow: readonly string[]): boolean {
  try {
    refuseAddress(host, AllowList.parse(allow).covers);
    return true;
  } catch (error) {
    if (!(error instanceof AddressRefused)) throw error;
    return false;
  }
}

/**
 * The path of a source as it really is, links followed, or null where it reads none. Rejects with SourceFailed where that is
 * outside the folders that may be watched: since somebody allowed it a link may have been laid there.
 */
export function allowedPath(config: ScanConfig, source: Pick<Source, "kind" | "address">): string | null {
  const path = pathOfSource(source);
  if (path === null) return null;
  const real = realOrNull(path);
  if (real === null) throw new SourceFailed(`there is no ${path}`, { isLasting: true });
  if (!mayBeRead(config)(real))
    throw new SourceFailed(`${path} is in none of the folders that may be watched (scan.paths)`, {
      isLasting: true,
    });
  return real;
}

/** Tells of real paths whether they lie in the folders that may be watched. */
export function mayBeRead({ paths }: ScanConfig): (real: string) => boolean {
  const allowed = paths.map(realOrNull).filter((each) => each !== null);
  return (real) => isWithin(real, allowed);
}

/** Lower case, without the port; null where the address names no host. */
export function hostOf(address: string): string | null {
  const host = URL.canParse(address) ? new URL(address).hostname : /^[^@/\s]+@([^:/\s]+):/.exec(address)?.[1];
  return host === undefined || host === "" ? null : host.toLowerCase();
}

function isWithin(path: string, folders: readonly string[]): boolean {
  return folders.some(
    (folder) => path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`),
  );
}

function realOrNull(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}
