import { build } from "hdr-histogram-js";
import type { Percentiles } from "./order.ts";

const US_MAX = 60_000_000;

/** Times in microseconds, true to three digits. */
export class Histogram {
  private readonly counts = build({ highestTrackableValue: US_MAX, numberOfSignificantValueDigits: 3 });

  reset(): void {
    this.counts.reset();
  }

  recordMs(ms: number): void {
    this.counts.recordValue(Math.min(US_MAX, Math.max(1, Math.round(ms * 1_000))));
  }

  percentiles(): Percentiles {
    const at = (each: number) => (this.counts.totalCount === 0 ? 0 : this.counts.getValueAtPercentile(each));
    return { p50: at(50), p99: at(99), p999: at(99.9) };
  }
}
