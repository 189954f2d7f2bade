import { LRUCache } from "lru-cache";
import { networkOf } from "./address.ts";

const ADDRESSES_MAX = 10_000;
const MINUTE_MS = 60_000;

/** What is left of an address's allowance. */
interface Bucket {
  readonly left: number;
  readonly at: number;
}

/** Counts wrong keys by the address they come from: a bucket of so many a minute, which fills up again evenly. */
export class Failures {
  private readonly perMinute: number;
  private readonly buckets = new LRUCache<string, Bucket>({ max: ADDRESSES_MAX });

  constructor(perMinute: number) {
    this.perMinute = perMinute;
  }

  /** Counts one more. Answers 0, or the seconds until the next one is counted where the allowance is spent. */
  count(address: string, now: number): number {
    const network = networkOf(address);
    const { left, at } = this.buckets.get(network) ?? { left: this.perMinute, at: now };
    const filled = Math.min(this.perMinute, left + ((now - at) / MINUTE_MS) * this.perMinute);
    if (filled < 1) {
      this.buckets.set(network, { left: filled, at: now });
      return Math.ceil(((1 - filled) * MINUTE_MS) / this.perMinute / 1000);
    }
    this.buckets.set(network, { left: filled - 1, at: now });
    return 0;
  }
}
