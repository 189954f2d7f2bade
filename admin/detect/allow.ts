import type { RE2JS } from "re2js";
import { lowered } from "./keywords.ts";

/** Where and what a finding is, as an allow-list looks at it. */
export interface Asked {
  readonly secret: string;
  readonly match: string;
  readonly line: () => string;
}

export interface AllowParts {
  /** All kinds of condition must be met that are given, or any. */
  readonly condition: "and" | "or";
  readonly commits: readonly string[];
  readonly paths: readonly RE2JS[];
  readonly regexes: readonly RE2JS[];
  readonly regexTarget: "secret" | "match" | "line";
  /** Looked for within the secret, in any case. */
  readonly stopwords: readonly string[];
}

/** What is known to be no secret, as Gitleaks' allow-lists say it. */
export class AllowList {
  private readonly parts: AllowParts;
  private readonly commits: ReadonlySet<string>;
  private readonly stopwords: readonly string[];

  constructor(parts: AllowParts) {
    this.parts = parts;
    this.commits = new Set(parts.commits.map(lowered));
    this.stopwords = parts.stopwords.map(lowered);
  }

  /** Nothing of the blob need be looked at, whatever it holds. */
  allowsBlob(path: string, commit: string | null): boolean {
    const { condition, paths, regexes } = this.parts;
    if (condition === "and" && (regexes.length > 0 || this.stopwords.length > 0)) return false;
    return this.met([
      [paths.length, () => paths.some((each) => each.test(path))],
      [this.commits.size, () => commit !== null && this.commits.has(lowered(commit))],
    ]);
  }

  allows({ secret, match, line }: Asked, path: string, commit: string | null): boolean {
    const { paths, regexes, regexTarget } = this.parts;
    return this.met([
      [paths.length, () => paths.some((each) => each.test(path))],
      [this.commits.size, () => commit !== null && this.commits.has(lowered(commit))],
      [
        regexes.length,
        () => {
          const target = regexTarget === "line" ? line() : regexTarget === "match" ? match : secret;
          return regexes.some((each) => each.test(target));
        },
      ],
      [
        this.stopwords.length,
        () => {
          const folded = lowered(secret);
          return this.stopwords.some((word) => folded.includes(word));
        },
      ],
    ]);
  }

  private met(checks: readonly (readonly [number, () => boolean])[]): boolean {
    const given = checks.filter(([count]) => count > 0);
    if (given.length === 0) return false;
    return this.parts.condition === "and"
      ? given.every(([, isMet]) => isMet())
      : given.some(([, isMet]) => isMet());
  }
}
