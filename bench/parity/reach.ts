import type { Contender } from "../contenders.ts";
import { listedToken, unlistedToken } from "../tokens.ts";
import { ask, toldIn } from "./ask.ts";
import { type PlaceName, placeNames, requestWith } from "./places.ts";

/** What became of a request with a listed token: `refused` is what gets the same answer with any other token. */
export type Outcome = "blocked" | "passed" | `refused ${number}`;

export type Reach = Readonly<Record<PlaceName, Outcome>>;

/** Sends the same listed token in every place; throws where a contender does not block what it says it looks at. */
export async function reachOf(contender: Contender, port: number): Promise<Reach> {
  const reach: Partial<Record<PlaceName, Outcome>> = {};
  for (const place of placeNames) reach[place] = await outcomeOf(port, place);
  const found = reach as Reach;
  const failed =
    contender.tokens === 0 ? [] : contender.looksIn.filter((place) => found[place] !== "blocked");
  if (failed.length > 0) {
    const what = failed.map((place) => `${place}: ${found[place]}`).join(", ");
    throw new Error(`${contender.name} does not block what it looks at: ${what}`);
  }
  return found;
}

async function outcomeOf(port: number, place: PlaceName): Promise<Outcome> {
  const unlisted = await ask(port, requestWith(unlistedToken(0), place));
  if (toldIn(unlisted) === null) return `refused ${unlisted.status}`;
  const listed = await ask(port, requestWith(listedToken(0), place));
  if (listed.status === 403) return "blocked";
  return toldIn(listed) === null ? `refused ${listed.status}` : "passed";
}
