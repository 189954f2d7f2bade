import { isTime, leakLimits } from "../../rules/leak.ts";
import { isKind } from "../../rules/policy.ts";
import { sightingLimits } from "../../rules/sighting.ts";
import { urlCharsMax } from "../../rules/text.ts";
import type { Confidence, Finding } from "../detect/finding.ts";
import type { GivenFinding } from "../intake/takein.ts";
import type { Place } from "./source.ts";

const RISKS: Readonly<Record<Confidence, number>> = { certain: 8, likely: 6, possible: 4 };

/** The finding as the intake takes it. Its clear token is taken out: this is done once. */
export function givenOf(finding: Finding, place: Place): GivenFinding {
  return {
    token: finding.token.take((bytes) => bytes.toString("utf8")),
    kind: kindOf(finding),
    risk: riskOf(finding),
    sighting: { ...cleanPlace(place), line: finding.line, url: urlAt(place.url, finding.line) },
  };
}

/** What the token is; where its text tells nothing, the rule that found it. */
export function kindOf({ kind, source, rule }: Finding): string | undefined {
  if (kind !== "opaque") return isKind(kind) ? kind : undefined;
  return source === "gitleaks" && isKind(rule) ? rule : undefined;
}

/** As its format declares, or by how sure it is. */
export function riskOf({ risk, confidence }: Pick<Finding, "risk" | "confidence">): number {
  return risk ?? RISKS[confidence];
}

/** Where it stands, in texts that an operator's terminal and the store can take, whatever the source calls its files and authors. */
export function cleanPlace(place: Place): Place {
  const { path, author, commit, seenAt } = place;
  return {
    source: place.source,
    // The end of a path tells more than its beginning.
    path: typeof path === "string" ? lastOf(printable(path), sightingLimits.pathChars) : null,
    author:
      typeof author === "string"
        ? wellFormed(printable(author).slice(0, leakLimits.sourceAuthorChars))
        : null,
    commit: typeof commit === "string" && commit.length <= sightingLimits.commitChars ? commit : null,
    seenAt: typeof seenAt === "number" && isTime(seenAt) ? seenAt : null,
  };
}

/** One line without control characters, marks that turn the direction of writing, and broken text: they become `\x1b`, `\u202e`. */
export function printable(text: string): string {
  return text
    .replaceAll(/\p{Cs}/gu, "\ufffd")
    .replaceAll(/[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (mark) => {
      const code = mark.charCodeAt(0).toString(16);
      return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`;
    });
}

function lastOf(text: string, max: number): string {
  return text.length <= max ? text : wellFormed(`...${text.slice(3 - max)}`);
}

/** A cut may leave half of a pair. */
function wellFormed(text: string): string {
  return text.replaceAll(/\p{Cs}/gu, "");
}

/** Files of a commit as GitHub, GitLab and Gitea show them: these take a line. */
const BLOB = /^https?:\/\/[^/]+\/(?:.+\/(?:-\/)?blob|.+\/src\/(?:commit|branch|tag))\/[^/]+\/[^?#]+$/;

/** The address with the line where its host shows lines; null for one that is too long to keep. */
function urlAt(url: string | null | undefined, line: number): string | null {
  // First: on a long address, which a stranger may write, the expression takes time by its square.
  if (typeof url !== "string" || url.length > urlCharsMax) return null;
  const whole = BLOB.test(url) ? `${url}#L${line}` : url;
  return whole.length <= urlCharsMax ? whole : null;
}
