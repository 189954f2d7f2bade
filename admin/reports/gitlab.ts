import type { GivenFinding } from "../intake/takein.ts";
import { elementsOf } from "./elements.ts";
import {
  authorOf,
  commitOf,
  descriptionOf,
  type Fields,
  fieldsOf,
  kindOf,
  lineOf,
  pathOf,
  secretOf,
  timeOf,
} from "./fields.ts";
import { type Reader, unusable, unusableFinding } from "./report.ts";

const RISKS: Readonly<Record<string, number>> = { critical: 9, high: 7, medium: 5, low: 3, info: 1 };

/** GitLab's `gl-secret-detection-report.json`, of schema 14 and 15. */
export const readGitLab: Reader = async function* (bytes, { source }) {
  for await (const { value } of elementsOf(bytes, ["vulnerabilities", "[]"]))
    yield value === undefined ? unusableFinding("too_large", source) : findingOf(fieldsOf(value), source);
};

function findingOf(entry: Fields, source: string): GivenFinding {
  const { category, location, severity } = entry;
  if (category !== undefined && category !== "secret_detection")
    return unusableFinding("not_a_finding", source);
  const { file, start_line: line, commit } = fieldsOf(location);
  const { sha, author, date } = fieldsOf(commit);
  return {
    token: secretOf(entry.raw_source_code_extract) ?? unusable("no_secret"),
    kind: kindOf(ruleOf(entry.identifiers)),
    description: descriptionOf(entry.name),
    risk: typeof severity === "string" ? RISKS[severity.toLowerCase()] : undefined,
    sighting: {
      source,
      path: pathOf(file),
      line: lineOf(line),
      commit: commitOf(sha),
      author: authorOf(author),
      seenAt: timeOf(date),
    },
  };
}

/** The rule that found it, among the names it is known by. */
function ruleOf(identifiers: unknown): unknown {
  const all: readonly unknown[] = Array.isArray(identifiers) ? identifiers : [];
  const rule = all.map(fieldsOf).find(({ type }) => type === "gitleaks_rule_id");
  return rule?.value;
}
