import { expect, test } from "vitest";
import { Detector } from "../detect/detector.ts";
import { givenOf } from "./given.ts";

const [finding] = Detector.of().find(
  Buffer.from(["KEY=ghp", "_madeUpMadeUpMadeUpMadeUpMadeUp", "3eng9z"].join("")),
  "a.env",
);

test("a file of a commit is told with its line, where its host shows lines", () => {
  const url = "https://git.example/acme/app/-/blob/main/a.env";
  const { sighting } = givenOf(finding!, { source: "gitlab", url, path: "a.env" });
  expect(sighting.url).toBe(`${url}#L1`);
  expect(givenOf(finding!, { source: "url", url: "https://a.example/b" }).sighting.url).toBe(
    "https://a.example/b",
  );
});

test("an address too long to be kept costs nothing to look at", () => {
  const url = `https://a.example/${"x/blob/".repeat(100_000)}?a`;
  const before = process.cpuUsage();
  expect(givenOf(finding!, { source: "feed", url }).sighting.url).toBe(null);
  expect(process.cpuUsage(before).user).toBeLessThan(1_000_000);
});
