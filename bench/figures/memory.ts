import { connect, type Socket } from "node:net";
import { type Contender, servingOf } from "../contenders.ts";
import { residentBytes } from "../cpu.ts";
import { request, wireOf, workload } from "../load/requests.ts";
import { Processes } from "../processes.ts";
import { type Estimate, estimate } from "../stats/bootstrap.ts";
import { unlistedToken } from "../tokens.ts";
import { Stand } from "../workloads/stand.ts";

const WARMUP_SECONDS = 2;
const CONNECTIONS = 64;
/** No event tells when allocators and collectors have given back what they will: long enough for most of it. */
const SETTLE_MS = 1_500;
/** How many connections are being opened at once, below every backlog. */
const OPENING_MAX = 50;

/** Memory of a contender that has served; RSS, which counts shared pages in full. */
export interface Memory {
  readonly name: string;
  /** Of the largest process that serves, when no connection is idle: the worker. */
  readonly workerMiB: Estimate;
  /** Of all that serve, by which they grow with each idle connection. */
  readonly bytesPerConnection: Estimate;
  readonly connections: number;
}

/** Starts each contender anew for each repetition, since memory that was given out once is not asked for again. */
export async function measureMemory(
  contenders: readonly Contender[],
  connections: number,
  repetitions: number,
  say: (text: string) => void,
): Promise<Memory[]> {
  const results: Memory[] = [];
  for (const contender of contenders) {
    say(`memory of ${contender.name}`);
    const worker: number[] = [];
    const each: number[] = [];
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const measured = await measureOnce(contender, connections);
      worker.push(measured.workerBytes / 2 ** 20);
      each.push(measured.connectionBytes);
    }
    results.push({
      name: contender.name,
      workerMiB: estimate(worker)!,
      bytesPerConnection: estimate(each)!,
      connections,
    });
  }
  return results;
}

async function measureOnce(
  contender: Contender,
  connections: number,
): Promise<{ readonly workerBytes: number; readonly connectionBytes: number }> {
  const processes = new Processes();
  const open: Socket[] = [];
  try {
    const stand = await Stand.open(processes);
    const { started } = await stand.need(contender);
    const resident = () => servingOf(started).serving.map(({ pid }) => residentBytes(pid));
    const order = {
      connections: CONNECTIONS,
      seconds: WARMUP_SECONDS,
      perSecond: null,
      engine: "net" as const,
    };
    await stand.load.run({ ...order, port: started.port, requests: workload(0) });
    await settle();
    const before = resident();
    while (open.length < connections) {
      const batch = Array.from({ length: Math.min(OPENING_MAX, connections - open.length) }, () =>
        openIdle(started.port),
      );
      open.push(...(await Promise.all(batch)));
    }
    await settle();
    const grown = sum(resident()) - sum(before);
    return { workerBytes: Math.max(...before), connectionBytes: grown / connections };
  } finally {
    for (const socket of open) socket.destroy();
    await processes.stop();
  }
}

/** A connection that had one request answered, and stays. */
function openIdle(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => socket.write(wireOf(request(unlistedToken(0)), `127.0.0.1:${port}`, false)));
    socket.once("data", () => resolve(socket));
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("an idle connection was closed")));
  });
}

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
