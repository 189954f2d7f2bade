import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../test/support.ts";
import { digestTokens } from "./digest.ts";
import { InputRefused, TenantTaken } from "./refusal.ts";
import { Tenants, tenantNames, tenantPepper } from "./tenants.ts";

let folder: { path: string; remove(): void };
let tenants: Tenants;
beforeEach(async () => {
  folder = temporaryFolder();
  tenants = await Tenants.open(folder.path);
});
afterEach(async () => {
  await tenants.close();
  folder.remove();
});

const leak = { name: "a leak", description: "", risk: 5, source: "custom" };

test("the same token in two tenants has digests, anchors and ids that nobody can link", async () => {
  const acme = await tenants.create("key-1 (Ann)", "acme");
  const digests = [];
  for (const { pepper, store } of [tenants.default, acme]) {
    const tokens = await digestTokens(["made-up-token-0001"], pepper);
    expect((await store.register("test", { ...leak, tokens })).leak.id).toBe("leak-1");
    digests.push(tokens[0]!);
  }
  const [ours, theirs] = digests as [(typeof digests)[0], (typeof digests)[0]];
  expect(ours.digest.equals(theirs.digest)).toBe(false);
  expect(ours.anchor).not.toBe(theirs.anchor);
  expect(ours.fingerprint).not.toBe(theirs.fingerprint);
  expect(acme.pepper.id).not.toBe(tenants.default.pepper.id);
  for (const { store } of tenants.all) expect(await store.audit()).toMatchObject({ ok: true, entries: 1 });
});

test("who made a tenant stands in the control journal; a second of the name is refused", async () => {
  await tenants.create("key-1 (Ann)", "acme");
  expect(tenants.control.entriesAfter(0, 9)).toMatchObject([
    { actor: "key-1 (Ann)", action: "tenant.create", subject: "tenant acme", after: { name: "acme" } },
  ]);
  expect(await tenants.control.audit()).toEqual({ ok: true, entries: 1 });
  for (const name of ["acme", "default"])
    await expect(tenants.create("test", name)).rejects.toThrow(TenantTaken);
  expect(tenantNames(folder.path)).toEqual(["default", "acme"]);
});

test.each(["", "Acme", "a_b", "-a", "a-", "a/b", "..", "a".repeat(33), "ä"])(
  "%j is no tenant's name",
  async (name) => {
    await expect(tenants.create("test", name)).rejects.toThrow(InputRefused);
    expect(await tenants.get(name)).toBeNull();
    expect(tenants.control.revision()).toBe(0);
  },
);

test("a tenant that another process makes is found when it is asked for", async () => {
  const other = await Tenants.open(folder.path);
  await other.create("cli:test", "acme");
  await other.close();
  expect(tenants.all.map(({ name }) => name)).toEqual(["default"]);
  expect((await tenants.get("acme"))?.name).toBe("acme");
  expect(await tenants.get("nobody")).toBeNull();
});

test("a pepper file of its own goes before the derived one", () => {
  const derived = tenantPepper(folder.path, "moved", {});
  mkdirSync(join(folder.path, "tenants", "moved"), { recursive: true, mode: 0o700 });
  writeFileSync(join(folder.path, "tenants", "moved", "pepper"), "made-up-pepper-of-another-installation", {
    mode: 0o600,
  });
  expect(tenantPepper(folder.path, "moved", {}).id).not.toBe(derived.id);
  expect(tenantPepper(folder.path, "other", {}).id).not.toBe(derived.id);
});
