import type { WorkerReport } from "../rules/runtime.ts";
import { defaultTenant } from "../rules/tenants.ts";
import { statusAnswer } from "./answers.ts";
import { type Call, call } from "./call.ts";
import type { Services } from "./services.ts";
import { iso, type View } from "./views.ts";

const LEAKS_SHOWN = 50;

/** `/status`: the newest revision, the workers, and how far each of them is. */
export function statusCalls({ runtime, version, startedAt }: Services): readonly Call[] {
  return [
    call({
      method: "get",
      path: "/status",
      tag: "Status",
      summary: "The newest revision, the workers, and how far each of them is",
      access: "look",
      answers: { 200: { description: "The status", schema: statusAnswer } },
      handle: ({ context, tenant, principal }) => {
        const now = Date.now();
        const revision = tenant.store.revision();
        const reports = runtime.workers(now);
        // The counters are of all tenants together: they are for who runs the gateway.
        const seesCounters = principal.tenant === null || principal.tenant === defaultTenant;
        return context.json({
          version,
          tenant: tenant.name,
          revision,
          startedAt: iso(startedAt),
          uptimeS: Math.round((now - startedAt) / 1000),
          workers: reports.map((report) => workerView(report, tenant.name, revision, seesCounters)),
          budgetExhausted: budgetHints(
            reports.filter((report) => report.alive),
            tenant.name,
          ),
        });
      },
    }),
  ];
}

function workerView(
  report: WorkerReport & { readonly alive: boolean },
  tenant: string,
  newest: number,
  seesCounters: boolean,
): View {
  const { revision = null, tokens = 0 } = report.tenants[tenant] ?? {};
  return {
    worker: report.worker,
    pid: report.pid,
    alive: report.alive,
    ready: report.ready,
    revision,
    lag: revision === null ? null : Math.max(0, newest - revision),
    tokens,
    startedAt: iso(report.startedAt),
    heartbeatAt: iso(report.heartbeatAt),
    counters: seesCounters ? report.counters : {},
  };
}

/** The leaks whose tokens made requests run out of their work budget, since the workers started; worst first. */
function budgetHints(reports: readonly WorkerReport[], tenant: string): { leak: string; requests: number }[] {
  const byLeak = new Map<string, number>();
  for (const { tenants } of reports) {
    for (const [leak, count] of Object.entries(tenants[tenant]?.budgetExhausted ?? {}))
      byLeak.set(leak, (byLeak.get(leak) ?? 0) + count);
  }
  return [...byLeak]
    .map(([leak, requests]) => ({ leak, requests }))
    .sort((a, b) => b.requests - a.requests)
    .slice(0, LEAKS_SHOWN);
}
