import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../machine.ts";
import { whole } from "../options.ts";
import { markdown } from "./markdown.ts";
import { measureAll } from "./measure.ts";
import { plots } from "./plots.ts";
import type { Proof } from "./proof.ts";
import { splice } from "./splice.ts";
import { outcomes } from "./targets.ts";

/**
 * The whole proof: all workloads, memory, start-up and activation, into docs/benchmarks/results.json, the pictures beside
 * it and the generated part of docs/benchmarks.md.
 *
 *   npm run bench:report                                  about half an hour on two cores
 *   npm run bench:report -- --quick                       a few minutes: two rounds of a second, what targets name and little else
 *   npm run bench:report -- --workloads get-small,rules   only these, and `figures` for the rest; the report says what is missing
 *   npm run bench:report -- --render                      Markdown and pictures anew from the JSON, without measuring
 *   npm run bench:report -- --rounds 9 --seed 2 --out /tmp/proof      the page and all else into another folder
 *
 * The load is wrk where it is installed, since on two cores autocannon would be the narrowest part; `get-small-autocannon`
 * repeats the first workload with autocannon, so that a reader sees what the choice does. Else everything is autocannon.
 */
async function main(): Promise<void> {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const { values } = parseArgs({
    options: { quick: flag, render: flag, workloads: text, rounds: text, seed: text, out: text },
  });
  const isQuick = values.quick === true;
  const out = values.out ?? join(root, "docs");
  const json = join(out, "benchmarks", "results.json");
  if (values.render !== true) {
    const proof = await measureAll({
      isQuick,
      workloads: values.workloads?.split(",").filter((each) => each !== "") ?? null,
      rounds: whole("rounds", values.rounds, isQuick ? 2 : 5, 1, 100),
      seed: whole("seed", values.seed, 1, 0, 1_000_000),
      say,
    });
    mkdirSync(join(out, "benchmarks"), { recursive: true });
    writeFileSync(json, `${JSON.stringify({ ...proof, targets: outcomes(proof) })}\n`);
  }
  render(JSON.parse(readFileSync(json, "utf8")) as Proof, out);
}

/** Everything that is made from the JSON. */
function render(proof: Proof, out: string): void {
  for (const [name, svg] of plots(proof)) writeFileSync(join(out, "benchmarks", name), svg);
  const page = join(out, "benchmarks.md");
  const source = out === join(root, "docs") ? page : join(root, "docs", "benchmarks.md");
  writeFileSync(page, splice(readFileSync(source, "utf8"), markdown(proof)));
  for (const { what, against, asked, measured, verdict } of outcomes(proof))
    console.log(`${what} / ${against}: at most ${asked}, ${measured?.median.toFixed(2) ?? "-"}: ${verdict}`);
  console.log(page);
}

function say(text: string): void {
  console.error(`report: ${text}`);
}

try {
  await main();
  process.exit(0);
} catch (error) {
  console.error(`report: ${(error as Error).message}`);
  process.exit(1);
}
