import type { ChildProcess } from "node:child_process";
import type { Processes } from "./processes.ts";
import { bearer, listedToken, unlistedToken } from "./tokens.ts";

/** One request of the workload, as autocannon takes it. */
export interface LoadRequest {
  readonly method: "GET";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What the load generator is to do. */
export interface LoadOrder {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  /** Requests per second of all connections together; null: as fast as the answers come. */
  readonly perSecond: number | null;
  /** Each connection sends these in turn. */
  readonly requests: readonly LoadRequest[];
}

/** What came of it; times are from writing a request to the end of its answer. */
export interface LoadResult {
  readonly requests: number;
  readonly errors: number;
  /** Answers by status code. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly latencyUs: { readonly p50: number; readonly p99: number; readonly p999: number };
}

/** Requests of one pattern; of so many, `blockedPercent` carry a listed token. */
const PATTERN = 20;

/** The load generator, in a process of its own that stays warm over all rounds. */
export class Load {
  private readonly processes: Processes;
  private readonly child: ChildProcess;

  private constructor(processes: Processes, child: ChildProcess) {
    this.processes = processes;
    this.child = child;
  }

  static async start(processes: Processes): Promise<Load> {
    const child = processes.fork(new URL("./load-process.js", import.meta.url), []);
    await processes.nextMessage(child);
    return new Load(processes, child);
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Runs one order to its end; rejects when the generator falls or is late by 20 s. */
  async run(order: LoadOrder): Promise<LoadResult> {
    const result = this.processes.nextMessage<LoadResult>(this.child, order.seconds * 1_000 + 20_000);
    this.child.send(order);
    return result;
  }

  /** Ends the order that runs; its `run` then resolves. */
  stop(): void {
    this.child.send("stop");
  }
}

/** GETs with a head of about 0.5 KB, each with a token of its own; `blockedPercent` of them (in steps of 5) are listed. */
export function workload(blockedPercent: number): LoadRequest[] {
  const blocked = Math.round((PATTERN * blockedPercent) / 100);
  return Array.from({ length: PATTERN }, (_, index) => {
    // Spread over the pattern, so that blocked requests do not come in a row.
    const isBlocked = Math.floor(((index + 1) * blocked) / PATTERN) > Math.floor((index * blocked) / PATTERN);
    return request(isBlocked ? listedToken(0) : unlistedToken(index));
  });
}

/** One request with this token, as the workload sends it. */
export function request(token: string): LoadRequest {
  return {
    method: "GET",
    path: "/api/v1/orders/8c4b1f0e-6f1b-4d8e-9a52-1f6c1f0f9e51?expand=items&page=2",
    headers: {
      "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0",
      accept: "application/json, text/plain, */*",
      "accept-language": "en-GB,en;q=0.9",
      authorization: bearer(token),
      cookie: "session=made-up-session-0123456789; theme=dark; consent=yes",
      referer: "https://app.example.com/orders",
    },
  };
}
