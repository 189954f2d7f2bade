import { Hono } from "hono";
import { parameters, query } from "./inputs.ts";
import { Problem } from "./problem.ts";
import type { Env, Services } from "./services.ts";
import { iso, ruleView } from "./views.ts";

const DAY_MS = 24 * 3_600_000;

/** Rules in force, attempts, counts and the state of the workers: all that only looks. */
export function lookingRoutes({ store, events, runtime, version, startedAt }: Services): Hono<Env> {
  const routes = new Hono<Env>();

  routes.get("/rules", (context) => {
    const { limit, cursor } = query(context, parameters.rules);
    const { rules, next } = store.rules({ limit, after: cursor });
    return context.json({ rules: rules.map(ruleView), next });
  });

  routes.get("/rules/:id", (context) => {
    query(context, parameters.none);
    const rule = store.rule(context.req.param("id"));
    if (rule === null) throw new Problem(404, "No rule has this id.");
    return context.json(ruleView(rule));
  });

  routes.get("/events", async (context) => {
    const { limit, cursor, ...filter } = query(context, parameters.events);
    const page = await events.query(filter, limit, cursor);
    const shown = page.events.map(({ at, lastAt, ...fields }) => ({
      ...fields,
      at: iso(at),
      lastAt: iso(lastAt),
    }));
    return context.json({ events: shown, next: page.next });
  });

  routes.get("/stats", async (context) => {
    const given = query(context, parameters.stats);
    const to = given.to ?? Date.now();
    const from = given.from ?? to - DAY_MS;
    if (from >= to)
      throw new Problem(400, "`from` must be before `to`.", [
        { pointer: "from", detail: "must be before to" },
      ]);
    const attempts = await events.attemptsOverTime(from, to, given.buckets);
    const { leaks, tokens, byStatus, byRiskLevel, bySource } = store.counts();
    return context.json({
      leaks,
      tokens,
      byStatus,
      byRiskLevel,
      bySource,
      attempts: { from: iso(from), to: iso(to), ...attempts },
    });
  });

  routes.get("/status", (context) => {
    query(context, parameters.none);
    const now = Date.now();
    const revision = store.revision();
    const workers = runtime.workers(now).map((report) => ({
      worker: report.worker,
      pid: report.pid,
      alive: report.alive,
      ready: report.ready,
      revision: report.revision,
      lag: Math.max(0, revision - report.revision),
      tokens: report.tokens,
      startedAt: iso(report.startedAt),
      heartbeatAt: iso(report.heartbeatAt),
      counters: report.counters,
    }));
    return context.json({
      version,
      revision,
      startedAt: iso(startedAt),
      uptimeS: Math.round((now - startedAt) / 1000),
      workers,
    });
  });

  return routes;
}
