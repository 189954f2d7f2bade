import { expect, test } from "vitest";
import { parseSearch } from "../../../rules/events/search.ts";
import {
  condition,
  conditionsOf,
  DEFAULT_LINE,
  stretches,
  switchCondition,
  timeOf,
  withTime,
} from "./line.ts";

test("conditions stand between blanks, quotes and times are whole", () => {
  const line = 'type:vpatch !point:"header x-api-key" word last 7 days "two words" today';
  expect(conditionsOf(line)).toEqual([
    "type:vpatch",
    '!point:"header x-api-key"',
    "word",
    "last 7 days",
    '"two words"',
    "today",
  ]);
});

test("a line has one time", () => {
  expect(withTime("type:vpatch last 7 days ip:10.0.0.0/8", "today")).toBe("type:vpatch ip:10.0.0.0/8 today");
  expect(withTime("type:vpatch from:2026-01-02 to:2026-01-03", "last hour")).toBe("type:vpatch last hour");
  expect(timeOf("a from:2026-01-02 b to:2026-01-03")).toBe("from:2026-01-02 to:2026-01-03");
});

test("a condition is switched on before the time, in place of one of its field, and off again", () => {
  const on = switchCondition(DEFAULT_LINE, "action:blocked");
  expect(on).toBe("type:vpatch action:blocked last 7 days");
  expect(switchCondition(on, "action:monitored")).toBe("type:vpatch action:monitored last 7 days");
  expect(switchCondition(on, "action:blocked")).toBe(DEFAULT_LINE);
});

test("the API reads what is made here", () => {
  const values = ["plain", "a b", 'a "quoted" \\ text', "/v1/*", "10.0.0.1", "2001:db8::1", "a,b"];
  for (const value of values) {
    const made = condition(/^[\d.]+$|::/.test(value) ? "ip" : "path", value);
    expect(() => parseSearch(made, 0), made).not.toThrow();
  }
  for (const time of stretches)
    expect(() => parseSearch(withTime(DEFAULT_LINE, time), Date.now())).not.toThrow();
});
