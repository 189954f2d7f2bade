import type { Finding } from "../../admin/detect/finding.ts";
import type { GivenFinding } from "../../admin/intake/takein.ts";
import { printable } from "../../admin/scan/given.ts";
import type { LookCounts, LookEnd } from "../../admin/scan/look.ts";
import type { ScanTaken } from "../../admin/scan/scan.ts";
import { MASK, maskTokens } from "../../rules/screen.ts";
import type { Format, TargetKind } from "./flags.ts";
import type { ScanPlace } from "./place.ts";

/** What is told of one target at its end. */
export interface Told extends LookCounts {
  readonly target: string;
  readonly kind: TargetKind;
  readonly end: LookEnd;
  readonly seconds: number;
  /** Null where nothing was to be registered. */
  readonly taken: ScanTaken | null;
}

/** A finding for people, in which no token stands: not in its path either. */
export function findingLine(given: GivenFinding, finding: Finding, format: Format, place: ScanPlace): string {
  const { rule, confidence, checksum, line, column, name } = finding;
  const { source, path, url, commit, author, seenAt } = given.sighting;
  const masked = (text: string | null | undefined) =>
    typeof text === "string" && text !== "" ? printable(withoutToken(text, given, place)) : null;
  const known = rule === "inventory" ? name : null;
  const view = {
    source,
    path: masked(path),
    line,
    column,
    url: masked(url),
    commit: commit ?? null,
    author: masked(author),
    date: typeof seenAt === "number" ? new Date(seenAt).toISOString() : null,
    rule,
    kind: finding.kind,
    token: finding.token.preview,
    confidence,
    checksum,
    risk: given.risk ?? null,
    leak: known,
  };
  if (format === "json") return JSON.stringify({ finding: view });
  const by = commit
    ? `  ${commit.slice(0, 12)} ${[view.author, view.date?.slice(0, 10)].filter(Boolean).join(", ")}`
    : "";
  const what = known === null ? rule : `a token of ${known}`;
  return `${view.path ?? view.url ?? source}:${line}:${column}  ${what}  ${view.token}  ${confidence}, risk ${view.risk}${by}`;
}

function withoutToken(text: string, { token }: GivenFinding, place: ScanPlace): string {
  const own = typeof token === "string" ? [token, encodeURIComponent(token)] : [];
  const rest = own.reduce((left, each) => left.replaceAll(each, MASK), text);
  return maskTokens(rest, place.pepper, place.isRegistered, true, new Map());
}

/** How a look ended. */
export function endLine(told: Told, format: Format): string {
  if (format === "json") return JSON.stringify({ scanned: told });
  const { target, kind, end, texts, bytes, findings, skipped, taken, seconds } = told;
  const left = Object.entries(skipped).map(([why, count]) => `${count} ${why.replace("_", " ")}`);
  const parts = [
    `${target} (${kind}): ${counted(findings, "finding")} in ${counted(texts, "text")}, ${(bytes / 1e6).toFixed(1)} MB, ${seconds.toFixed(1)} s`,
    left.length === 0 ? "" : `; not looked at: ${left.join(", ")}`,
    end === "whole" ? "" : `; it ended early (${end})`,
  ];
  return `${parts.join("")}\n${takenLine(taken)}`;
}

function takenLine(taken: ScanTaken | null): string {
  if (taken === null) return "Nothing was registered: this was a dry run.";
  const refused = Object.entries(taken.refused).map(([why, count]) => `${count} ${why.replace("_", " ")}`);
  const sums = [
    `${counted(taken.leaks, "leak")} registered${taken.patched === 0 ? "" : ` (${taken.patched} patched by a policy)`}`,
    `${counted(taken.sightings, "new sighting")}`,
    `${taken.unchanged} known already`,
    ...(refused.length === 0 ? [] : [`refused: ${refused.join(", ")}`]),
  ];
  return `${sums.join(", ")}.`;
}

function counted(count: number, what: string): string {
  return `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
}
