import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import autocannon from "autocannon";
import { build } from "hdr-histogram-js";

/** One closed-loop run of autocannon. */
export interface Load {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** What came of it; latencies in microseconds. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly errors: number;
  readonly non2xx: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** Runs the load in a process of its own, so that it does not share a thread with what is measured or measures. */
export function runLoad(load: Load): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), ["load"]);
    child.once("message", (result: LoadResult | { readonly up: true }) => {
      if (!("up" in result)) return;
      child.once("message", (answer: LoadResult) => {
        resolve(answer);
        child.disconnect();
      });
      child.send(load);
    });
    child.once("exit", (code) => reject(new Error(`the load generator exited with ${code}`)));
  });
}

async function generate(load: Load): Promise<LoadResult> {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: 3,
  });
  const { url, connections, seconds, headers } = load;
  const run = autocannon({ url, connections, duration: seconds, headers: { ...headers } });
  run.on("response", (_client: unknown, _status: number, _bytes: number, ms: number) => {
    histogram.recordValue(Math.max(1, Math.round(ms * 1000)));
  });
  const result = await run;
  return {
    requests: result.requests.total,
    seconds: result.duration,
    errors: result.errors + result.timeouts,
    non2xx: result.non2xx,
    p50: histogram.getValueAtPercentile(50),
    p99: histogram.getValueAtPercentile(99),
    p999: histogram.getValueAtPercentile(99.9),
  };
}

if (process.argv[2] === "load" && process.send !== undefined) {
  process.once("message", async (load: Load) => {
    process.send?.(await generate(load));
  });
  process.on("disconnect", () => process.exit());
  process.send({ up: true });
}
