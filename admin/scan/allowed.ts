import { realpathSync } from "node:fs";
import { InputRefused } from "../../rules/refusal.ts";
import { pathOfSource, type Source } from "../../rules/source.ts";
import type { ScanConfig } from "./config.ts";
import { Schedule } from "./schedule.ts";
import { SourceFailed } from "./source.ts";

type Wished = Pick<Source, "kind" | "address" | "schedule" | "options">;

/** Whether the configuration lets such a source be watched, with the credential that it names. Throws InputRefused. */
export function checkAllowed(config: ScanConfig, source: Wished, credential: string | null): void {
  const path = pathOfSource(source);
  if (path !== null && !isWithin(path, config.paths))
    throw new InputRefused("address", "is in none of the folders that may be watched (admin.scan.paths)");
  if (source.kind === "git" && !config.git)
    throw new InputRefused("kind", "cannot be git: the git command is switched off (admin.scan.git)");
  if (source.schedule !== null) Schedule.parse(source.schedule);
  const { rules } = source.options;
  if (rules !== null && config.rules[rules] === undefined)
    throw new InputRefused("rules", "is the name of no rules file (admin.scan.rules)");
  if (credential === null) return;
  const named = config.credentials[credential];
  if (named === undefined)
    throw new InputRefused("credential", "is the name of none (admin.scan.credentials)");
  if (named.host !== hostOf(source.address))
    throw new InputRefused("credential", "is for another host (admin.scan.credentials)");
}

/**
 * The path of a source as it really is, links followed, or null where it reads none. Rejects with SourceFailed where that is
 * outside the folders that may be watched: since somebody allowed it a link may have been laid there.
 */
export function allowedPath(config: ScanConfig, source: Pick<Source, "kind" | "address">): string | null {
  const path = pathOfSource(source);
  if (path === null) return null;
  const [real, ...allowed] = [path, ...config.paths].map(realOrNull);
  if (real === null || real === undefined) throw new SourceFailed(`there is no ${path}`, { isLasting: true });
  if (
    !isWithin(
      real,
      allowed.filter((each) => each !== null),
    )
  )
    throw new SourceFailed(`${path} is in none of the folders that may be watched (admin.scan.paths)`, {
      isLasting: true,
    });
  return real;
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
