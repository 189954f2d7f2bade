import { expect, test } from "vitest";
import { type PlaceName, placeNames } from "./places.ts";
import type { Proof } from "./prove.ts";
import { lacksList, parityTable, reachTable } from "./tables.ts";

function proof(name: string, blocks: readonly PlaceName[], lacks: readonly string[] = []): Proof {
  const outcome = (place: PlaceName) => (blocks.includes(place) ? "blocked" : "passed");
  return {
    name,
    tokens: blocks.length > 0 ? 10 : 0,
    unlisted: 200,
    listed: blocks.length > 0 ? [403, 403, 403] : [200],
    blocks: blocks.length > 0,
    checks: {
      "target unchanged": null,
      "POST 1 KiB": null,
      "POST 64 KiB": null,
      "chunked upload": "63 of 64 bytes",
      "64 KiB answer": null,
      HEAD: null,
      "1,024 connections": null,
    },
    upstreamConnections: 1,
    reach: Object.fromEntries(placeNames.map((place) => [place, outcome(place)])) as Proof["reach"],
    looksIn: blocks,
    lacks,
    breaks: [],
  };
}

test("the reach has a column for who has tokens, and one line for who has none", () => {
  const lines = reachTable([proof("all", placeNames), proof("one", ["bearer"]), proof("none", [])]).split(
    "\n",
  );
  expect(lines[0]).toBe("| a listed token in | all | one |");
  expect(lines).toContain("| `Authorization: Bearer` | blocked | blocked |");
  expect(lines).toContain("| cookie | blocked | passed |");
  expect(lines).toContain(
    `| blocked | ${placeNames.length} of ${placeNames.length} | 1 of ${placeNames.length} |`,
  );
  expect(lines.at(-1)).toBe("No tokens, so that none is blocked: none.");
});

test("what somebody refuses whatever the token is, is not called blocked", () => {
  const refused = { "chunk-border": "refused 500" } as const;
  const one = proof("one", ["bearer"]);
  const none = proof("none", []);
  const text = reachTable([
    { ...one, reach: { ...one.reach, ...refused } },
    { ...none, reach: { ...none.reach, ...refused } },
  ]);
  expect(text).toContain("cut within the token | refused 500 |");
  expect(text).toContain("none (chunked body, cut within the token: refused 500).");
});

test("the parity shows what came where a check does not hold", () => {
  const lines = parityTable([proof("one", ["bearer"])]).split("\n");
  expect(lines[2]).toBe(
    "| one | 200 | 403 / 403 / 403 | whole | whole | whole | 63 of 64 bytes | whole | whole | whole | 1 |",
  );
});

test("what is not done is listed, and who lacks nothing is not", () => {
  expect(lacksList([proof("all", placeNames), proof("one", ["bearer"], ["no body", "in clear"])])).toBe(
    "- one: no body; in clear.",
  );
});
