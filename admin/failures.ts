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
    const left = this.leftOf(address, now);
    this.buckets.set(networkOf(address), { left: left < 1 ? left : left - 1, at: now });
    return this.secondsOf(left);
  }

  /** The same without counting one. */
  wait(address: string, now: number): number {
    return this.secondsOf(this.leftOf(address, now));
  }

  private leftOf(address: string, now: number): number {
    const { left, at } = this.buckets.get(networkOf(address)) ?? { left: this.perMinute, at: now };
    return Math.min(this.perMinute, left + ((now - at) / MINUTE_MS) * this.perMinute);
  }

  private secondsOf(left: number): number {
    return left >= 1 ? 0 : Math.ceil(((1 - left) * MINUTE_MS) / this.perMinute / 1000);
  }
}
