import type { ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type MintedKey, mintKey } from "../../rules/access.ts";
import { digestTokens } from "../../rules/digest.ts";
import { Pepper } from "../../rules/pepper.ts";
import { RulesStore } from "../../rules/store.ts";
import { freePort, type Processes } from "../processes.ts";
import { listedTokens } from "../tokens.ts";

const ACTOR = "system";
/** Tokens registered at once: a million in one piece would only fill the memory of the harness. */
const SLICE = 100_000;
/** A million tokens are to be loaded within 4 s; a slow machine still gets its figures. */
const READY_MS = 60_000;

/** A started gateway with its addresses. */
export interface RunningGateway {
  readonly child: ChildProcess;
  readonly port: number;
  readonly adminPort: number;
  /** An administrator's key. */
  readonly key: string;
}

export interface GatewayOptions {
  readonly name: string;
  readonly tokens: number;
  readonly workers: number;
  /** Who hands out connections; the default where it is not given. */
  readonly accept?: "shared" | "balanced";
  /** Safe requests under way on one connection upstream; 1 where it is not given. */
  readonly pipelining?: number;
}

/** Registers the tokens in a data folder of its own, starts `leakgate serve` on it, and waits until it is ready. */
export async function startLeakgate(
  processes: Processes,
  upstreamPort: number,
  options: GatewayOptions,
): Promise<RunningGateway> {
  const key = await prepareData(processes, options);
  const gateway = await spawnLeakgate(processes, upstreamPort, options, key);
  await processes.until(gateway.child, () => areReady(gateway.adminPort, key, options.workers), READY_MS);
  return gateway;
}

/** Writes the data folder of a gateway, with its tokens in force; answers an administrator's key. */
export function prepareData(processes: Processes, { name, tokens }: GatewayOptions): Promise<string> {
  return prepare(dataOf(processes, name), tokens);
}

/** Starts `leakgate serve` on a folder that is prepared; it does not listen yet. */
export async function spawnLeakgate(
  processes: Processes,
  upstreamPort: number,
  options: GatewayOptions,
  key: string,
): Promise<RunningGateway> {
  const data = dataOf(processes, options.name);
  const port = await freePort();
  const adminPort = await freePort();
  const child = processes.spawn(
    process.execPath,
    [
      fileURLToPath(new URL("../../cli/main.js", import.meta.url)),
      "serve",
      ...["--upstream", `http://127.0.0.1:${upstreamPort}`],
      ...["--listen", `127.0.0.1:${port}`],
      ...["--admin", `127.0.0.1:${adminPort}`],
      ...["--data", data],
      ...["--workers", String(options.workers)],
      ...configOf(data, options),
    ],
    options.name,
  );
  return { child, port, adminPort, key };
}

function dataOf(processes: Processes, name: string): string {
  return join(processes.folder, `${name}-data`);
}

/** What only the configuration file can say. */
function configOf(data: string, { accept, pipelining = 1 }: GatewayOptions): string[] {
  let text = accept === undefined ? "" : `workers:\n  accept: ${accept}\n`;
  if (pipelining > 1) text += `upstream:\n  pipelining: ${pipelining}\n`;
  if (text === "") return [];
  const path = join(data, "leakgate.yaml");
  writeFileSync(path, text);
  return ["--config", path];
}

/** A worker as `GET /api/v1/status` shows it. */
export interface WorkerStatus {
  readonly worker: number;
  readonly pid: number;
  readonly ready: boolean;
  readonly alive: boolean;
  readonly revision: number;
  readonly tokens: number;
}

/** The workers as they last reported. */
export async function workersOf(adminPort: number, key: string): Promise<WorkerStatus[]> {
  const answer = await fetch(`http://127.0.0.1:${adminPort}/api/v1/status`, {
    headers: { authorization: `Bearer ${key}` },
  });
  if (!answer.ok) throw new Error(`GET /api/v1/status answered ${answer.status}`);
  return ((await answer.json()) as { workers: WorkerStatus[] }).workers;
}

/** Whether the gateway says it is ready, and every worker of it. */
async function areReady(adminPort: number, key: string, workers: number): Promise<boolean> {
  try {
    if (!(await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok) return false;
  } catch {
    return false;
  }
  const ready = (await workersOf(adminPort, key)).filter((each) => each.ready && each.alive);
  return ready.length === workers;
}

/** Writes rules that are in force at the start; answers an administrator's key. */
async function prepare(data: string, tokens: number): Promise<string> {
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const pepper = Pepper.loadOrCreate(data);
  const store = await RulesStore.open(data, pepper.id);
  try {
    const minted: { clear: string; record: MintedKey } = mintKey(pepper, "administrator", "benchmark");
    await store.createKey(ACTOR, minted.record);
    let leak: string | null = null;
    for (let from = 0; from < tokens; from += SLICE) {
      const digests = await digestTokens(listedTokens(from, Math.min(tokens, from + SLICE)), pepper);
      if (leak === null) {
        const input = { name: "made-up tokens", description: "", risk: 5, source: "custom", tokens: digests };
        leak = (await store.register(ACTOR, input)).leak.id;
      } else {
        await store.addTokens(ACTOR, leak, digests);
      }
    }
    if (leak !== null) await store.decide(ACTOR, leak, "vpatch");
    return minted.clear;
  } finally {
    await store.close();
  }
}
