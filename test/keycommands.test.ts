import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { recognise } from "../rules/access.ts";
import { RulesStore } from "../rules/store.ts";
import { controlFolder, tenantFolder, tenantPepper } from "../rules/tenants.ts";
import { type Ended, leakgate } from "./command.ts";
import { temporaryFolder } from "./support.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(() => folder.remove());

const DAY_MS = 86_400_000;

function keys(...args: string[]): Promise<Ended> {
  return leakgate(folder.path, ["keys", ...args, "--data", "data"]);
}

/** How a key stands in a tenant's store, or in the control store. */
async function standing(clear: string, tenant: string | null = "default"): Promise<string | undefined> {
  const data = join(folder.path, "data");
  const at = tenant === null ? controlFolder(data) : tenantFolder(data, tenant);
  const pepper = tenantPepper(data, tenant ?? "default");
  const store = await RulesStore.open(at, pepper.id, { readOnly: true });
  try {
    return recognise(store, pepper, clear, Date.now())?.standing;
  } finally {
    await store.close();
  }
}

test("a key expires, is disabled and enabled, and the list says so", async () => {
  const key = (await keys("create", "--role", "analyst", "--name", "Ann", "--expires", "90d")).out.trim();
  expect(await keys("disable", "key-1")).toMatchObject({ code: 0, err: "" });
  expect(await standing(key)).toBe("disabled");
  expect((await keys("list")).out).toMatch(/^key-1 +analyst .* never +\S+ \S+ +disabled /m);
  expect(await keys("enable", "key-1")).toMatchObject({ code: 0, out: 'key-1: "Ann" is enabled\n' });
  expect(await standing(key)).toBe("good");
  const [listed] = JSON.parse((await keys("list", "--json")).out) as {
    expiresAt: number;
    lastUsedAt: null;
  }[];
  expect(Math.abs(listed!.expiresAt - Date.now() - 90 * DAY_MS)).toBeLessThan(60_000);
  expect(listed).toMatchObject({ lastUsedAt: null, disabledAt: null });
  for (const wrong of ["soon", "90", "2020-01-01"])
    expect([wrong, (await keys("create", "--role", "analyst", "--expires", wrong)).code]).toEqual([wrong, 2]);
});

test("a rotated key has a new secret, printed alone; the old one counts as long as asked", async () => {
  const first = (await keys("create", "--role", "analyst")).out.trim();
  const second = await keys("rotate", "key-2", "--grace", "1h");
  expect(second.out).toMatch(/^lgk_[0-9A-Za-z_]+\n$/);
  expect(second.err).toContain("The old secret counts until");
  expect([await standing(first), await standing(second.out.trim())]).toEqual(["good", "good"]);
  const third = JSON.parse((await keys("rotate", "key-2", "--json")).out) as { id: string; key: string };
  expect(third.id).toBe("key-2");
  expect([await standing(second.out.trim()), await standing(third.key)]).toEqual(["rotated", "good"]);
  expect((await keys("list", "--json")).out).not.toContain("digest");
  await keys("revoke", "key-2");
  expect((await keys("rotate", "key-2")).code).toBe(1);
});

test("keys of a tenant and of global roles lie apart, and the last administrator's is warned of", async () => {
  await leakgate(folder.path, ["tenants", "create", "acme", "--data", "data"]);
  const acme = (await keys("create", "--role", "administrator", "--tenant", "acme")).out.trim();
  const root = (await keys("create", "--role", "global_administrator")).out.trim();
  expect([await standing(acme, "acme"), await standing(acme)]).toEqual(["good", undefined]);
  expect([await standing(root, null), await standing(root)]).toEqual(["good", undefined]);
  expect(JSON.parse((await keys("list", "--global", "--json")).out)).toMatchObject([
    { id: "key-1", role: "global_administrator" },
  ]);
  const revoked = await keys("revoke", "key-1", "--tenant", "acme");
  expect(revoked).toMatchObject({ code: 0, err: "warning: no administrator's key is left that counts\n" });
  expect(await keys("disable", "key-1", "--global")).toMatchObject({ code: 0 });
  expect(await standing(root, null)).toBe("disabled");
  expect(await keys("revoke", "key-1", "--tenant", "nobody")).toMatchObject({ code: 3 });
});
