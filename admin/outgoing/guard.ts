import { lookup as resolve } from "node:dns";
import { BlockList, isIP, isIPv6, type LookupFunction } from "node:net";

/**
 * Addresses that are not everybody's: this machine's, a private network's, a link's (where clouds keep their metadata),
 * those for examples, and those that carry another address inside (RFC 6890 and the IANA registries it made).
 */
const notPublic = new BlockList();
const IPV4: readonly (readonly [net: string, prefix: number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.31.196.0", 24],
  ["192.52.193.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["192.175.48.0", 24],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
];
for (const [net, prefix] of IPV4) notPublic.addSubnet(net, prefix, "ipv4");
/** Of IPv6 only 2000::/3 is given out (and 64:ff9b::/96 translates): all else is refused without naming it. */
const unicast = new BlockList();
unicast.addSubnet("2000::", 3, "ipv6");
const IPV6: readonly (readonly [net: string, prefix: number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["2620:4f:8000::", 48],
  ["3fff::", 20],
];
for (const [net, prefix] of IPV6) notPublic.addSubnet(net, prefix, "ipv6");

/** Clouds answer with their secrets here, whatever is allowed otherwise. */
const metadata = new BlockList();
metadata.addSubnet("169.254.0.0", 16, "ipv4");
metadata.addAddress("100.100.100.200", "ipv4");
metadata.addAddress("192.0.0.192", "ipv4");
metadata.addAddress("fd00:ec2::254", "ipv6");
metadata.addSubnet("fe80::", 10, "ipv6");

/** Whether one may connect to what is not everybody's: anything, nothing, or what is told of an address and the host that led to it. */
export type AllowPrivate = boolean | ((address: string, host: string) => boolean);

/** The address is not one to connect to. Its code stands in log lines and answers. */
export class AddressRefused extends Error {
  readonly code = "EADDRREFUSED";
  constructor() {
    super("the address is private, or one of this machine or its link");
  }
}

/** Whether one may connect to this address, `127.0.0.1` or `2001:db8::1`, without brackets; never with a zone. */
export function isAllowedAddress(address: string, allowPrivate: AllowPrivate, host = address): boolean {
  const embedded = embeddedIPv4(address);
  if (embedded !== null) return isAllowedAddress(embedded, allowPrivate, host);
  const family = isIPv6(address) ? "ipv6" : "ipv4";
  if (isIP(address) === 0 || address.includes("%") || metadata.check(address, family)) return false;
  if (typeof allowPrivate === "function" ? allowPrivate(address, host) : allowPrivate) return true;
  return !notPublic.check(address, family) && (family === "ipv4" || unicast.check(address, "ipv6"));
}

/**
 * Throws AddressRefused where the host of a URL is itself an address that is not allowed: of such a host nothing is
 * looked up, so that `guardedLookup` is not asked.
 */
export function refuseAddress(hostname: string, allowPrivate: AllowPrivate): void {
  const host = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
  if (isIP(host) !== 0 && !isAllowedAddress(host, allowPrivate)) throw new AddressRefused();
}

/**
 * Looks up the name of a connection, which then goes to the very addresses that were checked: a name that is looked up
 * again may have another answer (DNS rebinding). One address that is not allowed refuses the name.
 */
export function guardedLookup(allowPrivate: AllowPrivate, look: typeof resolve = resolve): LookupFunction {
  return (hostname, options, callback) => {
    look(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, "", 0);
      const [first] = addresses;
      if (
        first === undefined ||
        !addresses.every(({ address }) => isAllowedAddress(address, allowPrivate, hostname))
      )
        return callback(new AddressRefused(), "", 0);
      if (options.all === true) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });
  };
}

/** The IPv4 address that an IPv6 one stands for (mapped, compatible, translated by NAT64), or null. */
function embeddedIPv4(address: string): string | null {
  if (!isIPv6(address)) return null;
  // The URL parser writes an IPv6 address in its one spelling, with the last 32 bits as two groups.
  if (!URL.canParse(`http://[${address}]/`)) return null;
  const host = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const match = /^(?:::|::ffff:|::ffff:0:|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(host);
  if (match === null) return null;
  const [high, low] = [Number.parseInt(match[1]!, 16), Number.parseInt(match[2]!, 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}
