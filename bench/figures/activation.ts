import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Processes } from "../processes.ts";

/** From the answer of `POST .../vpatch` to 403 on every worker, as bench/activation.ts measures it. */
export interface Activation {
  readonly name: string;
  readonly repetitions: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const WITHIN_MS = 300_000;

/** Runs that benchmark, shorter than it runs by itself, and reads what it wrote. */
export async function measureActivation(
  processes: Processes,
  single: number,
  large: number,
): Promise<Activation[]> {
  const entry = fileURLToPath(new URL("../activation.js", import.meta.url));
  const said = await processes.run(
    process.execPath,
    [entry, "--single", String(single), "--large", String(large)],
    WITHIN_MS,
  );
  const path = said.trim().split("\n").at(-1)!;
  const { results } = JSON.parse(readFileSync(path, "utf8")) as { results: Activation[] };
  return results.map(({ name, repetitions, p50Ms, p99Ms, maxMs }) => ({
    name,
    repetitions,
    p50Ms,
    p99Ms,
    maxMs,
  }));
}
