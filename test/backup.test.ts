import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { holdFolder } from "../cli/single.ts";
import { mintKey } from "../rules/access.ts";
import { type Manifest, parseManifest } from "../rules/backup/manifest.ts";
import { restore as restoreHere } from "../rules/backup/restore.ts";
import { digestTokens } from "../rules/digest.ts";
import { eventId, type VpatchEvent } from "../rules/events.ts";
import { Pepper } from "../rules/pepper.ts";
import { RulesStore } from "../rules/store.ts";
import { type Tenant, Tenants, tenantPepper } from "../rules/tenants.ts";
import { type Ended, leakgate } from "./command.ts";
import { previousFolder } from "./previous.ts";
import { temporaryFolder } from "./support.ts";

let folder: ReturnType<typeof temporaryFolder>;
let tenants: Tenants;
let data: string;
let copy: string;
let target: string;
beforeAll(async () => {
  folder = temporaryFolder();
  data = join(folder.path, "data");
  tenants = await Tenants.open(data);
  await tenants.create("cli:test", "acme");
  for (const tenant of tenants.all) {
    await register(tenant, "made-up-token-0001");
    await tenant.store.decide("cli:test", "leak-1", "vpatch");
    await tenant.events.append([attempt(Date.now()), attempt(Date.now() - 86_400_000)]);
  }
});
beforeEach(() => {
  copy = join(folder.path, "copy");
  target = join(folder.path, "target");
});
afterEach(() => {
  for (const each of [copy, target]) rmSync(each, { recursive: true, force: true });
});
afterAll(async () => {
  await tenants.close();
  folder.remove();
});

async function register({ store, pepper }: Tenant, ...texts: string[]): Promise<void> {
  const tokens = await digestTokens(texts, pepper);
  await store.register("cli:test", { name: "a leak", description: "", risk: 5, source: "custom", tokens });
}

let sequence = 0;
function attempt(at: number): VpatchEvent {
  const where = {
    method: "GET",
    host: "api.example",
    path: "/",
    query: [],
    userAgent: null,
    ip: "192.0.2.1",
  };
  const what = { leak: "leak-1", rule: "rule-1", action: "blocked", point: "header authorization" } as const;
  const id = eventId(at, 1, sequence++);
  return { type: "vpatch", id, at, lastAt: at, count: 1, requestId: "r-1", worker: 1, ...where, ...what };
}

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return leakgate(folder.path, args, { env });
}

function backUp(...args: string[]): Promise<Ended> {
  return run(["backup", copy, "--data", data, ...args]);
}

function restore(...args: string[]): Promise<Ended> {
  return run(["restore", copy, "--data", target, ...args]);
}

function manifest(): Manifest {
  return parseManifest(readFileSync(join(copy, "manifest.json"), "utf8"));
}

function allFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" }).sort();
}

describe("leakgate backup", () => {
  test("is whole, for its owner alone, and without the pepper", async () => {
    const { code, out, err } = await backUp();
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain("made and verified");
    const made = manifest();
    expect(made.stores.map((store) => store.folder)).toEqual(["", "tenants/acme", "control"]);
    expect(made.stores[1]).toMatchObject({
      revision: 2,
      head: (await tenants.get("acme"))!.store.head().hash,
    });
    const paths = ["control/rules/data.mdb", "rules/data.mdb", "tenants/acme/rules/data.mdb"];
    expect(made.files.map(({ path }) => path)).toEqual(paths);
    const files = allFiles(copy).filter((path) => statSync(join(copy, path)).isFile());
    expect(files.sort()).toEqual([...paths, "manifest.json"].sort());
    const pepper = readFileSync(join(data, "pepper"), "latin1").trim();
    for (const path of files) {
      expect(statSync(join(copy, path)).mode & 0o077).toBe(0);
      expect(readFileSync(join(copy, path), "latin1")).not.toContain(pepper);
    }
    expect(statSync(copy).mode & 0o077).toBe(0);
    expect(allFiles(folder.path).filter((path) => path.includes("partial"))).toEqual([]);
  });

  test("is each store at one moment, while changes go on", async () => {
    const tenant = tenants.default;
    let isOver = false;
    const changing = (async () => {
      for (let i = 0; !isOver; i++) {
        await register(tenant, ...Array.from({ length: 500 }, (_, n) => `made-up-token-${i}-${n}`));
        await tenant.store.decide("cli:test", `leak-${tenant.store.counts().leaks}`, "vpatch");
      }
    })();
    const before = tenant.store.revision();
    for (let round = 0; round < 3; round++) {
      rmSync(copy, { recursive: true, force: true });
      expect(await backUp("--with-pepper")).toMatchObject({ code: 0 });
      const revision = manifest().stores[0]!.revision;
      expect(revision).toBeGreaterThanOrEqual(before);
      expect(revision).toBeLessThanOrEqual(tenant.store.revision());
      rmSync(target, { recursive: true, force: true });
      await restoreHere(copy, target);
      const restored = await RulesStore.open(target, tenant.pepper.id, { readOnly: true });
      expect(await restored.audit()).toEqual({ ok: true, entries: revision });
      await restored.close();
    }
    isOver = true;
    await changing;
    expect(await tenant.store.audit()).toMatchObject({ ok: true });
  });

  test("with events and peppers is all there was, tenant by tenant", async () => {
    const made = await backUp("--with-events", "--with-pepper", "--json");
    expect(made.err).toContain("keep this backup as secret as the pepper");
    expect(JSON.parse(made.out)).toMatchObject({ withEvents: true, withPepper: true });
    expect(statSync(join(copy, "pepper")).mode & 0o777).toBe(0o600);
    expect(await restore()).toMatchObject({ code: 0, err: "" });
    const back = await Tenants.open(target);
    for (const tenant of tenants.all) {
      const other = (await back.get(tenant.name))!;
      expect(other.pepper.id).toBe(tenant.pepper.id);
      expect([...other.store.leaks()]).toEqual([...tenant.store.leaks()]);
      expect(other.store.token("leak-1", 1)).toEqual(tenant.store.token("leak-1", 1));
      const events = (log: Tenant["events"]) => log.query({}, 100).then((page) => page.events);
      expect(await events(other.events)).toEqual(await events(tenant.events));
    }
    await back.close();
  });

  test("refuses a folder that holds something, and a data folder that holds nothing", async () => {
    mkdirSync(copy);
    writeFileSync(join(copy, "notes"), "mine");
    expect(await backUp()).toMatchObject({ code: 3, out: "" });
    expect(readdirSync(copy)).toEqual(["notes"]);
    expect(await run(["backup", join(folder.path, "x"), "--data", target])).toMatchObject({ code: 3 });
    expect(existsSync(join(folder.path, "x"))).toBe(false);
  });

  test("refuses a pepper that is not the rules' own", async () => {
    const other = join(folder.path, "other-pepper");
    writeFileSync(other, "made-up-pepper-of-another-installation", { mode: 0o600 });
    const args = ["backup", copy, "--data", data, "--with-pepper"];
    expect(await run(args, { LEAKGATE_PEPPER_FILE: other })).toMatchObject({ code: 3, out: "" });
    expect(existsSync(copy)).toBe(false);
  });

  test("copies a folder of an older version, which the restored one then upgrades", async () => {
    const old = join(folder.path, "old");
    previousFolder(old);
    const made = await run(["backup", copy, "--data", old, "--with-pepper"]);
    expect(made).toMatchObject({ code: 0, out: expect.stringContaining("no: older schema") });
    expect(await restore()).toMatchObject({ code: 0 });
    const store = await RulesStore.open(target, tenantPepper(target, "default", {}).id);
    expect(await store.audit()).toMatchObject({ ok: true, entries: 21 });
    await store.close();
  });
});

describe("leakgate restore", () => {
  const id = () => tenants.controlPepper.id;
  /** Two backups that each test begins with a copy of. */
  let whole: string;
  let bare: string;
  beforeAll(async () => {
    whole = join(folder.path, "whole");
    bare = join(folder.path, "bare");
    const made = [
      await run(["backup", whole, "--data", data, "--with-pepper"]),
      await run(["backup", bare, "--data", data]),
    ];
    expect(made.map(({ code }) => code)).toEqual([0, 0]);
  });
  const given = (backup: string) => cpSync(backup, copy, { recursive: true });
  /** The target is a data folder already, with a key. */
  async function occupied(): Promise<Pepper> {
    const pepper = Pepper.loadOrCreate(target);
    const store = await RulesStore.open(target, pepper.id);
    await store.createKey("test", mintKey(pepper, "analyst", "of before").record);
    await store.close();
    return pepper;
  }

  test("without the pepper says which one it needs, and takes it from a file", async () => {
    given(bare);
    const without = await restore();
    expect(without).toMatchObject({ code: 3, out: "" });
    expect(without.err).toContain(`needs the one with the id ${id()}`);
    expect(existsSync(target)).toBe(false);
    const wrong = join(folder.path, "wrong-pepper");
    writeFileSync(wrong, "made-up-pepper-of-another-installation", { mode: 0o600 });
    const mismatched = await restore("--pepper", wrong);
    expect(mismatched).toMatchObject({ code: 3, err: expect.stringContaining(`made with pepper ${id()}`) });
    expect(existsSync(target)).toBe(false);
    expect(await restore("--pepper", join(data, "pepper"))).toMatchObject({ code: 0 });
    const store = await RulesStore.open(target, id(), { readOnly: true });
    expect(store.leak("leak-1")).toMatchObject({ status: "patched" });
    await store.close();
  });

  test("takes the pepper that is there alone, or that is kept apart", async () => {
    given(bare);
    mkdirSync(target);
    cpSync(join(data, "pepper"), join(target, "pepper"));
    expect(await restore()).toMatchObject({ code: 0, err: "" });
    expect(readdirSync(target).sort()).toEqual(["control", "pepper", "rules", "tenants"]);
    rmSync(target, { recursive: true });
    const apart = { LEAKGATE_PEPPER_FILE: join(data, "pepper") };
    expect(await run(["restore", copy, "--data", target], apart)).toMatchObject({ code: 0 });
    expect(existsSync(join(target, "pepper"))).toBe(false);
  });

  test("refuses a folder that holds something; --force moves that aside", async () => {
    given(whole);
    const pepper = await occupied();
    const before = allFiles(target);
    const refused = await restore();
    expect(refused).toMatchObject({ code: 3, err: expect.stringContaining("is not empty") });
    expect(allFiles(target)).toEqual(before);
    const forced = await restore("--force");
    const [, aside] = /lies in (.*before-restore-\S+) now/.exec(forced.err)!;
    expect(forced.code).toBe(0);
    const store = await RulesStore.open(aside!, pepper.id, { readOnly: true });
    expect(store.keys()).toMatchObject([{ name: "of before" }]);
    await store.close();
    expect(
      (await run(["leaks", "list", "--ids", "--q", "a leak", "--sort", "created", "--data", target])).out,
    ).toMatch(/^leak-1\n/);
  });

  test("refuses a folder in use, forced or not", async () => {
    given(whole);
    const pepper = await occupied();
    const store = await RulesStore.open(target, pepper.id, { readOnly: true });
    const used = await restore("--force");
    expect(used).toMatchObject({ code: 3, err: expect.stringContaining("in use by a running process") });
    expect(store.keys()).toHaveLength(1);
    await store.close();
    const held = await holdFolder(target);
    expect(await restore("--force")).toMatchObject({ code: 3 });
    held.close();
    expect(await restore("--force")).toMatchObject({ code: 0 });
  });

  test.each([
    ["a byte was changed", () => flip("rules/data.mdb"), "rules/data.mdb is not the file that was written"],
    [
      "a file grew",
      () => appendFileSync(join(copy, "rules/data.mdb"), "x"),
      "is not the file that was written",
    ],
    [
      "a file is gone",
      () => rmSync(join(copy, "control"), { recursive: true }),
      "control/rules/data.mdb is missing",
    ],
    ["a file is too many", () => writeFileSync(join(copy, "rules/more"), ""), 'holds "rules/more"'],
    ["the manifest is gone", () => rmSync(join(copy, "manifest.json")), "holds no manifest.json"],
    ["the manifest is no JSON", () => writeFileSync(join(copy, "manifest.json"), "{"), "is no JSON"],
    ["a path leads out of it", () => edit('"rules/data.mdb"', '"../rules/data.mdb"'), "is wrong at files"],
    ["it is of a newer format", () => edit('"leakgateBackup": 1', '"leakgateBackup": 2'), "has format 2"],
    ["another head is named", () => editHead(), "ends otherwise than its manifest says"],
    ["the schema is newer", () => edit('"schema": ', '"schema": 9'), "have schema 9"],
  ])("where %s it says so and makes nothing", async (_what, change, why) => {
    given(whole);
    change();
    await expect(restoreHere(copy, target)).rejects.toThrow(why);
    expect(existsSync(target) ? readdirSync(target) : []).toEqual([]);
  });

  test.each([
    ["another head", 1, () => editHead(), "ends otherwise than its manifest says"],
    ["a newer schema", 3, () => edit('"schema": ', '"schema": 9'), "have schema 9"],
  ])("such a backup ends the command, and leaves no folder: %s", async (_what, endsWith, change, why) => {
    given(whole);
    change();
    const { code, out, err } = await restore();
    expect([code, out]).toEqual([endsWith, ""]);
    expect(err).toContain(why);
    expect(existsSync(target)).toBe(false);
  });
});

function flip(path: string): void {
  const bytes = readFileSync(join(copy, path));
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(join(copy, path), bytes);
}

function edit(from: string, to: string): void {
  const path = join(copy, "manifest.json");
  writeFileSync(path, readFileSync(path, "utf8").replace(from, to));
}

function editHead(): void {
  const { head } = manifest().stores[0]!;
  edit(
    head,
    head.replace(/^./, (digit) => (digit === "0" ? "1" : "0")),
  );
}
