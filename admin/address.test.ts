import { afterEach, expect, test } from "vitest";
import { type Json, TestAdmin } from "../test/admin.ts";
import { networkOf } from "./address.ts";

let admin: TestAdmin;
afterEach(() => admin?.stop());

/** The address that the journal has for a change sent with this header. */
async function fromOf(forwarded: string): Promise<unknown> {
  const headers = { "x-forwarded-for": forwarded };
  const leak = `/api/v1/leaks/${await admin.register("made-up-token-0001")}`;
  expect((await admin.call("PATCH", leak, { body: { risk: 9 }, headers })).status).toBe(200);
  const { body } = await admin.call<{ history: Json[] }>("GET", leak);
  return body.history[0]?.from;
}

test("ASVS 4.1.3: what a client says of its address is not believed", async () => {
  admin = await TestAdmin.start();
  expect(await fromOf("192.0.2.1")).toBe("127.0.0.1");
  expect(admin.log.join("")).not.toContain("192.0.2.1");
});

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["198.51.100.7, 192.0.2.1", "192.0.2.1"],
  ["198.51.100.7, 192.0.2.1, 10.1.2.3", "192.0.2.1"],
  ["2001:db8::7", "2001:db8::7"],
  ["192.0.2.1, made-up-token-0001, 10.1.2.3", "10.1.2.3"],
  ["made-up-token-0001", "127.0.0.1"],
])("behind proxies that are trusted, %j comes from %s", async (forwarded, from) => {
  admin = await TestAdmin.start({ config: { trust: ["127.0.0.1", "10.0.0.0/8"] } });
  expect(await fromOf(forwarded)).toBe(from);
  expect(admin.log.join("")).not.toContain("made-up");
});

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:DB8::6", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["", ""],
])("failures of %s count for %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});
