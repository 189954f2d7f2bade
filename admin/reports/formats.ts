import { readCsv } from "./csv.ts";
import { readDetectSecrets } from "./detectsecrets.ts";
import { readGitHub } from "./github.ts";
import { readGitLab } from "./gitlab.ts";
import { readGitleaks, readGitleaksCsv } from "./gitleaks.ts";
import type { ReportFormat } from "./names.ts";
import { readLines } from "./plain.ts";
import type { Reader } from "./report.ts";
import { readSarif } from "./sarif.ts";
import { readTruffleHog } from "./trufflehog.ts";

interface Format {
  readonly read: Reader;
  /** Who found what is in it, where nobody says otherwise. */
  readonly source: string;
}

/** How each format is read. */
export const formats: Readonly<Record<ReportFormat, Format>> = {
  gitleaks: { read: readGitleaks, source: "gitleaks" },
  "gitleaks-csv": { read: readGitleaksCsv, source: "gitleaks" },
  sarif: { read: readSarif, source: "gitleaks" },
  trufflehog: { read: readTruffleHog, source: "trufflehog" },
  "detect-secrets": { read: readDetectSecrets, source: "detect-secrets" },
  "github-alerts": { read: readGitHub, source: "github" },
  gitlab: { read: readGitLab, source: "gitlab" },
  lines: { read: readLines, source: "custom" },
  csv: { read: readCsv, source: "custom" },
};
