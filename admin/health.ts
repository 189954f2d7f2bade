import { Hono } from "hono";
import { Metrics } from "./metrics.ts";
import type { Env, Services } from "./services.ts";

/** `/healthz`, `/readyz` and `/metrics`, open to whoever reaches the admin listener: they name no leak. */
export function healthRoutes(services: Services): Hono<Env> {
  const routes = new Hono<Env>();
  const metrics = new Metrics(services);

  routes.get("/healthz", (context) => context.json({ status: "ok" }));

  routes.get("/readyz", (context) => {
    const reason = unreadiness(services);
    return reason === null
      ? context.json({ status: "ready" })
      : context.json({ status: "not ready", reason }, 503);
  });

  routes.get("/metrics", async (context) =>
    context.body(await metrics.text(), 200, { "content-type": metrics.contentType }),
  );

  return routes;
}

/** Why the gateway is not ready, or null. */
function unreadiness({ tenants, runtime, expectsWorkers, closing, logger }: Services): string | null {
  if (closing.aborted) return "the admin is closing";
  try {
    for (const { store } of tenants.all) store.revision();
    const reports = runtime.workers(Date.now());
    if (reports.length === 0 && !expectsWorkers) return null;
    const alive = reports.filter((report) => report.alive);
    if (alive.length === 0) return "no worker is alive";
    return alive.some((report) => report.ready) ? null : "no worker is ready";
  } catch (error) {
    logger.error({ reason: (error as Error).message }, "could not read the store");
    return "the store cannot be read";
  }
}
