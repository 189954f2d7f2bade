import { afterEach, beforeEach, expect, test } from "vitest";
import { until } from "../test/support.ts";
import { Clock, type Timed } from "./clock.ts";

let clock: Clock;

beforeEach(() => {
  clock = new Clock();
});

afterEach(() => clock.stop());

function timed(deadline: number): Timed & { expiredAt: number; stalledMs: number } {
  const watched = {
    deadline,
    expiredAt: 0,
    stalledMs: 0,
    expire: () => {
      watched.expiredAt = performance.now();
    },
    stalled: (ms: number) => {
      watched.stalledMs += ms;
    },
  };
  clock.watch(watched);
  return watched;
}

/** Holds the thread, as a machine does that gives this process no time. */
function stall(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

test("a deadline expires once, not before its time", async () => {
  const began = performance.now();
  const watched = timed(clock.now + 100);
  await until("it has expired", () => watched.expiredAt > 0);
  expect(watched.expiredAt - began).toBeGreaterThanOrEqual(85);
  expect(watched.deadline).toBe(0);
});

test("time in which the process did not run is nobody's silence", async () => {
  const watched = timed(clock.now + 200);
  stall(400);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(watched.expiredAt).toBe(0);
  expect(watched.stalledMs).toBeGreaterThan(300);
  await until("it has expired", () => watched.expiredAt > 0);
});
