import { expect, test } from "vitest";
import { Pepper } from "../../rules/pepper.ts";
import { corpusOf, DECLARED, GITLEAKS } from "../../test/detection/corpus.ts";
import { scoreOf } from "../../test/detection/score.ts";
import { declaredFormatsSchema } from "./declared.ts";
import { Detector } from "./detector.ts";
import { readGitleaks } from "./gitleaks.ts";
import { Inventory } from "./inventory.ts";

/** The small sister of `npm run bench:detection`. */
test("of a labelled corpus the tokens are found, and the decoys are not", () => {
  const pepper = Pepper.fromBytes(Buffer.alloc(32, "made up"));
  const corpus = corpusOf(20_261, pepper, 260, 250);
  const inventory = new Inventory(pepper);
  for (const token of corpus.listed) inventory.add("leak-1", token);
  const detector = Detector.of({
    formats: declaredFormatsSchema.parse(DECLARED),
    gitleaks: [readGitleaks("made-up.toml", () => GITLEAKS)],
    inventory,
  });
  const { byClass, missed, wrong } = scoreOf(detector, corpus);
  const all = Object.values(byClass);
  const sum = (of: "tokens" | "found" | "wrong") => all.reduce((total, each) => total + each[of], 0);
  expect(sum("tokens")).toBeGreaterThan(200);
  expect({ missed: missed.slice(0, 5), wrong: wrong.slice(0, 5) }).toEqual({ missed: [], wrong: [] });
  expect(byClass.inventory).toMatchObject({ found: byClass.inventory.tokens, wrong: 0 });
  expect(sum("found") / sum("tokens")).toBeGreaterThanOrEqual(0.98);
  expect(sum("found") / (sum("found") + sum("wrong"))).toBeGreaterThanOrEqual(0.95);
});
