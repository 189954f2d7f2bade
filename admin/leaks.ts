import { type Context, Hono } from "hono";
import { digestTokens } from "../rules/digest.ts";
import type { Decision, Leak } from "../rules/leak.ts";
import type { TokenRecordView } from "../rules/store/pages.ts";
import { awaitEnforced } from "./enforced.ts";
import { body, ifMatch, inputs, parameters, query } from "./inputs.ts";
import { Problem } from "./problem.ts";
import { actorOf, type Env, type Services } from "./services.ts";
import { historyView, leakView, ruleView, tokenView } from "./views.ts";

const TOKENS_SHOWN = 100;
const HISTORY_SHOWN = 100;

type Changed = Awaited<ReturnType<Services["store"]["decide"]>>;

/** `/leaks`: the lifecycle, and the set of tokens of each leak. */
export function leakRoutes(services: Services): Hono<Env> {
  const { store, pepper } = services;
  const routes = new Hono<Env>();

  routes.post("/", async (context) => {
    query(context, parameters.none);
    const { tokens, ...input } = await body(context, inputs.register);
    const digests = await digestTokens(tokens, pepper);
    const changed = await store.register(actor(context), { ...input, tokens: digests });
    context.header("location", `/api/v1/leaks/${changed.leak.id}`);
    return context.json({ ...shown(services, context, changed.leak), revision: changed.revision }, 201);
  });

  routes.get("/", (context) => {
    const { sort, cursor, risk, ...filter } = query(context, parameters.leaks);
    const isDescending = sort.startsWith("-");
    const { leaks, next } = store.listLeaks({
      ...filter,
      risk,
      sort: (isDescending ? sort.slice(1) : sort) as "created",
      descending: isDescending,
      after: cursor,
    });
    return context.json({ leaks: leaks.map(leakView), next });
  });

  routes.get("/:id", (context) => {
    query(context, parameters.none);
    const leak = known(services, context.req.param("id"));
    const history = store.history(leak.id, HISTORY_SHOWN).map(historyView);
    return context.json({ ...shown(services, context, leak), history });
  });

  routes.patch("/:id", async (context) => {
    query(context, parameters.none);
    const given = await body(context, inputs.amend);
    const changed = await store.updateLeak(actor(context), context.req.param("id"), given, ifMatch(context));
    return context.json({ ...shown(services, context, changed.leak), revision: changed.revision });
  });

  routes.get("/:id/tokens", (context) => {
    const { limit, cursor } = query(context, parameters.tokens);
    const leak = known(services, context.req.param("id"));
    const tokens = tokensAfter(services, leak.id, cursor ?? 0, limit + 1);
    const page = tokens.slice(0, limit);
    const next = tokens.length > limit ? String(page[page.length - 1]!.number) : null;
    return context.json({ tokens: page.map(tokenView), next });
  });

  routes.post("/:id/tokens", async (context) => {
    const { wait } = query(context, parameters.change);
    const { tokens } = await body(context, inputs.tokens);
    const digests = await digestTokens(tokens, pepper);
    const changed = await store.addTokens(actor(context), context.req.param("id"), digests, ifMatch(context));
    return answer(services, context, changed, wait, { added: changed.added, already: changed.already });
  });

  routes.delete("/:id/tokens/:token", async (context) => {
    const { wait } = query(context, parameters.change);
    const number = /^[1-9][0-9]{0,8}$/.test(context.req.param("token"))
      ? Number(context.req.param("token"))
      : 0;
    const changed = await store.removeToken(
      actor(context),
      context.req.param("id"),
      number,
      ifMatch(context),
    );
    return answer(services, context, changed, wait);
  });

  routes.post("/:id/vpatch", async (context) => {
    const { wait } = query(context, parameters.change);
    const { mode, scope } = await body(context, inputs.vpatch);
    const version = ifMatch(context);
    const changed = await store.decide(actor(context), context.req.param("id"), "vpatch", {
      ...(mode === undefined ? {} : { mode }),
      ...(scope === undefined ? {} : { scope: defined(scope) }),
      ...(version === undefined ? {} : { ifVersion: version }),
    });
    return answer(services, context, changed, wait);
  });

  const decisions: Record<string, Decision> = {
    "mark-false": "mark_false",
    close: "close",
    reopen: "reopen",
  };
  for (const [path, decision] of Object.entries(decisions)) {
    routes.post(`/:id/${path}`, async (context) => {
      const { wait } = query(context, parameters.change);
      await body(context, inputs.nothing);
      const version = ifMatch(context);
      const options = version === undefined ? {} : { ifVersion: version };
      return answer(
        services,
        context,
        await store.decide(actor(context), context.req.param("id"), decision, options),
        wait,
      );
    });
  }

  return routes;
}

function actor(context: Context<Env>): string {
  return actorOf(context.get("key")!);
}

function known({ store }: Services, id: string): Leak {
  const leak = store.leak(id);
  if (leak === null) throw new Problem(404, "No leak has this id.");
  return leak;
}

/** A leak with its first tokens, masked; sets the ETag. */
function shown(services: Services, context: Context, leak: Leak): Record<string, unknown> {
  context.header("etag", `"${leak.version}"`);
  return { ...leakView(leak), tokens: tokensAfter(services, leak.id, 0, TOKENS_SHOWN).map(tokenView) };
}

/** The answer to a change: the leak, its rule, and how far the workers are; 202 where they were waited for and lag. */
async function answer(
  services: Services,
  context: Context,
  { leak, rule, revision }: Changed,
  wait: "enforced" | undefined,
  more: Record<string, unknown> = {},
): Promise<Response> {
  const within = wait === "enforced" ? services.config.enforcedWaitMs : 0;
  const enforcement = await awaitEnforced(services.runtime, revision, within);
  context.header("etag", `"${leak.version}"`);
  const view = {
    ...leakView(leak),
    rule: rule === null ? null : ruleView(rule),
    revision,
    enforcement,
    ...more,
  };
  return context.json(view, wait === "enforced" && !enforcement.enforced ? 202 : 200);
}

/** Live tokens with a number above `after`, in order. */
function tokensAfter({ store }: Services, leak: string, after: number, limit: number): TokenRecordView[] {
  const found: TokenRecordView[] = [];
  const pages = store.tokenPageCount(leak);
  for (let number = 0; number < pages && found.length < limit; number++) {
    const page = store.tokenPage(leak, number);
    if (page.count === 0 || page.numberAt(page.count - 1) <= after) continue;
    for (let index = 0; index < page.count && found.length < limit; index++) {
      if (page.numberAt(index) > after && !page.removedAt(index)) found.push(page.at(index));
    }
  }
  return found;
}

function defined(scope: { hosts?: string[] | undefined; methods?: string[] | undefined }): {
  hosts?: string[];
  methods?: string[];
} {
  return {
    ...(scope.hosts === undefined ? {} : { hosts: scope.hosts }),
    ...(scope.methods === undefined ? {} : { methods: scope.methods }),
  };
}
