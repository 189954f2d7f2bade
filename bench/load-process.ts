import autocannon, { type Run } from "autocannon";
import { build } from "hdr-histogram-js";
import type { LoadOrder, LoadResult } from "./load.ts";

/**
 * Entry of the load generator's process: autocannon, a closed loop. autocannon's own histogram counts whole
 * milliseconds; the times it hands to `response` are finer, and are recorded here in microseconds.
 */
const SAMPLE_MS = 50;
const LATENCY_US_MAX = 60_000_000;

const latency = build({ highestTrackableValue: LATENCY_US_MAX, numberOfSignificantValueDigits: 3 });
let current: Run | null = null;

async function run(order: LoadOrder): Promise<LoadResult> {
  latency.reset();
  const statuses: Record<string, number> = {};
  let requests = 0;
  let errors = 0;
  const began = performance.now();
  let lastAt = began;
  const load = autocannon({
    url: `http://127.0.0.1:${order.port}`,
    connections: order.connections,
    duration: order.seconds,
    sampleInt: SAMPLE_MS,
    requests: order.requests,
    ...(order.perSecond === null ? {} : { overallRate: order.perSecond }),
  });
  current = load;
  load.on("response", (_client, status, _bytes, ms) => {
    requests++;
    statuses[status] = (statuses[status] ?? 0) + 1;
    latency.recordValue(Math.min(LATENCY_US_MAX, Math.max(1, Math.round(ms * 1_000))));
    lastAt = performance.now();
  });
  load.on("reqError", () => {
    errors++;
  });
  await load;
  current = null;
  const percentile = (each: number) => (requests === 0 ? 0 : latency.getValueAtPercentile(each));
  return {
    requests,
    errors,
    statuses,
    seconds: (lastAt - began) / 1_000,
    latencyUs: { p50: percentile(50), p99: percentile(99), p999: percentile(99.9) },
  };
}

process.on("disconnect", () => process.exit());
process.on("message", async (order: LoadOrder | "stop") => {
  if (order === "stop") current?.stop();
  else process.send?.(await run(order));
});
process.send?.("up");
