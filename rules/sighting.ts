import { hash } from "node:crypto";
import { isTime, leakLimits } from "./leak.ts";
import { InputRefused } from "./refusal.ts";
import { checkOptional, checkUrl } from "./text.ts";

/** Where a token was seen: one place of one source. Holds no token, and no user info. Times are milliseconds since 1970. */
export interface Sighting {
  /** Who tells of it, as the source of a leak: `github`, `scanner`, ... */
  readonly source: string;
  readonly url: string | null;
  /** Of a file, or whatever else the source calls a place. */
  readonly path: string | null;
  /** From 1. */
  readonly line: number | null;
  readonly commit: string | null;
  readonly author: string | null;
  /** When it leaked there; null where nobody knows. */
  readonly seenAt: number | null;
  readonly foundAt: number;
}

/** The same as it is given: what may be null may be left out; `foundAt` is now where it is. */
export type SightingInput = Pick<Sighting, "source"> & {
  readonly [Field in Exclude<keyof Sighting, "source">]?: Sighting[Field] | undefined;
};

export const sightingLimits = {
  pathChars: 1_024,
  commitChars: 64,
  lineMax: 2_147_483_647,
  /** Of one token; of what comes after them only that it came is kept. */
  kept: 1_000,
  /** Of one token; what comes after them changes nothing. */
  counted: 100_000,
} as const;

/** Checks the limits of each field; empty texts are null. Throws InputRefused, which names the field and never the text. */
export function checkSighting(input: SightingInput, now: number): Sighting {
  const { source, line = null, seenAt = null, foundAt = now } = input;
  if (!/^[a-z0-9_-]+$/.test(source) || source.length > leakLimits.sourceChars)
    throw new InputRefused("source", `is not 1 to ${leakLimits.sourceChars} of the characters a-z 0-9 _ -`);
  if (line !== null && !(Number.isInteger(line) && line >= 1 && line <= sightingLimits.lineMax))
    throw new InputRefused("sighting.line", "is not a whole number from 1");
  if (seenAt !== null && !isTime(seenAt)) throw new InputRefused("sighting.seenAt", "is not a time");
  if (foundAt === null || !isTime(foundAt)) throw new InputRefused("sighting.foundAt", "is not a time");
  const commit = checkOptional("sighting.commit", input.commit, sightingLimits.commitChars);
  if (commit !== null && !/^[0-9A-Za-z]+$/.test(commit))
    throw new InputRefused("sighting.commit", "is not made of the characters 0-9 A-Z a-z");
  return {
    source,
    url: checkUrl("sighting.url", input.url),
    path: checkOptional("sighting.path", input.path, sightingLimits.pathChars),
    line,
    commit,
    author: checkOptional("sighting.author", input.author, leakLimits.sourceAuthorChars),
    seenAt,
    foundAt,
  };
}

/** The same for the same place told by the same source, whoever put it there and whenever it was found: 22 characters. */
export function placeDigest({ source, url, path, line, commit }: Sighting): string {
  const place = JSON.stringify([source, url, path, line, commit]);
  return hash("sha256", place, "base64url").slice(0, 22);
}

/** Whether it says where: without that nobody can tell one sighting from the next. */
export function isPlaced({ url, path, commit }: Sighting): boolean {
  return url !== null || path !== null || commit !== null;
}
