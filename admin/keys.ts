import { Hono } from "hono";
import { type AccessKey, mintKey } from "../rules/access.ts";
import { body, inputs, parameters, query } from "./inputs.ts";
import { Problem } from "./problem.ts";
import { actorOf, type Env, type Services } from "./services.ts";
import { iso } from "./views.ts";

/** `/keys`: made, listed and revoked by administrators. The clear key is in the answer that makes it, and nowhere else. */
export function keyRoutes({ store, pepper }: Services): Hono<Env> {
  const routes = new Hono<Env>();

  routes.use(async (context, next) => {
    if (context.get("key")?.role !== "administrator")
      throw new Problem(403, "Only an administrator's key may see keys.");
    return next();
  });

  routes.get("/", (context) => {
    query(context, parameters.none);
    return context.json({ keys: store.keys().map(keyView) });
  });

  routes.post("/", async (context) => {
    query(context, parameters.none);
    const { name, role } = await body(context, inputs.key);
    const { clear, record } = mintKey(pepper, role, name);
    const { key } = await store.createKey(actorOf(context.get("key")!), record);
    return context.json({ ...keyView(key), key: clear }, 201);
  });

  routes.delete("/:id", async (context) => {
    query(context, parameters.none);
    const { key } = await store.revokeKey(actorOf(context.get("key")!), context.req.param("id"));
    return context.json(keyView(key));
  });

  return routes;
}

function keyView(key: AccessKey): Record<string, unknown> {
  return {
    id: key.id,
    name: key.name,
    role: key.role,
    createdAt: iso(key.createdAt),
    createdBy: key.createdBy,
    revokedAt: key.revokedAt === null ? null : iso(key.revokedAt),
  };
}
