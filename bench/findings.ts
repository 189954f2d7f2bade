import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type GivenFinding, takeInFindings } from "../admin/intake/takein.ts";
import { Runtime } from "../rules/runtime.ts";
import { Tenants } from "../rules/tenants.ts";
import { whole } from "./options.ts";

/**
 * How long findings take to come in, twice: as new leaks, then as a report that was seen before. Without workers, in a folder
 * of its own.
 *
 *   node dist/bench/findings.js [--findings 100000]
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { findings: { type: "string" } } });
  const findings = whole("findings", values.findings, 100_000, 1, 10_000_000);
  const folder = mkdtempSync(join(tmpdir(), "leakgate-findings-"));
  const tenants = await Tenants.open(folder);
  const services = {
    runtime: await Runtime.open(folder),
    closing: new AbortController().signal,
    config: { common: { requests: 1_000, addresses: 100 } },
  };
  try {
    for (const round of ["new", "again"]) {
      let heapBytes = 0;
      const onProgress = () => {
        heapBytes = Math.max(heapBytes, process.memoryUsage().heapUsed);
      };
      const from = performance.now();
      const cpu = process.cpuUsage();
      const given = report(findings);
      const { leaks, unchanged } = await takeInFindings(services, tenants.default, "bench", given, {
        onProgress,
      });
      const { user, system } = process.cpuUsage(cpu);
      const seconds = ((performance.now() - from) / 1000).toFixed(1);
      const cpuSeconds = ((user + system) / 1e6).toFixed(1);
      const heap = (heapBytes / 1e6).toFixed(0);
      console.log(
        `${round}: ${seconds} s, ${cpuSeconds} s of processor, heap at most ${heap} MB, ${leaks} leaks, ${unchanged} unchanged`,
      );
    }
  } finally {
    await tenants.close();
    rmSync(folder, { recursive: true });
  }
}

function* report(findings: number): Generator<GivenFinding> {
  for (let i = 0; i < findings; i++) {
    const path = `src/module${i % 977}/file${i}.ts`;
    const commit = `0123abcdef${i}`;
    const url = `https://git.example/app/blob/${commit}/${path}#L${(i % 100) + 1}`;
    const sighting = { source: "scanner", url, path, line: (i % 100) + 1, commit, author: "made-up author" };
    yield { token: `made-up-token-${i}-kq83hs`, sighting };
  }
}

await main();
