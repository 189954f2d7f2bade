import { LRUCache } from "lru-cache";

/** Says at most once in a while that something of a name is due; remembers 10,000 names. */
export class OnceIn {
  private readonly everyMs: number;
  private readonly last = new LRUCache<string, number>({ max: 10_000 });

  constructor(everyMs: number) {
    this.everyMs = everyMs;
  }

  /** Whether it is due; `known` is when it last was, as far as others know. */
  isDue(name: string, now: number, known: number | null): boolean {
    if (now - Math.max(this.last.get(name) ?? 0, known ?? 0) < this.everyMs) return false;
    this.last.set(name, now);
    return true;
  }
}
