import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { freePort, type Processes } from "../processes.ts";
import { Connection } from "./connection.ts";

/** A million tokens are loaded within 4 s; a slow machine still gets its figures. */
const READY_MS = 60_000;
/** Workers tell their counters every second or so. */
const COUNTED_MS = 10_000;

/** A gateway of one worker on a data folder, and a connection to it. */
export interface TimedGateway {
  readonly child: ChildProcess;
  readonly adminPort: number;
  readonly connection: Connection;
}

/** Starts `leakgate serve` of a build (the folder of its `cli/main.js`), and waits until it is ready. */
export async function startGateway(
  processes: Processes,
  build: string,
  name: string,
  data: string,
  upstreamPort: number,
): Promise<TimedGateway> {
  const port = await freePort();
  const adminPort = await freePort();
  const child = processes.spawn(
    process.execPath,
    [
      join(build, "cli/main.js"),
      "serve",
      ...["--upstream", `http://127.0.0.1:${upstreamPort}`],
      ...["--listen", `127.0.0.1:${port}`],
      ...["--admin", `127.0.0.1:${adminPort}`],
      ...["--data", data],
      ...["--workers", "1"],
    ],
    name,
  );
  await processes.until(child, () => isReady(adminPort), READY_MS);
  return { child, adminPort, connection: await Connection.open(port) };
}

/** Resolves once the worker has counted so many requests that matched and passed; rejects when it does not. */
export async function expectMonitored({ adminPort }: TimedGateway, requests: number): Promise<void> {
  const deadline = performance.now() + COUNTED_MS;
  let counted = Number.NaN;
  while (performance.now() < deadline) {
    const metrics = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
    counted = Number(/^leakgate_proxy_monitored(?:_total)?\{[^}]*\} ([0-9]+)/m.exec(metrics)?.[1]);
    if (counted === requests) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`${requests} requests carried a listed token, and the gateway met ${counted}`);
}

async function isReady(adminPort: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok;
  } catch {
    return false;
  }
}
