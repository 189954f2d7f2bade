import { hostName } from "../host.ts";
import { copyOfText } from "../wire.ts";

/** Hosts that are told apart; number 0 is all others. */
const HOSTS_MAX = 1_024;
/** Spellings of them that are known by heart. */
const SPELLINGS_MAX = 4_096;
/** How often at most hosts that nothing is kept for make room for others. */
const RECLAIM_MS = 60_000;

/** The hosts of what is kept, by number: clients name them, so there is an end to it. */
export class SeenHosts {
  private readonly names: (string | null)[] = ["other"];
  private readonly numbers = new Map<string, number>();
  private readonly spellings = new Map<string, number>();
  private readonly inUse: () => Set<number>;
  private reclaimedAt = Number.NEGATIVE_INFINITY;

  /** `inUse` says which numbers something is kept for. */
  constructor(inUse: () => Set<number>) {
    this.inUse = inUse;
  }

  /** The number of a Host as the client sent it. */
  numberOf(host: string, nowMs: number): number {
    return this.spellings.get(host) ?? this.learn(host, nowMs);
  }

  /** The name as scopes have it; `other` where there are too many. */
  nameOf(number: number): string {
    return this.names[number] ?? "other";
  }

  private learn(host: string, nowMs: number): number {
    const spelling = copyOfText(host);
    const name = hostName(spelling);
    const number = this.numbers.get(name) ?? this.take(name, nowMs);
    if (this.spellings.size >= SPELLINGS_MAX) this.spellings.clear();
    if (number > 0) this.spellings.set(spelling, number);
    return number;
  }

  private take(name: string, nowMs: number): number {
    if (this.numbers.size >= HOSTS_MAX - 1) this.reclaim(nowMs);
    if (this.numbers.size >= HOSTS_MAX - 1) return 0;
    const free = this.names.indexOf(null);
    const number = free < 0 ? this.names.length : free;
    this.names[number] = name;
    this.numbers.set(name, number);
    return number;
  }

  private reclaim(nowMs: number): void {
    if (nowMs - this.reclaimedAt < RECLAIM_MS) return;
    this.reclaimedAt = nowMs;
    const inUse = this.inUse();
    for (const [name, number] of this.numbers) {
      if (inUse.has(number)) continue;
      this.numbers.delete(name);
      this.names[number] = null;
    }
    this.spellings.clear();
  }
}
