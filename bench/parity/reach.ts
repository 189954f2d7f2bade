import { listedToken, unlistedToken } from "../tokens.ts";
import { ask, toldIn } from "./ask.ts";
import { type PlaceName, placeNames, requestWith } from "./places.ts";

/** What became of a request with a listed token: `refused` is what gets the same answer with any other token. */
export type Outcome = "blocked" | "passed" | "unanswered" | `refused ${number}`;

export type Reach = Readonly<Record<PlaceName, Outcome>>;

/** Sends the same listed token in every place. */
export async function reachOf(port: number): Promise<Reach> {
  const reach: Partial<Record<PlaceName, Outcome>> = {};
  for (const place of placeNames) reach[place] = await outcomeOf(port, place);
  return reach as Reach;
}

async function outcomeOf(port: number, place: PlaceName): Promise<Outcome> {
  const unlisted = await ask(port, requestWith(unlistedToken(0), place));
  if (toldIn(unlisted) === null) return other(unlisted.status);
  const listed = await ask(port, requestWith(listedToken(0), place));
  if (listed.status === 403) return "blocked";
  return toldIn(listed) === null ? other(listed.status) : "passed";
}

function other(status: number): Outcome {
  return status === 0 ? "unanswered" : `refused ${status}`;
}
