import type { Leak } from "../../rules/leak.ts";
import type { RulesStore } from "../../rules/store.ts";
import { attemptsNow, leakTerm } from "../attempts.ts";
import { type Call, call } from "../call.ts";
import { iso } from "../views.ts";
import { readinessAnswer } from "./answers.ts";
import { known, tag } from "./common.ts";

const DAY_MS = 86_400_000;
/** Pages of tokens looked through in one turn of the event loop: some milliseconds. */
const PAGES_A_TURN = 4;

interface TokenFacts {
  /** Tokens that are as their leak is. */
  enforced: number;
  expired: number;
  notExpired: number;
  expiryUnknown: number;
  passAgain: number;
}

interface Reason {
  readonly code: string;
  readonly detail: string;
}

/** `/leaks/{id}/readiness`: what speaks for closing a leak, and what against. */
export const readinessCalls: readonly Call[] = [
  call({
    method: "get",
    path: "/leaks/{id}/readiness",
    tag,
    summary: "Whether it could be closed: advice, from attempts and expiry",
    access: "look",
    answers: { 200: { description: "What speaks for it and against it", schema: readinessAnswer } },
    handle: async ({ context, tenant, part }) => {
      const { store, events } = tenant;
      const leak = known(store, part("id"));
      const now = Date.now();
      const terms = [leakTerm(leak.id)];
      const [attempts, day, week] = [
        await attemptsNow(tenant, leak.id),
        await events.count({ terms, from: now - DAY_MS }),
        await events.count({ terms, from: now - 7 * DAY_MS }),
      ];
      const tokens = await tokenFacts(store, leak, now);
      const counts = { attempts24h: day.attempts, attempts7d: week.attempts };
      const reasons = reasonsAgainst(leak, counts, tokens);
      return context.json({
        ready: reasons.length === 0,
        reasons: reasons.length === 0 ? [reasonFor(counts, tokens)] : reasons,
        lastAttemptAt: attempts && iso(attempts.last),
        sinceLastAttemptMs: attempts && Math.max(0, now - attempts.last),
        ...counts,
        tokens,
      });
    },
  }),
];

/** Looks at every token that counts; gives way to other calls between pages. */
async function tokenFacts(store: RulesStore, leak: Leak, now: number): Promise<TokenFacts> {
  const facts: TokenFacts = { enforced: 0, expired: 0, notExpired: 0, expiryUnknown: 0, passAgain: 0 };
  for (let number = 0; number < store.tokenPageCount(leak.id); number++) {
    const page = store.tokenPage(leak.id, number);
    for (let i = 0; i < page.count; i++) {
      if (!page.countsAt(i)) continue;
      facts.enforced++;
      const expiresAt = store.expiryOf(leak, page.numberAt(i));
      if (expiresAt === null) facts.expiryUnknown++;
      else if (expiresAt <= now) facts.expired++;
      else facts.notExpired++;
      if (!store.staysBlocked(leak.id, page.digestAt(i))) facts.passAgain++;
    }
    if (number % PAGES_A_TURN === PAGES_A_TURN - 1) await new Promise((resume) => setImmediate(resume));
  }
  return facts;
}

function reasonsAgainst(
  leak: Leak,
  { attempts24h, attempts7d }: { readonly attempts24h: number; readonly attempts7d: number },
  tokens: TokenFacts,
): Reason[] {
  const reasons: Reason[] = [];
  const isExpired = tokens.expired === tokens.enforced;
  if (leak.status === "closed" || leak.status === "marked_false")
    reasons.push({ code: "over", detail: "It is closed or marked false already." });
  if (attempts24h > 0)
    reasons.push({ code: "attempts_recent", detail: `${attempts24h} attempts in the last 24 hours.` });
  else if (attempts7d > 0 && !isExpired)
    reasons.push({ code: "attempts_this_week", detail: `${attempts7d} attempts in the last 7 days.` });
  if (leak.status === "opened" && !isExpired)
    reasons.push({ code: "not_patched", detail: "No rule is in force: attempts are not seen." });
  if (tokens.notExpired > 0)
    reasons.push({ code: "tokens_not_expired", detail: `${tokens.notExpired} tokens have not expired.` });
  return reasons;
}

function reasonFor({ attempts7d }: { readonly attempts7d: number }, tokens: TokenFacts): Reason {
  if (tokens.enforced > 0 && tokens.expired === tokens.enforced)
    return { code: "tokens_expired", detail: "All its tokens have expired." };
  const again = tokens.passAgain > 0 ? ` ${tokens.passAgain} tokens would pass again.` : "";
  return { code: "quiet", detail: `${attempts7d} attempts in the last 7 days.${again}` };
}
