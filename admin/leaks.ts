import type { Context } from "hono";
import { digestTokens, type TokenDigest } from "../rules/digest.ts";
import type { Decision, Leak } from "../rules/leak.ts";
import type { Pepper } from "../rules/pepper.ts";
import type { Changed } from "../rules/store/leakchanges.ts";
import type { LeakSort } from "../rules/store/listing.ts";
import type { RulesStore } from "../rules/store.ts";
import type { Tenant } from "../rules/tenants.ts";
import { digestHashes } from "../rules/tokenhash.ts";
import { leakAmended, leakChanged, leakDetailed, leakList, leakRegistered, tokenList } from "./answers.ts";
import { type Answer, type Call, call } from "./call.ts";
import { awaitEnforced } from "./enforced.ts";
import { bodies, parameters } from "./inputs.ts";
import { Problem } from "./problem.ts";
import { ifMatch } from "./request.ts";
import type { Env, Services } from "./services.ts";
import { tokensAfter } from "./tokens.ts";
import { historyView, leakView, tokenView, type View } from "./views.ts";

const TOKENS_SHOWN = 100;
const HISTORY_SHOWN = 100;

const tag = "Leaks";

const DECISIONS: readonly (readonly [path: string, Decision, summary: string])[] = [
  ["mark-false", "mark_false", "Mark it as no leak; its rule is removed"],
  ["close", "close", "Close it; its rule is removed"],
  ["reopen", "reopen", "Open it again, unprotected until the patch is applied again"],
];

/** A change of what is enforced, as it is answered. */
const CHANGED: Readonly<Record<number, Answer>> = {
  200: { description: "The leak, and how far the workers are", schema: leakChanged, headers: ["ETag"] },
  202: {
    description: "Stored, and not enforced by all workers within the time",
    schema: leakChanged,
    headers: ["ETag"],
  },
};

/** `/leaks`: the lifecycle, and the set of tokens of each leak. */
export function leakCalls(services: Services): readonly Call[] {
  return [...factCalls(), ...tokenCalls(services), ...decisionCalls(services)];
}

function factCalls(): readonly Call[] {
  return [
    call({
      method: "post",
      path: "/leaks",
      tag,
      summary: "Register a leak",
      description: "It is opened: its tokens still pass until the patch is applied.",
      access: "change",
      body: bodies.register,
      answers: { 201: { description: "The leak", schema: leakRegistered, headers: ["ETag", "Location"] } },
      handle: async ({ context, tenant, actor, body: { tokens, hashes, ...input } }) => {
        const digests = await digestAll(tokens, hashes, tenant.pepper);
        const changed = await tenant.store.register(actor, { ...input, tokens: digests });
        context.header("location", `/api/v1/leaks/${changed.leak.id}`);
        context.header("etag", etagOf(changed.leak));
        return context.json({ ...detailed(tenant.store, changed.leak), revision: changed.revision }, 201);
      },
    }),
    call({
      method: "get",
      path: "/leaks",
      tag,
      summary: "List leaks",
      access: "look",
      query: parameters.leaks,
      answers: { 200: { description: "A page of leaks", schema: leakList } },
      handle: ({ context, tenant: { store }, query: { sort, cursor, ...filter } }) => {
        const { leaks, next } = store.listLeaks({
          ...filter,
          sort: sort.replace("-", "") as LeakSort,
          descending: sort.startsWith("-"),
          after: cursor,
        });
        return context.json({ leaks: leaks.map((leak) => leakView(leak, store.ruleOf(leak.id))), next });
      },
    }),
    call({
      method: "get",
      path: "/leaks/{id}",
      tag,
      summary: "One leak, with its newest changes",
      access: "look",
      answers: { 200: { description: "The leak", schema: leakDetailed, headers: ["ETag"] } },
      handle: ({ context, tenant: { store }, part }) => {
        const leak = known(store, part("id"));
        const history = store.history(leak.id, HISTORY_SHOWN).map(historyView);
        context.header("etag", etagOf(leak));
        return context.json({ ...detailed(store, leak), history });
      },
    }),
    call({
      method: "patch",
      path: "/leaks/{id}",
      tag,
      summary: "Change its facts",
      access: "change",
      body: bodies.amend,
      takesIfMatch: true,
      answers: { 200: { description: "The leak", schema: leakAmended, headers: ["ETag"] } },
      handle: async ({ context, tenant: { store }, actor, body, part }) => {
        const changed = await store.updateLeak(actor, part("id"), body, ifMatch(context));
        context.header("etag", etagOf(changed.leak));
        return context.json({ ...detailed(store, changed.leak), revision: changed.revision });
      },
    }),
  ];
}

function tokenCalls(services: Services): readonly Call[] {
  return [
    call({
      method: "get",
      path: "/leaks/{id}/tokens",
      tag,
      summary: "Its tokens, masked, in the order in which they were added",
      access: "look",
      query: parameters.tokens,
      answers: { 200: { description: "A page of tokens", schema: tokenList } },
      handle: ({ context, tenant: { store }, query: { limit, cursor }, part }) => {
        const leak = known(store, part("id"));
        // One more than is shown tells whether there is a next page.
        const found = tokensAfter(store, leak.id, cursor ?? 0, limit + 1);
        const tokens = found.slice(0, limit);
        const next = found.length > limit ? String(tokens[limit - 1]!.number) : null;
        return context.json({ tokens: tokens.map(tokenView), tokenCount: leak.tokenCount, next });
      },
    }),
    call({
      method: "post",
      path: "/leaks/{id}/tokens",
      tag,
      summary: "Add tokens",
      access: "change",
      query: parameters.change,
      body: bodies.tokens,
      takesIfMatch: true,
      answers: CHANGED,
      handle: async ({ context, tenant, actor, query: { wait }, body: { tokens, hashes }, part }) => {
        const version = ifMatch(context);
        const leak = known(tenant.store, part("id"));
        const digests = await digestAll(tokens, hashes, tenant.pepper);
        const changed = await tenant.store.addTokens(actor, leak.id, digests, version);
        const { added, already } = changed;
        return answer(services, context, tenant, changed, wait, { added, already });
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
        const token = part("token");
        const number = /^[1-9][0-9]{0,8}$/.test(token) ? Number(token) : 0;
        const changed = await tenant.store.removeToken(actor, part("id"), number, ifMatch(context));
        return answer(services, context, tenant, changed, wait);
      },
    }),
  ];
}

function decisionCalls(services: Services): readonly Call[] {
  const vpatch = call({
    method: "post",
    path: "/leaks/{id}/vpatch",
    tag,
    summary: "Apply the virtual patch",
    description: "On a patched leak it changes the mode or scope of the rule it has; fields left out stay.",
    access: "change",
    query: parameters.change,
    body: bodies.vpatch,
    takesIfMatch: true,
    answers: CHANGED,
    handle: async ({ context, tenant, actor, query: { wait }, body: { mode, scope }, part }) => {
      const changed = await tenant.store.decide(actor, part("id"), "vpatch", {
        mode,
        // An absent list and an empty one both mean everywhere.
        ...(scope === undefined ? {} : { scope: { hosts: scope.hosts ?? [], methods: scope.methods ?? [] } }),
        ifVersion: ifMatch(context),
      });
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
      takesIfMatch: true,
      answers: CHANGED,
      handle: async ({ context, tenant, actor, query: { wait }, part }) => {
        const changed = await tenant.store.decide(actor, part("id"), decision, {
          ifVersion: ifMatch(context),
        });
        return answer(services, context, tenant, changed, wait);
      },
    }),
  );
  return [vpatch, ...others];
}

/** The answer to a change: the leak, its rule, and how far the workers are; 202 where they were waited for and lag. */
async function answer(
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
  return context.json({ ...leakView(leak, rule), ...more, revision, enforcement }, isLate ? 202 : 200);
}

/** A leak with its first tokens, masked. */
function detailed(store: RulesStore, leak: Leak): View {
  const tokens = tokensAfter(store, leak.id, 0, TOKENS_SHOWN).map(tokenView);
  return { ...leakView(leak, store.ruleOf(leak.id)), tokens };
}

async function digestAll(tokens: string[], hashes: string[], pepper: Pepper): Promise<TokenDigest[]> {
  return (await digestTokens(tokens, pepper)).concat(await digestHashes(hashes, pepper));
}

function known(store: RulesStore, id: string): Leak {
  const leak = store.leak(id);
  if (leak === null) throw new Problem(404, "No leak has this id.");
  return leak;
}

function etagOf(leak: Leak): string {
  return `"${leak.version}"`;
}
