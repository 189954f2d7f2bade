import pino from "pino";
import { expect, test } from "vitest";
import { Clock } from "./clock.ts";
import { proxySchema } from "./config.ts";
import { Counters } from "./counters.ts";
import { Places } from "./places.ts";
import { type Plane, Routes } from "./route.ts";

const plane = (tenant: string) =>
  ({ tenant, policy: { tenant }, budgetByLeak: new Map() }) as unknown as Plane;

/** Which tenant takes each host. */
function tenantsOf(config: object, hosts: readonly string[]): (string | null)[] {
  const counters = new Counters();
  const clock = new Clock();
  const parsed = proxySchema.parse(config);
  const routes = new Routes({
    config: parsed,
    planes: new Map(["default", "acme", "beta"].map((name) => [name, plane(name)])),
    defaultPlane: plane("default"),
    places: new Places(parsed.limits, counters),
    clock,
    counters,
    logger: pino({ level: "silent" }),
  });
  clock.stop();
  return hosts.map((host) => routes.of(host)?.plane.tenant ?? null);
}

const url = "http://127.0.0.1:9";

test("without routes every Host goes to the one upstream", () => {
  expect(tenantsOf({ upstream: { url } }, ["a.example", "", "[::1]:80"])).toEqual([
    "default",
    "default",
    "default",
  ]);
});

test("an exact name goes before a wildcard, a longer wildcard before a shorter one", () => {
  const routes = [
    { hosts: ["*.example"], tenant: "acme", upstream: url },
    { hosts: ["*.beta.example", "one.example"], tenant: "beta", upstream: url },
  ];
  const hosts = [
    "one.example",
    "two.example",
    "x.y.beta.example",
    "beta.example",
    "example",
    "other.test",
    "",
  ];
  expect(tenantsOf({ upstream: { url }, routes }, hosts)).toEqual([
    "beta",
    "acme",
    "beta",
    "acme",
    "default",
    "default",
    "default",
  ]);
});

test("without an upstream only the hosts of routes are taken", () => {
  const routes = [{ hosts: ["a.example", "[::1]"], tenant: "acme", upstream: { url, idleMs: 5 } }];
  const hosts = ["A.example:8080", "a.example.", "b.example", "[::1]:80", ""];
  expect(tenantsOf({ upstream: null, routes }, hosts)).toEqual(["acme", "acme", null, "acme", null]);
});

test.each([
  [{ hosts: [], tenant: "acme", upstream: url }],
  [{ hosts: ["a b"], tenant: "acme", upstream: url }],
  [{ hosts: ["a.example:80"], tenant: "acme", upstream: url }],
  [{ hosts: ["*.*.example"], tenant: "acme", upstream: url }],
  [{ hosts: ["a.example"], tenant: "No", upstream: url }],
  [{ hosts: ["a.example"], tenant: "acme", upstream: "http://a/b" }],
  [{ hosts: ["a.example"], tenant: "acme" }],
  [{ hosts: ["a.example", "A.example"], tenant: "acme", upstream: url }],
  [{ hosts: ["a.example"], tenant: "acme", upstream: url, more: 1 }],
])("refuses the route %j", (route) => {
  expect(proxySchema.safeParse({ upstream: { url }, routes: [route] }).success).toBe(false);
});
