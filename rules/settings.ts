import { InputRefused } from "./refusal.ts";

/** The lowest risk of each level but `low`; risks go from 1 to 10. */
export interface RiskLevels {
  readonly high: number;
  readonly medium: number;
}

/** What a tenant may set for itself. */
export interface Settings {
  readonly levels: RiskLevels;
  /** Whether the leak module is on; off, nothing is enforced and its section is absent. */
  readonly leaksEnabled: boolean;
  /** Counts the changes; the ETag of the API. */
  readonly version: number;
}

/** Absent fields stay. */
export interface SettingsPatch {
  readonly levels?: { readonly [Level in keyof RiskLevels]?: number | undefined } | undefined;
  readonly leaksEnabled?: boolean | undefined;
}

export const defaultLevels: RiskLevels = { high: 8, medium: 4 };
export const defaultSettings: Settings = { levels: defaultLevels, leaksEnabled: true, version: 0 };

/** The settings after a change, of the same version. Throws InputRefused. */
export function amendSettings(settings: Settings, patch: SettingsPatch): Settings {
  const levels = {
    high: patch.levels?.high ?? settings.levels.high,
    medium: patch.levels?.medium ?? settings.levels.medium,
  };
  for (const level of ["high", "medium"] as const) {
    if (!Number.isInteger(levels[level]) || levels[level] < 2 || levels[level] > 10)
      throw new InputRefused(`levels.${level}`, "is not a whole number from 2 to 10");
  }
  if (levels.medium >= levels.high) throw new InputRefused("levels.medium", "is not below levels.high");
  return { ...settings, levels, leaksEnabled: patch.leaksEnabled ?? settings.leaksEnabled };
}
