import { RE2JS } from "re2js";
import { entropyOf } from "../../rules/kinds.ts";
import type { AllowList } from "./allow.ts";
import type { Source, Stretch } from "./finding.ts";
import { lowered } from "./keywords.ts";
import { isPlaceholder } from "./placeholder.ts";
import { type Shape, shapeOf } from "./shape.ts";
import { AFTER_BYTES, type Window } from "./window.ts";

/** Another rule that must be met nearby, for this one to count. */
export interface Companion {
  readonly id: string;
  /** Lines and columns between the two at most; null asks nothing. */
  readonly lines: number | null;
  readonly columns: number | null;
}

export interface PatternParts {
  readonly id: string;
  readonly source: Source;
  readonly kind: string | null;
  readonly risk: number | null;
  /** RE2's syntax; runs in linear time, whatever it is. */
  readonly pattern: string;
  /** 0: the first group that took part, or the whole match. */
  readonly secretGroup: number;
  /** The secret's bits a character must exceed it; 0 asks nothing. */
  readonly entropyMin: number;
  /** One of which must stand in the text, in any case; empty asks nothing. */
  readonly keywords: readonly string[];
  readonly path: RE2JS | null;
  readonly allowLists: readonly AllowList[];
  readonly required: readonly Companion[];
  /** It only serves others as a companion. */
  readonly isSilent: boolean;
  /** A letter or digit may neither stand before it nor behind it. */
  readonly isWord: boolean;
  /** What looks like a placeholder is kept: the rule has allow-lists of its own for that. */
  readonly isPlaceholderKept: boolean;
}

/** What a pattern matched: the secret, and all of the match. */
interface Match {
  readonly start: number;
  readonly end: number;
  readonly matchStart: number;
  readonly matchEnd: number;
}

/** A match, or the place of what it must hold, has more around it than this only where it runs over whole windows. */
const REACH_BYTES = AFTER_BYTES / 2;
/** Matches of one pattern in one window, beyond which it is no pattern of tokens. */
const MATCHES_MAX = 2000;

/**
 * A pattern from outside. re2js runs it in time linear to the text, but slowly (1 to 15 MB/s), so it runs only around
 * what its matches must hold (shape.ts), where that can be told, and asks a cheaper question first.
 */
export class PatternRule {
  readonly parts: PatternParts;
  /** Texts to look for, near which it runs; null: it runs over all of a window. */
  readonly anchors: readonly string[] | null;
  /** Texts one of which must be in the window; null where the anchors say it already. */
  readonly gate: readonly string[] | null;
  private readonly regex: RE2JS;
  private readonly reach: number;

  /** Throws RE2JSException where RE2 has no such pattern. */
  constructor(parts: PatternParts) {
    this.parts = parts;
    this.regex = RE2JS.compile(parts.pattern);
    if (parts.secretGroup > this.regex.groupCount())
      throw new RangeError(`the pattern has no group ${parts.secretGroup}`);
    const shape: Shape = shapeOf(parts.pattern);
    this.anchors = shape.required;
    this.reach = Math.min(shape.max, REACH_BYTES) + 1;
    const keywords = parts.keywords.map(lowered).filter((word) => /^[\x00-\x7f]{2,}$/.test(word));
    const isImplied = shape.required?.every((text) => keywords.some((word) => text.includes(word))) ?? false;
    this.gate =
      keywords.length === 0 || keywords.length < parts.keywords.length || isImplied ? null : keywords;
  }

  isFor(path: string): boolean {
    return this.parts.path?.test(path) ?? true;
  }

  /** The secrets that begin in the window; `places` are those of the anchors. */
  find(window: Window, places: readonly number[], path: string, commit: string | null): Stretch[] {
    const { id, source, kind, risk } = this.parts;
    return this.matches(window, places)
      .filter((match) => window.holds(match.start) && this.counts(match, window, path, commit))
      .map(({ start, end }) => ({ source, rule: id, kind, risk, name: null, start, end }));
  }

  private counts(match: Match, window: Window, path: string, commit: string | null): boolean {
    const { entropyMin, allowLists, isWord, isPlaceholderKept } = this.parts;
    const { start, end, matchStart, matchEnd } = match;
    if (isWord && !(window.mayBegin(start) && window.mayEnd(end))) return false;
    const secret = window.text.slice(start, end);
    if (entropyMin > 0 && entropyOf(secret) <= entropyMin) return false;
    if (!isPlaceholderKept && isPlaceholder(secret, secret)) return false;
    const asked = {
      secret,
      match: window.text.slice(matchStart, matchEnd),
      line: () => window.lineAround(matchStart, matchEnd),
    };
    return !allowLists.some((each) => each.allows(asked, path, commit));
  }

  private matches(window: Window, places: readonly number[]): Match[] {
    const length = window.bytes.length;
    if (this.anchors === null) return this.matchesIn(window, 0, length);
    const sorted = [...places].sort((one, other) => one - other);
    const found: Match[] = [];
    for (let index = 0; index < sorted.length; ) {
      const from = Math.max(0, sorted[index]! - this.reach);
      let to = sorted[index]! + this.reach;
      for (index++; index < sorted.length && sorted[index]! - this.reach <= to; index++)
        to = sorted[index]! + this.reach;
      found.push(...this.matchesIn(window, from, Math.min(length, to)));
    }
    return found;
  }

  private matchesIn(window: Window, from: number, to: number): Match[] {
    const text = window.text.slice(from, to);
    // Without positions re2js needs a tenth of the time, and mostly says no.
    if (!this.regex.test(text)) return [];
    const found: Match[] = [];
    const matcher = this.regex.matcher(text);
    while (found.length < MATCHES_MAX && matcher.find()) {
      // What touches a cut edge may go on behind it, or match only because of it.
      if (from > 0 && matcher.start() === 0 && matcher.end() > 0) continue;
      if (to < window.bytes.length && matcher.end() === text.length) continue;
      const group = this.groupOf(matcher);
      const [start, end] = trimmed(text, matcher.start(group), matcher.end(group));
      if (start === end) continue;
      found.push({
        start: from + start,
        end: from + end,
        matchStart: from + matcher.start(),
        matchEnd: from + matcher.end(),
      });
    }
    return found;
  }

  private groupOf(matcher: { start(group: number): number; end(group: number): number }): number {
    if (this.parts.secretGroup > 0) return this.parts.secretGroup;
    for (let group = 1; group <= this.regex.groupCount(); group++)
      if (matcher.start(group) >= 0 && matcher.end(group) > matcher.start(group)) return group;
    return 0;
  }
}

/** Without line ends around it, as Gitleaks takes them off. */
function trimmed(text: string, start: number, end: number): [number, number] {
  let from = Math.max(0, start);
  let to = Math.max(from, end);
  while (from < to && /[\r\n]/.test(text[from]!)) from++;
  while (to > from && /[\r\n]/.test(text[to - 1]!)) to--;
  return [from, to];
}

/** Whether every companion of a finding stands near it. */
export function hasCompanions(
  rule: PatternRule,
  finding: Stretch,
  all: ReadonlyMap<string, readonly Stretch[]>,
  { text }: Window,
): boolean {
  return rule.parts.required.every(({ id, lines, columns }) =>
    (all.get(id) ?? []).some(
      (other) =>
        (lines === null || linesBetween(text, finding.start, other.start) <= lines) &&
        (columns === null ||
          Math.abs(columnOf(text, finding.start) - columnOf(text, other.start)) <= columns),
    ),
  );
}

function linesBetween(text: string, one: number, other: number): number {
  let lines = 0;
  const end = Math.max(one, other);
  for (
    let at = text.indexOf("\n", Math.min(one, other));
    at >= 0 && at < end;
    at = text.indexOf("\n", at + 1)
  )
    lines++;
  return lines;
}

function columnOf(text: string, place: number): number {
  return place === 0 ? 0 : place - text.lastIndexOf("\n", place - 1) - 1;
}
