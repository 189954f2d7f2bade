import { type Checksum, entropyOf } from "../../rules/kinds.ts";
import { Token, TokenRefused } from "../../rules/token.ts";
import type { Position } from "./lines.ts";
import type { Window } from "./window.ts";

/** What found it, the surest first: of findings that overlap, the first of these stays. */
export const sources = ["inventory", "declared", "table", "gitleaks", "assignment"] as const;
export type Source = (typeof sources)[number];

/** `certain`: it is listed, or its checksum is right. `likely`: a prefix or rule of its own. `possible`: by name and entropy only. */
export type Confidence = "certain" | "likely" | "possible";

/** A stretch of a window that is taken for a token. */
export interface Stretch {
  readonly source: Source;
  readonly rule: string;
  /** Null: as its text is recognized. */
  readonly kind: string | null;
  readonly risk: number | null;
  /** What the operator calls the token: set by the inventory. */
  readonly name: string | null;
  /** Places in the window's bytes. */
  readonly start: number;
  readonly end: number;
}

/** A token in a text. The clear token lives in `token` alone, which prints masked; take its bytes once, or drop it. */
export interface Finding {
  readonly token: Token;
  readonly source: Source;
  /** The id of the rule: of the table (`github-token`), of a declared format or of a rules file; `inventory`, `assignment`. */
  readonly rule: string;
  readonly kind: string;
  readonly checksum: Checksum;
  readonly confidence: Confidence;
  /** Bits a character. */
  readonly entropy: number;
  /** 1 to 10, where the format declares it. */
  readonly risk: number | null;
  readonly name: string | null;
  /** From 1; columns count characters of UTF-8. */
  readonly line: number;
  readonly column: number;
  /** Bytes of the blob, `[start, end)`. */
  readonly start: number;
  readonly end: number;
}

/**
 * The findings of a window in the order of their places: where stretches overlap, the surer source stays, and of one
 * source the longer. What cannot be a token (white space, masks, more than 4,096 bytes) is none.
 */
export function findingsOf(
  stretches: readonly Stretch[],
  window: Window,
  positionOf: (place: number) => Position,
): Finding[] {
  const ranked = [...stretches].sort(
    (one, other) =>
      sources.indexOf(one.source) - sources.indexOf(other.source) ||
      other.end - other.start - (one.end - one.start) ||
      one.start - other.start,
  );
  const kept: Stretch[] = [];
  const taken = Buffer.alloc(ranked.length === 0 ? 0 : window.bytes.length);
  const listed = new Set<string>();
  for (const each of ranked) {
    const { source, start, end } = each;
    if (source === "inventory") {
      // One listed token may lie within another: both are known to be live.
      const place = `${start}-${end}`;
      if (listed.has(place)) continue;
      listed.add(place);
    } else if (taken.subarray(start, end).includes(1)) continue;
    taken.fill(1, start, end);
    kept.push(each);
  }
  kept.sort((one, other) => one.start - other.start || one.end - other.end);
  return kept.flatMap((each) => findingOf(each, window, positionOf) ?? []);
}

function findingOf(
  stretch: Stretch,
  window: Window,
  positionOf: (place: number) => Position,
): Finding | null {
  const { source, rule, kind, risk, name, start, end } = stretch;
  const text = window.bytes.toString("utf8", start, end);
  let token: Token;
  try {
    token = Token.parse(text);
  } catch (error) {
    if (error instanceof TokenRefused) return null;
    throw error;
  }
  const { checksum } = token;
  const isCertain = source === "inventory" || checksum === "valid";
  const { line, column } = positionOf(window.base + start);
  return {
    token,
    source,
    rule,
    kind: kind ?? token.kind,
    checksum,
    confidence: isCertain ? "certain" : source === "assignment" ? "possible" : "likely",
    entropy: entropyOf(text),
    risk,
    name,
    line,
    column,
    start: window.base + start,
    end: window.base + end,
  };
}
