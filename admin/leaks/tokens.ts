import type { TokenDecision } from "../../rules/store/tokenchanges.ts";
import { type Call, call } from "../call.ts";
import { parameters } from "../inputs.ts";
import { ifMatch } from "../request.ts";
import type { Services } from "../services.ts";
import { tokensAfter } from "../tokens.ts";
import { tokenList } from "./answers.ts";
import { answer, CHANGED, known, noticeView, screen, shownToken, tag, tokenNumber } from "./common.ts";
import { leakBodies, leakParameters } from "./inputs.ts";
import { digestGiven } from "./intake.ts";

const DECISIONS: readonly (readonly [path: string, TokenDecision, summary: string])[] = [
  ["mark-false", "mark_false", "Mark one token as false; it is enforced no more, the rest of the leak is"],
  ["close", "close", "Close one token; it is enforced no more, the rest of the leak is"],
  ["reopen", "reopen", "Take back what was decided of one token: it is as its leak is"],
];

/** `/leaks/{id}/tokens`: the set of tokens of a leak, and decisions about one of them. */
export function tokenCalls(services: Services): readonly Call[] {
  const set = [
    call({
      method: "get",
      path: "/leaks/{id}/tokens",
      tag,
      summary: "Its tokens, masked, in the order in which they were added",
      access: "look",
      query: leakParameters.tokens,
      answers: { 200: { description: "A page of tokens", schema: tokenList } },
      handle: ({ context, tenant: { store }, query: { limit, cursor }, part }) => {
        const leak = known(store, part("id"));
        // One more than is shown tells whether there is a next page.
        const found = tokensAfter(store, leak.id, cursor ?? 0, limit + 1);
        const tokens = found.slice(0, limit);
        const next = found.length > limit ? String(tokens[limit - 1]!.number) : null;
        const shown = tokens.map((token) => shownToken(store, leak, token));
        return context.json({ tokens: shown, tokenCount: leak.tokenCount, next });
      },
    }),
    call({
      method: "post",
      path: "/leaks/{id}/tokens",
      tag,
      summary: "Add tokens",
      access: "change",
      query: parameters.change,
      body: leakBodies.tokens,
      takesIfMatch: true,
      answers: CHANGED,
      handle: async ({ context, tenant, actor, query: { wait }, body: { tokens, hashes }, part }) => {
        const version = ifMatch(context);
        const leak = known(tenant.store, part("id"));
        const digests = await digestGiven(services, tenant, tokens, hashes);
        const changed = await tenant.store.addTokens(actor, leak.id, digests, version);
        const { added, already, notices } = changed;
        const more = { added, already, notices: notices.map(noticeView) };
        return answer(services, context, tenant, changed, wait, more);
      },
    }),
    call({
      method: "delete",
      path: "/leaks/{id}/tokens/{token}",
      tag,
      summary: "Remove a token",
      description: "The token stays blocked while another patched leak holds it.",
      access: "change",
      query: parameters.change,
      takesIfMatch: true,
      answers: CHANGED,
      handle: async ({ context, tenant, actor, query: { wait }, part }) => {
        const number = tokenNumber(part("token"));
        const changed = await tenant.store.removeToken(actor, part("id"), number, ifMatch(context));
        return answer(services, context, tenant, changed, wait);
      },
    }),
  ];
  const decisions = DECISIONS.map(([path, decision, summary]) =>
    call({
      method: "post",
      path: `/leaks/{id}/tokens/{token}/${path}`,
      tag,
      summary,
      description: "Of a leak that is opened or patched.",
      access: "change",
      query: parameters.change,
      body: leakBodies.token[decision],
      takesIfMatch: true,
      answers: CHANGED,
      handle: async ({ context, tenant, actor, query: { wait }, body: { comment, reason }, part }) => {
        const options = { comment, reason, ifVersion: ifMatch(context) };
        const { id } = known(tenant.store, part("id"));
        screen(tenant, { comment });
        const number = tokenNumber(part("token"));
        const changed = await tenant.store.decideToken(actor, id, number, decision, options);
        return answer(services, context, tenant, changed, wait);
      },
    }),
  );
  return [...set, ...decisions];
}
