import { canonicalJson, type Facts } from "../journal.ts";
import { allNames, countOf, type InventoryEntry, subjectOf, tokensOf } from "./inventory.ts";
import { everySource, sourceFacts } from "./sources.ts";
import type { SourceState } from "./sourcestates.ts";
import { numberOf, readNextIds, type Tables } from "./tables.ts";

type Replayed = ReadonlyMap<string, { readonly facts: Facts }>;

/** Whether the watched sources are as the journal says, and listed by what they are due. */
export function sourceTrouble(tables: Tables, replayed: Replayed): string | null {
  let [sources, rows] = [0, 0];
  for (const source of everySource(tables)) {
    if (canonicalJson(replayed.get(source.id)?.facts ?? null) !== canonicalJson(sourceFacts(source)))
      return `${source.id} is not as the journal says`;
    const number = numberOf("source", source.id)!;
    const isThere = tables.sources.get(["there", number]) !== undefined;
    const state = tables.sources.get(["state", number]) as SourceState | undefined;
    if (isThere !== (source.removedAt === null) || isThere !== (state !== undefined))
      return `${source.id} is watched though it was taken away, or not`;
    const due = state?.nextRunAt ?? null;
    if (due !== null && tables.sources.get(["due", due, number]) === undefined)
      return `${source.id} cannot be found when it is due`;
    sources++;
    rows += 1 + 2 * Number(isThere) + Number(due !== null);
  }
  const ever = [...replayed.keys()].filter((subject) => subject.startsWith("source-")).length;
  if (ever !== sources || readNextIds(tables).source !== sources + 1) return "sources are missing";
  return tables.sources.getCount() === rows ? null : "there are rows of no source";
}

/** Whether as many live tokens are listed as the journal says. */
export function inventoryTrouble(tables: Tables, replayed: Replayed): string | null {
  let [sum, names] = [0, 0];
  for (const { value } of tables.inventory.getRange(allNames())) {
    const { name, tokens } = value as InventoryEntry;
    const listed = tables.inventory.getKeysCount(tokensOf(name));
    if (listed !== tokens || replayed.get(subjectOf(name))?.facts.tokens !== tokens)
      return `the inventory lists other tokens of ${name} than the journal says`;
    sum += tokens;
    names++;
  }
  const said = [...replayed].filter(
    ([subject, { facts }]) => /^inventory /.test(subject) && facts.tokens !== 0,
  );
  const rows =
    tables.inventory.getCount() - sum - names - Number(tables.inventory.get(["count"]) !== undefined);
  return said.length === names && countOf(tables) === sum && rows === 0 ? null : "the inventory is not whole";
}
