import { holdersOf } from "./holders.ts";
import { TokenPage } from "./pages.ts";
import type { Tables } from "./tables.ts";

/** Whether the tables that derive from the tokens (holders, shared, expiries) say what the tokens are. */
export function holderTrouble(tables: Tables): string | null {
  let live = 0;
  const shared = new Map<string, number>();
  for (const { key, value } of tables.tokens.getRange({})) {
    const [seq, number] = key as [number, number];
    const page = new TokenPage(value, number, []);
    for (let i = 0; i < page.count; i++) {
      if (page.removedAt(i)) continue;
      live++;
      const holders = holdersOf(tables, page.digestAt(i));
      if (!holders.some((each) => each.seq === seq && each.number === page.numberAt(i)))
        return `token ${page.numberAt(i)} of leak-${seq} cannot be found`;
      for (const other of holders) {
        const pair = `${seq} ${other.seq}`;
        if (other.seq !== seq) shared.set(pair, (shared.get(pair) ?? 0) + 1);
      }
    }
  }
  let held = 0;
  for (const { value } of tables.holders.getRange({})) held += value.length / 8;
  if (held !== live) return "tokens are found that no leak holds";
  for (const { key, value } of tables.shared.getRange({}))
    if (shared.get((key as number[]).join(" ")) !== value) return "leaks share other tokens than is said";
  if (tables.shared.getCount() !== shared.size) return "leaks share tokens without a row";
  return expiryTrouble(tables);
}

function expiryTrouble(tables: Tables): string | null {
  for (const { key } of tables.expiries.getRange({})) {
    const [seq, number] = key as [number, number];
    const stored = tables.leaks.get(seq);
    if (stored === undefined || number > stored.tokensEver) return "a token that is none expires";
  }
  return null;
}
