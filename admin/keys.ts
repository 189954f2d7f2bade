import { Hono } from "hono";
import { mintKey } from "../rules/access.ts";
import { administratorsOnly } from "./auth.ts";
import { bodies, parameters } from "./inputs.ts";
import { body, query } from "./request.ts";
import { actorOf, type Env, type Services } from "./services.ts";
import { keyView } from "./views.ts";

/** `/keys`: made, listed and revoked by administrators. The clear key is in the answer that makes it, and nowhere else. */
export function keyRoutes(services: Services): Hono<Env> {
  const { store, pepper } = services;
  const routes = new Hono<Env>();

  routes.use(administratorsOnly);

  routes.get("/", (context) => {
    query(context, parameters.none);
    return context.json({ keys: store.keys().map(keyView) });
  });

  routes.post("/", async (context) => {
    query(context, parameters.none);
    const { name, role } = await body(services, context, bodies.key);
    const { clear, record } = mintKey(pepper, role, name);
    const { key } = await store.createKey(actorOf(context.get("key")!), record);
    return context.json({ ...keyView(key), key: clear }, 201);
  });

  routes.delete("/:id", async (context) => {
    query(context, parameters.none);
    await body(services, context, bodies.none);
    const { key } = await store.revokeKey(actorOf(context.get("key")!), context.req.param("id"));
    return context.json(keyView(key));
  });

  return routes;
}
