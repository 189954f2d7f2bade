import type { Flags } from "../config.ts";
import type { TenantFlags } from "../options.ts";

/** Of these the target is an address on the web. */
export const webKinds = ["url", "sitemap", "feed", "github", "gitlab", "gitea"] as const;
export const targetKinds = ["git", "folder", "archive", "image", "npm", ...webKinds] as const;
export type TargetKind = (typeof targetKinds)[number];

export const formats = ["text", "json"] as const;
export type Format = (typeof formats)[number];

/** What `leakgate scan` was asked for. */
export interface ScanFlags extends Flags, TenantFlags {
  readonly kind?: TargetKind;
  readonly rules: readonly string[];
  readonly assignments?: boolean;
  readonly dryRun?: boolean;
  readonly full?: boolean;
  readonly fail?: boolean;
  readonly format: Format;
  readonly registry?: string;
  readonly tokenFile?: string;
  readonly textMib?: number;
}
