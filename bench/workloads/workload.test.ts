import { expect, test } from "vitest";
import type { Contender } from "../contenders.ts";
import { choose, named, workloads } from "./workload.ts";

const all = workloads({ connections: 64, blockedPercent: 0, streamBytes: 2 ** 30 });
const start = async () => ({ port: 0, child: null });
const contender = (name: string, family: Contender["family"]): Contender => ({
  name,
  family,
  tokens: 0,
  looksIn: [],
  lacks: [],
  start,
});
const found = [
  contender("direct", "direct"),
  contender("leakgate-100000", "leakgate"),
  contender("leakgate-2-shared", "leakgate"),
  contender("haproxy-100000", "haproxy"),
  contender("nginx-100000", "nginx"),
  contender("http-proxy", "http-proxy"),
];
const names = (workload: string, only: string[] = []) =>
  choose(named(all, [workload])[0]!, found, only).map(({ name }) => name);

test("a workload takes the contenders of its choice, or those that were asked for", () => {
  expect(names("get-small")).not.toContain("leakgate-2-shared");
  expect(names("get-small")).toContain("http-proxy");
  expect(names("post-json-64k")).toEqual(["direct", "leakgate-100000", "haproxy-100000", "nginx-100000"]);
  expect(names("post-json-64k", ["http-proxy", "leakgate"])).toEqual(["leakgate-100000", "http-proxy"]);
});

test("where connections are handed out, those with two workers stand for their family", () => {
  expect(names("new-connections")).toEqual(["leakgate-2-shared", "haproxy-100000", "nginx-100000"]);
});

test("names are unique, and unknown ones are refused", () => {
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  expect(() => named(all, ["get-large"])).toThrow("knows no get-large");
});
