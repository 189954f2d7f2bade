import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";

/** Tells from which address a request comes; `trust` lists the proxies whose `X-Forwarded-For` is believed. */
export function addressReader(trust: readonly string[]): (incoming: IncomingMessage) => string {
  const trusted = blockList(trust);
  return ({ socket, headers }) => {
    const peer = plain(socket.remoteAddress ?? "");
    const forwarded = headers["x-forwarded-for"];
    return typeof forwarded === "string" ? clientOf(peer, forwarded, trusted) : peer;
  };
}

/** From the right, the first address that no trusted proxy has: all to its left is what the client says of itself. */
function clientOf(peer: string, forwarded: string, trusted: BlockList): string {
  let client = peer;
  for (const hop of forwarded.split(",").reverse()) {
    if (!isListed(trusted, client)) return client;
    const address = plain(hop.trim());
    // What follows is not to be believed either.
    if (isIP(address) === 0) return client;
    client = address;
  }
  return client;
}

/** What counts failures together: an IPv4 address, or an IPv6 network of 64 bits, which is what one customer gets. */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = "", tail = ""] = (address.split("%", 1)[0] ?? "").toLowerCase().split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0");
  return `${[...left, ...zeros, ...right].slice(0, 4).join(":")}::/64`;
}

function isListed(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? "ipv6" : "ipv4");
}

/** An IPv4 address that a socket of both families shows within IPv6 is the IPv4 address. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=[0-9.]+$)/i, "");
}

function blockList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = "", bits] = range.split("/");
    const family = address.includes(":") ? "ipv6" : "ipv4";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}
