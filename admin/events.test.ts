import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Json, TestAdmin } from "../test/admin.ts";

const NOW = Date.now();
const HOUR = 3_600_000;

let admin: TestAdmin;
beforeAll(async () => {
  admin = await TestAdmin.start();
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

describe("GET /events", () => {
  type Events = { events: Json[]; next: string | null };
  const found = async (query: string) => {
    const { status, body } = await admin.call<Events>("GET", `/api/v1/events${query}`);
    expect([query, status]).toEqual([query, 200]);
    return body.events.map(({ requestId }) => requestId);
  };

  test("newest first, with every field", async () => {
    expect(await found("")).toEqual(["e4", "e3", "e2", "e1"]);
    const { body } = await admin.call<Events>("GET", "/api/v1/events?limit=1");
    expect(body.events[0]).toEqual({
      type: "vpatch",
      id: expect.any(String),
      at: new Date(NOW - 1_000).toISOString(),
      lastAt: new Date(NOW - 1_000).toISOString(),
      count: 1,
      leak: "leak-1",
      rule: "rule-1",
      action: "blocked",
      point: "header x-api-key",
      method: "GET",
      host: "api.example.com",
      path: "/orders",
      query: ["page"],
      userAgent: "made-up/1.0",
      ip: "2001:db8::1",
      requestId: "e4",
      worker: 1,
    });
  });

  test("filters, alone and together", async () => {
    expect(await found("?type=vpatch")).toHaveLength(4);
    expect(await found("?leak=leak-2")).toEqual(["e2"]);
    expect(await found("?rule=rule-1&action=blocked")).toEqual(["e4", "e3", "e1"]);
    expect(await found("?action=monitored")).toEqual(["e2"]);
    expect(await found("?ip=2001:db8::1")).toEqual(["e4"]);
    expect(await found("?point=header")).toEqual(["e4", "e2", "e1"]);
    expect(await found("?point=query%20api_key")).toEqual(["e3"]);
    expect(await found("?leak=leak-9")).toEqual([]);
  });

  test("stretches of time in each spelling; the start counts, the end does not", async () => {
    const at = (ms: number) => new Date(NOW - ms).toISOString();
    expect(await found(`?from=${NOW - 5 * HOUR}&to=${NOW - 1_000}`)).toEqual(["e3", "e2"]);
    expect(await found(`?from=${at(5 * HOUR)}&to=${at(1_000)}`)).toEqual(["e3", "e2"]);
    // 2 h ahead of UTC: the same moments, with the plus percent-encoded or not.
    const ahead = (ms: number) => at(ms - 2 * HOUR).replace("Z", "+02:00");
    expect(await found(`?from=${encodeURIComponent(ahead(5 * HOUR))}&to=${ahead(1_000)}`)).toEqual([
      "e3",
      "e2",
    ]);
    expect(await found("?to=2020-01-01")).toEqual([]);
    expect(await found("?from=2020-01-01")).toHaveLength(4);
  });

  test("cursors lead through all of it while attempts come in", async () => {
    const seen: unknown[] = [];
    let cursor = "";
    for (let page = 0; page < 10; page++) {
      const { body } = await admin.call<Events>("GET", `/api/v1/events?limit=1${cursor}`);
      seen.push(...body.events.map(({ requestId }) => requestId));
      if (body.next === null) break;
      cursor = `&cursor=${body.next}`;
      await admin.attempt(NOW + page, { requestId: "later", leak: "leak-later" });
    }
    expect(seen).toEqual(["e4", "e3", "e2", "e1"]);
  });
});
