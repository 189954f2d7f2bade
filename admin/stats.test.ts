import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestAdmin } from "../test/admin.ts";

const NOW = Date.now();
const HOUR = 3_600_000;

let admin: TestAdmin;
beforeAll(async () => {
  admin = await TestAdmin.start();
  const leaks = [
    { name: "a", risk: 9, source: "github" },
    { name: "b", risk: 5, source: "github" },
    { name: "c", risk: 2, source: "custom" },
  ];
  for (const [index, leak] of leaks.entries())
    await admin.call("POST", "/api/v1/leaks", { body: { ...leak, tokens: [`made-up-token-000${index}`] } });
  await admin.call("POST", "/api/v1/leaks/leak-1/vpatch");
  await admin.call("POST", "/api/v1/leaks/leak-2/vpatch", { body: { mode: "monitor" } });
  await admin.call("POST", "/api/v1/leaks/leak-3/vpatch");
  await admin.call("POST", "/api/v1/leaks/leak-3/close");
  await admin.attempt(NOW - 30 * HOUR, { requestId: "e1" });
  await admin.attempt(NOW - 5 * HOUR, {
    requestId: "e2",
    leak: "leak-2",
    rule: "rule-2",
    action: "monitored",
  });
  await admin.attempt(NOW - 4 * HOUR, { requestId: "e3", point: "query api_key", count: 7 });
  await admin.attempt(NOW - 1_000, { requestId: "e4", ip: "2001:db8::1", point: "header x-api-key" });
});
afterAll(() => admin.stop());

describe("GET /stats", () => {
  test("counts leaks by status, risk level and source", async () => {
    const { body } = await admin.call("GET", "/api/v1/stats");
    expect(body).toMatchObject({
      leaks: 3,
      tokens: 3,
      byStatus: { opened: 0, patched: 2, closed: 1, marked_false: 0 },
      byRiskLevel: { high: 1, medium: 1, low: 1 },
      bySource: { github: 2, custom: 1 },
    });
  });

  type Stats = {
    attempts: {
      from: string;
      to: string;
      bucketMs: number;
      blocked: number[];
      monitored: number[];
      watched: number[];
    };
  };

  test("attempts of the last 24 hours, hour by hour, by default", async () => {
    const { attempts } = (await admin.call<Stats>("GET", `/api/v1/stats?to=${NOW}`)).body;
    expect(attempts).toMatchObject({ bucketMs: HOUR, to: new Date(NOW).toISOString() });
    expect(attempts.blocked).toHaveLength(24);
    expect([attempts.blocked[20], attempts.blocked[23], attempts.monitored[19]]).toEqual([7, 1, 1]);
    expect([...attempts.blocked, ...attempts.monitored].reduce((sum, count) => sum + count)).toBe(9);
  });

  test("attempts of any stretch, in any number of buckets", async () => {
    const query = `from=${NOW - 31 * HOUR}&to=${NOW - 29 * HOUR}&buckets=2`;
    const { attempts } = (await admin.call<Stats>("GET", `/api/v1/stats?${query}`)).body;
    expect(attempts).toMatchObject({ bucketMs: HOUR, blocked: [0, 1], monitored: [0, 0], watched: [0, 0] });
    const early = await admin.call<Stats>("GET", "/api/v1/stats?to=1000");
    expect(early.body.attempts.from).toBe("1970-01-01T00:00:00.000Z");
  });
});
