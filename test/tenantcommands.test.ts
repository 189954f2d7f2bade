import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Ended, leakgate } from "./command.ts";
import { temporaryFolder } from "./support.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(() => folder.remove());

const token = "made-up-token-0001\n";
const add = ["leaks", "add", "--name", "Build log", "--risk", "6"];

function run(args: readonly string[], input = ""): Promise<Ended> {
  return leakgate(folder.path, [...args, "--data", "data"], { input });
}

test("what is no name makes nothing", async () => {
  const { code, err } = await run(["tenants", "create", "No Name"]);
  expect([code, err]).toEqual([2, expect.stringContaining("tenant is not 1 to 32 of a-z")]);
  expect(existsSync(join(folder.path, "data"))).toBe(false);
  expect(await run(["tenants", "list"])).toMatchObject({ code: 3 });
});

test("each tenant has its own leaks, decisions and journal", async () => {
  expect(await run(["tenants", "create", "acme"])).toMatchObject({ code: 0, err: "" });
  expect(await run(["tenants", "create", "acme"])).toMatchObject({ code: 1, out: "" });
  expect((await run([...add, "--tenant", "acme"], token)).out).toContain("leak-1: registered");
  expect(await run(["leaks", "list", "--ids"])).toMatchObject({ code: 0, out: "" });
  expect((await run(["leaks", "apply", "leak-1", "--tenant", "acme", "--wait"])).out).toContain("rule-1");
  expect((await run(["leaks", "apply", "leak-1"])).code).toBe(1);
  expect((await run(["leaks", "list", "--ids", "--tenant", "acme"])).out).toBe("leak-1\n");
  expect((await run(["audit", "verify", "--tenant", "acme"])).out).toContain("ok: 2 entries");
  expect((await run(["audit", "list"])).out).not.toContain("leak-1");
  expect((await run(["audit", "list", "--control"])).out).toMatch(/cli:\S+ +tenant.create +tenant acme/);
  expect(await run(["audit", "verify", "--control"])).toMatchObject({ code: 0 });
  expect(JSON.parse((await run(["tenants", "list", "--json"])).out)).toMatchObject([
    { name: "default", leaks: 0, revision: 0 },
    { name: "acme", leaks: 1, patched: 1, tokens: 1, revision: 2 },
  ]);
});

test("sets the module and the levels of risk, which lists then go by", async () => {
  expect((await run(["tenants", "set", "acme", "--leaks", "off", "--high", "6"])).out).toBe(
    "acme: the leak module is off; high from 6, medium from 4\n",
  );
  expect((await run(["tenants", "list"])).out).toMatch(/acme +1 +1 +1 +3 +off/);
  expect((await run(["leaks", "list", "--ids", "--risk", "high", "--tenant", "acme"])).out).toBe("leak-1\n");
  expect((await run(["leaks", "list", "--ids", "--risk", "medium", "--tenant", "acme"])).out).toBe("");
  expect(await run(["tenants", "set", "acme"])).toMatchObject({ code: 2 });
  expect(await run(["tenants", "set", "acme", "--high", "3"])).toMatchObject({ code: 2 });
});

test("a tenant that is not there is not made", async () => {
  for (const args of [["leaks", "list"], ["leaks", "close", "leak-1"], ["audit", "verify"], add]) {
    const { code, err } = await run([...args, "--tenant", "nobody"], token);
    expect([code, err]).toEqual([3, expect.stringContaining('no tenant has the name "nobody"')]);
  }
  expect(await run(["leaks", "list", "--tenant", "../x"])).toMatchObject({ code: 2 });
  expect(existsSync(join(folder.path, "data", "tenants", "nobody"))).toBe(false);
});
