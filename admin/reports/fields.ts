import { intakeLimits } from "../../rules/intake.ts";
import { isTime, leakLimits } from "../../rules/leak.ts";
import { sightingLimits } from "../../rules/sighting.ts";
import { urlCharsMax } from "../../rules/text.ts";

/**
 * What reports say of a finding, as a sighting takes it. A report is not refused for what it says beside the token: texts are
 * put on one line and cut, and what is no commit, line, time or address is left out.
 */

export type Fields = Readonly<Record<string, unknown>>;

/** The fields of an object; none where it is something else. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** A text on one line, without broken characters; undefined where it is none or empty. */
export function textOf(value: unknown, max: number): string | undefined {
  if (typeof value !== "string") return undefined;
  const text = value
    .slice(0, 4 * max)
    .replaceAll(/[\p{Cc}\p{Cs}]+/gu, " ")
    .trim();
  // Half of a pair of surrogates must not be left.
  return (
    text
      .slice(0, max)
      .replace(/\p{Cs}$/u, "")
      .trim() || undefined
  );
}

export const pathOf = (value: unknown) => textOf(value, sightingLimits.pathChars);
export const authorOf = (value: unknown) => textOf(value, leakLimits.sourceAuthorChars);
export const descriptionOf = (value: unknown) => textOf(value, leakLimits.descriptionChars);

/** From 1. */
export function lineOf(value: unknown): number | undefined {
  const line = typeof value === "string" && /^[0-9]{1,10}$/.test(value) ? Number(value) : value;
  return typeof line === "number" && Number.isInteger(line) && line >= 1 && line <= sightingLimits.lineMax
    ? line
    : undefined;
}

/** Some write zeros where there is none. */
export function commitOf(value: unknown): string | undefined {
  if (typeof value !== "string" || !/^[0-9A-Za-z]+$/.test(value) || /^0+$/.test(value)) return undefined;
  return value.length <= sightingLimits.commitChars ? value : undefined;
}

/** Milliseconds since 1970. */
export function timeOf(value: unknown): number | undefined {
  const at = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return isTime(at) ? at : undefined;
}

export function urlOf(value: unknown): string | undefined {
  const text = typeof value === "string" ? value.trim() : "";
  return text.length <= urlCharsMax && /^(?:https?|git|ssh):\/\/[^\s/]/i.test(text) && URL.canParse(text)
    ? text
    : undefined;
}

/** `GitHub PAT` is `github-pat`. */
export function kindOf(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const words = value
    .slice(0, 255)
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, "-");
  return words.replace(/^-/, "").slice(0, intakeLimits.kindChars).replace(/-$/, "") || undefined;
}

/** The token as the report has it. */
export function secretOf(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}
