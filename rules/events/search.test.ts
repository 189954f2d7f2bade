import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseNetwork } from "./address.ts";
import type { VpatchEvent } from "./event.ts";
import {
  type EventFilter,
  eventTest,
  numberFields,
  type Term,
  type TextField,
  textFields,
} from "./filter.ts";
import { printSearch } from "./print.ts";
import { parseSearch, parseTerm, SearchRefused } from "./search.ts";

const NOW = Date.UTC(2026, 10, 24, 12, 30);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const EVENT: VpatchEvent = {
  type: "vpatch",
  id: "a-1-1",
  at: NOW - HOUR,
  lastAt: NOW - HOUR,
  count: 7,
  leak: "leak-1",
  rule: "rule-1",
  action: "blocked",
  point: "header x-api-key",
  method: "GET",
  host: "API.example.com",
  path: "/v1/users/7",
  query: ["page", "Sort"],
  userAgent: "Made-Up/1.0 (a, b)",
  ip: "10.1.2.3",
  requestId: "request-1",
  worker: 2,
};

const finds = (line: string, more: Partial<VpatchEvent> = {}) =>
  eventTest(parseSearch(line, NOW))({ ...EVENT, ...more });

describe("what a line finds", () => {
  test.each([
    "",
    "type:vpatch",
    "TYPE:vpatch",
    "type:undecoded,vpatch",
    "!type:undecoded",
    "leak:leak-1 rule:rule-1",
    "leak:leak-2,leak-1",
    "leak:leak-*",
    "action:blocked,watched",
    "point:header",
    'point:"header X-API-Key"',
    "point:header*",
    "!point:cookie,query",
    "method:get,POST",
    "host:api.EXAMPLE.com",
    "host:*.example.com",
    "path:/v1/users/7",
    "path:/v1/*",
    "path:/v1/*/7",
    "path:*users*",
    "query:page",
    "query:other,Sort",
    "!query:sort",
    'userAgent:"Made-Up/1.0 (a, b)"',
    'useragent:Made-Up*"(a, "*',
    "ip:10.1.2.3",
    "ip:10.0.0.0/8",
    "ip:192.0.2.1,10.1.2.0/24",
    "ip:::ffff:10.1.2.3",
    "ip:::ffff:10.0.0.0/104",
    "ip:10.1.*",
    "!ip:11.0.0.0/8",
    "!ip:::/0",
    "requestId:request-1",
    "requestId:request*",
    "count:7",
    "count:>=7 count:<8 count:>6 count:<=7",
    "count:5..9",
    "!count:8..9,1",
    "worker:2",
    "made-up",
    "example users",
    "nothing,USERS",
    "us*7",
    '"1.0 (a"',
    "!nothing",
    "last 2 hours",
    "last hour",
    "last 90 minutes !path:/v2/*",
    "LAST 1 Week",
    "today",
    "from:2026-11-24",
    "from:2026-11-24T11:30:00Z to:2026-11-24T11:30:00.001Z",
    "from:2026-11-24T12:30:00+01:00",
    `to:${NOW}`,
    "type:vpatch ip:10.0.0.0/8 !point:cookie path:/v1/* method:GET,POST count:>=5 last 7 days",
  ])("%s", (line) => expect(finds(line)).toBe(true));

  test.each([
    "type:undecoded",
    "!type:vpatch",
    "leak:leak-11",
    "leak:leak-2",
    "point:head",
    'point:"header x-api"',
    "point:x-api-key",
    "host:example.com",
    "path:/V1/*",
    "path:/v1",
    "path:users",
    "query:sort",
    "!query:page",
    "userAgent:made-up*",
    "ip:10.1.2.4",
    "ip:10.1.2.128/25",
    "ip:::/0",
    "ip:1.*",
    "!ip:0.0.0.0/0",
    "count:<7",
    "count:>7",
    "count:8..9",
    "worker:1",
    "nothing",
    "!example",
    "last 59 minutes",
    "yesterday",
    "to:2026-11-24",
    "from:2026-11-24T11:30:00.001Z",
    "type:vpatch method:POST",
  ])("not %s", (line) => expect(finds(line)).toBe(false));

  test("what an event does not have matches no pattern, and so its negation", () => {
    const bare = { leak: null, rule: null, userAgent: null, query: [] };
    expect(finds("leak:*", bare)).toBe(false);
    expect(finds("userAgent:*", bare)).toBe(false);
    expect(finds("query:*", bare)).toBe(false);
    expect(finds("!leak:* !rule:* !userAgent:* !query:*", bare)).toBe(true);
  });

  test("addresses of IPv6, in whatever spelling", () => {
    const ip = "2001:db8::7";
    for (const line of [
      "ip:2001:DB8:0:0::7",
      "ip:2001:db8::/32",
      "ip:::/0",
      "ip:2001:db8::0.0.0.7",
      "ip:2001:*",
    ])
      expect([line, finds(line, { ip })]).toEqual([line, true]);
    for (const line of [
      "ip:2001:db8::8",
      "ip:2001:db9::/32",
      "ip:0.0.0.0/0",
      "ip:2001:db8::8/125 ip:10.0.0.1",
    ])
      expect([line, finds(line, { ip })]).toEqual([line, false]);
    expect(finds("ip:0.0.0.0/0", { ip: "***" })).toBe(false);
    expect(finds("ip:10.0.0.0/8", { ip: "::ffff:10.9.9.9" })).toBe(true);
  });

  test("words that could mean something else are quoted", () => {
    const path = "/today last last 7 days !x a:b * \\";
    for (const line of ['"today"', '"last 7 days"', "last", '"!x"', '"a:b"', 'a":"b', '"*"', '" \\\\"', "\\"])
      expect([line, finds(line, { path })]).toEqual([line, true]);
    for (const line of ["to*day", '"b *"'])
      expect(finds(line, { path })).toBe(line === "to*day" || line === '"b *"');
    expect(finds('"to*day"', { path })).toBe(false);
  });
});

test("stretches of time", () => {
  const times = (line: string) => {
    const { from, to } = parseSearch(line, NOW);
    return [from, to];
  };
  expect(times("last 7 days")).toEqual([NOW - 7 * DAY, undefined]);
  expect(times("last minute")).toEqual([NOW - 60_000, undefined]);
  expect(times("today")).toEqual([Date.UTC(2026, 10, 24), undefined]);
  expect(times("yesterday")).toEqual([Date.UTC(2026, 10, 23), Date.UTC(2026, 10, 24)]);
  expect(times("to:2026-11-24T12:00Z last 2 days")).toEqual([NOW - 2 * DAY, Date.UTC(2026, 10, 24, 12)]);
  expect(times("last 999999 weeks")).toEqual([0, undefined]);
});

describe("a line that cannot be read", () => {
  test.each([
    ["colour:red", 1, "no such field; the known ones are type, leak"],
    ["path:/a http://made-up-token-0001", 9, "no such field"],
    ["path:", 6, "a value is missing"],
    ["path:/a,,/b", 9, "a value is missing"],
    ["!", 2, "a value is missing"],
    ['path:"/a', 6, "the quote is not closed"],
    ['path:"/a\\', 6, "the quote is not closed"],
    ["type:made-up-token-0001", 6, "type is one of vpatch, undecoded"],
    ["action:block", 8, "action is one of blocked, monitored, passed, watched"],
    ["leak:1", 6, "leak is an id as leak-1"],
    ["leak:rule-1", 6, "leak is an id"],
    ["ip:10.0.0.0/33", 4, "ip is an address"],
    ["ip:10.0.0", 4, "ip is an address"],
    ["ip:10.0.0.256", 4, "ip is an address"],
    ["ip:2001:db8::/129", 4, "ip is an address"],
    ["ip:fe80::1%eth0", 4, "ip is an address"],
    ["count:many", 7, "a number is written"],
    ["count:>=", 7, "a number is written"],
    ["count:9..5", 7, "no number lies"],
    ["count:<0", 7, "no number lies"],
    ["from:tomorrow", 6, "a time is a date"],
    ["from:2026-02-30", 6, "a time is a date"],
    ["from:2026-01-02,2026-01-03", 6, "a time is a date"],
    ["!today", 1, "cannot be negated"],
    ["today from:2026-01-02", 7, "bounded twice"],
    ["from:2026-01-02 to:2026-01-02", 1, "ends before it begins"],
  ])("%s", (line, position, why) => {
    const refused = refusalOf(() => parseSearch(line, NOW));
    expect(refused.message).toContain(why);
    expect(refused.position).toBe(position);
    expect(refused.message).not.toContain("made-up-token");
  });

  test("is refused where it asks for too much", () => {
    expect(refusalOf(() => parseSearch("x".repeat(4_097), NOW)).message).toContain("longer than 4096");
    expect(refusalOf(() => parseSearch("x ".repeat(65), NOW)).position).toBe(129);
    expect(refusalOf(() => parseSearch(`path:${"a,".repeat(256)}a`, NOW)).message).toContain("256 values");
  });
});

test("a parameter's values need no quotes for blanks, and a leading ! turns them round", () => {
  expect(parseTerm("point", "header x-api-key,cookie")).toEqual({
    field: "point",
    not: false,
    any: [["header x-api-key"], ["cookie"]],
  });
  expect(parseTerm("ip", "!10.0.0.0/8")).toEqual({
    field: "ip",
    not: true,
    any: [parseNetwork("10.0.0.0/8")],
  });
  expect(() => parseTerm("ip", "!")).toThrow(SearchRefused);
});

test("a pattern of many stars over a long text takes no longer for it", () => {
  const line = `path:${"a*".repeat(1_000)}b`;
  const test = eventTest(parseSearch(line, NOW));
  const began = performance.now();
  expect(test({ ...EVENT, path: "a".repeat(100_000) })).toBe(false);
  expect(performance.now() - began).toBeLessThan(1_000);
});

describe("print", () => {
  const anyPattern = fc.array(
    fc.oneof(fc.string({ maxLength: 6 }), fc.string({ unit: "binary", maxLength: 3 })),
    {
      minLength: 1,
      maxLength: 4,
    },
  );
  const anyText = (field: TextField) => {
    const starred = anyPattern.map((pieces) => (pieces.length === 1 ? [...pieces, ""] : pieces));
    if (field === "type" || field === "action" || field === "leak" || field === "rule") return starred;
    return anyPattern;
  };
  const anyNetwork = fc
    .oneof(
      fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })),
      fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })),
    )
    .map(([address, bits]) => parseNetwork(`${address}/${bits}`)!);
  const anyRange = fc
    .tuple(fc.nat(), fc.oneof(fc.nat(), fc.constant(Number.MAX_SAFE_INTEGER)))
    .map(([a, b]) => ({ min: Math.min(a, b), max: Math.max(a, b) }));
  const some = <Value>(value: fc.Arbitrary<Value>) => fc.array(value, { minLength: 1, maxLength: 3 });
  const anyTerm: fc.Arbitrary<Term> = fc.oneof(
    fc
      .constantFrom(...textFields)
      .chain((field) =>
        fc.record({ field: fc.constant(field), not: fc.boolean(), any: some(anyText(field)) }),
      ),
    fc.record({
      field: fc.constant("ip" as const),
      not: fc.boolean(),
      any: some(fc.oneof(anyNetwork, anyText("type"))),
    }),
    fc.record({ field: fc.constantFrom(...numberFields), not: fc.boolean(), any: some(anyRange) }),
  );
  const anyTime = fc.option(fc.nat({ max: 4_000_000_000_000 }), { nil: undefined });
  const anyFilter: fc.Arbitrary<EventFilter> = fc
    .record({ terms: fc.array(anyTerm, { maxLength: 5 }), from: anyTime, to: anyTime })
    .map(({ terms, from, to }) => ({ terms, from, to: to === undefined ? to : to + (from ?? 0) + 1 }));

  test("what is printed is read as the same filter", () => {
    fc.assert(
      fc.property(anyFilter, (filter) => {
        expect(parseSearch(printSearch(filter), NOW)).toEqual(filter);
      }),
    );
  });

  test("any line is read or refused, and what is read prints the same again", () => {
    const anyLine = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc
        .array(
          fc.constantFrom(
            "path:",
            "ip:",
            "!",
            '"',
            "\\",
            "*",
            ",",
            " ",
            "last",
            "7",
            "days",
            "10.0.0.0/8",
            "a",
          ),
        )
        .map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(anyLine, (line) => {
        let filter: EventFilter;
        try {
          filter = parseSearch(line, NOW);
        } catch (error) {
          expect(error).toBeInstanceOf(SearchRefused);
          return;
        }
        expect(parseSearch(printSearch(filter), NOW)).toEqual(filter);
      }),
    );
  });

  test.each([
    ["  path:/v1/*   host:a.example ", "path:/v1/* host:a.example"],
    ['point:"header x-api-key" "made up"', 'point:"header x-api-key" "made up"'],
    ["IP:10.9.9.9/8,2001:DB8:0:0::1", "ip:10.0.0.0/8,2001:db8::1"],
    ["count:>4 !worker:1..1", "count:>=5 !worker:1"],
    ["last constructor", '""last constructor'],
    ["last hour", "from:2026-11-24T11:30:00.000Z"],
  ])("%s", (line, printed) => expect(printSearch(parseSearch(line, NOW))).toBe(printed));
});

function refusalOf(work: () => unknown): SearchRefused {
  try {
    work();
  } catch (error) {
    if (error instanceof SearchRefused) return error;
  }
  throw new Error("nothing was refused");
}
