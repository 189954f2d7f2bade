import { Hono } from "hono";
import { parameters } from "./inputs.ts";
import { query } from "./request.ts";
import type { Env, Services } from "./services.ts";
import { forwards } from "./stretch.ts";
import { iso } from "./views.ts";

const DAY_MS = 24 * 3_600_000;

/** `/stats`: how many leaks of which kind, and attempts over time (by default the last 24 hours, hour by hour). */
export function statsRoutes({ store, events }: Services): Hono<Env> {
  const routes = new Hono<Env>();

  routes.get("/", async (context) => {
    const { from: given, to = Date.now(), buckets } = query(context, parameters.stats);
    const from = given ?? Math.max(0, to - DAY_MS);
    forwards(from, to);
    const { leaks, tokens, byStatus, byRiskLevel, bySource } = store.counts();
    const { blocked, monitored, partial } = await events.attemptsOverTime(from, to, buckets);
    return context.json({
      leaks,
      tokens,
      byStatus,
      byRiskLevel,
      bySource,
      attempts: {
        from: iso(from),
        to: iso(to),
        bucketMs: (to - from) / buckets,
        blocked,
        monitored,
        partial,
      },
    });
  });

  return routes;
}
