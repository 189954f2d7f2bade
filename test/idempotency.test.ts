import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Runtime } from "../rules/runtime.ts";
import { temporaryFolder, until } from "./support.ts";

const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
  /** The administrator's key, where this start made it. */
  readonly key: string | undefined;
}

async function start(data: string): Promise<Started> {
  const args = ["admin", "--data", data, "--admin", "127.0.0.1:0"];
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "ignore"] });
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  await until("the admin listens", () => out.includes("/api/v1."), 30_000);
  return {
    child,
    url: /http:\S+(?=\.\n)/.exec(out)![0],
    key: /lgk_[0-9A-Za-z_]+/.exec(out)?.[0],
  };
}

function ended(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => child.once("exit", resolve));
}

test("a call whose admin was killed before it answered is not carried out again: 409 says to look", async () => {
  const folder = temporaryFolder();
  const data = join(folder.path, "data");
  const first = await start(data);
  const headers = { authorization: `Bearer ${first.key}`, "content-type": "application/json" };
  const call = (url: string, path: string, key: string, body: object = {}) =>
    fetch(url + path, {
      method: "POST",
      headers: { ...headers, "idempotency-key": key },
      body: JSON.stringify(body),
    });
  const statusOf = async (url: string) =>
    ((await (await fetch(`${url}/leaks/leak-1`, { headers })).json()) as { status: string }).status;

  const registered = { name: "x", risk: 5, tokens: ["made-up-token-0001"] };
  expect((await call(first.url, "/leaks", "register", registered)).status).toBe(201);
  // A worker that never gets there: the patch is stored, and its answer waits.
  const runtime = await Runtime.open(data);
  const heartbeatAt = Date.now() + 3_600_000;
  await runtime.publish({
    worker: 1,
    pid: process.pid,
    startedAt: Date.now(),
    heartbeatAt,
    ready: true,
    tenants: { default: { revision: 0, tokens: 0, budgetExhausted: {} } },
    counters: {},
  });
  const unanswered = call(first.url, "/leaks/leak-1/vpatch?wait=enforced", "apply").catch(() => null);
  await until("the leak is patched", async () => (await statusOf(first.url)) === "patched");
  first.child.kill("SIGKILL");
  await ended(first.child);
  expect(await unanswered).toBeNull();

  const second = await start(data);
  const again = await call(second.url, "/leaks/leak-1/vpatch?wait=enforced", "apply");
  expect(again.status).toBe(409);
  expect(await again.json()).toMatchObject({ detail: expect.stringContaining("look at its outcome") });
  expect(await statusOf(second.url)).toBe("patched");
  const replayed = await call(second.url, "/leaks", "register", registered);
  expect([replayed.status, replayed.headers.get("idempotency-replayed")]).toEqual([201, "true"]);
  second.child.kill("SIGTERM");
  await ended(second.child);
  await runtime.close();
  folder.remove();
});
