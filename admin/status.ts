import { Hono } from "hono";
import type { WorkerReport } from "../rules/runtime.ts";
import { parameters } from "./inputs.ts";
import { query } from "./request.ts";
import type { Env, Services } from "./services.ts";
import { iso, type View } from "./views.ts";

/** How a worker names the counter of one leak: `budgetExhausted.leak-3`. */
const BUDGET_OF_LEAK = "budgetExhausted.leak-";
const LEAKS_SHOWN = 50;

/** `/status`: the newest revision, the workers, and how far each of them is. */
export function statusRoutes({ store, runtime, version, startedAt }: Services): Hono<Env> {
  const routes = new Hono<Env>();

  routes.get("/", (context) => {
    query(context, parameters.none);
    const now = Date.now();
    const revision = store.revision();
    const reports = runtime.workers(now);
    return context.json({
      version,
      revision,
      startedAt: iso(startedAt),
      uptimeS: Math.round((now - startedAt) / 1000),
      workers: reports.map((report) => workerView(report, revision)),
      budgetExhausted: budgetHints(reports.filter((report) => report.alive)),
    });
  });

  return routes;
}

function workerView(report: WorkerReport & { readonly alive: boolean }, revision: number): View {
  return {
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
  };
}

/** The leaks whose tokens made requests run out of their work budget, since the workers started; worst first. */
function budgetHints(reports: readonly WorkerReport[]): { leak: string; requests: number }[] {
  const byLeak = new Map<string, number>();
  for (const { counters } of reports) {
    for (const [name, count] of Object.entries(counters)) {
      if (!name.startsWith(BUDGET_OF_LEAK)) continue;
      const leak = name.slice(name.indexOf(".") + 1);
      byLeak.set(leak, (byLeak.get(leak) ?? 0) + count);
    }
  }
  return [...byLeak]
    .map(([leak, requests]) => ({ leak, requests }))
    .sort((a, b) => b.requests - a.requests)
    .slice(0, LEAKS_SHOWN);
}
