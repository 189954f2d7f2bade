import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { digestToken } from "../rules/digest.ts";
import { Token } from "../rules/token.ts";
import { GatewayProcess } from "./process.ts";
import { exchange, plainUpstream, type RawUpstream, TestGateway, temporaryFolder, until } from "./support.ts";

// Not that of the banner.
const TOKEN = "made-up-token-0007";
const OTHER = "made-up-token-0002";

interface Preview {
  readonly wouldHaveBlocked: number;
  readonly tokensMet: number;
  readonly since: string | null;
  readonly workers: readonly number[];
  readonly missing: readonly number[];
}

let folder: ReturnType<typeof temporaryFolder>;
let data: string;
let upstream: RawUpstream;
const started: GatewayProcess[] = [];

beforeEach(async () => {
  folder = temporaryFolder();
  data = join(folder.path, "data");
  upstream = await plainUpstream();
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((gateway) => gateway.stop()));
  await upstream.close();
  folder.remove();
});

/** With time for the workers to answer on a busy machine, unless a hanging one is waited for. */
async function start(
  { previewWaitMs = 20_000, ...settings }: { previewWaitMs?: number; inspect?: object } = {},
  options: Partial<Parameters<typeof GatewayProcess.start>[0]> = {},
) {
  const config = join(folder.path, "leakgate.yaml");
  writeFileSync(config, JSON.stringify({ ...settings, admin: { previewWaitMs } }));
  const args = ["--config", config];
  const gateway = await GatewayProcess.start({ upstream: upstream.url, data, args, ...options });
  started.push(gateway);
  return gateway;
}

async function previewOf(gateway: GatewayProcess, leak: string, query = ""): Promise<Preview> {
  const { status, body } = await gateway.call<Preview>(`/leaks/${leak}/preview${query}`);
  expect(status).toBe(200);
  return body;
}

/** Every byte below the folder. */
function filesIn(path: string): Buffer {
  const names = readdirSync(path, { recursive: true, encoding: "utf8" }).map((name) => join(path, name));
  return Buffer.concat(names.filter((name) => statSync(name).isFile()).map((name) => readFileSync(name)));
}

test("what came before anybody knew it was leaked is counted over the workers, and forgotten with them", async () => {
  const gateway = await start();
  for (let index = 0; index < 30; index++) expect((await gateway.get(TOKEN)).status).toBe(200);
  for (let index = 0; index < 10; index++) await gateway.get(null, `/orders?api_key=${TOKEN}&page=2`);
  for (let index = 0; index < 5; index++) await gateway.get(OTHER);
  expect(filesIn(data).includes(TOKEN)).toBe(false);

  const leak = await gateway.register(TOKEN, "made-up-token-0003");
  const preview = await previewOf(gateway, leak);
  expect(preview).toMatchObject({
    wouldHaveBlocked: 40,
    tokensMet: 1,
    tokens: 2,
    unknown: 0,
    forgotten: 0,
    points: [
      { point: "header authorization", requests: 30 },
      { point: "query api_key", requests: 10 },
    ],
    hosts: [{ host: "127.0.0.1", requests: 40 }],
    most: [{ token: "1", requests: 40, addresses: 1, common: false }],
    workers: [1, 2],
    off: [],
    missing: [],
  });
  expect(await previewOf(gateway, leak, "?hosts=api.example.com")).toMatchObject({ wouldHaveBlocked: 0 });

  // What is blocked would not be blocked by applying it once more.
  await gateway.decide(leak, "vpatch");
  expect((await gateway.get(TOKEN)).status).toBe(403);
  expect(await previewOf(gateway, leak)).toMatchObject({ wouldHaveBlocked: 40 });
  expect(gateway.err + gateway.out).not.toContain(TOKEN);
  expect(filesIn(data).includes(TOKEN)).toBe(false);

  await gateway.stop();
  const again = await start({}, { key: gateway.key });
  const after = await previewOf(again, leak);
  expect(after).toMatchObject({ wouldHaveBlocked: 0, tokensMet: 0, workers: [1, 2] });
  expect(Date.parse(after.since!)).toBeGreaterThan(Date.parse(preview.since!));
}, 120_000);

test("a worker that hangs is named, and does not keep the answer", async () => {
  const gateway = await start({ previewWaitMs: 4_000 });
  const leak = await gateway.register(TOKEN);
  const hangs = (await gateway.workers()).find(({ worker }) => worker === 2)!;
  process.kill(hangs.pid, "SIGSTOP");
  try {
    expect(await previewOf(gateway, leak)).toMatchObject({ workers: [1], missing: [2] });
  } finally {
    process.kill(hangs.pid, "SIGCONT");
  }
}, 60_000);

test("switched off, nothing is kept, and the preview says so", async () => {
  const gateway = await start({ inspect: { seen: { values: 0 } } }, { workers: 1 });
  await gateway.get(TOKEN);
  const leak = await gateway.register(TOKEN);
  expect(await previewOf(gateway, leak)).toMatchObject({
    wouldHaveBlocked: 0,
    since: null,
    workers: [],
    off: [1],
  });
}, 60_000);

test("where a tenant's leak module is off nothing is remembered", async () => {
  const gateway = await TestGateway.start(upstream);
  try {
    const { anchor, fingerprint, length } = digestToken(Token.parse(TOKEN), gateway.pepper);
    const present = async () => {
      await exchange(gateway.port, `GET / HTTP/1.1\r\nHost: a.example.com\r\nX-Api-Key: ${TOKEN}\r\n\r\n`);
      return gateway.seen!.of(anchor, fingerprint, length)?.[0]?.requests ?? 0;
    };
    const turn = async (leaksEnabled: boolean) => {
      await gateway.store.updateSettings("test", { leaksEnabled });
      await until("the gateway knows", () => gateway.policy.isSwitchedOn === leaksEnabled);
    };
    expect(await present()).toBe(1);
    await turn(false);
    expect(await present()).toBe(1);
    await turn(true);
    expect(await present()).toBe(2);
  } finally {
    await gateway.close();
  }
});
