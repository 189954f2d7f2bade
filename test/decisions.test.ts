import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { digestTokens } from "../rules/digest.ts";
import { Pepper } from "../rules/pepper.ts";
import { Runtime } from "../rules/runtime.ts";
import { RulesStore } from "../rules/store.ts";
import { type Ended, leakgate } from "./command.ts";
import { temporaryFolder } from "./support.ts";

let folder: ReturnType<typeof temporaryFolder>;
let data: string;
beforeEach(async () => {
  folder = temporaryFolder();
  data = join(folder.path, "data");
  const pepper = Pepper.loadOrCreate(data);
  const store = await RulesStore.open(data, pepper.id);
  const input = { name: "Build log", description: "of the made-up project", risk: 5, source: "custom" };
  for (const more of [{}, { risk: 9, source: "github" }, { name: "Wiki" }]) {
    const tokens = await digestTokens(["made-up-token-0001", "made-up-token-0002"], pepper);
    await store.register("test", { ...input, ...more, tokens });
  }
  await store.removeToken("test", "leak-1", 1);
  await store.close();
});
afterEach(() => folder.remove());

function leaks(...args: string[]): Promise<Ended> {
  return leakgate(folder.path, ["leaks", ...args, "--data", data]);
}

async function json<T>(...args: string[]): Promise<T> {
  return JSON.parse((await leaks(...args, "--json")).out) as T;
}

interface Shown {
  readonly id: string;
  readonly status: string;
}

describe("leakgate leaks list and show", () => {
  test("filters and sorts as the API does", async () => {
    const ids = async (...args: string[]) => (await leaks("list", "--ids", ...args)).out.trim().split("\n");
    expect(await ids()).toEqual(["leak-3", "leak-2", "leak-1"]);
    expect(await ids("--sort", "created")).toEqual(["leak-1", "leak-2", "leak-3"]);
    expect(await ids("--risk", "high,1-2")).toEqual(["leak-2"]);
    expect(await ids("--source", "github", "--status", "opened,patched")).toEqual(["leak-2"]);
    expect(await ids("--q", "WIKI")).toEqual(["leak-3"]);
    expect(await ids("--status", "closed")).toEqual([""]);
    const few = await leaks("list", "--limit", "2");
    expect(few.out).toMatch(/^ID +RISK +STATUS .*\nleak-3 +5 +opened +2 +custom +Wiki/);
    expect(few.err).toContain("more than these 2");
    expect(await json<Shown[]>("list")).toMatchObject([
      { id: "leak-3", status: "opened", rule: null },
      {},
      {},
    ]);
  });

  test.each([
    ["--risk", "11"],
    ["--risk", "grave"],
    ["--status", "open"],
    ["--sort", "colour"],
    ["--limit", "many"],
  ])("refuses %s %s as a wrong command line", async (...args) => {
    expect(await leaks("list", ...args)).toMatchObject({ code: 2, out: "" });
  });

  test("shows one with its live tokens masked, and says where there is none", async () => {
    const shown = await leaks("show", "leak-1", "--tokens");
    expect(shown.out).toContain("Build log");
    expect(shown.out).toMatch(/\n2 +made\*\*\*\*\(18\) +opaque/);
    expect(shown.out).not.toMatch(/\n1 +made/);
    expect(shown.out).not.toContain("made-up-token");
    expect(await json("show", "leak-1")).toMatchObject({ id: "leak-1", history: [{}, {}] });
    expect(await leaks("show", "leak-9")).toMatchObject({ code: 1, out: "" });
  });
});

describe("leakgate leaks apply, close, reopen, mark-false", () => {
  test("a comment that holds a registered token is refused, and nothing is decided", async () => {
    const { code, out, err } = await leaks("close", "leak-1", "--comment", "it was made-up-token-0002.");
    expect([code === 0, err]).toEqual([false, expect.stringContaining("holds a token")]);
    expect(out + err).not.toContain("made-up-token");
    expect(await json<Shown>("show", "leak-1")).toMatchObject({ status: "opened", version: 2 });
  });

  test("decide several at once, and the journal says who", async () => {
    const applied = await leaks("apply", "leak-1", "leak-2", "--mode", "monitor", "--methods", "post");
    expect(applied).toMatchObject({ code: 0, err: "" });
    expect(applied.out).toBe(
      "leak-1: patched, rule-1 is in force (monitor)\nleak-2: patched, rule-2 is in force (monitor)\n",
    );
    expect(await json("close", "leak-1")).toMatchObject([{ id: "leak-1", status: "closed", rule: null }]);
    expect((await leaks("reopen", "leak-1", "--reason", "mistake")).out).toBe("leak-1: opened\n");
    const because = ["--reason", "test_value", "--comment", "a made-up example of the manual"];
    expect((await leaks("mark-false", "leak-1", ...because)).out).toBe("leak-1: marked false\n");
    expect((await leaks("close", "leak-2", "--reason", "test_value")).code).toBe(2);
    expect((await leaks("close", "leak-3", "--until", "7d")).code).toBe(0);
    expect((await leaks("show", "leak-3")).out).toMatch(/until +20.*, then it is opened again/);
    expect((await leaks("close", "leak-2", "--until", "2001-01-01")).code).toBe(2);
    expect((await leaks("show", "leak-1")).out).toMatch(/leak.mark_false +test_value +a made-up example/);
    const { history } = await json<{ history: { actor: string; action: string }[] }>("show", "leak-1");
    expect(history[0]).toMatchObject({ actor: expect.stringMatching(/^cli:/), action: "leak.mark_false" });
    expect(await json("show", "leak-2")).toMatchObject({
      status: "patched",
      rule: { mode: "monitor", scope: { methods: ["POST"] } },
    });
  });

  test("what the lifecycle refuses is said, and the rest goes on; an unknown id stops all", async () => {
    await leaks("close", "leak-2");
    const some = await leaks("apply", "leak-1", "leak-2", "leak-3");
    expect(some.code).toBe(1);
    expect(some.out).toContain("leak-1: patched");
    expect(some.out).toContain("leak-3: patched");
    expect(some.err).toContain("cannot vpatch leak leak-2: it is closed");
    expect(some.err).toContain("1 of 3 refused it");
    const none = await leaks("close", "leak-1", "leak-9");
    expect(none).toMatchObject({ code: 1, out: "" });
    expect(none.err).toContain('"leak-9"');
    expect(await json("show", "leak-1")).toMatchObject({ status: "patched" });
    expect(await leaks("apply", "leak-1", "--hosts", "not a host")).toMatchObject({ code: 2, out: "" });
    expect(await leaks("apply")).toMatchObject({ code: 2 });
  });

  test("a folder that is not there is not made", async () => {
    const absent = join(folder.path, "absent");
    for (const args of [["apply", "leak-1"], ["list"], ["show", "leak-1"]])
      expect(await leakgate(folder.path, ["leaks", ...args, "--data", absent])).toMatchObject({ code: 3 });
    expect(await leakgate(folder.path, ["leaks", "list", "--data", absent])).toMatchObject({ code: 3 });
  });

  test("--wait ends once the workers enforce it, and says who does not", async () => {
    expect(await leaks("apply", "leak-1", "--wait")).toMatchObject({ code: 0 });
    const runtime = await Runtime.open(data);
    const report = (worker: number, revision: number) =>
      runtime.publish({
        worker,
        pid: process.pid,
        startedAt: 1,
        heartbeatAt: Date.now() + 3_600_000,
        ready: true,
        tenants: { default: { revision, tokens: 0, budgetExhausted: {} } },
        counters: {},
      });
    await report(1, 1_000);
    expect(await leaks("apply", "leak-2", "--wait")).toMatchObject({ code: 0 });
    await report(2, 1);
    const late = await leaks("apply", "leak-3", "--wait", "--within", "0");
    expect(late).toMatchObject({ code: 1, out: expect.stringContaining("leak-3: patched") });
    expect(late.err).toContain("it is stored, but not enforced yet by worker 2");
    await runtime.close();
  });
});
