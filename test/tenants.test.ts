import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mintKey, type Role } from "../rules/access.ts";
import { type Tenant, Tenants } from "../rules/tenants.ts";
import { GatewayProcess, isRunning, leakgate } from "./process.ts";
import { exchange, plainUpstream, type RawUpstream, temporaryFolder, until } from "./support.ts";

const TOKEN = "made-up-token-0001";

let folder: { path: string; remove(): void };
let ours: RawUpstream;
let theirs: RawUpstream;
let gateway: GatewayProcess;
let keys: { globalAdministrator: string; globalAnalyst: string; administrator: string; acme: string };

async function keyIn({ store, pepper }: Pick<Tenant, "store" | "pepper">, role: Role): Promise<string> {
  const { clear, record } = mintKey(pepper, role, `made up ${role}`);
  await store.createKey("test", record);
  return clear;
}

beforeAll(async () => {
  folder = temporaryFolder();
  const data = join(folder.path, "data");
  const tenants = await Tenants.open(data);
  const acme = await tenants.create("test", "acme");
  const control = { store: tenants.control, pepper: tenants.controlPepper };
  keys = {
    globalAdministrator: await keyIn(control, "global_administrator"),
    globalAnalyst: await keyIn(control, "global_analyst"),
    administrator: await keyIn(tenants.default, "administrator"),
    acme: await keyIn(acme, "administrator"),
  };
  await tenants.close();
  ours = await plainUpstream();
  theirs = await plainUpstream();
  const config = join(folder.path, "leakgate.yaml");
  const routes = [{ hosts: ["API.acme.example", "*.acme.test"], tenant: "acme", upstream: theirs.url }];
  writeFileSync(config, JSON.stringify({ routes }));
  gateway = await GatewayProcess.start({
    upstream: ours.url,
    data,
    workers: 1,
    key: keys.administrator,
    args: ["--config", config],
  });
}, 60_000);
afterAll(async () => {
  await gateway?.stop();
  expect(isRunning(gateway.pid)).toBe(false);
  await ours?.close();
  await theirs?.close();
  folder.remove();
});

async function call(method: string, path: string, key: string, body?: object) {
  const answer = await fetch(`http://127.0.0.1:${gateway.adminPort}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

/** The status that a request with the token gets under this Host. */
async function status(host: string): Promise<number> {
  const request = `GET /orders HTTP/1.1\r\nHost: ${host}\r\nX-Api-Key: ${TOKEN}\r\n\r\n`;
  return (await exchange(gateway.proxyPort, request)).status;
}

const leak = (name: string) => ({ name, risk: 5, tokens: [TOKEN] });

describe("two tenants behind one gateway", () => {
  test("a leak of one is enforced for its hosts alone, and its attempts are seen by it alone", async () => {
    expect((await call("POST", "/leaks", keys.acme, leak("theirs"))).status).toBe(201);
    expect((await call("POST", "/leaks/leak-1/vpatch?wait=enforced", keys.acme)).body).toMatchObject({
      enforcement: { enforced: true, workers: [{ worker: 1 }] },
    });
    for (const host of ["api.acme.example", "API.ACME.example:8080", "a.b.acme.test", "api.acme.example."])
      expect([host, await status(host)]).toEqual([host, 403]);
    for (const host of ["api.example", "acme.test", "xacme.test", "127.0.0.1"])
      expect([host, await status(host)]).toEqual([host, 200]);
    expect(ours.seen.length).toBeGreaterThan(0);
    expect(theirs.seen).toHaveLength(0);
    await until("the attempts are stored", async () => {
      const { events } = (await call("GET", "/events", keys.acme)).body as { events: { count: number }[] };
      return events.length === 4;
    });
    expect((await call("GET", "/events", keys.administrator)).body).toEqual({ events: [], next: null });
    expect((await call("GET", "/leaks", keys.administrator)).body).toEqual({ leaks: [], next: null });
  });

  test("the other way round too: the same token, the same ids, nothing in common", async () => {
    expect((await call("POST", "/leaks", keys.administrator, leak("ours"))).body).toMatchObject({
      id: "leak-1",
    });
    expect((await call("POST", "/leaks/leak-1/close?wait=enforced", keys.acme)).status).toBe(200);
    expect([await status("api.acme.example"), await status("api.example")]).toEqual([200, 200]);
    expect(theirs.text).toContain("GET /orders");
    await call("POST", "/leaks/leak-1/vpatch?wait=enforced", keys.administrator);
    expect([await status("api.acme.example"), await status("api.example")]).toEqual([200, 403]);
    expect((await call("GET", "/leaks/leak-1", keys.acme)).body).toMatchObject({ name: "theirs" });
  });

  test("what was let through is remembered for each apart", async () => {
    const { body: mine } = await call("GET", "/leaks/leak-1/preview", keys.acme);
    expect(mine).toMatchObject({
      wouldHaveBlocked: 2,
      hosts: [{ host: "api.acme.example", requests: 2 }],
    });
    const { body: others } = await call("GET", "/leaks/leak-1/preview", keys.administrator);
    expect(others).toMatchObject({ wouldHaveBlocked: 5, tokensMet: 1 });
    expect(JSON.stringify(others)).not.toContain("acme.example");
  });

  test("a global role looks into each, a tenant's into its own alone", async () => {
    const names = async (key: string, query: string) => {
      const { status, body } = await call("GET", `/leaks${query}`, key);
      return status === 200 ? (body.leaks as { name: string }[]).map(({ name }) => name) : status;
    };
    for (const key of [keys.globalAdministrator, keys.globalAnalyst]) {
      expect(await names(key, "")).toEqual(["ours"]);
      expect(await names(key, "?tenant=acme")).toEqual(["theirs"]);
      expect(await names(key, "?tenant=nobody")).toBe(404);
    }
    expect(await names(keys.acme, "?tenant=acme")).toEqual(["theirs"]);
    expect(await names(keys.acme, "?tenant=default")).toBe(404);
    expect((await call("POST", "/leaks?tenant=acme", keys.globalAnalyst, leak("no"))).status).toBe(403);
  });

  test("a tenant's leak module is switched off and on: nothing enforced, its section absent, nothing lost", async () => {
    const turn = (leaksEnabled: boolean, key = keys.globalAdministrator) =>
      call("PATCH", "/tenants/default?wait=enforced", key, { leaksEnabled });
    expect(await status("api.example")).toBe(403);
    expect((await turn(false, keys.administrator)).status).toBe(403);
    expect(await turn(false)).toMatchObject({ status: 200, body: { leaksEnabled: false, leaks: 1 } });
    expect(await status("api.example")).toBe(200);
    for (const path of ["/leaks", "/leaks/leak-1", "/rules", "/events", "/stats"]) {
      expect([path, (await call("GET", path, keys.administrator)).status]).toEqual([path, 404]);
      expect([path, (await call("GET", path, keys.globalAnalyst)).status]).toEqual([path, 404]);
    }
    expect((await call("GET", "/leaks", keys.acme)).status).toBe(200);
    expect((await call("GET", "/status", keys.administrator)).status).toBe(200);
    expect(await turn(true)).toMatchObject({ status: 200, body: { leaksEnabled: true, leaks: 1 } });
    expect(await status("api.example")).toBe(403);
    expect((await call("GET", "/leaks/leak-1", keys.administrator)).body).toMatchObject({
      status: "patched",
    });
  });

  test("only who runs the gateway sees what it counts over all of them", async () => {
    const counters = async (key: string, query = "") => {
      const { workers } = (await call("GET", `/status${query}`, key)).body as {
        workers: Record<string, object>[];
      };
      return Object.keys(workers[0]!.counters!).length;
    };
    expect(await counters(keys.administrator)).toBeGreaterThan(0);
    expect(await counters(keys.globalAnalyst, "?tenant=acme")).toBeGreaterThan(0);
    expect(await counters(keys.acme)).toBe(0);
  });

  test("a tenant is made while all runs; its first route is for the next start", async () => {
    const made = await call("POST", "/tenants", keys.globalAdministrator, { name: "late" });
    expect(made).toMatchObject({ status: 201, body: { name: "late", leaks: 0, revision: 0 } });
    expect((await call("POST", "/tenants", keys.globalAdministrator, { name: "late" })).status).toBe(409);
    expect((await call("POST", "/tenants", keys.administrator, { name: "more" })).status).toBe(403);
    expect((await call("POST", "/tenants", keys.globalAdministrator, { name: "../up" })).status).toBe(400);
    const listed = (await call("GET", "/tenants", keys.globalAnalyst)).body.tenants as { name: string }[];
    expect(listed.map(({ name }) => name)).toEqual(["default", "acme", "late"]);
    await call("POST", "/leaks?tenant=late", keys.globalAdministrator, leak("late"));
    expect(
      (await call("POST", "/leaks/leak-1/vpatch?wait=enforced&tenant=late", keys.globalAdministrator)).status,
    ).toBe(202);
  });
});

test("a route that names no tenant there is, is told of at the start, and nothing starts", async () => {
  const config = join(folder.path, "wrong.yaml");
  writeFileSync(
    config,
    "routes:\n  - hosts: [a.example]\n    tenant: nobody\n    upstream: http://127.0.0.1:9\n",
  );
  const args = ["--config", config, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
  const ended = await leakgate(["serve", ...args, "--data", join(folder.path, "other")]);
  expect(ended).toMatchObject({ code: 3, out: "" });
  expect(ended.err).toContain('no tenant has the name "nobody": leakgate tenants create makes one');
});
