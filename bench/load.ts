import type { ChildProcess } from "node:child_process";
import type { LoadOrder, LoadResult } from "./load/order.ts";
import type { Processes } from "./processes.ts";

export type { LoadOrder, LoadResult } from "./load/order.ts";
export { type LoadRequest, request, workload } from "./load/requests.ts";

/** Beyond the seconds of an order: connections, the last answers, a stream that is slow. */
const EXTRA_MS = 60_000;

/** The load generator, in a process of its own that stays warm over all rounds. */
export class Load {
  private readonly processes: Processes;
  private readonly child: ChildProcess;

  private constructor(processes: Processes, child: ChildProcess) {
    this.processes = processes;
    this.child = child;
  }

  static async start(processes: Processes): Promise<Load> {
    const child = processes.fork(new URL("./load/process.js", import.meta.url), []);
    await processes.nextMessage(child);
    return new Load(processes, child);
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Runs one order to its end; rejects when the generator fails, falls or is late by a minute. */
  async run(order: LoadOrder): Promise<LoadResult> {
    const result = this.processes.nextMessage<LoadResult | { readonly failed: string }>(
      this.child,
      order.seconds * 1_000 + EXTRA_MS,
    );
    this.child.send(order);
    const said = await result;
    if ("failed" in said) throw new Error(`the load generator: ${said.failed}`);
    return said;
  }

  /** Ends the order that runs, of autocannon; its `run` then resolves. */
  stop(): void {
    this.child.send("stop");
  }
}
