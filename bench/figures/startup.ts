import { get } from "node:http";
import { request } from "../load/requests.ts";
import { prepareData, spawnLeakgate } from "../peers/leakgate.ts";
import { Processes } from "../processes.ts";
import { type Estimate, estimate } from "../stats/bootstrap.ts";
import { unlistedToken } from "../tokens.ts";
import { Stand } from "../workloads/stand.ts";

const POLL_MS = 2;
const WITHIN_MS = 60_000;

/** From starting `leakgate serve`, one worker, to its first 200, by the number of tokens in its store. */
export interface Startup {
  readonly tokens: number;
  readonly ms: Estimate;
}

export async function measureStartup(
  tokens: readonly number[],
  repetitions: number,
  say: (text: string) => void,
): Promise<Startup[]> {
  const processes = new Processes();
  try {
    const stand = await Stand.open(processes);
    const results: Startup[] = [];
    for (const count of tokens) {
      say(`start-up with ${count} tokens`);
      const options = { name: `startup-${count}`, tokens: count, workers: 1 };
      const key = await prepareData(processes, options);
      const times: number[] = [];
      for (let repetition = 0; repetition < repetitions; repetition++) {
        const beganMs = performance.now();
        const gateway = await spawnLeakgate(processes, stand.upstreamPort, options, key);
        await untilServing(gateway.port, beganMs + WITHIN_MS);
        times.push(performance.now() - beganMs);
        await processes.stopOne(gateway.child);
      }
      results.push({ tokens: count, ms: estimate(times)! });
    }
    return results;
  } finally {
    await processes.stop();
  }
}

async function untilServing(port: number, deadlineMs: number): Promise<void> {
  while (!(await isServing(port))) {
    if (performance.now() > deadlineMs) throw new Error(`no 200 within ${WITHIN_MS} ms of a start`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function isServing(port: number): Promise<boolean> {
  const { path, headers } = request(unlistedToken(0));
  return new Promise((resolve) => {
    const asked = get({ host: "127.0.0.1", port, path, headers, agent: false }, (answer) => {
      answer.resume();
      answer.once("end", () => resolve(answer.statusCode === 200));
    });
    asked.once("error", () => resolve(false));
  });
}
