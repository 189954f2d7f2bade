import autocannon, { type Run } from "autocannon";
import { Histogram } from "./histogram.ts";
import type { LoadOrder, LoadResult } from "./order.ts";

const SAMPLE_MS = 50;

const latency = new Histogram();
let current: Run | null = null;

/**
 * A closed loop by autocannon. Its own histogram counts whole milliseconds; the times it hands to `response` are finer,
 * and are recorded here in microseconds.
 */
export async function runAutocannon(order: LoadOrder): Promise<LoadResult> {
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
    latency.recordMs(ms);
    lastAt = performance.now();
  });
  load.on("reqError", () => {
    errors++;
  });
  await load;
  current = null;
  return {
    requests,
    errors,
    statuses,
    seconds: (lastAt - began) / 1_000,
    latencyUs: latency.percentiles(),
  };
}

export function stopAutocannon(): void {
  current?.stop();
}
