import {
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { digestTokens } from "../rules/digest.ts";
import { Pepper } from "../rules/pepper.ts";
import { RulesStore } from "../rules/store.ts";
import { GatewayProcess, isRefused, isRunning, leakgate } from "./process.ts";
import { plainUpstream, RawClient, RawUpstream, temporaryFolder, until } from "./support.ts";

const TOKEN = "made-up-token-0001";
const OTHER = "made-up-token-0002";

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

type Options = Partial<Parameters<typeof GatewayProcess.start>[0]>;

async function start(options: Options = {}): Promise<GatewayProcess> {
  const gateway = await GatewayProcess.start({ upstream: upstream.url, data, ...options });
  started.push(gateway);
  return gateway;
}

/** A port that something else holds. */
async function busyPort(): Promise<{ readonly port: number; close(): Promise<unknown> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { port, close: () => new Promise((resolve) => server.close(resolve)) };
}

/** The process itself holds the socket that listens on the port (Linux, /proc). */
function holdsListener(pid: number, port: number): boolean {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const line = readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .map((each) => each.trim().split(/\s+/))
    .find((fields) => fields[1] === local && fields[3] === "0A");
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).some((file) => readlinkSync(join(folder, file)) === `socket:[${line?.[9]}]`);
}

describe.runIf(existsSync("/proc/net/tcp"))("who accepts connections", () => {
  test.each([
    ["shared", true],
    ["balanced", false],
  ])("workers.accept: %s", async (accept, isWorker) => {
    const config = join(folder.path, "leakgate.yaml");
    writeFileSync(config, `workers:\n  accept: ${accept}\n`);
    const gateway = await start({ args: ["--config", config] });
    const workers = await gateway.workers();
    expect(workers.map(({ pid }) => holdsListener(pid, gateway.proxyPort))).toEqual([isWorker, isWorker]);
  });
});

describe("the whole path", () => {
  test("register, pass, apply, 403 on every worker, event, close, pass; and the same after a restart", async () => {
    const first = await start();
    // The first start prints one administrator's key, and in the banner alone.
    expect(first.out.match(/^ {2}lgk_\w+$/gm)).toHaveLength(1);
    expect(first.err).not.toContain(first.key);
    const leak = await first.register(TOKEN);
    expect(await first.statusesOnEveryWorker(TOKEN)).toEqual([200]);

    const applied = await first.call<{ enforcement: { workers: object[] } }>(
      `/leaks/${leak}/vpatch?wait=enforced`,
      {},
    );
    expect(applied.status).toBe(200);
    expect(applied.body.enforcement.workers).toHaveLength(2);
    expect(await first.statusesOnEveryWorker(TOKEN)).toEqual([403]);
    expect(await first.statusesOnEveryWorker(OTHER)).toEqual([200]);
    const blocked = await first.get(TOKEN, "/orders?page=2");
    expect(blocked.status).toBe(403);
    expect(blocked.body).not.toContain(leak);

    type Event = { leak: string; point: string; action: string; path: string; count: number };
    const events = async (gateway: GatewayProcess) =>
      (await gateway.call<{ events: Event[] }>(`/events?leak=${leak}&limit=200`)).body.events;
    const ofOrders = async () => (await events(first)).find(({ path }) => path === "/orders");
    await until("the event is found", async () => (await ofOrders()) !== undefined);
    expect(await ofOrders()).toMatchObject({
      leak,
      point: "header authorization",
      action: "blocked",
      query: ["page"],
    });

    const reached = upstream.text.split(TOKEN).length;
    const last = await Promise.all(Array.from({ length: 20 }, () => first.get(TOKEN, "/last")));
    expect(last.map(({ status }) => status)).toEqual(Array(20).fill(403));
    expect((await first.stop()).code).toBe(0);
    const second = await start({ key: first.key });
    // A later start prints no key; the first stays valid.
    expect(second.out).not.toMatch(/lgk_\w/);
    expect((await second.call("/status")).status).toBe(200);
    // Events of the last moment are kept through a drain.
    const ofLast = (await events(second)).filter(({ path }) => path === "/last");
    expect(ofLast.reduce((sum, { count }) => sum + count, 0)).toBe(20);
    expect((await second.get(TOKEN)).status).toBe(403);
    expect(await second.statusesOnEveryWorker(TOKEN)).toEqual([403]);
    // None of the blocked ones has come through.
    expect(upstream.text.split(TOKEN).length).toBe(reached);

    await second.decide(leak, "close");
    expect(await second.statusesOnEveryWorker(TOKEN)).toEqual([200]);
    expect((await second.stop()).code).toBe(0);
    const third = await start({ key: first.key });
    expect(await third.statusesOnEveryWorker(TOKEN)).toEqual([200]);
  });

  test("what `leaks add` registers while the gateway runs is enforced without a restart; no second instance starts", async () => {
    const gateway = await start();
    expect((await gateway.get(TOKEN)).status).toBe(200);
    const added = await leakgate(
      ["leaks", "add", "--name", "from a scan", "--risk", "7", "--apply", "--data", data],
      `${TOKEN}\n`,
    );
    expect(added).toMatchObject({ code: 0 });
    await until("it is blocked", async () => (await gateway.get(TOKEN)).status === 403);
    const { body } = await gateway.call<{ revision: number }>("/status");
    await until("every worker enforces it", async () =>
      (await gateway.workers()).every(({ revision }) => revision >= body.revision),
    );
    expect(await gateway.statusesOnEveryWorker(TOKEN)).toEqual([403]);

    // Nor does a second instance on the same data folder disturb it: that says so and ends.
    const second = await GatewayProcess.startToFail({ upstream: upstream.url, data });
    expect(second).toMatchObject({ code: 3, out: "" });
    expect(second.err).toContain(`another leakgate already runs on the data folder ${data}`);
    expect(await gateway.statusesOnEveryWorker(OTHER)).toEqual([200]);
  });
});

describe("a start", () => {
  test("a busy port of --listen or --admin is named once, and ends with 4", async () => {
    const busy = await busyPort();
    try {
      for (const option of ["listen", "admin"] as const) {
        const address = `127.0.0.1:${busy.port}`;
        const ended = await GatewayProcess.startToFail({ upstream: upstream.url, data, [option]: address });
        expect([option, ended.code]).toEqual([option, 4]);
        expect(ended.err.match(/^leakgate: .*$/gm)).toHaveLength(1);
        expect(ended.err).toMatch(new RegExp(`^leakgate: .*${address}`, "m"));
      }
    } finally {
      await busy.close();
    }
    // The first key is not lost with a start that failed.
    expect((await start()).key).not.toBe("");
  });

  test("a wrong pepper ends with 3 and says what to restore; so does a lost one, and none takes its place", async () => {
    const right = Pepper.loadOrCreate(data);
    const store = await RulesStore.open(data, right.id);
    const tokens = await digestTokens([TOKEN], right);
    await store.register("test", { name: "a leak", description: "", risk: 5, source: "custom", tokens });
    await store.close();
    const pepper = join(data, "pepper");
    renameSync(pepper, join(folder.path, "pepper.right"));
    const lost = await GatewayProcess.startToFail({ upstream: upstream.url, data });
    expect(lost).toMatchObject({ code: 3, out: "" });
    expect(lost.err).toContain(`could not read the pepper ${pepper}`);
    writeFileSync(pepper, "made-up-pepper-made-up-pepper-made-up-pepper\n", { mode: 0o600 });
    const wrong = await GatewayProcess.startToFail({ upstream: upstream.url, data });
    expect(wrong).toMatchObject({ code: 3, out: "" });
    expect(wrong.err).toContain("restore the pepper file");
    renameSync(join(folder.path, "pepper.right"), pepper);
    expect((await (await start()).call("/leaks/leak-1")).status).toBe(200);
  });

  test("`proxy` without a data folder says what to do, and makes none", async () => {
    const ended = await leakgate(["proxy", "--upstream", upstream.url, "--data", data]);
    expect(ended).toMatchObject({ code: 3, out: "" });
    expect(ended.err).toContain(`${data} holds no rules yet: start the admin (or serve) once`);
    expect((await leakgate(["keys", "list", "--data", data])).code).toBe(3);
    expect(existsSync(data)).toBe(false);
  });
});

describe("what falls", () => {
  test("a killed worker is started again, and enforces from its first request", async () => {
    const gateway = await start();
    await gateway.decide(await gateway.register(TOKEN), "vpatch");
    const victims = (await gateway.workers()).map(({ pid }) => pid);
    for (const victim of victims) {
      process.kill(victim, "SIGKILL");
      await until("it is not there any more", () => !isRunning(victim));
      await until("two workers are ready, none of them the killed one", async () => {
        const ready = (await gateway.workers()).filter((each) => each.ready && each.pid !== victim);
        return ready.length === 2;
      });
      expect(await gateway.statusesOnEveryWorker(TOKEN)).toEqual([403]);
    }
    const pids = (await gateway.workers()).map(({ pid }) => pid);
    expect(pids.filter((pid) => victims.includes(pid))).toEqual([]);
    expect(await gateway.statusesOnEveryWorker(OTHER)).toEqual([200]);
  });

  test("a killed admin is started again at its port, and every request meanwhile is answered", async () => {
    const gateway = await start();
    await gateway.decide(await gateway.register(TOKEN), "vpatch");
    const victim = await gateway.adminPid();
    process.kill(victim, "SIGKILL");
    await until("it is not there any more", () => !isRunning(victim));
    const clean = new Set<number>();
    const leaked = new Set<number>();
    await until("the admin answers again", async () => {
      for (const status of await gateway.statuses(5, OTHER)) clean.add(status);
      for (const status of await gateway.statuses(5, TOKEN)) leaked.add(status);
      return !(await isRefused(gateway.adminPort));
    });
    expect([...clean]).toEqual([200]);
    expect([...leaked]).toEqual([403]);
    expect(await gateway.adminPid()).not.toBe(victim);
    await gateway.decide(await gateway.register(OTHER), "vpatch");
    expect(await gateway.statusesOnEveryWorker(OTHER)).toEqual([403]);
  });

  test.each([
    ["the rules gone from the disk", "rules"],
    ["the pepper lost", "pepper"],
  ])("with %s and the admin unable to start, the last good rules stay in force", async (_, name) => {
    const gateway = await start();
    await gateway.decide(await gateway.register(TOKEN), "vpatch");
    const victim = await gateway.adminPid();
    renameSync(join(data, name), join(data, `${name}.away`));
    writeFileSync(join(data, name), "neither a folder nor a secret\n", { mode: 0o600 });
    process.kill(victim, "SIGKILL");
    const seen = new Set<number>();
    await until("the admin has failed to start twice", async () => {
      for (const status of await gateway.statuses(5, TOKEN)) seen.add(status);
      return gateway.logged("a part could not start").length >= 2 || gateway.hasEnded;
    });
    expect(gateway.hasEnded).toBe(false);
    expect(new Set(await gateway.statuses(40, TOKEN))).toEqual(new Set([403]));
    expect([...seen]).toEqual([403]);
    expect(new Set(await gateway.statuses(40, OTHER))).toEqual(new Set([200]));

    rmSync(join(data, name));
    renameSync(join(data, `${name}.away`), join(data, name));
    await until("the admin is back", async () => !(await isRefused(gateway.adminPort)));
    await gateway.decide(await gateway.register(OTHER), "vpatch");
    expect(await gateway.statusesOnEveryWorker(OTHER)).toEqual([403]);
  });
});

describe("the end", () => {
  /** An upstream that answers when the test says so. */
  async function slowUpstream(): Promise<RawUpstream> {
    await upstream.close();
    upstream = await RawUpstream.start(() => {});
    return upstream;
  }

  const signals = [
    ["SIGTERM to the supervisor", "SIGTERM", false],
    ["SIGTERM to the whole group", "SIGTERM", true],
    ["SIGINT to the whole group, as Ctrl-C", "SIGINT", true],
  ] as const;
  test.each(signals)(
    "%s drains: what is in flight ends well, nothing new begins",
    async (_, signal, toGroup) => {
      const { seen } = await slowUpstream();
      const gateway = await start({ detached: toGroup });
      const idle = new RawClient(gateway.proxyPort);
      const busy = new RawClient(gateway.proxyPort);
      busy.write("GET /slow HTTP/1.1\r\nHost: example.test\r\n\r\n");
      await until("the upstream has it", () => seen.some(({ text }) => text.includes("GET /slow")));

      if (toGroup) gateway.killGroup(signal);
      else gateway.kill(signal);
      await until("new connections are refused", () => isRefused(gateway.proxyPort));
      await idle.end();
      expect(gateway.hasEnded).toBe(false);
      expect(busy.text).toBe("");

      seen[0]!.socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nworth ");
      await busy.sees("worth ");
      seen[0]!.socket.write("more");
      await busy.sees("worth more");
      await busy.end();
      const ended = await gateway.ended;
      expect(ended).toMatchObject({ code: 0, signal: null });
      expect(gateway.logged("stopped")).toHaveLength(1);
      expect(gateway.logged("a part fell and is started again")).toEqual([]);
    },
  );

  test("no part outlives a killed supervisor, and the next start works", async () => {
    const gateway = await start();
    await gateway.decide(await gateway.register(TOKEN), "vpatch");
    const parts = [...(await gateway.workers()).map(({ pid }) => pid), await gateway.adminPid()];
    expect(parts.every(isRunning)).toBe(true);
    gateway.kill("SIGKILL");
    expect((await gateway.ended).signal).toBe("SIGKILL");
    await until("all parts are gone", () => !parts.some(isRunning));
    // A worker's threads may outlive its first for a moment, and hold what it listened on.
    await until("nobody listens", () => isRefused(gateway.proxyPort));
    const again = await start({ key: gateway.key });
    expect(await again.statusesOnEveryWorker(TOKEN)).toEqual([403]);
  });
});
