import { BlockList, isIP } from "node:net";

/**
 * What an operator lets scans reach although it is not everybody's address: `10.0.0.0/8`, `127.0.0.1`, `fd00::/8`, or the name
 * of a host, which then may have any address. The metadata of a cloud stays out whatever it says.
 */
export class AllowList {
  private readonly hosts = new Set<string>();
  private readonly addresses = new BlockList();

  /** Throws an Error that names the entry. */
  static parse(entries: readonly string[]): AllowList {
    const list = new AllowList();
    for (const entry of entries) list.add(entry);
    return list;
  }

  /** Fits the guard's `AllowPrivate`; `host` is as a URL spells it. */
  readonly covers = (address: string, host: string): boolean =>
    this.hosts.has(nameOf(host)) || this.addresses.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");

  /** Whether the host of a URL is named here itself, or is an address that is. */
  namesHost(hostname: string): boolean {
    const host = nameOf(hostname);
    return this.hosts.has(host) || (isIP(host) !== 0 && this.covers(host, host));
  }

  private add(entry: string): void {
    const [net = "", prefix, ...rest] = entry.split("/");
    const family = isIP(net);
    if (family !== 0) {
      const bits = family === 6 ? 128 : 32;
      const length = prefix === undefined ? bits : Number(prefix);
      const isWhole = prefix === undefined || /^[0-9]{1,3}$/.test(prefix);
      if (!isWhole || length > bits || rest.length > 0)
        throw new Error(`${entry}: is not a network, as 10.0.0.0/8`);
      this.addresses.addSubnet(net, length, family === 6 ? "ipv6" : "ipv4");
      return;
    }
    const isName = prefix === undefined && URL.canParse(`http://${net}/`) && /^[^\s:@?#[\]]+$/.test(net);
    if (!isName) throw new Error(`${entry}: is neither a network nor the name of a host`);
    this.hosts.add(nameOf(new URL(`http://${net}/`).hostname));
  }
}

/** One spelling of a host's name: without the root's dot and the brackets of IPv6. */
function nameOf(hostname: string): string {
  return hostname
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "")
    .toLowerCase();
}
