import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SourceId } from "../../rules/source.ts";
import { type Json, TestAdmin } from "../../test/admin.ts";
import { git, newRepository } from "../../test/repositories.ts";
import { temporaryFolder, until } from "../../test/support.ts";

const files = temporaryFolder();
const watched = join(files.path, "watched");
const first = "acme_q7x2k9w4m1z8v5t3r6p";
const second = "acme_h3n8d5j1f6b9s4y7c2g";

let admin: TestAdmin;
let forge: RequestListener = () => {};
const forgeServer = createServer((request, response) => forge(request, response));
beforeAll(async () => {
  await new Promise<void>((resolve) => forgeServer.listen(0, "127.0.0.1", resolve));
  const { port } = forgeServer.address() as AddressInfo;
  mkdirSync(watched);
  writeFileSync(join(files.path, "secret.token"), "made-up-forge-token\n");
  const scan = {
    paths: [watched],
    allow: ["127.0.0.1"],
    bases: { "127.0.0.1": `http://127.0.0.1:${port}/odd/api` },
    formats: [{ name: "acme", prefix: "acme_", pattern: "[a-z0-9]{19}" }],
    credentials: { forge: { file: join(files.path, "secret.token"), host: "git.example" } },
  };
  admin = await TestAdmin.start({ config: { scan }, watchEveryMs: 50 });
});
afterAll(async () => {
  await admin.stop();
  forgeServer.close();
  files.remove();
});

const path = "/api/v1/sources";
const folderOf = (name: string, texts: Readonly<Record<string, string>>) => {
  const folder = join(watched, name);
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries(texts)) writeFileSync(join(folder, file), text);
  return folder;
};
const add = (body: object) => admin.call("POST", path, { body });
const show = async (id: unknown) => (await admin.call("GET", `${path}/${id}`)).body;
const ended = (id: unknown, since: unknown = null) =>
  until("a look has ended", async () => {
    const { state, lastRunAt } = await show(id);
    return state !== "running" && lastRunAt !== since;
  });
const leaks = async () => (await admin.call<{ leaks: Json[] }>("GET", "/api/v1/leaks")).body.leaks;
const run = (id: unknown) => admin.call("POST", `${path}/${id}/run`);

describe("a watched source", () => {
  test("is looked at when it is added: what it holds is a leak, opened; the next look adds nothing", async () => {
    const address = folderOf("code", { ".env": `TOKEN=${first}\n`, "readme.md": "nothing\n" });
    const { status, body, headers } = await add({ kind: "folder", address, risk: 9 });
    expect(status).toBe(201);
    expect(headers.get("location")).toBe(`${path}/${body.id}`);
    await ended(body.id);
    const source = await show(body.id);
    expect(source).toMatchObject({
      state: "waiting",
      failures: 0,
      lastError: null,
      last: { texts: 2, findings: 1, leaks: 1, end: "whole" },
    });
    // Not at once again, and spread over a quarter of an hour.
    const next = Date.parse(source.nextRunAt as string);
    expect(next).toBeGreaterThan(Date.now());
    expect(next % 86_400_000).toBeGreaterThanOrEqual(3 * 3_600_000);

    const [leak] = await leaks();
    expect(leak).toMatchObject({ status: "opened", source: "folder", risk: 9 });
    const { body: seen } = await admin.call<{ sightings: Json[] }>(
      "GET",
      `/api/v1/leaks/${leak?.id}/sightings`,
    );
    expect(seen.sightings).toMatchObject([{ path: join(address, ".env"), line: 1 }]);
    const history = (await admin.call<{ history: Json[] }>("GET", `/api/v1/leaks/${leak?.id}`)).body.history;
    expect(history[0]).toMatchObject({ action: "leak.register", actor: `${body.id} (folder)` });

    expect((await run(body.id)).status).toBe(200);
    await ended(body.id, source.lastRunAt);
    expect((await show(body.id)).last).toMatchObject({ findings: 1, leaks: 0 });
    expect(await leaks()).toHaveLength(1);
    expect(admin.log.join("")).not.toContain(first);
  });

  test("that cannot be read waits, and one that never can is paused until a person does something", async () => {
    const { body } = await add({ kind: "folder", address: join(watched, "absent"), schedule: null });
    expect(body.state).toBe("manual");
    await run(body.id);
    await ended(body.id);
    const paused = await show(body.id);
    expect(paused).toMatchObject({ state: "paused", failures: 1, nextRunAt: null });
    expect(paused.lastError).toMatch(/^there is no /);
    folderOf("absent", { "a.txt": "nothing" });
    await run(body.id);
    await ended(body.id, paused.lastRunAt);
    expect(await show(body.id)).toMatchObject({ state: "manual", failures: 0, last: { texts: 1 } });
  });

  test("over HTTP waits as long as its server says, and is read when that is well again", async () => {
    let isWell = false;
    const server = createServer((_, response) => {
      if (!isWell) response.writeHead(503, { "retry-after": "7200" }).end();
      else response.writeHead(200, { "content-type": "text/plain" }).end(`a token: ${second}\n`);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/page`;
    const { body } = await add({ kind: "url", address });
    await ended(body.id);
    const failing = await show(body.id);
    expect(failing).toMatchObject({ state: "failing", failures: 1, lastOkAt: null });
    expect(Date.parse(failing.nextRunAt as string) - Date.now()).toBeGreaterThan(7_000_000);
    isWell = true;
    await run(body.id);
    await ended(body.id, failing.lastRunAt);
    expect(await show(body.id)).toMatchObject({
      state: "waiting",
      failures: 0,
      last: { findings: 1, leaks: 1 },
    });
    server.close();
  });

  test("of a forge is read by the API that the configuration names, with its credential", async () => {
    const asked: string[] = [];
    forge = (request, response) => {
      asked.push(`${request.url?.split("?", 1)[0]} ${request.headers.authorization}`);
      response.writeHead(200, { "content-type": "application/json" }).end("[]");
    };
    const credential = { secret: "made-up-token-of-a-forge" };
    const { body } = await add({ kind: "gitea", address: "http://127.0.0.1/acme/app", credential });
    await ended(body.id);
    expect(asked.length).toBeGreaterThan(0);
    for (const each of asked) expect(each).toMatch(/^\/odd\/api\/.+ token made-up-token-of-a-forge$/);
  });

  test("waits for its turn: two are looked at at a time, whatever is due", async () => {
    const held: (() => void)[] = [];
    let [open, most] = [0, 0];
    forge = (_, response) => {
      most = Math.max(most, ++open);
      held.push(() => {
        open--;
        response.writeHead(200, { "content-type": "text/plain" }).end("nothing");
      });
    };
    const { port } = forgeServer.address() as AddressInfo;
    const ids: unknown[] = [];
    for (let at = 0; at < 5; at++)
      ids.push((await add({ kind: "url", address: `http://127.0.0.1:${port}/page-${at}` })).body.id);
    for (let answered = 0; answered < ids.length; answered++) {
      await until("another one is asked for", async () => held.length > 0);
      held.shift()!();
    }
    for (const id of ids) await ended(id);
    expect(most).toBe(2);
  });

  test("goes on after a restart in the middle of a look, which is no failure", async () => {
    const texts = Object.fromEntries(
      Array.from({ length: 200 }, (_, at) => [`${at}.txt`, `${at} ${second}\n`]),
    );
    const { body } = await add({ kind: "folder", address: folderOf("many", texts) });
    await until("the look is under way", async () => (await show(body.id)).progress !== null);
    const began = performance.now();
    await admin.restart();
    expect(performance.now() - began).toBeLessThan(4_000);
    await ended(body.id);
    expect(await show(body.id)).toMatchObject({ state: "waiting", failures: 0, last: { texts: 200 } });
    expect(admin.log.some((line) => line.includes("was stopped") && line.includes("closing"))).toBe(true);
    expect(await leaks()).toHaveLength(2);
  });

  test("that ended the process in the middle of a look is not looked at again at once", async () => {
    const { body } = await add({ kind: "folder", address: join(watched, "code"), schedule: null });
    const source = { id: body.id as SourceId, address: body.address as string };
    await admin.hands(({ default: { store } }) =>
      store.sources.states.write(source, { runningSince: 1_000, nextRunAt: 2_000 }),
    );
    await ended(body.id);
    const failing = await show(body.id);
    expect(failing).toMatchObject({ state: "failing", failures: 1, last: null });
    expect(failing.lastError).toMatch(/in the middle/);
    expect(Date.parse(failing.nextRunAt as string)).toBeGreaterThan(Date.now() + 50_000);
  });

  test("that is changed while it is looked at has its next look by what was changed", async () => {
    const { body } = await add({ kind: "folder", address: join(watched, "many") });
    await until("the look is under way", async () => (await show(body.id)).progress !== null);
    await admin.call("PATCH", `${path}/${body.id}`, { body: { schedule: "@weekly" } });
    await ended(body.id);
    const at = Date.parse((await show(body.id)).nextRunAt as string);
    // Sundays at midnight, or up to a quarter of an hour later.
    expect([new Date(at).getUTCDay(), new Date(at).getUTCHours()]).toEqual([0, 0]);
  });

  test("can be stopped, switched off and taken away", async () => {
    const { body } = await add({ kind: "folder", address: join(watched, "many"), schedule: null });
    await run(body.id);
    await until("the look is under way", async () => (await show(body.id)).progress !== null);
    expect((await admin.call("POST", `${path}/${body.id}/stop`)).status).toBe(200);
    await until("it is stopped", async () => (await show(body.id)).progress === null);
    expect(await show(body.id)).toMatchObject({ state: "manual", lastRunAt: null, failures: 0 });
    const off = await admin.call("PATCH", `${path}/${body.id}`, {
      body: { enabled: false, schedule: "@daily" },
    });
    expect(off.body).toMatchObject({ state: "off", nextRunAt: null, schedule: "@daily" });
    expect((await run(body.id)).status).toBe(409);
    expect((await admin.call("DELETE", `${path}/${body.id}`)).body.removedAt).not.toBeNull();
    expect((await admin.call("GET", `${path}/${body.id}`)).status).toBe(404);
  });
});

describe("what is refused", () => {
  test.each([
    ["a folder that nobody allowed", { kind: "folder", address: "/etc" }, "address"],
    ["one that begins like an allowed one", { kind: "git", address: `${watched}-other` }, "address"],
    ["a way out of an allowed one", { kind: "archive", address: `${watched}/../secret.token` }, "address"],
    ["a private address", { kind: "git", address: "http://10.0.0.1/app.git" }, "address"],
    [
      "a credential of a page",
      { kind: "url", address: "https://a.example/", credential: { secret: "x" } },
      "credential",
    ],
    ["no schedule", { kind: "feed", address: "https://a.example/", schedule: "sometimes" }, "schedule"],
    ["an unknown rules file", { kind: "feed", address: "https://a.example/", rules: "none" }, "rules"],
    ["a password in the address", { kind: "git", address: "https://x:made-up-1@a.example/" }, "address"],
    [
      "a credential for another host",
      { kind: "git", address: "https://elsewhere.example/a", credential: { name: "forge" } },
      "credential",
    ],
    ["a token in the address", { kind: "url", address: `https://a.example/?key=${first}` }, "address"],
  ])("%s", async (_, body, field) => {
    const answer = await add(body);
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toMatchObject([{ pointer: expect.stringContaining(field) }]);
    expect(answer.text).not.toContain("made-up-1");
    expect(answer.text).not.toContain(first);
  });

  test("a link that was laid out of an allowed folder later", async () => {
    symlinkSync(files.path, join(watched, "link"));
    const { body } = await add({ kind: "folder", address: join(watched, "link") });
    await ended(body.id);
    expect(await show(body.id)).toMatchObject({
      state: "paused",
      lastError: expect.stringContaining("in none of"),
    });
  });
});

test("a credential goes in and never comes out, and another address loses it", async () => {
  const credential = { secret: "made-up-secret-of-a-forge" };
  const address = "https://git.example/team/app.git";
  const { body } = await add({ kind: "git", address, credential, enabled: false });
  expect(body.credential).toEqual({ kind: "sealed", name: null });
  const named = await admin.call("PATCH", `${path}/${body.id}`, { body: { credential: { name: "forge" } } });
  expect(named.body.credential).toEqual({ kind: "named", name: "forge" });
  const moved = await admin.call("PATCH", `${path}/${body.id}`, {
    body: { address: "https://evil.example/a" },
  });
  expect(moved.body).toMatchObject({ credential: null, address: "https://evil.example/a" });
  const everything = await Promise.all([admin.call("GET", path), admin.call("GET", "/api/v1/audit")]);
  for (const { status, text } of everything) {
    expect(status).toBe(200);
    expect(text).not.toContain("made-up-secret");
  }
});

test("a token of the inventory is found whatever it looks like; only its digest is kept", async () => {
  const token = "made-up looks like nothing".replaceAll(" ", "-");
  const given = { name: "billing", tokens: [token, `${token}-2`] };
  const { status, body } = await admin.call("POST", "/api/v1/inventory", { body: given });
  expect([status, body]).toMatchObject([201, { name: "billing", tokens: 2, added: 2, known: 0 }]);
  const { body: source } = await add({
    kind: "folder",
    address: folderOf("wiki", { "page.txt": `see ${token}.` }),
  });
  await ended(source.id);
  expect((await show(source.id)).last).toMatchObject({ findings: 1, leaks: 1 });
  const listed = await admin.call("GET", "/api/v1/inventory");
  expect(listed.body).toMatchObject({ inventory: [{ name: "billing", tokens: 2 }], total: 2 });
  expect((await admin.call("DELETE", "/api/v1/inventory/billing")).body.tokens).toBe(2);
  const audit = await admin.call("GET", "/api/v1/audit");
  expect(audit.text).not.toContain(token);
  expect(await admin.hands(({ default: { store } }) => store.audit())).toMatchObject({ ok: true });
});

test("what was read is read again once another token is listed, and not before", async () => {
  const token = "made-up-in-an-old-commit";
  const address = newRepository(join(watched, "history"));
  writeFileSync(join(address, "notes.txt"), `see ${token}.\n`);
  git(address, "add", "-A");
  git(address, "commit", "--quiet", "--message", "first");
  const { body } = await add({ kind: "git", address });
  await ended(body.id);
  const read = async () => {
    const { lastRunAt } = await show(body.id);
    await run(body.id);
    await ended(body.id, lastRunAt);
    return (await show(body.id)).last as Json;
  };
  expect((await show(body.id)).last).toMatchObject({ findings: 0 });
  expect(await read()).toMatchObject({ texts: 0, findings: 0 });
  await admin.call("POST", "/api/v1/inventory", { body: { name: "old", tokens: [token] } });
  expect(await read()).toMatchObject({ findings: 1, leaks: 1 });
  expect(await read()).toMatchObject({ texts: 0, findings: 0 });
});

test("the metrics count looks and what they found", async () => {
  const { text } = await admin.call("GET", "/metrics", { key: null });
  expect(text).toMatch(/leakgate_scan_looks_total\{outcome="ok"\} [1-9]/);
  expect(text).toMatch(/leakgate_scan_looks_total\{outcome="failed"\} [1-9]/);
  expect(text).toMatch(/leakgate_scan_sources\{state="paused"\} [1-9]/);
  expect(text).toMatch(/leakgate_scan_findings_total [1-9]/);
});
