import { csvCells } from "../../rules/csv.ts";
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
  urlOf,
} from "./fields.ts";
import { recordsOf } from "./records.ts";
import { type Reader, unusable, unusableFinding } from "./report.ts";

/** gitleaks, `--report-format json`: a list of findings. */
export const readGitleaks: Reader = async function* (bytes, { source }) {
  for await (const { value } of elementsOf(bytes, ["[]"]))
    yield value === undefined ? unusableFinding("too_large", source) : findingOf(fieldsOf(value), source);
};

/** gitleaks, `--report-format csv`: the same fields, whose names stand in the first record. */
export const readGitleaksCsv: Reader = async function* (bytes, { source }) {
  let names: readonly string[] | null = null;
  for await (const { text } of recordsOf(bytes, true)) {
    if (text === null) yield unusableFinding("too_large", source);
    else if (names === null) names = csvCells(text);
    else {
      const cells = csvCells(text);
      yield findingOf(Object.fromEntries(names.map((name, at) => [name, cells[at]])), source);
    }
  }
};

function findingOf(entry: Fields, source: string): GivenFinding {
  const fingerprint = placeOf(entry.Fingerprint);
  return {
    token: secretOf(entry.Secret) ?? unusable("no_secret"),
    kind: kindOf(entry.RuleID),
    description: descriptionOf(entry.Description),
    sighting: {
      source,
      url: urlOf(entry.Link),
      path: pathOf(entry.File) ?? fingerprint.path,
      line: lineOf(entry.StartLine) ?? fingerprint.line,
      commit: commitOf(entry.Commit) ?? fingerprint.commit,
      author: authorOf(entry.Author) ?? authorOf(entry.Email),
      seenAt: timeOf(entry.Date),
    },
  };
}

/** A fingerprint is `commit:file:rule:line`, or the same without a commit. */
function placeOf(fingerprint: unknown): { path?: string; line?: number; commit?: string } {
  const parts = typeof fingerprint === "string" ? fingerprint.split(":") : [];
  if (parts.length < 3) return {};
  const isCommit = parts.length > 3 && /^[0-9a-f]{7,64}$/.test(parts[0]!);
  const path = pathOf(parts.slice(isCommit ? 1 : 0, -2).join(":"));
  const line = lineOf(parts.at(-1));
  return { ...(isCommit && { commit: parts[0]! }), ...(path && { path }), ...(line && { line }) };
}
