import type { Context } from "hono";
import type { TokenDigest } from "../../rules/digest.ts";
import type { Leak } from "../../rules/leak.ts";
import { screenTexts } from "../../rules/screen.ts";
import type { Changed } from "../../rules/store/leakchanges.ts";
import type { TokenNotice } from "../../rules/store/tokenchanges.ts";
import type { RulesStore } from "../../rules/store.ts";
import type { Tenant } from "../../rules/tenants.ts";
import type { Answer } from "../call.ts";
import { awaitEnforced } from "../enforced.ts";
import { Problem } from "../problem.ts";
import type { Env, Services } from "../services.ts";
import { tokensAfter } from "../tokens.ts";
import { isoOrNull, leakView, tokenView, type View } from "../views.ts";
import { leakChanged } from "./answers.ts";

export const tag = "Leaks";

const TOKENS_SHOWN = 100;
const OTHERS_SHOWN = 100;

const DETAILS: Readonly<Record<TokenNotice["warning"], string>> = {
  low_entropy: "it has so little variety that ordinary text may hold it",
  looks_truncated: "it begins as a token of its kind and is too short for one: the rest may be cut off",
  checksum_invalid: "the checksum in it is wrong: a letter may be, or the rest is cut off",
  common_in_traffic: "many requests carry it: it may be no secret, and blocking it will be felt",
  already_known: "another leak holds it",
};

/** A change of what is enforced, as it is answered. */
export const CHANGED: Readonly<Record<number, Answer>> = {
  200: { description: "The leak, and how far the workers are", schema: leakChanged, headers: ["ETag"] },
  202: {
    description: "Stored, and not enforced by all workers within the time",
    schema: leakChanged,
    headers: ["ETag"],
  },
};

/** The answer to a change: the leak, its rule, and how far the workers are; 202 where they were waited for and lag. */
export async function answer(
  { config, runtime, closing }: Services,
  context: Context<Env>,
  tenant: Tenant,
  { leak, rule, revision }: Changed,
  wait: "enforced" | undefined,
  more: View = {},
): Promise<Response> {
  const within = wait === "enforced" ? config.enforcedWaitMs : 0;
  const enforcement = await awaitEnforced(runtime, tenant.name, revision, within, closing);
  context.header("etag", etagOf(leak));
  const isLate = wait === "enforced" && !enforcement.enforced;
  const { levels } = tenant.store.settings();
  return context.json(
    { ...leakView(leak, rule, levels), ...more, revision, enforcement },
    isLate ? 202 : 200,
  );
}

/** A leak with its first tokens, masked, and the leaks that hold some of them too. */
export function detailed(store: RulesStore, leak: Leak): View {
  const { levels } = store.settings();
  return {
    ...leakView(leak, store.ruleOf(leak.id), levels),
    tokens: tokensAfter(store, leak.id, 0, TOKENS_SHOWN).map((token) => shownToken(store, leak, token)),
    duplicates: store.duplicates(leak.id).slice(0, OTHERS_SHOWN),
    sightings: store.sightings.ofLeak(leak.id),
  };
}

/** A token with what other tables say of it. */
export function shownToken(store: RulesStore, leak: Leak, token: Parameters<typeof tokenView>[0]): View {
  const alsoIn = store.leaksHolding(token.digest).filter((id) => id !== leak.id);
  return {
    ...tokenView(token),
    expiresAt: isoOrNull(store.expiryOf(leak, token.number)),
    alsoIn: alsoIn.slice(0, OTHERS_SHOWN),
    sightings: store.sightings.ofToken(leak.id, token.number),
  };
}

export function noticeView({ warning, isHash, line, leaks }: TokenNotice): View {
  const pointer = line === null ? null : `#/${isHash ? "hashes" : "tokens"}/${line - 1}`;
  return { pointer, warning, detail: DETAILS[warning], leaks };
}

/** Texts are kept and sent around: none may hold a token, of these or of any leak. Throws InputRefused. */
export function screen(
  { store, pepper }: Tenant,
  texts: Readonly<Record<string, string | null | undefined>>,
  given: readonly TokenDigest[] = [],
): void {
  screenTexts(store, pepper, texts, given);
}

/** Throws Problem 404. */
export function known(store: RulesStore, id: string): Leak {
  const leak = store.leak(id);
  if (leak === null) throw new Problem(404, "No leak has this id.");
  return leak;
}

/** The number that a token's id is; 0, which no token has, where it is none. */
export function tokenNumber(id: string): number {
  return /^[1-9][0-9]{0,8}$/.test(id) ? Number(id) : 0;
}

export function etagOf(leak: Leak): string {
  return `"${leak.version}"`;
}
