import type { Matcher } from "../rules/matcher.ts";

/** Beyond so many the one that was met first is forgotten. */
const MET_MAX = 256;

/**
 * Tokens that are known by their hash alone, once a request has shown them: loaded in the matcher for a slot that is
 * never enforced. Nothing is blocked by it, but whatever is recorded of the request is looked through for them in
 * every spelling, as for any other token. Only their digests are kept.
 */
export class MetTokens {
  private readonly matcher: Matcher;
  private slot = -1;
  /** How to unload each, by its digest, the oldest first. */
  private readonly loaded = new Map<string, () => void>();

  constructor(matcher: Matcher) {
    this.matcher = matcher;
  }

  get count(): number {
    return this.loaded.size;
  }

  add(bytes: Uint8Array): void {
    if (this.slot < 0) this.slot = this.matcher.openSlot();
    const { digest, unload } = this.matcher.addClear(this.slot, bytes);
    if (this.loaded.has(digest)) {
      unload();
      return;
    }
    this.loaded.set(digest, unload);
    if (this.loaded.size <= MET_MAX) return;
    const [oldest, forget] = this.loaded.entries().next().value as [string, () => void];
    this.loaded.delete(oldest);
    forget();
  }
}
