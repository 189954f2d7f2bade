import { isLowEntropy } from "../../rules/kinds.ts";
import { TOKEN_BYTES_MAX } from "../../rules/token.ts";
import type { GivenFinding } from "../intake/takein.ts";
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
import { type Reader, ReportBroken, unusable, unusableFinding } from "./report.ts";

/** The second part of a credential is believed to be one from this length on. */
const PART_CHARS_MIN = 16;

/** TruffleHog, `--json`: a finding in each line, between lines of its log that are passed over. */
export const readTruffleHog: Reader = async function* (bytes, { source }) {
  for await (const { text, number } of recordsOf(bytes)) {
    if (text === null) yield unusableFinding("too_large", source);
    else yield* findingsOf(parsed(text, number), source);
  }
};

function parsed(text: string, number: number): Fields {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    throw new ReportBroken(`line ${number} is not JSON`);
  }
}

function* findingsOf(entry: Fields, source: string): Generator<GivenFinding> {
  if (entry.level !== undefined && entry.DetectorName === undefined) return;
  const about = {
    kind: kindOf(entry.DetectorName),
    description: descriptionOf(entry.DetectorDescription),
    verified: entry.Verified === true,
    sighting: sightingOf(entry, source),
  };
  const [raw, both] = [secretOf(entry.Raw), secretOf(entry.RawV2)];
  yield { ...about, token: raw ?? both ?? unusable("no_secret") };
  const other = raw !== undefined && both !== undefined ? otherPart(raw, both) : null;
  if (other !== null) yield { ...about, token: other };
}

/**
 * What `RawV2` has beside `Raw`: of credentials in two parts `Raw` is often the id, and the secret stands in `RawV2` alone,
 * before or behind it. Null for what may as well be the address or the account that the first part is for.
 */
function otherPart(raw: string, both: string): string | null {
  const rest = both.startsWith(raw)
    ? both.slice(raw.length)
    : both.endsWith(raw)
      ? both.slice(0, -raw.length)
      : "";
  if (rest.length > TOKEN_BYTES_MAX) return null;
  const part = rest.replace(/^[\s:;,|/]+|[\s:;,|]+$/g, "");
  const isPlace = /@|:\/\/|^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(part);
  return part.length < PART_CHARS_MIN || isPlace || isLowEntropy(part) ? null : part;
}

/** Each kind of source (Git, GitHub, a bucket, ...) has an object of its own with much the same fields. */
function sightingOf({ SourceMetadata }: Fields, source: string): GivenFinding["sighting"] {
  const [place] = Object.values(fieldsOf(fieldsOf(SourceMetadata).Data));
  const { commit, file, path, key, line, email, author, timestamp, link, url, repository } = fieldsOf(place);
  return {
    source,
    url: urlOf(link) ?? urlOf(url) ?? urlOf(repository),
    path: pathOf(file) ?? pathOf(path) ?? pathOf(key),
    line: lineOf(line),
    commit: commitOf(commit),
    author: authorOf(email) ?? authorOf(author),
    seenAt: timeOf(timestamp),
  };
}
