import type { LeakPatch } from "../../rules/store/leakchanges.ts";
import type { LeakSort } from "../../rules/store/listing.ts";
import { attemptsNow, attemptsView } from "../attempts.ts";
import { type Call, call } from "../call.ts";
import { liveness, liveView } from "../live.ts";
import { ifMatch } from "../request.ts";
import type { Services } from "../services.ts";
import { historyView, leakView } from "../views.ts";
import { leakAmended, leakDetailed, leakList, leakRegistered } from "./answers.ts";
import { detailed, etagOf, known, noticeView, screen, tag } from "./common.ts";
import { leakBodies, leakParameters, queryOf } from "./inputs.ts";
import { digestGiven } from "./intake.ts";

const HISTORY_SHOWN = 100;

/** `/leaks` and `/leaks/{id}`: register, list, show, change. */
export function factCalls(services: Services): readonly Call[] {
  return [
    call({
      method: "post",
      path: "/leaks",
      tag,
      summary: "Register a leak",
      description: "It is opened: its tokens still pass until the patch is applied.",
      access: "change",
      body: leakBodies.register,
      answers: { 201: { description: "The leak", schema: leakRegistered, headers: ["ETag", "Location"] } },
      handle: async ({ context, tenant, actor, body: { tokens, hashes, ...input } }) => {
        const digests = await digestGiven(services, tenant, tokens, hashes);
        screen(tenant, textsOf(input), digests);
        const { leak, revision, notices } = await tenant.store.register(actor, { ...input, tokens: digests });
        context.header("location", `/api/v1/leaks/${leak.id}`);
        context.header("etag", etagOf(leak));
        const more = { revision, notices: notices.map(noticeView) };
        return context.json({ ...detailed(tenant.store, leak), ...more }, 201);
      },
    }),
    call({
      method: "get",
      path: "/leaks",
      tag,
      summary: "List leaks",
      access: "look",
      query: leakParameters.leaks,
      answers: { 200: { description: "A page of leaks", schema: leakList } },
      handle: ({ context, tenant: { store }, query: { sort, cursor, limit, risk: risks, ...filter } }) => {
        const { leaks, next } = store.listLeaks({
          ...queryOf({ ...filter, ...risks }),
          sort: sort.replace("-", "") as LeakSort,
          descending: sort.startsWith("-"),
          limit,
          after: cursor,
        });
        const { levels } = store.settings();
        const shown = leaks.map((leak) => leakView(leak, store.ruleOf(leak.id), levels));
        return context.json({ leaks: shown, next });
      },
    }),
    call({
      method: "get",
      path: "/leaks/{id}",
      tag,
      summary: "One leak, with its newest changes",
      access: "look",
      answers: { 200: { description: "The leak", schema: leakDetailed, headers: ["ETag"] } },
      handle: async ({ context, tenant, part }) => {
        const { store } = tenant;
        const attempts = await attemptsNow(tenant, known(store, part("id")).id);
        const leak = known(store, part("id"));
        const live = liveView(await liveness(services, tenant, leak, attempts));
        const history = store.history(leak.id, HISTORY_SHOWN).map(historyView);
        context.header("etag", etagOf(leak));
        return context.json({ ...detailed(store, leak), attempts: attemptsView(attempts), live, history });
      },
    }),
    call({
      method: "patch",
      path: "/leaks/{id}",
      tag,
      summary: "Change its facts",
      description: "`null` takes a fact back. What already is so is no change.",
      access: "change",
      body: leakBodies.amend,
      takesIfMatch: true,
      answers: { 200: { description: "The leak", schema: leakAmended, headers: ["ETag"] } },
      handle: async ({ context, tenant, actor, body, part }) => {
        const version = ifMatch(context);
        known(tenant.store, part("id"));
        screen(tenant, textsOf(body));
        const { remediation, remediationReason, ...facts } = body;
        const notApplicable = remediation === "none" ? null : remediationReason;
        const patch: LeakPatch = { ...facts, notApplicable };
        const changed = await tenant.store.updateLeak(actor, part("id"), patch, version);
        context.header("etag", etagOf(changed.leak));
        return context.json({ ...detailed(tenant.store, changed.leak), revision: changed.revision });
      },
    }),
  ];
}

function textsOf(given: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
