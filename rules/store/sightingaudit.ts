import type { Facts } from "../journal.ts";
import { sightingLimits } from "../sighting.ts";
import { countOf } from "./sightings.ts";
import type { Tables } from "./tables.ts";

/** Whether of each leak as many sightings are kept and counted as the journal says. */
export function sightingTrouble(
  tables: Tables,
  replayed: ReadonlyMap<string, { readonly facts: Facts }>,
): string | null {
  let rows = 0;
  for (const { value } of tables.leaks.getRange({})) {
    const { id, seq } = value.leak;
    const said = replayed.get(id)?.facts.sightings ?? 0;
    if (countOf(tables, ["leak", seq]) !== said) return `${id} has other sightings than the journal says`;
    if (said === 0) continue;
    let sum = 0;
    rows++;
    for (const { key, value: count } of tables.sightings.getRange({
      start: ["count", seq],
      end: ["count", seq + 1],
    })) {
      const token = (key as [string, number, number])[2];
      const within = (sort: string) =>
        tables.sightings.getKeysCount({ start: [sort, seq, token], end: [sort, seq, token + 1] });
      const [known, kept] = [within("known"), within("kept")];
      if (known !== count || kept !== Math.min(known, sightingLimits.kept))
        return `${id}, token ${token}: its sightings are not those that were counted`;
      rows += 1 + known + kept;
      sum += known;
    }
    if (sum !== said) return `${id} has sightings of tokens that nobody counted`;
  }
  return tables.sightings.getCount() === rows ? null : "there are sightings of no leak";
}
