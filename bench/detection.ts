import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { declaredFormatsSchema } from "../admin/detect/declared.ts";
import { Detector } from "../admin/detect/detector.ts";
import { readGitleaks } from "../admin/detect/gitleaks.ts";
import { Inventory } from "../admin/detect/inventory.ts";
import { digestBytes } from "../rules/digest.ts";
import { FORMATS } from "../rules/formats.ts";
import { Pepper } from "../rules/pepper.ts";
import { type Class, type Corpus, classes, corpusOf, DECLARED, GITLEAKS } from "../test/detection/corpus.ts";
import { SAMPLES } from "../test/detection/samples.ts";
import { plainlyTaken, type Score, scoreOf } from "../test/detection/score.ts";
import { median } from "./stats/spread.ts";

/**
 * Detection of tokens in texts: `npm run bench:detection [-- --seed 1 --folder PATH --show]`.
 *
 * Makes a labelled corpus of the seed and says for each class how many tokens were found (recall) and how many findings
 * are tokens (precision); then how many MB of text a second of one core looks through, by processor time of this process.
 * `--show` prints what was missed or wrong; `--folder` looks through the files of a folder as well, whose findings are
 * counted by their rules.
 */
const COMMITS = 2_000;
const DECOYS = 600;
const INVENTORY = 10_000;
const ROUNDS = 9;

interface Flags {
  readonly seed: number;
  readonly folder: string | null;
  readonly show: boolean;
}

function flags(): Flags {
  const { values } = parseArgs({
    options: { seed: { type: "string" }, folder: { type: "string" }, show: { type: "boolean" } },
  });
  return { seed: Number(values.seed ?? 1), folder: values.folder ?? null, show: values.show ?? false };
}

function inventoryOf(corpus: Corpus, pepper: Pepper): Inventory {
  const inventory = new Inventory(pepper);
  for (const token of corpus.listed) inventory.add("live", token);
  for (let count = inventory.size; count < INVENTORY; count++)
    inventory.add("other", {
      ...digestBytes(randomBytes(20 + (count % 60)), pepper),
      kind: "opaque",
      preview: "",
    });
  return inventory;
}

function row(name: string, { tokens, found, wrong }: Score): string {
  const percent = (part: number, whole: number) => (whole === 0 ? "-" : (part / whole).toFixed(4));
  return `  ${name.padEnd(12)}${String(tokens).padStart(8)}${String(found).padStart(8)}${String(wrong).padStart(8)}   ${percent(found, tokens).padEnd(9)}${percent(found, found + wrong)}`;
}

/** MB of text a second of processor time, the cases taking turns: best and median. */
function speeds(
  cases: readonly (readonly [string, Detector])[],
  blobs: readonly Buffer[],
  rounds: number,
): void {
  const bytes = blobs.reduce((sum, blob) => sum + blob.length, 0);
  const rates = cases.map((): number[] => []);
  for (let round = -1; round < rounds; round++)
    for (const [index, [, detector]] of cases.entries()) {
      const before = process.cpuUsage();
      for (const blob of blobs) detector.find(blob, "made-up.txt");
      const { user, system } = process.cpuUsage(before);
      if (round >= 0) rates[index]!.push(bytes / (user + system));
    }
  console.log(`\n${blobs.length} blobs, ${(bytes / 1e6).toFixed(1)} MB: MB/s of one core, best (median)`);
  for (const [index, [name]] of cases.entries())
    console.log(
      `  ${name.padEnd(44)} ${Math.max(...rates[index]!).toFixed(0)} (${median(rates[index]!).toFixed(0)})`,
    );
}

/** A file of many rules of the kind that runs near a word, for vendors whose names code seldom holds. */
function manyRules(count: number): string {
  return Array.from({ length: count }, (_, index) => {
    const name = `vendor${String.fromCharCode(97 + (index % 26))}${index}`;
    return `[[rules]]\nid = "${name}"\nregex = '''(?i)[\\w.-]{0,50}?(?:${name})(?:[ \\t\\w.-]{0,20})[\\s'"]{0,3}(?:=|:)[\\s'"]{0,5}([a-z0-9]{32})(?:[\\x60'"\\s;]|$)'''\nkeywords = ["${name}"]\n`;
  }).join("");
}

function filesIn(folder: string): Buffer[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)));
}

function main(): void {
  const { seed, folder, show } = flags();
  const pepper = Pepper.fromBytes(Buffer.alloc(32, `bench ${seed}`));
  const corpus = corpusOf(seed, pepper, COMMITS, DECOYS);
  const inventory = inventoryOf(corpus, pepper);
  const formats = declaredFormatsSchema.parse(DECLARED);
  const gitleaks = [readGitleaks("made-up.toml", () => GITLEAKS)];
  const all = Detector.of({ formats, gitleaks, inventory });
  const { byClass, missed, wrong } = scoreOf(all, corpus);
  const baits = corpus.files.flatMap((file) => file.baits);
  console.log(
    `node ${process.version}; seed ${seed}; ${COMMITS} commits, ${corpus.files.length} files; ${FORMATS.filter(({ body }) => body !== null).length} formats, samples of ${SAMPLES.length} shapes; ${baits.length} decoys of ${new Set(baits.map(({ kind }) => kind)).size} kinds; inventory of ${inventory.size}\n`,
  );
  console.log("  class         tokens   found   wrong   recall   precision");
  for (const each of classes) console.log(row(each, byClass[each]));
  const total = (of: keyof Score) => classes.reduce((sum: number, each: Class) => sum + byClass[each][of], 0);
  console.log(row("all", { tokens: total("tokens"), found: total("found"), wrong: total("wrong") }));
  const { byShape, byLength } = plainlyTaken(corpus);
  console.log(
    `\nof the decoys ${byShape} have a shape of the table, ${byLength} that or 20 characters in a row`,
  );
  if (show)
    for (const text of [...missed.map((each) => `missed ${each}`), ...wrong.map((each) => `wrong ${each}`)])
      console.log(text);

  const cases = [
    ["table", Detector.of()],
    ["table and inventory", Detector.of({ inventory })],
    ["table, inventory, declared and a rules file", all],
    [
      "the same with 200 more rules",
      Detector.of({
        formats,
        gitleaks: [...gitleaks, readGitleaks("many.toml", () => manyRules(200))],
        inventory,
      }),
    ],
    ["table, inventory and assignments", Detector.of({ inventory, assignments: true })],
  ] as const;
  speeds(
    cases,
    corpus.files.map(({ blob }) => blob),
    ROUNDS,
  );
  if (folder === null) return;
  const blobs = filesIn(folder);
  speeds(cases.slice(0, 2), blobs, 3);
  const counts = new Map<string, number>();
  for (const blob of blobs)
    for (const { rule } of cases[0][1].find(blob, folder)) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  console.log(`findings of the table in ${folder}: ${JSON.stringify(Object.fromEntries(counts))}`);
}

main();
