import { join } from "node:path";
import { parseArgs } from "node:util";
import { fuzz } from "./run.ts";

// npm run fuzz -- --seconds 600 --seed 1: mutated requests against a gateway in this process, with what was built.

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "600" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 32)) },
    // The folder beside the sources: this file runs from dist/test/fuzz.
    corpus: { type: "string", default: join(import.meta.dirname, "../../../test/corpus") },
  },
});
console.log(`seed ${values.seed}, ${values.seconds} s, corpus ${values.corpus}`);
const report = await fuzz({
  corpus: values.corpus,
  seconds: Number(values.seconds),
  seed: Number(values.seed),
  isSaving: true,
  log: console.log,
});
console.log(`${report.inputs} inputs; answers by status: ${JSON.stringify(report.statuses)}`);
for (const { fault, count, input } of report.findings)
  console.log(`${count} x ${fault}\n  ${JSON.stringify(input.subarray(0, 2000).toString("latin1"))}`);
process.exitCode = report.findings.length === 0 ? 0 : 1;
