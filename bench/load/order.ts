import type { LoadRequest } from "./requests.ts";

/**
 * What makes the load. `autocannon`: what many know and measure with. `wrk`: a third of its cost, so that on two cores
 * the proxy and not the load is the narrowest part. `net`: ours, for open loops and where wrk is not installed.
 */
export type Engine = "autocannon" | "wrk" | "net";

/** What the load generator is to do. */
export interface LoadOrder {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  /** Requests per second of all connections together; null: as fast as the answers come. */
  readonly perSecond: number | null;
  /** Each connection sends these in turn. */
  readonly requests: readonly LoadRequest[];
  /** `autocannon` where none is named. */
  readonly engine?: Engine;
  /** A new connection for every request; with `wrk` and `net`. */
  readonly isFresh?: boolean;
  /** One request that moves so many bytes, instead of a load for some seconds. */
  readonly stream?: { readonly direction: "download" | "upload"; readonly bytes: number };
}

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/**
 * What came of it. Times are from writing a request to the end of its answer; in an open loop from when the request was
 * to start; with new connections from when the connection was asked for.
 */
export interface LoadResult {
  readonly requests: number;
  readonly errors: number;
  /** Answers by status code. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly latencyUs: Percentiles;
  /** In an open loop: how late the generator itself sent. */
  readonly lateUs?: Percentiles;
}
