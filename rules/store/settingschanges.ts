import { canonicalJson, type Facts, type Json } from "../journal.ts";
import { VersionConflict } from "../refusal.ts";
import { amendSettings, defaultSettings, type Settings, type SettingsPatch } from "../settings.ts";
import { changedFacts, checkActor, commit, journal } from "./changes.ts";
import type { By } from "./leakchanges.ts";
import { readHead, type Tables } from "./tables.ts";

export interface SettingsChanged {
  readonly settings: Settings;
  readonly revision: number;
}

/** In the journal, where a history is of a subject. */
export const settingsSubject = "settings";

export function readSettings(tables: Tables): Settings {
  return { ...defaultSettings, ...(tables.meta.get("settings") as Partial<Settings> | undefined) };
}

/** What already is so is no change. Throws InputRefused, VersionConflict. */
export async function updateSettings(
  tables: Tables,
  by: By,
  patch: SettingsPatch,
  ifVersion?: number,
): Promise<SettingsChanged> {
  checkActor(by.actor);
  return commit(tables, () => {
    const before = readSettings(tables);
    if (ifVersion !== undefined && before.version !== ifVersion)
      throw new VersionConflict("settings", ifVersion, before.version);
    const amended = amendSettings(before, patch);
    if (canonicalJson(amended) === canonicalJson(before))
      return { settings: before, revision: readHead(tables).revision };
    const settings = { ...amended, version: before.version + 1 };
    tables.meta.put("settings", settings);
    const facts = changedFacts(settingsFacts(before), settingsFacts(settings));
    const draft = { ...by, action: "settings.update" as const, subject: settingsSubject, ...facts };
    return { settings, revision: journal(tables, draft) };
  });
}

/** What the journal says of them. */
export function settingsFacts(settings: Settings): Facts {
  return { ...settings } as unknown as { [field: string]: Json };
}
