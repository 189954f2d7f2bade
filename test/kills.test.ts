import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Pepper } from "../rules/pepper.ts";
import { RulesStore } from "../rules/store.ts";
import { GatewayProcess, isRunning } from "./process.ts";
import { plainUpstream, type RawUpstream, temporaryFolder, until } from "./support.ts";
import { isThorough } from "./thorough.ts";

const WORKERS = 2;
const ROLES = ["supervisor", "admin", "worker"] as const;
const ROUNDS_EACH = isThorough ? 4 : 2;

/** A leak as an answer promised it. */
interface State {
  readonly status: "opened" | "patched" | "closed";
  readonly tokens: readonly string[];
  readonly version: number;
}

/** A leak of the stream: what was acknowledged, and what a change without an answer would have made of it. */
interface Known {
  readonly name: string;
  /** null as long as its registration has no answer. */
  id: string | null;
  state: State | null;
  asked: State | null;
}

/** What `GET /leaks/{id}` says, as far as it is looked at. */
interface Shown {
  readonly id: string;
  readonly status: State["status"];
  readonly rule: object | null;
  readonly tokenCount: number;
  readonly version: number;
  readonly tokens: readonly object[];
  readonly history: readonly { readonly after: { readonly version: number } }[];
}

let folder: ReturnType<typeof temporaryFolder>;
let data: string;
let upstream: RawUpstream;
let gateway: GatewayProcess;

beforeEach(async () => {
  folder = temporaryFolder();
  data = join(folder.path, "data");
  upstream = await plainUpstream();
  gateway = await GatewayProcess.start({ upstream: upstream.url, data, workers: WORKERS });
});
afterEach(async () => {
  await gateway.stop();
  await upstream.close();
  folder.remove();
});

const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)]!;

/** One change after another, each asked once the one before was answered; ends with the first that gets no answer. */
class Stream {
  readonly known: Known[] = [];
  acknowledged = 0;
  isToEnd = false;
  private readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  async run(): Promise<void> {
    while (!this.isToEnd) if (!(await this.change())) return;
  }

  /** Answers whether there was an answer. */
  private async change(): Promise<boolean> {
    const settled = this.known.filter(({ state }) => state !== null);
    if (settled.length < 3 || Math.random() < 0.2) {
      const name = `${this.name}-${this.known.length}`;
      const tokens = [1, 2, 3].map((number) => `made-up-killed-token-${name}-${number}`);
      const leak: Known = { name, id: null, state: null, asked: { status: "opened", tokens, version: 1 } };
      this.known.push(leak);
      return this.ask(leak, "/leaks", { name, risk: 5, tokens });
    }
    const leak = pick(settled);
    const { status, tokens, version } = leak.state!;
    const next = version + 1;
    const path = `/leaks/${leak.id}`;
    if (status !== "closed" && Math.random() < 0.3) {
      const token = `made-up-killed-token-${leak.name}-added-${next}`;
      leak.asked = { status, tokens: [...tokens, token], version: next };
      return this.ask(leak, `${path}/tokens`, { tokens: [token] });
    }
    const [decision, becomes] = (
      {
        opened: ["vpatch", "patched"],
        patched: ["close", "closed"],
        closed: ["reopen", "opened"],
      } as const
    )[status];
    leak.asked = { status: becomes, tokens, version: next };
    return this.ask(leak, `${path}/${decision}`, {});
  }

  private async ask(leak: Known, path: string, input: object): Promise<boolean> {
    const answer = await gateway.call<Shown>(path, input).catch(() => null);
    if (answer === null) return false;
    expect([200, 201]).toContain(answer.status);
    leak.id = answer.body.id;
    leak.state = leak.asked;
    leak.asked = null;
    this.acknowledged++;
    expect(answer.body.version).toBe(leak.state!.version);
    return true;
  }
}

/** The leak is as it was acknowledged, or the change without an answer is there: as a whole, or not at all. */
async function expectKept(leak: Known): Promise<void> {
  if (leak.id === null) {
    const { body } = await gateway.call<{ leaks: { id: string; name: string }[] }>(`/leaks?q=${leak.name}`);
    const found = body.leaks.filter(({ name }) => name === leak.name);
    expect(found.length).toBeLessThanOrEqual(1);
    leak.id = found[0]?.id ?? null;
    if (leak.id === null) return;
  }
  const { status, body } = await gateway.call<Shown>(`/leaks/${leak.id}`);
  expect(status).toBe(200);
  if (leak.asked !== null && body.version === leak.asked.version) leak.state = leak.asked;
  leak.asked = null;
  const { state } = leak;
  expect({ leak: leak.name, status: body.status, tokens: body.tokenCount, version: body.version }).toEqual({
    leak: leak.name,
    status: state!.status,
    tokens: state!.tokens.length,
    version: state!.version,
  });
  expect(body.rule !== null).toBe(body.status === "patched");
  expect(body.tokens).toHaveLength(body.tokenCount);
  expect(body.history).toHaveLength(Math.min(100, body.version));
  expect(body.history[0]!.after.version).toBe(body.version);
}

/** Every token gets what its leak's state says. */
async function expectEnforced(leaks: readonly Known[]): Promise<void> {
  for (const { name, state } of leaks) {
    if (state === null) continue;
    const wanted = state.status === "patched" ? 403 : 200;
    const got = await Promise.all(state.tokens.map(async (token) => (await gateway.get(token)).status));
    expect({ name, got }).toEqual({ name, got: state.tokens.map(() => wanted) });
  }
}

/** Everybody is there again and up to date. */
async function recovered(without: number): Promise<void> {
  await until(
    "all processes work again",
    async () => {
      const answer = await gateway.call<{ revision: number }>("/status").catch(() => null);
      if (answer === null) return false;
      const ready = (await gateway.workers()).filter(({ ready, pid }) => ready && pid !== without);
      return ready.length === WORKERS && ready.every(({ revision }) => revision >= answer.body.revision);
    },
    30_000,
  );
}

/** Kills one process of the group while both streams flow, starts again what does not start by itself, and looks. */
async function round(role: (typeof ROLES)[number], streams: readonly Stream[]): Promise<void> {
  const workers = (await gateway.workers()).map(({ pid }) => pid);
  const admin = await gateway.adminPid();
  const all = [gateway.pid, admin, ...workers];
  const victim = role === "supervisor" ? gateway.pid : role === "admin" ? admin : pick(workers);
  const before = streams.map(({ acknowledged }) => acknowledged);
  const running = streams.map((stream) => {
    stream.isToEnd = false;
    return stream.run();
  });
  const many = 1 + Math.floor(Math.random() * 20);
  await until("the stream flows", () => streams.some((each, at) => each.acknowledged >= before[at]! + many));
  // No fact to wait for: the kill is to fall anywhere in a change.
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
  process.kill(victim, "SIGKILL");
  await until("it is not there any more", () => !isRunning(victim));
  for (const stream of streams) stream.isToEnd = true;
  await Promise.all(running);
  if (role === "supervisor") {
    await until("its processes have ended", () => !all.some(isRunning));
    const { key } = gateway;
    await gateway.stop();
    gateway = await GatewayProcess.start({ upstream: upstream.url, data, workers: WORKERS, key });
  }
  await recovered(victim);
  const leaks = streams.flatMap(({ known }) => known);
  for (const leak of leaks) await expectKept(leak);
  await expectEnforced(leaks);
}

test(`kill -9 of any process amid changes loses none that was acknowledged, ${ROLES.length * ROUNDS_EACH} times`, async () => {
  const streams = [new Stream("one"), new Stream("two")];
  for (let count = 0; count < ROUNDS_EACH; count++) for (const role of ROLES) await round(role, streams);
  await gateway.stop();
  const store = await RulesStore.open(data, Pepper.loadOrCreate(data).id, { readOnly: true });
  expect(await store.audit()).toEqual({ ok: true, entries: store.revision() });
  const acknowledged = streams.reduce((sum, stream) => sum + stream.acknowledged, 0);
  expect(store.revision()).toBeGreaterThanOrEqual(acknowledged);
  console.log(`${acknowledged} changes acknowledged, ${store.revision()} in the journal`);
  await store.close();
}, 180_000);
