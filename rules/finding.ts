import type { TokenDigest } from "./digest.ts";
import type { LeakId } from "./leak.ts";
import type { SightingInput } from "./sighting.ts";

/** What a source tells: a token, and where it was seen. The texts hold no token: who digests it sees to that. */
export interface Finding {
  readonly token: TokenDigest;
  readonly sighting: SightingInput;
  /** What the leak is called, described and weighed as, should it become one. */
  readonly name: string;
  readonly description?: string | undefined;
  readonly risk: number;
  /** The source has tried it, and it works. Default false. */
  readonly verified?: boolean | undefined;
}

/** What became of findings. */
export interface TakenIn {
  /** Leaks that were registered, and how many of them a policy patched at once. */
  readonly leaks: number;
  readonly patched: number;
  /** Tokens that a leak held already, each once. */
  readonly known: number;
  /** Sightings that were new, those of new leaks included. */
  readonly sightings: number;
  /** Findings that said nothing new. */
  readonly unchanged: number;
  /** Findings that could not be taken in, by why: `sighting`, `name`, `risk`, ... */
  readonly refused: Readonly<Record<string, number>>;
  /** The first of them, by their place among the findings given, from 0. */
  readonly refusals: readonly FindingRefusal[];
  /** The first leaks that were registered. */
  readonly ids: readonly LeakId[];
  /** The newest change. */
  readonly revision: number;
}

export interface FindingRefusal {
  readonly index: number;
  readonly reason: string;
  readonly detail: string;
}

/** Ids and refusals that are named; how many there are in all is counted. */
export const namedMax = 1_000;
