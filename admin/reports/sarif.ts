import type { GivenFinding } from "../intake/takein.ts";
import { elementsOf } from "./elements.ts";
import { authorOf, commitOf, fieldsOf, kindOf, lineOf, pathOf, secretOf, timeOf } from "./fields.ts";
import { type Reader, unusable, unusableFinding } from "./report.ts";

/**
 * SARIF 2.1.0 as gitleaks writes it (`--report-format sarif`): the secret is the text of a location's snippet. Other
 * programs put the whole line there, which is refused for its white space.
 */
export const readSarif: Reader = async function* (bytes, { source }) {
  for await (const { value } of elementsOf(bytes, ["runs", "[]", "results", "[]"])) {
    if (value === undefined) yield unusableFinding("too_large", source);
    else yield* findingsOf(value, source);
  }
};

function* findingsOf(value: unknown, source: string): Generator<GivenFinding> {
  const { ruleId, locations, partialFingerprints } = fieldsOf(value);
  const { commitSha, author, email, date } = fieldsOf(partialFingerprints);
  const places: readonly unknown[] = Array.isArray(locations) ? locations : [];
  if (places.length === 0) yield unusableFinding("no_secret", source);
  for (const place of places) {
    const { artifactLocation, region } = fieldsOf(fieldsOf(place).physicalLocation);
    const { startLine, snippet } = fieldsOf(region);
    yield {
      token: secretOf(fieldsOf(snippet).text) ?? unusable("no_secret"),
      kind: kindOf(ruleId),
      sighting: {
        source,
        path: pathOf(fieldsOf(artifactLocation).uri),
        line: lineOf(startLine),
        commit: commitOf(commitSha),
        author: authorOf(author) ?? authorOf(email),
        seenAt: timeOf(date),
      },
    };
  }
}
