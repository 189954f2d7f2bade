/** The formats of reports, by the names that people give them. */
export const formatNames = [
  "gitleaks",
  "gitleaks-csv",
  "sarif",
  "trufflehog",
  "detect-secrets",
  "github-alerts",
  "gitlab",
  "lines",
  "csv",
] as const;
export type ReportFormat = (typeof formatNames)[number];
