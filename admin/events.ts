import { Hono } from "hono";
import { parameters } from "./inputs.ts";
import { query } from "./request.ts";
import type { Env, Services } from "./services.ts";
import { forwards } from "./stretch.ts";
import { eventView } from "./views.ts";

/** `/events`: the attempts, newest first. */
export function eventRoutes({ events }: Services): Hono<Env> {
  const routes = new Hono<Env>();

  routes.get("/", async (context) => {
    const { limit, cursor, ...filter } = query(context, parameters.events);
    forwards(filter.from, filter.to);
    const page = await events.query(filter, limit, cursor);
    return context.json({ events: page.events.map(eventView), next: page.next });
  });

  return routes;
}
