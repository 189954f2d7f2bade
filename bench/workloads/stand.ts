import type { Contender, Started } from "../contenders.ts";
import { Load } from "../load.ts";
import { checkParity, type Parity } from "../parity.ts";
import type { Listening, Processes } from "../processes.ts";

/** A contender that takes requests, and was shown to pass and to block the right ones. */
export interface Running {
  readonly contender: Contender;
  readonly started: Started;
}

/** What a run stands on: the upstream, the load generator and the contenders that are up; idle until their turn. */
export class Stand {
  readonly processes: Processes;
  readonly upstreamPid: number;
  readonly upstreamPort: number;
  readonly load: Load;
  /** Of every contender that was ever up. */
  readonly parity: Parity[] = [];
  private readonly running = new Map<string, Running>();

  private constructor(processes: Processes, upstreamPid: number, upstreamPort: number, load: Load) {
    this.processes = processes;
    this.upstreamPid = upstreamPid;
    this.upstreamPort = upstreamPort;
    this.load = load;
  }

  static async open(processes: Processes): Promise<Stand> {
    const upstream = processes.fork(new URL("../upstream.js", import.meta.url), []);
    const { port } = await processes.nextMessage<Listening>(upstream);
    return new Stand(processes, upstream.pid!, port, await Load.start(processes));
  }

  /** Starts it unless it is up; rejects when it cannot be started, or does not pass or block what it must. */
  async need(contender: Contender): Promise<Running> {
    const up = this.running.get(contender.name);
    if (up !== undefined) return up;
    const started = await contender.start(this.processes, this.upstreamPort);
    this.parity.push(await checkParity(contender, started));
    const running = { contender, started };
    this.running.set(contender.name, running);
    return running;
  }

  /** Stops all others. */
  async keepOnly(names: ReadonlySet<string>): Promise<void> {
    for (const [name, { started }] of this.running) {
      if (names.has(name)) continue;
      this.running.delete(name);
      if (started.child !== null) await this.processes.stopOne(started.child);
    }
  }
}
