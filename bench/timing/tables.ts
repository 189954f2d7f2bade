import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { digestTokens } from "../../rules/digest.ts";
import { Pepper } from "../../rules/pepper.ts";
import { RulesStore } from "../../rules/store.ts";
import { tenantFolder } from "../../rules/tenants.ts";
import { Random } from "../stats/random.ts";
import type { TableName } from "./plan.ts";
import { listed } from "./tokens.ts";

const ACTOR = "system";
/** Tokens registered at once: a million in one piece would only fill memory. */
const SLICE = 100_000;

/**
 * Makes a table in a data folder: a tenant of its own, so that one worker has all tables, with one leak of so many tokens, in
 * this order, its rule in force in monitor mode. The pepper is made of the seed, so that a seed repeats anchors and marks
 * too. Answers the tenant's folder.
 */
export async function makeTable(
  data: string,
  table: TableName,
  seed: string,
  tokens: number,
): Promise<string> {
  const folder = tenantFolder(data, table);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const random = Random.of(`${seed} pepper`);
  const secret = Array.from({ length: 8 }, () => random.next().toString(16).padStart(8, "0")).join("");
  const path = join(folder, "pepper");
  writeFileSync(path, `${secret}\n`, { mode: 0o600 });
  chmodSync(path, 0o600);
  const pepper = Pepper.load(folder, {});
  const store = await RulesStore.open(folder, pepper.id);
  try {
    let leak: string | null = null;
    for (let from = 0; from < tokens; from += SLICE) {
      const length = Math.min(SLICE, tokens - from);
      const texts = Array.from({ length }, (_, index) => listed(seed, from + index));
      const digests = await digestTokens(texts, pepper);
      if (leak === null) {
        const input = { name: "made-up tokens", description: "", risk: 5, source: "custom", tokens: digests };
        leak = (await store.register(ACTOR, input)).leak.id;
      } else {
        await store.addTokens(ACTOR, leak, digests);
      }
    }
    if (leak !== null) await store.decide(ACTOR, leak, "vpatch", { mode: "monitor" });
    return folder;
  } finally {
    await store.close();
  }
}
