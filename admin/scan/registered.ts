import type { Tenant } from "../../rules/tenants.ts";
import { Inventory } from "../detect/inventory.ts";
import { breather } from "../intake/takein.ts";

/**
 * The tokens of all leaks of a tenant, under the ids of their leaks, and its live tokens, under the names they are listed by: a
 * scan finds them wherever they stand, whatever they look like. Without those that are marked false.
 */
export async function registeredTokens({
  store,
  pepper,
}: Pick<Tenant, "store" | "pepper">): Promise<Inventory> {
  const inventory = new Inventory(pepper);
  const rest = breather();
  for (const leak of [...store.leaks()]) {
    if (leak.status === "marked_false") continue;
    for (let number = 0; number < store.tokenPageCount(leak.id); number++) {
      const page = store.tokenPage(leak.id, number);
      for (let place = 0; place < page.count; place++) {
        const token = page.at(place);
        if (token.removed || token.alone === "marked_false") continue;
        const { anchor, fingerprint, length, preview, kind, hash } = token;
        // A copy: the page's bytes are the store's, and may be others by the next turn.
        const digest = Buffer.from(token.digest);
        const mark = page.markAt(place);
        const facts = { digest, anchor, fingerprint, length, preview, kind, mark };
        inventory.add(leak.id, hash === null ? facts : { ...facts, hash });
      }
      await rest();
    }
  }
  for (const { name, token } of store.inventory.tokens()) {
    inventory.add(name, token);
    await rest();
  }
  return inventory;
}
