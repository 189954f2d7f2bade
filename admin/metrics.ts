import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { Services } from "./services.ts";

/** Figures of a worker that go up and down; all others only count up. */
const GAUGES: ReadonlySet<string> = new Set([
  "connections",
  "inFlight",
  "queued",
  "openTunnels",
  "decoding",
  "openHeadBytes",
]);

/** The figures of the store, the workers and this process, in the text format of Prometheus. */
export class Metrics {
  readonly contentType: string;
  readonly #services: Services;
  /** Of this process; it lives as long, while all else is made anew for each look. */
  readonly #own = new Registry();

  constructor(services: Services) {
    this.#services = services;
    this.contentType = this.#own.contentType;
    collectDefaultMetrics({ register: this.#own, prefix: "leakgate_admin_" });
    // Nobody who has no key is told which version of what runs here (ASVS 5.0, 13.4.6).
    this.#own.removeSingleMetric("leakgate_admin_nodejs_version_info");
  }

  async text(): Promise<string> {
    const registry = new Registry();
    this.#store(registry);
    this.#workers(registry);
    this.#notifications(registry);
    this.#intake(registry);
    this.#looks(registry);
    return (await registry.metrics()) + (await this.#own.metrics());
  }

  #store(registry: Registry): void {
    const { all } = this.#services.tenants;
    const counts = all.map(({ store }) => store.counts());
    const tokens = counts.reduce((sum, each) => sum + each.tokens, 0);
    const revision = all.reduce((sum, { store }) => sum + store.revision(), 0);
    const byStatus = added(counts.map((each) => each.byStatus));
    const byLevel = added(counts.map((each) => each.byRiskLevel));
    gauge(registry, "leakgate_leaks", "Leaks, by status.", ["status"], byStatus);
    gauge(registry, "leakgate_leaks_risk", "Leaks, by risk.", ["level"], byLevel);
    gauge(registry, "leakgate_tokens", "Tokens in the sets of all leaks.", [], [["", tokens]]);
    gauge(registry, "leakgate_revision", "Number of changes, of all tenants.", [], [["", revision]]);
  }

  #notifications(registry: Registry): void {
    const { counters } = this.#services.notifier;
    const { queued, dead } = this.#services.notifier.waiting();
    const name = "leakgate_notifications_total";
    const help = "Messages to destinations, by what became of them; failed counts tries.";
    const total = new Counter({ name, help, labelNames: ["outcome"], registers: [registry] });
    for (const [outcome, count] of Object.entries(counters)) total.inc({ outcome }, count);
    gauge(registry, "leakgate_notifications_waiting", "Messages that wait to be sent.", [], [["", queued]]);
    gauge(registry, "leakgate_notifications_dead_letters", "Messages given up.", [], [["", dead]]);
  }

  #intake(registry: Registry): void {
    const { requests, findings } = this.#services.intakeCounts;
    const totals = [
      {
        name: "leakgate_intake_requests_total",
        help: "What services sent, by how it was answered.",
        counts: requests,
      },
      {
        name: "leakgate_intake_findings_total",
        help: "What they told of, by what became of it.",
        counts: findings,
      },
    ];
    for (const { name, help, counts } of totals) {
      const total = new Counter({ name, help, labelNames: ["receiver", "outcome"], registers: [registry] });
      for (const [receiver, outcomes] of counts)
        for (const [outcome, count] of outcomes) total.inc({ receiver, outcome }, count);
    }
  }

  #looks(registry: Registry): void {
    const { counters, running } = this.#services.watch;
    const { ok, failed, stopped, ...sums } = counters;
    const total = (name: string, help: string, labelNames: string[] = []) =>
      new Counter({ name: `leakgate_scan_${name}_total`, help, labelNames, registers: [registry] });
    const looks = total("looks", "Looks at watched sources that are over, by what came of them.", [
      "outcome",
    ]);
    for (const [outcome, count] of Object.entries({ ok, failed, stopped })) looks.inc({ outcome }, count);
    const helps = {
      texts: "Texts that were looked at.",
      bytes: "Bytes that were looked at.",
      findings: "Tokens that were met, each time.",
      leaks: "Leaks that were registered.",
    };
    for (const [name, sum] of Object.entries(sums)) total(name, helps[name as keyof typeof sums]).inc(sum);
    gauge(registry, "leakgate_scan_running", "Sources that are being looked at.", [], [["", running]]);
    const states = this.#services.tenants.all.map(({ store }) => store.sources.states.counts());
    gauge(registry, "leakgate_scan_sources", "Watched sources, by state.", ["state"], added(states));
  }

  #workers(registry: Registry): void {
    const reports = this.#services.runtime.workers(Date.now()).filter((report) => report.alive);
    const perWorker = (name: string, help: string, value: (report: (typeof reports)[number]) => number) =>
      gauge(
        registry,
        name,
        help,
        ["worker"],
        reports.map((report) => [String(report.worker), value(report)]),
      );
    gauge(registry, "leakgate_proxy_workers", "Workers that are alive.", [], [["", reports.length]]);
    perWorker("leakgate_proxy_ready", "1 where the worker takes requests.", (report) => Number(report.ready));
    const sumOf = (report: (typeof reports)[number], figure: "revision" | "tokens") =>
      Object.values(report.tenants).reduce((sum, tenant) => sum + tenant[figure], 0);
    perWorker("leakgate_proxy_revision", "Changes that the worker enforces, of all tenants.", (report) =>
      sumOf(report, "revision"),
    );
    perWorker("leakgate_proxy_tokens", "Tokens that the worker holds.", (report) => sumOf(report, "tokens"));
    const names = new Set(reports.flatMap((report) => Object.keys(report.counters)));
    for (const name of names) {
      if (!/^[a-z][a-zA-Z0-9.]*$/.test(name)) continue;
      const values = reports
        .map((report): [string, number] => [String(report.worker), report.counters[name] ?? 0])
        .filter(([, value]) => Number.isFinite(value) && value >= 0);
      const snake = name.replaceAll(".", "_").replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
      const help = `As the worker reports it: ${name}.`;
      if (GAUGES.has(name)) gauge(registry, `leakgate_proxy_${snake}`, help, ["worker"], values);
      else counter(registry, `leakgate_proxy_${snake}_total`, help, values);
    }
  }
}

/** The sums of each figure. */
function added(counts: readonly Readonly<Record<string, number>>[]): [string, number][] {
  const sums = new Map<string, number>();
  for (const each of counts)
    for (const [name, count] of Object.entries(each)) sums.set(name, (sums.get(name) ?? 0) + count);
  return [...sums];
}

type Values = readonly (readonly [label: string, value: number])[];

function gauge(registry: Registry, name: string, help: string, labels: string[], values: Values): void {
  const metric = new Gauge({ name, help, labelNames: labels, registers: [registry] });
  for (const [label, value] of values)
    metric.set(labels[0] === undefined ? {} : { [labels[0]]: label }, value);
}

function counter(registry: Registry, name: string, help: string, values: Values): void {
  const metric = new Counter({ name, help, labelNames: ["worker"], registers: [registry] });
  for (const [worker, value] of values) metric.inc({ worker }, value);
}
