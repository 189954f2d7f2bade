import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mintKey } from "../rules/access.ts";
import { digestTokens } from "../rules/digest.ts";
import { Pepper } from "../rules/pepper.ts";
import { RulesStore } from "../rules/store.ts";
import { commandOf, processTree } from "./cpu.ts";

const MAIN = fileURLToPath(new URL("../cli/main.js", import.meta.url));

/** The i-th made-up token of a run: what a list of leaked tokens is made of here. */
export function listedToken(index: number): string {
  return `made-up-bench-token-${index.toString(36).padStart(20, "0")}`;
}

/** A running Leakgate in a folder of its own. */
export interface RunningGateway {
  readonly proxyPort: number;
  readonly adminUrl: string;
  readonly key: string;
  /** The supervisor and its workers: nothing that serves is left out. */
  servingPids(): number[];
  adminPids(): number[];
  workerPids(): number[];
  stop(): Promise<void>;
}

/** Registers and patches so many tokens straight in the store, starts the gateway, and resolves once it is ready. */
export async function startGateway(
  upstream: string,
  tokens: number,
  workers: number,
): Promise<RunningGateway> {
  const data = mkdtempSync(join(tmpdir(), "leakgate-bench-"));
  const key = await prepare(data, tokens);
  const child = spawn(
    process.execPath,
    [
      MAIN,
      "serve",
      "--upstream",
      upstream,
      "--listen",
      "127.0.0.1:0",
      "--admin",
      "127.0.0.1:0",
      "--data",
      data,
      "--workers",
      `${workers}`,
    ],
    { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, LEAKGATE_LOG_LEVEL: "warn" } },
  );
  const { proxyPort, adminUrl } = await listening(child);
  const ours = (ending: string) =>
    processTree(child.pid!).filter((pid) => commandOf(pid).trimEnd().endsWith(ending));
  return {
    proxyPort,
    adminUrl,
    key,
    servingPids: () => [child.pid!, ...ours("worker.js")],
    adminPids: () => ours("admin-process.js"),
    workerPids: () => ours("worker.js"),
    stop: async () => {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await gone;
      rmSync(data, { recursive: true, force: true });
    },
  };
}

async function prepare(data: string, tokens: number): Promise<string> {
  const pepper = Pepper.loadOrCreate(data);
  const store = RulesStore.open(data, pepper.id);
  const { clear, record } = mintKey(pepper, "administrator", "bench");
  await store.createKey("bench", record);
  if (tokens > 0) {
    const digests = await digestTokens(
      Array.from({ length: tokens }, (_, index) => listedToken(index)),
      pepper,
    );
    const input = {
      name: "bench",
      description: "made-up tokens",
      risk: 5,
      source: "custom",
      tokens: digests,
    };
    const { leak } = await store.register("bench", input);
    await store.decide("bench", leak.id, "vpatch");
  }
  await store.close();
  return clear;
}

function listening(child: ChildProcess): Promise<{ proxyPort: number; adminUrl: string }> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout!.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      const proxy = /stands at http:\/\/[^\s:]+:([0-9]+)/.exec(text);
      const admin = /admin API is at (http:\/\/[^\s]+\/api\/v1)/.exec(text);
      if (proxy !== null && admin !== null) resolve({ proxyPort: Number(proxy[1]), adminUrl: admin[1]! });
    });
    child.once("exit", (code) => reject(new Error(`leakgate exited with ${code}`)));
  });
}
