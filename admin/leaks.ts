import { type Context, Hono } from "hono";
import { digestTokens, type TokenDigest } from "../rules/digest.ts";
import type { Decision, Leak } from "../rules/leak.ts";
import type { Pepper } from "../rules/pepper.ts";
import type { Changed } from "../rules/store/leakchanges.ts";
import type { LeakSort } from "../rules/store/listing.ts";
import { digestHashes } from "../rules/tokenhash.ts";
import { awaitEnforced } from "./enforced.ts";
import { bodies, parameters } from "./inputs.ts";
import { Problem } from "./problem.ts";
import { body, ifMatch, query } from "./request.ts";
import { actorOf, type Env, type Services } from "./services.ts";
import { tokensAfter } from "./tokens.ts";
import { historyView, leakView, tokenView, type View } from "./views.ts";

const TOKENS_SHOWN = 100;
const HISTORY_SHOWN = 100;

const DECISIONS: readonly (readonly [path: string, Decision])[] = [
  ["mark-false", "mark_false"],
  ["close", "close"],
  ["reopen", "reopen"],
];

/** `/leaks`: the lifecycle, and the set of tokens of each leak. */
export function leakRoutes(services: Services): Hono<Env> {
  const { store, pepper } = services;
  const routes = new Hono<Env>();

  routes.post("/", async (context) => {
    query(context, parameters.none);
    const { tokens, hashes, ...input } = await body(services, context, bodies.register);
    const digests = await digestAll(tokens, hashes, pepper);
    const changed = await store.register(actor(context), { ...input, tokens: digests });
    context.header("location", `/api/v1/leaks/${changed.leak.id}`);
    context.header("etag", etagOf(changed.leak));
    return context.json({ ...detailed(services, changed.leak), revision: changed.revision }, 201);
  });

  routes.get("/", (context) => {
    const { sort, cursor, ...filter } = query(context, parameters.leaks);
    const { leaks, next } = store.listLeaks({
      ...filter,
      sort: sort.replace("-", "") as LeakSort,
      descending: sort.startsWith("-"),
      after: cursor,
    });
    return context.json({ leaks: leaks.map((leak) => leakView(leak, store.ruleOf(leak.id))), next });
  });

  routes.get("/:id", (context) => {
    query(context, parameters.none);
    const leak = known(services, context.req.param("id"));
    const history = store.history(leak.id, HISTORY_SHOWN).map(historyView);
    context.header("etag", etagOf(leak));
    return context.json({ ...detailed(services, leak), history });
  });

  routes.patch("/:id", async (context) => {
    query(context, parameters.none);
    const given = await body(services, context, bodies.amend);
    const changed = await store.updateLeak(actor(context), context.req.param("id"), given, ifMatch(context));
    context.header("etag", etagOf(changed.leak));
    return context.json({ ...leakView(changed.leak, changed.rule), revision: changed.revision });
  });

  routes.get("/:id/tokens", (context) => {
    const { limit, cursor } = query(context, parameters.tokens);
    const leak = known(services, context.req.param("id"));
    // One more than is shown tells whether there is a next page.
    const found = tokensAfter(store, leak.id, cursor ?? 0, limit + 1);
    const tokens = found.slice(0, limit);
    const next = found.length > limit ? String(tokens[limit - 1]!.number) : null;
    return context.json({ tokens: tokens.map(tokenView), tokenCount: leak.tokenCount, next });
  });

  routes.post("/:id/tokens", async (context) => {
    const { wait } = query(context, parameters.change);
    const { tokens, hashes } = await body(services, context, bodies.tokens);
    const version = ifMatch(context);
    const leak = known(services, context.req.param("id"));
    const digests = await digestAll(tokens, hashes, pepper);
    const changed = await store.addTokens(actor(context), leak.id, digests, version);
    return answer(services, context, changed, wait, { added: changed.added, already: changed.already });
  });

  routes.delete("/:id/tokens/:token", async (context) => {
    const { wait } = query(context, parameters.change);
    await body(services, context, bodies.none);
    const token = context.req.param("token");
    const number = /^[1-9][0-9]{0,8}$/.test(token) ? Number(token) : 0;
    const id = context.req.param("id");
    const changed = await store.removeToken(actor(context), id, number, ifMatch(context));
    return answer(services, context, changed, wait);
  });

  routes.post("/:id/vpatch", async (context) => {
    const { wait } = query(context, parameters.change);
    const wish = await body(services, context, bodies.vpatch);
    return decided(services, context, context.req.param("id"), "vpatch", wait, wish);
  });

  for (const [path, decision] of DECISIONS) {
    routes.post(`/:id/${path}`, async (context) => {
      const { wait } = query(context, parameters.change);
      await body(services, context, bodies.none);
      return decided(services, context, context.req.param("id"), decision, wait);
    });
  }

  return routes;
}

type Wait = "enforced" | undefined;
type Wish = {
  readonly mode?: "block" | "monitor" | undefined;
  readonly scope?:
    | { readonly hosts?: readonly string[] | undefined; readonly methods?: readonly string[] | undefined }
    | undefined;
};

/** A person's decision, carried out and answered. */
async function decided(
  services: Services,
  context: Context<Env>,
  id: string,
  decision: Decision,
  wait: Wait,
  { mode, scope }: Wish = {},
): Promise<Response> {
  const changed = await services.store.decide(actor(context), id, decision, {
    mode,
    // An absent list and an empty one both mean everywhere.
    ...(scope === undefined ? {} : { scope: { hosts: scope.hosts ?? [], methods: scope.methods ?? [] } }),
    ifVersion: ifMatch(context),
  });
  return answer(services, context, changed, wait);
}

/** The answer to a change: the leak, its rule, and how far the workers are; 202 where they were waited for and lag. */
async function answer(
  { config, runtime, closing }: Services,
  context: Context<Env>,
  { leak, rule, revision }: Changed,
  wait: Wait,
  more: View = {},
): Promise<Response> {
  const within = wait === "enforced" ? config.enforcedWaitMs : 0;
  const enforcement = await awaitEnforced(runtime, revision, within, closing);
  context.header("etag", etagOf(leak));
  const isLate = wait === "enforced" && !enforcement.enforced;
  return context.json({ ...leakView(leak, rule), ...more, revision, enforcement }, isLate ? 202 : 200);
}

/** A leak with its first tokens, masked. */
function detailed({ store }: Services, leak: Leak): View {
  const tokens = tokensAfter(store, leak.id, 0, TOKENS_SHOWN).map(tokenView);
  return { ...leakView(leak, store.ruleOf(leak.id)), tokens };
}

async function digestAll(tokens: string[], hashes: string[], pepper: Pepper): Promise<TokenDigest[]> {
  return (await digestTokens(tokens, pepper)).concat(await digestHashes(hashes, pepper));
}

function known({ store }: Services, id: string): Leak {
  const leak = store.leak(id);
  if (leak === null) throw new Problem(404, "No leak has this id.");
  return leak;
}

function etagOf(leak: Leak): string {
  return `"${leak.version}"`;
}

function actor(context: Context<Env>): string {
  return actorOf(context.get("key")!);
}
