import { leakLimits } from "../../rules/leak.ts";
import type { SightingInput } from "../../rules/sighting.ts";

const RISK_VERIFIED = 9;
const RISK = 6;

/** What a leak is called of which nobody said more than what was found where. */
export function nameOf(kind: string, { path, url, source }: SightingInput): string {
  const host = typeof url === "string" && URL.canParse(url) ? new URL(url).host : null;
  const start = `${kind === "opaque" ? "Token" : `${kind} token`} in `;
  const place = path || host || source;
  const room = leakLimits.nameChars - start.length;
  // The end of a path tells more than its beginning.
  return start + (place.length <= room ? place : `...${place.slice(3 - room)}`);
}

/** How grave a finding is of which nobody said. */
export function riskOf({ verified }: { readonly verified?: boolean | undefined }): number {
  return verified ? RISK_VERIFIED : RISK;
}
