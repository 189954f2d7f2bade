import { Hono } from "hono";
import { collectDefaultMetrics, Registry } from "prom-client";
import type { Env, Services } from "./services.ts";

/** Worker figures that go up and down; all others only count up. */
const GAUGES = new Set(["connections", "inFlight", "queued", "openTunnels"]);

/** `/healthz`, `/readyz` and `/metrics`, open to whoever reaches the admin listener: they name no leak. */
export function healthRoutes(services: Services): Hono<Env> {
  const routes = new Hono<Env>();
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: "leakgate_admin_" });

  routes.get("/healthz", (context) => context.json({ status: "ok" }));

  routes.get("/readyz", (context) => {
    const reason = unreadiness(services);
    return reason === null
      ? context.json({ status: "ready" })
      : context.json({ status: "not ready", reason }, 503);
  });

  routes.get("/metrics", async (context) => {
    const text = `${storeMetrics(services)}${workerMetrics(services)}${await registry.metrics()}`;
    return context.text(text, 200, { "content-type": registry.contentType });
  });

  return routes;
}

/** Why the gateway is not ready, or null. */
function unreadiness({ store, runtime }: Services): string | null {
  try {
    store.revision();
  } catch {
    return "the store cannot be read";
  }
  const alive = runtime.workers(Date.now()).filter((report) => report.alive);
  if (alive.length === 0) return "no worker is alive";
  return alive.some((report) => report.ready) ? null : "no worker has loaded the rules yet";
}

function storeMetrics({ store }: Services): string {
  const { byStatus, tokens } = store.counts();
  const lines = ["# TYPE leakgate_leaks gauge"];
  for (const [status, count] of Object.entries(byStatus))
    lines.push(`leakgate_leaks{status="${status}"} ${count}`);
  lines.push("# TYPE leakgate_tokens gauge", `leakgate_tokens ${tokens}`);
  lines.push("# TYPE leakgate_revision gauge", `leakgate_revision ${store.revision()}`);
  return `${lines.join("\n")}\n`;
}

/** What the workers report, one series a worker; names of single leaks stay with `GET /status`. */
function workerMetrics({ runtime }: Services): string {
  const reports = runtime.workers(Date.now()).filter((report) => report.alive);
  const series = new Map<string, string[]>();
  const add = (name: string, type: "counter" | "gauge", worker: number, value: number) => {
    const lines = series.get(name) ?? [`# TYPE ${name} ${type}`];
    lines.push(`${name}{worker="${worker}"} ${value}`);
    series.set(name, lines);
  };
  for (const { worker, revision, ready, tokens, counters } of reports) {
    add("leakgate_proxy_revision", "gauge", worker, revision);
    add("leakgate_proxy_ready", "gauge", worker, ready ? 1 : 0);
    add("leakgate_proxy_tokens", "gauge", worker, tokens);
    for (const [name, value] of Object.entries(counters)) {
      if (name.includes(".leak-") || name.endsWith(".none")) continue;
      const snake = name.replaceAll(".", "_").replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      if (GAUGES.has(name)) add(`leakgate_proxy_${snake}`, "gauge", worker, value);
      else add(`leakgate_proxy_${snake}_total`, "counter", worker, value);
    }
  }
  return [...series.values()].map((lines) => `${lines.join("\n")}\n`).join("");
}
