import type { Decision } from "../../rules/leak.ts";
import { type Call, call } from "../call.ts";
import { parameters } from "../inputs.ts";
import { ifMatch } from "../request.ts";
import type { Services } from "../services.ts";
import { answer, CHANGED, known, screen, tag } from "./common.ts";
import { leakBodies, scopeOf } from "./inputs.ts";

const DECISIONS: readonly (readonly [path: string, Exclude<Decision, "vpatch">, summary: string])[] = [
  ["mark-false", "mark_false", "Mark it as no leak; its rule is removed"],
  ["close", "close", "Close it; its rule is removed"],
  ["reopen", "reopen", "Open it again, unprotected until the patch is applied again"],
];

/** `/leaks/{id}/vpatch`, `/close`, ...: what people decide about a leak, and the watch over one that is over. */
export function decisionCalls(services: Services): readonly Call[] {
  const vpatch = call({
    method: "post",
    path: "/leaks/{id}/vpatch",
    tag,
    summary: "Apply the virtual patch",
    description:
      "On a patched leak it changes the mode, scope or end of the rule it has; fields left out stay.",
    access: "change",
    query: parameters.change,
    body: leakBodies.vpatch,
    takesIfMatch: true,
    answers: CHANGED,
    handle: async ({ context, tenant, actor, query: { wait }, body: { scope, ...options }, part }) => {
      const ifVersion = ifMatch(context);
      const { id } = known(tenant.store, part("id"));
      screen(tenant, { comment: options.comment });
      const wish = { ...options, ...scopeOf(scope), ifVersion };
      const changed = await tenant.store.decide(actor, id, "vpatch", wish);
      return answer(services, context, tenant, changed, wait);
    },
  });
  const others = DECISIONS.map(([path, decision, summary]) =>
    call({
      method: "post",
      path: `/leaks/{id}/${path}`,
      tag,
      summary,
      access: "change",
      query: parameters.change,
      body: leakBodies[decision],
      takesIfMatch: true,
      answers: CHANGED,
      handle: async ({ context, tenant, actor, query: { wait }, body, part }) => {
        const options = { ...body, ifVersion: ifMatch(context) };
        const { id } = known(tenant.store, part("id"));
        screen(tenant, { comment: options.comment });
        const changed = await tenant.store.decide(actor, id, decision, options);
        return answer(services, context, tenant, changed, wait);
      },
    }),
  );
  const watch = call({
    method: "post",
    path: "/leaks/{id}/watch",
    tag,
    summary: "Watch a leak that is closed or marked false, or no longer",
    description: "Attempts with its tokens pass, and are recorded with the action `watched`.",
    access: "change",
    query: parameters.change,
    body: leakBodies.watch,
    takesIfMatch: true,
    answers: CHANGED,
    handle: async ({ context, tenant, actor, query: { wait }, body, part }) => {
      const options = { ...body, ifVersion: ifMatch(context) };
      const changed = await tenant.store.watch(actor, part("id"), options);
      return answer(services, context, tenant, changed, wait);
    },
  });
  return [vpatch, ...others, watch];
}
