import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Json, TestAdmin } from "../test/admin.ts";

const STARTED_AT = Date.now();

let admin: TestAdmin;
beforeAll(async () => {
  admin = await TestAdmin.start();
  await admin.register("made-up-token-0001");
});
afterAll(() => admin.stop());

describe("GET /status", () => {
  test("the revision, each worker, and the leaks that make requests run out of budget", async () => {
    // Ahead of the clock, so that a slow machine does not let the worker seem gone.
    const heartbeatAt = Date.now() + 3_600_000;
    await admin.report(1, 1, {
      tokens: 3,
      startedAt: STARTED_AT,
      heartbeatAt,
      budgetExhausted: { "leak-2": 2, "leak-1": 1 },
      counters: { requests: 9 },
    });
    await admin.report(2, 1_000, { ready: false, budgetExhausted: { "leak-1": 4 } });
    await admin.report(3, 0, { heartbeatAt: 0, budgetExhausted: { "leak-3": 9 } });
    const { body } = await admin.call<{ revision: number; workers: Json[] }>("GET", "/api/v1/status");
    expect(body).toMatchObject({
      version: "0.0.0-test",
      startedAt: expect.any(String),
      uptimeS: expect.any(Number),
      budgetExhausted: [
        { leak: "leak-1", requests: 5 },
        { leak: "leak-2", requests: 2 },
      ],
    });
    expect(body.workers).toHaveLength(3);
    expect(body.workers[0]).toEqual({
      worker: 1,
      pid: process.pid,
      alive: true,
      ready: true,
      revision: 1,
      lag: body.revision - 1,
      tokens: 3,
      startedAt: new Date(STARTED_AT).toISOString(),
      heartbeatAt: new Date(heartbeatAt).toISOString(),
      counters: expect.objectContaining({ requests: 9 }),
    });
    expect(body.workers[1]).toMatchObject({ worker: 2, alive: true, ready: false, lag: 0 });
    expect(body.workers[2]).toMatchObject({ worker: 3, alive: false });
  });
});
