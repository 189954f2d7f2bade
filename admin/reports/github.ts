import type { GivenFinding } from "../intake/takein.ts";
import { elementsOf } from "./elements.ts";
import {
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
import { type Reader, unusable, unusableFinding } from "./report.ts";

/**
 * Alerts of GitHub's secret scanning as its API lists them: one list, or the lists of several pages after one another or in
 * a list of their own (`gh api --paginate`, with `--slurp`).
 */
export const readGitHub: Reader = async function* (bytes, { source }) {
  for await (const { value } of elementsOf(bytes, ["[]"])) {
    if (value === undefined) yield unusableFinding("too_large", source);
    else for (const each of Array.isArray(value) ? value : [value]) yield findingOf(fieldsOf(each), source);
  }
};

function findingOf(alert: Fields, source: string): GivenFinding {
  const place = fieldsOf(alert.first_location_detected);
  const isFalse = alert.resolution === "false_positive";
  const resolved = typeof alert.resolution === "string" ? `, resolved as ${alert.resolution}` : "";
  const type = alert.secret_type_display_name ?? alert.secret_type;
  return {
    token: isFalse ? unusable("judged_false") : (secretOf(alert.secret) ?? unusable("no_secret")),
    kind: kindOf(alert.secret_type),
    description: descriptionOf(typeof type === "string" ? `${type}${resolved}` : undefined),
    verified: alert.validity === "active",
    sighting: {
      source,
      url: urlOf(alert.html_url),
      path: pathOf(place.path),
      line: lineOf(place.start_line),
      commit: commitOf(place.commit_sha),
      seenAt: timeOf(alert.created_at),
    },
  };
}
