import { Link } from "../parts/small.tsx";
import type { ReportTaken } from "../shapes.ts";
import { counted, fullNumber, sourceWord } from "../words.ts";

const REASONS: Readonly<Record<string, string>> = {
  redacted: "Redacted: a mask stands in the token's place",
  looks_truncated: "Seems to be cut off: too short for its format",
  no_secret: "No secret in the report",
  too_short: "Too short",
  too_long: "Too long",
  whitespace: "Holds white space: no token by itself",
  judged_false: "Judged to be no secret where the report comes from",
  false_positive: "A false positive, says a rule of the intake",
  too_large: "The entry is too large",
  not_a_finding: "No finding of a secret",
};

interface OutcomeProps {
  readonly taken: ReportTaken;
  readonly onGo: () => void;
}

/** What became of a report, and why something of it was refused. */
export function Outcome({ taken, onGo }: OutcomeProps) {
  const { findings, source, leaks, patched, known, sightings, unchanged, refused } = taken;
  const counts: readonly (readonly [string, number])[] = [
    ["New leaks", leaks],
    ["Patched by a policy", patched],
    ["Known tokens", known],
    ["New sightings", sightings],
    ["Nothing new", unchanged],
  ];
  const reasons = Object.entries(refused).sort(([, a], [, b]) => b - a);
  return (
    <div role="status">
      <p>
        {counted(findings, "finding")} of {sourceWord(source)}.{" "}
        <Link to={`/?source=${encodeURIComponent(source)}`} onGo={onGo}>
          See its leaks
        </Link>
      </p>
      <dl class="facts">
        {counts.flatMap(([word, count]) => [
          <dt key={`word ${word}`}>{word}</dt>,
          <dd key={`count ${word}`}>{fullNumber(count)}</dd>,
        ])}
      </dl>
      {reasons.length > 0 && (
        <>
          <h3>Refused</h3>
          <ul>
            {reasons.map(([reason, count]) => (
              <li key={reason}>
                <b>{fullNumber(count)}</b> {REASONS[reason] ?? reason.replaceAll("_", " ")}
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
