import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { commonSchema } from "../admin/config.ts";
import { Detector } from "../admin/detect/detector.ts";
import { LocalRepository } from "../admin/scan/git/repository.ts";
import { GitReader } from "../admin/scan/git.ts";
import { registeredTokens } from "../admin/scan/registered.ts";
import { scan } from "../admin/scan/scan.ts";
import type { Mark } from "../admin/scan/source.ts";
import { Runtime } from "../rules/runtime.ts";
import { Tenants } from "../rules/tenants.ts";
import { manyCommits } from "../test/repositories.ts";
import { median } from "./stats/spread.ts";

/**
 * Scans of a repository: `npm run bench:scan [-- --commits 10000 --rounds 9]`.
 *
 * Makes a repository (a line of commits, each changing a file of 2 KB), scans it once into a new data folder, then, unchanged,
 * again and again from its mark, then all of it again. Seconds of the clock; how long the event loop
 * was kept at most is told too.
 */
const FILE_BYTES = 2_000;

function textOf(commit: number): string {
  const lines = [`// made-up file of commit ${commit}`];
  for (let bytes = 0; bytes < FILE_BYTES; bytes += lines.at(-1)!.length + 1)
    lines.push(
      `const value${lines.length} = ${(commit * 7919 + lines.length) % 100_003}; // nothing to see here`,
    );
  // Every hundredth commit holds a token.
  if (commit % 100 === 0)
    lines.push(`const key = "glc_${Buffer.from(`made up ${commit} `.repeat(4)).toString("base64")}";`);
  return `${lines.join("\n")}\n`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { commits: { type: "string" }, rounds: { type: "string" } } });
  const commits = Number(values.commits ?? 10_000);
  const rounds = Number(values.rounds ?? 9);
  const folder = mkdtempSync(join(tmpdir(), "leakgate-bench-"));
  const repository = join(folder, "repository.git");
  await manyCommits(repository, commits, textOf);
  const tenants = await Tenants.open(join(folder, "data"));
  const runtime = await Runtime.open(join(folder, "data"));
  const services = {
    runtime,
    closing: new AbortController().signal,
    config: { common: commonSchema.parse({}) },
  };
  let kept = 0;
  const look = async (mark: Mark | null) => {
    const detector = Detector.of({ inventory: await registeredTokens(tenants.default) });
    const began = performance.now();
    let last = began;
    const timer = setInterval(() => {
      kept = Math.max(kept, performance.now() - last - 1);
      last = performance.now();
    }, 1);
    const reader = new GitReader(new LocalRepository(repository));
    const outcome = await scan(services, tenants.default, "bench", reader, detector, { mark });
    clearInterval(timer);
    return { seconds: (performance.now() - began) / 1_000, ...outcome };
  };
  try {
    const first = await look(null);
    console.log(
      `node ${process.version}; ${commits} commits: first scan ${first.seconds.toFixed(2)} s, ${first.texts} texts, ` +
        `${(first.bytes / 1e6).toFixed(1)} MB, ${first.findings} findings, ${first.taken.leaks} leaks; event loop kept ${kept.toFixed(0)} ms at most`,
    );
    const again: number[] = [];
    for (let round = 0; round < rounds; round++) again.push((await look(first.mark)).seconds);
    console.log(
      `unchanged, again: median ${median(again).toFixed(3)} s, slowest ${Math.max(...again).toFixed(3)} s`,
    );
    kept = 0;
    const whole = await look(null);
    console.log(
      `all of it again: ${whole.seconds.toFixed(2)} s, ${whole.taken.unchanged} findings known, ${whole.taken.sightings} new; event loop kept ${kept.toFixed(0)} ms at most`,
    );
  } finally {
    await Promise.all([tenants.close(), runtime.close()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
