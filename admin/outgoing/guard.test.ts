import type { LookupAddress } from "node:dns";
import { describe, expect, test } from "vitest";
import { guardedLookup, isAllowedAddress, refuseAddress } from "./guard.ts";

describe("addresses that are not everybody's are refused", () => {
  test.each([
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.7",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:10.0.0.1",
    "::ffff:0:10.0.0.1",
    "::127.0.0.1",
    "0:0:0:0:0:ffff:a9fe:a9fe",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2001:db8::1",
    "2001:0:1::1",
    "2002:7f00:1::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "",
    "not an address",
    "2130706433",
  ])("%s", (address) => expect(isAllowedAddress(address, false)).toBe(false));
});

test.each([
  "1.1.1.1",
  "172.15.0.1",
  "172.32.0.1",
  "2606:4700:4700::1111",
  "::ffff:1.1.1.1",
  "64:ff9b::101:101",
])("%s is everybody's", (address) => expect(isAllowedAddress(address, false)).toBe(true));

test("private addresses may be allowed, the metadata of a cloud never", () => {
  for (const address of ["127.0.0.1", "10.0.0.1", "::1", "fd12::1", "::ffff:10.0.0.1"])
    expect(isAllowedAddress(address, true), address).toBe(true);
  for (const address of [
    "169.254.169.254",
    "::ffff:a9fe:a9fe",
    "fd00:ec2::254",
    "100.100.100.200",
    "fe80::1",
  ])
    expect(isAllowedAddress(address, true), address).toBe(false);
});

test("a host that is an address is refused in every spelling that a URL takes", () => {
  const hosts = [
    "127.1",
    "0x7f.1",
    "2130706433",
    "017700000001",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "0",
    "127.0.0.1.",
  ];
  for (const host of hosts)
    expect(() => refuseAddress(new URL(`https://${host}/`).hostname, false), host).toThrow(/private/);
  expect(() => refuseAddress("1.1.1.1", false)).not.toThrow();
  expect(() => refuseAddress("hooks.example", false)).not.toThrow();
});

describe("looking a name up", () => {
  const answering = (...addresses: LookupAddress[]) =>
    guardedLookup(false, ((_host: string, _options: object, callback: (...of: unknown[]) => void) =>
      callback(null, addresses)) as never);
  const look = (lookup: ReturnType<typeof guardedLookup>, all: boolean) =>
    new Promise((resolve, reject) =>
      lookup("hooks.example", { all }, (error, address, family) =>
        error ? reject(error) : resolve(all ? address : [address, family]),
      ),
    );
  const open = { address: "1.1.1.1", family: 4 };

  test("gives the connection the addresses that were checked", async () => {
    expect(await look(answering(open), true)).toEqual([open]);
    expect(await look(answering(open), false)).toEqual(["1.1.1.1", 4]);
  });

  test("refuses a name with a private address, be there a public one beside it", async () => {
    await expect(look(answering({ address: "127.0.0.1", family: 4 }), true)).rejects.toThrow(/private/);
    await expect(look(answering(open, { address: "::1", family: 6 }), true)).rejects.toThrow(/private/);
    await expect(look(answering(), false)).rejects.toThrow(/private/);
  });

  test("refuses localhost as the system knows it", async () => {
    const local = new Promise((resolve) =>
      guardedLookup(false)("localhost", { all: true }, (error) => resolve(error?.code)),
    );
    expect(await local).toBe("EADDRREFUSED");
  });
});
