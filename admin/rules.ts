import { Hono } from "hono";
import { parameters } from "./inputs.ts";
import { Problem } from "./problem.ts";
import { query } from "./request.ts";
import type { Env, Services } from "./services.ts";
import { ruleView } from "./views.ts";

/** `/rules`: the vpatch rules in force, and any rule by its id. */
export function ruleRoutes({ store }: Services): Hono<Env> {
  const routes = new Hono<Env>();

  routes.get("/", (context) => {
    const { limit, cursor } = query(context, parameters.rules);
    const { rules, next } = store.rules({ limit, after: cursor });
    return context.json({ rules: rules.map(ruleView), next });
  });

  routes.get("/:id", (context) => {
    query(context, parameters.none);
    const rule = store.rule(context.req.param("id"));
    if (rule === null) throw new Problem(404, "No rule has this id.");
    return context.json(ruleView(rule));
  });

  return routes;
}
