import { InputRefused } from "../refusal.ts";
import { placeDigest, type Sighting, sightingLimits } from "../sighting.ts";
import { expectLeak } from "./changes.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import { checkLimit } from "./listing.ts";
import { numberOf, type Tables } from "./tables.ts";

/*
 * The rows of `sightings`: ["kept", leak seq, token number, n] -> the token's nth sighting, from 1; ["known", leak seq,
 * token number, place] -> 0, by which the same place is told; ["count", leak seq, token number] and ["leak", leak seq] ->
 * how many.
 */

export interface SightingQuery {
  /** The number of a token; all where left out. */
  readonly token?: number | undefined;
  /** 1 to 1000, default 50. */
  readonly limit?: number | undefined;
  readonly after?: string | undefined;
}

/** A sighting with the token it is of. */
export interface TokenSighting extends Sighting {
  readonly token: number;
}

export interface SightingList {
  readonly sightings: TokenSighting[];
  readonly next: string | null;
}

/** What was seen where. */
export class Sightings {
  readonly #look: () => Tables;

  constructor(look: () => Tables) {
    this.#look = look;
  }

  /** Of all tokens that a leak ever held; 0 for an unknown leak. */
  ofLeak(leakId: string): number {
    return countOf(this.#look(), ["leak", numberOf("leak", leakId) ?? 0]);
  }

  ofToken(leakId: string, token: number): number {
    return countOf(this.#look(), ["count", numberOf("leak", leakId) ?? 0, token]);
  }

  /** By token, each one's in the order in which they came. Throws LeakUnknown, CursorInvalid, InputRefused (limit, token). */
  list(leakId: string, query: SightingQuery = {}): SightingList {
    const tables = this.#look();
    const { leak, tokensEver } = expectLeak(tables, leakId);
    const limit = checkLimit(query.limit);
    const { token } = query;
    if (token !== undefined && !(Number.isInteger(token) && token >= 1 && token <= tokensEver))
      throw new InputRefused("token", "is none that the leak ever held");
    const scope = `sightings.${leak.id}.${token ?? "all"}`;
    const from = query.after === undefined ? null : decodeCursor(scope, query.after);
    const kept = ["kept", leak.seq];
    const start = from === null ? [...kept, token ?? 1, 1] : [...kept, from.value, from.seq + 1];
    const end = token === undefined ? ["kept", leak.seq + 1] : [...kept, token + 1];
    const rows = [...tables.sightings.getRange({ start, end, limit: limit + 1 })].map(({ key, value }) => {
      const [, , number, place] = key as [string, number, number, number];
      return { place, sighting: { token: number, ...(value as Sighting) } };
    });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const isEnd = rows.length <= limit || last === undefined;
    const next = isEnd ? null : encodeCursor(scope, { value: last.sighting.token, seq: last.place });
    return { sightings: page.map(({ sighting }) => sighting), next };
  }
}

/** Whether the token was seen at this place before. */
export function isSeen(tables: Tables, seq: number, token: number, sighting: Sighting): boolean {
  return tables.sightings.get(["known", seq, token, placeDigest(sighting)]) !== undefined;
}

/** Adds what was not seen before and answers how many those are; only inside a write transaction. */
export function addSightings(
  tables: Tables,
  seq: number,
  token: number,
  sightings: readonly Sighting[],
): number {
  const before = countOf(tables, ["count", seq, token]);
  let count = before;
  for (const sighting of sightings) {
    if (count >= sightingLimits.counted) break;
    const known = ["known", seq, token, placeDigest(sighting)];
    if (tables.sightings.get(known) !== undefined) continue;
    tables.sightings.put(known, 0);
    count++;
    if (count <= sightingLimits.kept) tables.sightings.put(["kept", seq, token, count], sighting);
  }
  if (count === before) return 0;
  tables.sightings.put(["count", seq, token], count);
  tables.sightings.put(["leak", seq], countOf(tables, ["leak", seq]) + count - before);
  return count - before;
}

/** The number in a row that counts; 0 where there is none. */
export function countOf(tables: Tables, row: ["count", number, number] | ["leak", number]): number {
  return (tables.sightings.get(row) as number | undefined) ?? 0;
}
