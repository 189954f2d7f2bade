import pino from "pino";
import { expect, test } from "vitest";
import { TestAdmin } from "../test/admin.ts";
import { until } from "../test/support.ts";
import { AttemptsTaker } from "./attempts.ts";

test("what is known of attempts outlives their events, and is counted once", async () => {
  // Its own first look comes after ten seconds.
  const admin = await TestAdmin.start();
  try {
    const leak = await admin.register("made-up-token-0001");
    const other = await admin.register("made-up-token-0002");
    const now = Date.now();
    await admin.attempt(now - 3_600_000, { count: 3, lastAt: now - 3_599_500 });
    await admin.attempt(now - 60_000, { action: "watched", rule: null });
    await admin.attempt(now - 50_000, { leak: null, rule: null, type: "undecoded", action: "passed" });
    const shown = async (id: string) => (await admin.call("GET", `/api/v1/leaks/${id}`)).body.attempts;
    const all = { first: iso(now - 3_600_000), last: iso(now - 60_000), count: 4 };
    expect(await shown(leak)).toEqual(all);
    await admin.hands(async (tenants) => {
      const taker = new AttemptsTaker(tenants, pino({ level: "silent" }), 5);
      await until("the attempts were taken in", () => tenants.default.store.attempts(leak)?.count === 4);
      await taker.close();
    });
    expect(await shown(leak)).toEqual(all);
    expect(await shown(other)).toBeNull();
    // One that is not settled yet is told of at once all the same.
    await admin.attempt(Date.now());
    expect(await shown(leak)).toMatchObject({ count: 5 });
    await admin.hands((tenants) => tenants.default.events.dropOlderThan(now + 86_400_000));
    expect(await shown(leak)).toMatchObject({ first: all.first });
  } finally {
    await admin.stop();
  }
});

function iso(at: number): string {
  return new Date(at).toISOString();
}
