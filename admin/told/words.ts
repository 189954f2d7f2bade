import { intakeLimits } from "../../rules/intake.ts";
import { leakLimits } from "../../rules/leak.ts";
import { InputRefused } from "../../rules/refusal.ts";
import { type SightingInput, sightingLimits } from "../../rules/sighting.ts";
import { checkUrl } from "../../rules/text.ts";

/** A service's name for a type of token, as a kind is spelled; undefined where nothing is left of it. */
export function kindOf(type: string): string | undefined {
  const kind = type
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, "_")
    .slice(0, intakeLimits.kindChars);
  return /[a-z0-9]/.test(kind) ? kind : undefined;
}

/** Where something was seen: as a URL where it is one, else as a path, since a leak must not be lost over it. */
export function placeOf(text: string): Pick<SightingInput, "url" | "path"> {
  const place = oneLine(text);
  if (place === "") return {};
  try {
    // A user name in it is taken out later (Masks).
    checkUrl("url", place.replace(/^([a-z+]+:\/\/)[^/?#]*@/i, "$1"));
    return { url: place };
  } catch (error) {
    if (!(error instanceof InputRefused)) throw error;
    return { path: lineOf(place, sightingLimits.pathChars) };
  }
}

/** A text on one line; undefined where it is none, or longer than `max`: half of it might end in half of a token. */
export function lineOf(text: string, max: number): string | undefined {
  const line = oneLine(text);
  return line === "" || line.length > max ? undefined : line;
}

/** A name of a leak of what a service says; undefined, so that one is made, where it is none or too long. */
export function nameFrom(text: string): string | undefined {
  return lineOf(text, leakLimits.nameChars);
}

/** When something happened (ms); null where it cannot be read. */
export function timeOf(text: string | null | undefined): number | null {
  const at = Date.parse(text ?? "");
  return Number.isSafeInteger(at) && at > 0 && at <= Date.now() ? at : null;
}

/** On one line, with no character that a text must not hold. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cs}\s]+/gu, " ").trim();
}
