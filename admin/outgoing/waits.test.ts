import { expect, test } from "vitest";
import { rateLimitWait, retryAfter } from "./waits.ts";

const at = Date.UTC(2026, 0, 2);

test("Retry-After is seconds or a date, a day at most; what is neither counts for nothing", () => {
  expect(retryAfter("120", at)).toBe(120_000);
  expect(retryAfter("Fri, 02 Jan 2026 00:01:00 GMT", at)).toBe(60_000);
  expect(retryAfter("999999999", at)).toBe(86_400_000);
  for (const value of [undefined, "", "-5", "soon", "Thu, 01 Jan 2026 00:00:00 GMT", ["1", "2"]])
    expect(retryAfter(value, at)).toBe(0);
});

test.each([
  ["GitHub", { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(at / 1_000 + 90) }, 90_000],
  ["GitLab", { "ratelimit-remaining": "0", "ratelimit-reset": String(at / 1_000 + 30) }, 30_000],
  ["an early draft", { "ratelimit-remaining": "0", "ratelimit-reset": "45" }, 45_000],
  ["a middle draft", { ratelimit: "limit=100, remaining=0, reset=50" }, 50_000],
  ["the draft", { ratelimit: '"default";r=0;t=20' }, 20_000],
  ["a time that is over", { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000000" }, 1_000],
  ["a time far away", { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "99999999999" }, 86_400_000],
  ["some left", { "x-ratelimit-remaining": "7", "x-ratelimit-reset": String(at / 1_000 + 90) }, 0],
  ["some left in the draft", { ratelimit: '"default";r=10;t=20' }, 0],
  ["nonsense", { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon", ratelimit: "r=0" }, 0],
])("how long to wait as %s says it", (_name, headers, ms) => expect(rateLimitWait(headers, at)).toBe(ms));
