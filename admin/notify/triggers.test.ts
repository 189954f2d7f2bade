import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventId } from "../../rules/events.ts";
import { Desk, noon } from "../../test/notify.ts";
import { Receiver } from "../../test/receivers.ts";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

let desk: Desk;
let receiver: Receiver;

beforeEach(async () => {
  receiver = await Receiver.start();
  desk = await Desk.open();
});
afterEach(async () => {
  await desk.stop();
  await receiver.stop();
});

/** What arrived since the last call: types and leaks. */
function arrived(): string[] {
  return receiver.got.splice(0).map(({ body }) => {
    const { leak, decision } = body.data as { leak: { id: string }; decision?: string };
    return [body.type, leak.id, ...(decision === undefined ? [] : [decision])].join(" ");
  });
}

describe("what the journal says", () => {
  test("a new leak is told of from its risk on, with the risk it was registered with", async () => {
    await desk.webhook(receiver.url(), { type: "new_leak", riskMin: 8 });
    await desk.register(7);
    const high = await desk.register(8);
    await desk.store.updateLeak("key-1 (Ann)", high, { risk: 2 });
    await desk.look();
    expect(arrived()).toEqual(["leak.created leak-2"]);
  });

  test("what happened before a destination was made, or while it was off, is not for it", async () => {
    await desk.register();
    const { hook } = await desk.webhook(receiver.url(), { type: "new_leak", riskMin: 1 });
    await desk.look();
    expect(arrived()).toEqual([]);
    await desk.store.hooks.update("key-1 (Ann)", hook.id, { enabled: false });
    await desk.register();
    await desk.look();
    await desk.store.hooks.update("key-1 (Ann)", hook.id, { enabled: true });
    await desk.register();
    await desk.look();
    expect(arrived()).toEqual(["leak.created leak-3"]);
  });

  test("every decision is told of, with who made it", async () => {
    await desk.webhook(receiver.url(), { type: "decision" });
    const leak = await desk.register();
    for (const decision of ["vpatch", "close", "reopen", "mark_false"] as const) {
      await desk.store.decide("key-1 (Ann)", leak, decision);
      await desk.look();
      expect(receiver.got[0]!.body.data.decidedBy).toBe("key-1 (Ann)");
      expect(arrived()).toEqual([`leak.decided leak-1 ${decision}`]);
    }
  });

  test("a decision for a time is told of at its end too, and the leak waits for a decision anew", async () => {
    await desk.webhook(receiver.url(), { type: "decision" }, { type: "undecided", hours: 1, riskMin: 1 });
    const leak = await desk.register();
    await desk.store.decide("key-1 (Ann)", leak, "vpatch", { until: noon + 10 * hour });
    await desk.look();
    expect(arrived()).toEqual(["leak.decided leak-1 vpatch"]);
    desk.now = noon + 10 * hour;
    for (const due of desk.store.due(10)) await desk.store.expire(due);
    await desk.look();
    expect(arrived()).toEqual(["leak.decided leak-1 expire"]);
    await desk.look(noon + 11 * hour);
    expect(arrived()).toEqual(["leak.undecided leak-1"]);
  });

  test("a token that comes again after its leak was closed is a regression of that leak", async () => {
    await desk.webhook(receiver.url(), { type: "regression" });
    const leak = await desk.register(8, "before", "made-up-token-again");
    await desk.look();
    await desk.store.decide("key-1 (Ann)", leak, "close");
    await desk.register(8, "again", "made-up-token-again");
    await desk.look();
    expect(receiver.got[0]!.body.data.regressionOf).toEqual(["leak-1"]);
    expect(arrived()).toEqual(["leak.regression leak-2"]);
  });

  test("two triggers of one type tell of one happening once", async () => {
    await desk.webhook(receiver.url(), { type: "new_leak", riskMin: 1 }, { type: "new_leak", riskMin: 5 });
    await desk.register(9);
    await desk.look();
    expect(arrived()).toEqual(["leak.created leak-1"]);
  });

  test("a second start goes on where the first one stopped, and repeats nothing", async () => {
    await desk.webhook(receiver.url(), { type: "new_leak", riskMin: 1 });
    await desk.register();
    await desk.look();
    expect(arrived()).toEqual(["leak.created leak-1"]);
    await desk.register();
    await desk.restart();
    await desk.register();
    await desk.look();
    expect(arrived().sort()).toEqual(["leak.created leak-2", "leak.created leak-3"]);
    await desk.restart();
    await desk.look(noon + hour);
    expect(arrived()).toEqual([]);
  });
});

describe("the clock", () => {
  test("a high risk that nobody decided about is told of once, also over a restart", async () => {
    await desk.webhook(receiver.url(), { type: "undecided", hours: 24, riskMin: 8 });
    await desk.register(9);
    await desk.register(5);
    const decided = await desk.register(9);
    await desk.store.decide("key-1 (Ann)", decided, "vpatch");
    await desk.look(noon + 24 * hour - 1);
    expect(arrived()).toEqual([]);
    await desk.look(noon + 24 * hour + minute);
    expect(receiver.got[0]!.body.data.undecided).toEqual({ since: "2026-01-02T12:00:00.000Z", hours: 24 });
    expect(arrived()).toEqual(["leak.undecided leak-1"]);
    await desk.restart();
    await desk.look(noon + 30 * hour);
    expect(arrived()).toEqual([]);
    // Its risk was raised meanwhile.
    await desk.store.updateLeak("key-1 (Ann)", "leak-2", { risk: 8 });
    await desk.look(noon + 31 * hour);
    expect(arrived()).toEqual(["leak.undecided leak-2"]);
  });

  test("a leak that is opened again waits anew", async () => {
    await desk.webhook(receiver.url(), { type: "undecided", hours: 1, riskMin: 1 });
    const leak = await desk.register(9);
    await desk.look(noon + hour + minute);
    await desk.store.decide("key-1 (Ann)", leak, "close");
    await desk.store.decide("key-1 (Ann)", leak, "reopen");
    await desk.look(noon + hour + 10 * minute);
    expect(arrived()).toEqual(["leak.undecided leak-1"]);
    await desk.look(noon + 3 * hour);
    expect(arrived()).toEqual(["leak.undecided leak-1"]);
  });

  test("leaks from before there was any destination count from when they were registered", async () => {
    await desk.register(9);
    desk.now = noon + 2 * hour;
    await desk.webhook(receiver.url(), { type: "undecided", hours: 1, riskMin: 1 });
    await desk.look();
    expect(arrived()).toEqual(["leak.undecided leak-1"]);
  });

  test("of thousands that wait, a hundred are told of at a time", async () => {
    await Promise.all(Array.from({ length: 130 }, () => desk.register(9)));
    await desk.webhook(receiver.url(), { type: "undecided", hours: 1, riskMin: 1 });
    await desk.look(noon + 2 * hour);
    expect(arrived()).toHaveLength(100);
    await desk.look(noon + 2 * hour + minute);
    expect(arrived()).toHaveLength(30);
  });
});

describe("attempts", () => {
  test("the first one since the patch is told of, and the next only after the leak was patched anew", async () => {
    await desk.webhook(receiver.url(), { type: "first_attempt" });
    const leak = await desk.register();
    await desk.store.decide("key-1 (Ann)", leak, "vpatch");
    await desk.attempt(noon + 2 * second, { ip: "192.0.2.2", count: 3 });
    await desk.attempt(noon + 1 * second, { ip: "192.0.2.1" });
    await desk.look(noon + 5 * second);
    expect(receiver.got[0]!.body.data.attempt).toEqual({
      at: "2026-01-02T12:00:01.000Z",
      point: "header authorization",
      ip: "192.0.2.1",
      action: "blocked",
      count: 1,
    });
    expect(arrived()).toEqual(["leak.first_attempt leak-1"]);
    await desk.attempt(noon + 10 * second);
    await desk.look(noon + 15 * second);
    await desk.restart();
    await desk.attempt(noon + 20 * second);
    await desk.look(noon + 25 * second);
    expect(arrived()).toEqual([]);
    await desk.store.decide("key-1 (Ann)", leak, "close");
    await desk.store.decide("key-1 (Ann)", leak, "reopen");
    await desk.store.decide("key-1 (Ann)", leak, "vpatch");
    await desk.attempt(noon + 30 * second, { rule: "rule-2" });
    await desk.look(noon + 35 * second);
    expect(arrived()).toEqual(["leak.first_attempt leak-1"]);
  });

  test("an attempt is not the first where the log has an earlier one that nobody was to be told of", async () => {
    const leak = await desk.register();
    await desk.store.decide("key-1 (Ann)", leak, "vpatch");
    await desk.attempt(noon - hour);
    await desk.webhook(receiver.url(), { type: "first_attempt" });
    await desk.attempt(noon + second);
    await desk.look(noon + 5 * second);
    expect(arrived()).toEqual([]);
  });

  test("events that are written late are seen all the same", async () => {
    await desk.webhook(receiver.url(), { type: "first_attempt" });
    await desk.register();
    await desk.look(noon + 10 * second);
    await desk.attempt(noon + second);
    await desk.look(noon + 15 * second);
    expect(arrived()).toEqual(["leak.first_attempt leak-1"]);
  });

  test("N attempts in T minutes are told of once in T, and each attempt counts once", async () => {
    await desk.webhook(receiver.url(), { type: "attempts", count: 10, minutes: 5 });
    await desk.register();
    await desk.attempt(noon + 1 * second, { count: 9 });
    await desk.look(noon + 5 * second);
    await desk.look(noon + 10 * second);
    expect(arrived()).toEqual([]);
    await desk.attempt(noon + 2 * minute, { ip: "192.0.2.9" });
    await desk.look(noon + 2 * minute + second);
    const { attempt, attempts } = receiver.got[0]!.body.data as Record<string, Record<string, unknown>>;
    expect([attempts, attempt!.count, attempt!.ip]).toEqual([{ count: 10, minutes: 5 }, 10, "192.0.2.9"]);
    expect(arrived()).toEqual(["leak.attempts leak-1"]);
    await desk.attempt(noon + 3 * minute, { count: 50 });
    await desk.look(noon + 3 * minute + second);
    expect(arrived()).toEqual([]);
    await desk.attempt(noon + 8 * minute - second, { count: 9 });
    await desk.look(noon + 8 * minute);
    expect(arrived()).toEqual(["leak.attempts leak-1"]);
    await desk.attempt(noon + 20 * minute, { count: 9 });
    await desk.look(noon + 20 * minute);
    expect(arrived()).toEqual([]);
  });

  test("a count that is written over counts once", async () => {
    await desk.webhook(receiver.url(), { type: "attempts", count: 10, minutes: 5 });
    await desk.register();
    const id = eventId(noon + second, 1, 77);
    for (const count of [1, 5, 9]) {
      await desk.attempt(noon + second, { id, count });
      await desk.look(desk.now + 5 * second);
    }
    expect(arrived()).toEqual([]);
    await desk.attempt(noon + second, { id, count: 10 });
    await desk.look(desk.now + 5 * second);
    expect(arrived()).toEqual(["leak.attempts leak-1"]);
  });

  test("counts outlive a restart, and what happened meanwhile is judged by its own time", async () => {
    await desk.webhook(receiver.url(), { type: "attempts", count: 10, minutes: 5 });
    await desk.register();
    await desk.attempt(noon + second, { count: 6 });
    await desk.look(noon + 2 * second);
    await desk.restart();
    await desk.attempt(noon + minute, { count: 4 });
    await desk.attempt(noon + 2 * hour, { count: 9 });
    await desk.look(noon + 3 * hour);
    expect(receiver.got[0]!.body.timestamp).toBe("2026-01-02T12:01:00.000Z");
    expect(arrived()).toEqual(["leak.attempts leak-1"]);
    await desk.restart();
    await desk.look(noon + 3 * hour + minute);
    expect(arrived()).toEqual([]);
  });

  test("leaks are counted apart", async () => {
    await desk.webhook(receiver.url(), { type: "attempts", count: 10, minutes: 5 });
    await desk.register();
    await desk.register();
    await desk.attempt(noon + second, { count: 9 });
    await desk.attempt(noon + second, { count: 9, leak: "leak-2", rule: "rule-2" });
    await desk.look(noon + 5 * second);
    expect(arrived()).toEqual([]);
  });
});
