import { type ChildProcess, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, type Listening, type Processes } from "../processes.ts";
import { Connection } from "./connection.ts";
import type { TableName } from "./plan.ts";

/** A million tokens are loaded within 4 s; a slow machine still gets its figures. */
const READY_MS = 60_000;
/** Workers tell their counters every second or so. */
const COUNTED_MS = 10_000;

/** A gateway of one worker, and a connection to it. */
export interface TimedGateway {
  readonly children: readonly ChildProcess[];
  readonly adminPort: number;
  readonly connection: Connection;
}

/** The host whose requests a table is for; all are of one length. */
export function hostOf(table: TableName): string {
  return `${table.padEnd(5, "0")}.example.com`;
}

/**
 * Starts an upstream, and `leakgate serve` of a build (the folder of its `cli/main.js`) in front of it; waits until it is
 * ready. Each table is a tenant's, and all are in one worker: two processes of the same build differ by microseconds.
 */
export async function startGateway(
  processes: Processes,
  build: string,
  data: string,
  tables: readonly TableName[],
): Promise<TimedGateway> {
  const upstream = processes.fork(new URL("../upstream.js", import.meta.url), []);
  const url = `http://127.0.0.1:${(await processes.nextMessage<Listening>(upstream)).port}`;
  const config = join(data, "leakgate.yaml");
  const routes = tables.map((table) => ({ hosts: [hostOf(table)], tenant: table, upstream: url }));
  // JSON is YAML too.
  writeFileSync(config, JSON.stringify({ routes }));
  const port = await freePort();
  const adminPort = await freePort();
  const gateway = processes.spawn(
    process.execPath,
    [
      join(build, "cli/main.js"),
      "serve",
      ...["--config", config],
      ...["--listen", `127.0.0.1:${port}`],
      ...["--admin", `127.0.0.1:${adminPort}`],
      ...["--data", data],
      ...["--workers", "1"],
    ],
    "gateway",
  );
  await processes.until(gateway, () => isReady(adminPort), READY_MS);
  return { children: [gateway, upstream], adminPort, connection: await Connection.open(port) };
}

export async function stopGateway(processes: Processes, gateway: TimedGateway): Promise<void> {
  gateway.connection.close();
  for (const child of gateway.children) await processes.stopOne(child);
}

/**
 * Keeps this process, and what it starts from now on, on the last core: one request at a time needs no more, and what
 * waking another core takes is most of the noise. Answers the core, or null where that could not be done.
 */
export function stayOnOneCore(cores: number): number | null {
  const core = cores - 1;
  const { status } = spawnSync("taskset", ["-a", "-c", "-p", String(core), String(process.pid)]);
  return status === 0 ? core : null;
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
