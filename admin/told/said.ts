import { digestToken } from "../../rules/digest.ts";
import type { LeakId } from "../../rules/leak.ts";
import type { Tenant } from "../../rules/tenants.ts";
import { commentCharsMax } from "../../rules/text.ts";
import { Token, TokenRefused } from "../../rules/token.ts";
import { Masks } from "../intake/masks.ts";

/** Leaks that one message is about; more hold the token only where something is wrong. */
const LEAKS_MAX = 20;
const COMMENTS_MAX = 1_000;

/** The leaks that a service talks of: those that hold the token, or whose source is this very address. */
export async function leaksOf(
  { store, pepper }: Tenant,
  tokens: readonly string[],
  url: string | null,
): Promise<readonly LeakId[]> {
  const found = new Set<LeakId>();
  for (const text of tokens) {
    try {
      const { digest } = digestToken(Token.parse(text), pepper);
      for (const leak of store.leaksHolding(digest)) found.add(leak);
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error;
    }
  }
  if (found.size === 0 && url !== null) {
    const { ids } = await store.select({ q: url });
    for (const id of ids) if (store.leak(id)?.sourceUrl === url) found.add(id);
  }
  return [...found].slice(0, LEAKS_MAX);
}

/**
 * Comments on leaks what a service says of them, without tokens; what it said before is not said again. Answers how many
 * comments were made. One call at a time, since it looks before it writes.
 */
export async function sayOnce(
  tenant: Tenant,
  by: { readonly actor: string; readonly from: string },
  leaks: readonly LeakId[],
  tokens: readonly string[],
  text: string,
): Promise<number> {
  const { store } = tenant;
  const masks = new Masks(tenant, []);
  const masked = tokens.reduce((rest, token) => masks.text(findingOf(token), rest) ?? "", text);
  const comment = (masks.text(findingOf({ hash: "" }), masked) ?? "").slice(0, commentCharsMax).trim();
  let said = 0;
  for (const leak of leaks) {
    const { entries } = store.comments(leak, { limit: COMMENTS_MAX });
    if (entries.some((entry) => entry.actor === by.actor && entry.comment === comment)) continue;
    await store.comment(by, leak, comment);
    said++;
  }
  return said;
}

const findingOf = (token: string | { readonly hash: string }) => ({ token, sighting: { source: "intake" } });
