import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { TestAdmin } from "../test/admin.ts";

let admin: TestAdmin;
beforeEach(async () => {
  admin = await TestAdmin.start();
});
afterEach(() => admin.stop());

const look = (path: string) => admin.call("GET", path, { key: null });

test("/healthz is 200 while the process lives, whatever the workers do", async () => {
  expect(await look("/healthz")).toMatchObject({ status: 200, body: { status: "ok" } });
});

describe("/readyz", () => {
  test("is 503 with the reason until a live worker is ready, and again when none is", async () => {
    expect(await look("/readyz")).toMatchObject({ status: 503, body: { reason: "no worker is alive" } });
    await admin.report(1, 0, { ready: false });
    expect(await look("/readyz")).toMatchObject({ status: 503, body: { reason: "no worker is ready" } });
    await admin.report(2, 0);
    expect(await look("/readyz")).toMatchObject({ status: 200, body: { status: "ready" } });
    await admin.report(2, 0, { heartbeatAt: Date.now() - 10_000 });
    expect((await look("/readyz")).status).toBe(503);
    await admin.report(2, 0, { pid: 2 ** 22 + 1 });
    expect((await look("/readyz")).status).toBe(503);
  });

  test("is 200 without workers where none is expected, and minds those that report all the same", async () => {
    const alone = await TestAdmin.start({ expectsWorkers: false });
    try {
      expect((await alone.call("GET", "/readyz")).status).toBe(200);
      await alone.report(1, 0, { ready: false });
      expect((await alone.call("GET", "/readyz")).status).toBe(503);
    } finally {
      await alone.stop();
    }
  });
});

describe("/metrics", () => {
  test("what the workers count, in the format of Prometheus; gauges and counters apart", async () => {
    await admin.report(1, 3, {
      tokens: 12,
      counters: { requests: 10, budgetExhausted: 2, inFlight: 4, "events.dropped": 1 },
    });
    await admin.report(2, 2, { ready: false, counters: { requests: 5 } });
    await admin.report(3, 9, { heartbeatAt: 0, counters: { requests: 99 } });
    const { status, headers, text } = await look("/metrics");
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    for (const line of [
      "# TYPE leakgate_proxy_requests_total counter",
      'leakgate_proxy_requests_total{worker="1"} 10',
      'leakgate_proxy_requests_total{worker="2"} 5',
      'leakgate_proxy_budget_exhausted_total{worker="1"} 2',
      'leakgate_proxy_events_dropped_total{worker="1"} 1',
      "# TYPE leakgate_proxy_in_flight gauge",
      'leakgate_proxy_in_flight{worker="1"} 4',
      'leakgate_proxy_tokens{worker="1"} 12',
      'leakgate_proxy_revision{worker="2"} 2',
      'leakgate_proxy_ready{worker="2"} 0',
      "leakgate_proxy_workers 2",
      'leakgate_leaks{status="opened"} 0',
      'leakgate_leaks_risk{level="high"} 0',
      "leakgate_tokens 0",
    ])
      expect(text.split("\n")).toContain(line);
    expect(text).toMatch(/^leakgate_revision [1-9]/m);
    expect(text).toMatch(/^leakgate_admin_process_cpu_seconds_total /m);
    expect(text).not.toMatch(/worker="3"/);
  });

  test("names no leak, has each metric once, and a broken report does not silence the rest", async () => {
    await admin.call("POST", "/api/v1/leaks", {
      body: { name: "made-up name", risk: 5, source: "made-up", tokens: ["made-up-token-0001"] },
    });
    await admin.report(1, 1, {
      budgetExhausted: { "leak-1": 3 },
      counters: {
        a: -1,
        b: Number.NaN,
        'c"\n': 1,
        requests: 7,
      },
    });
    const { status, text } = await look("/metrics");
    expect(status).toBe(200);
    expect(text).toContain('leakgate_proxy_requests_total{worker="1"} 7');
    expect(text).not.toMatch(/leak-1|none|made-up|Ann|lgk_/);
    const types = text.split("\n").filter((line) => line.startsWith("# TYPE"));
    expect(new Set(types).size).toBe(types.length);
    expect((await look("/metrics")).status).toBe(200);
  });
});
