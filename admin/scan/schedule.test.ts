import { expect, test } from "vitest";
import { InputRefused } from "../../rules/refusal.ts";
import { Schedule } from "./schedule.ts";

const noon = Date.parse("2026-01-02T12:00:00Z");
const DAY_MS = 86_400_000;

test.each(["", "soon", "* * * *", "0 0 31 2 *", "*/5 * * * * *", "61 * * * *"])("%j is refused", (given) => {
  expect(() => Schedule.parse(given)).toThrow(InputRefused);
});

test("sources of one schedule are spread over a while, each always by as much", () => {
  const daily = Schedule.parse("0 3 * * *");
  const times = Array.from({ length: 1_000 }, (_, at) => daily.next(noon, `default source-${at}`)!);
  const three = Date.parse("2026-01-03T03:00:00Z");
  expect(Math.min(...times)).toBeGreaterThanOrEqual(three);
  expect(Math.max(...times)).toBeLessThanOrEqual(three + 15 * 60_000);
  // Over the whole quarter of an hour, and not many at the same second.
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(14 * 60_000);
  expect(new Set(times.map((time) => Math.round(time / 1_000))).size).toBeGreaterThan(500);
  for (const [at, time] of times.entries())
    expect(daily.next(time, `default source-${at}`)).toBe(time + DAY_MS);
});

test("every few minutes a source is later by seconds only, and misses none", () => {
  const often = Schedule.parse("*/5 * * * *");
  let time = noon;
  for (let at = 1; at <= 12; at++) {
    time = often.next(time, "default source-1")!;
    const late = time - noon - (at - Number(time - noon < 300_000 * at)) * 300_000;
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(30_000);
  }
  expect(Schedule.parse("@hourly").next(noon, "x")).toBeGreaterThan(noon);
});
