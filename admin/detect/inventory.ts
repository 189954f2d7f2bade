import type { TokenDigest } from "../../rules/digest.ts";
import { Inspection, Matcher, StreamView } from "../../rules/matcher.ts";
import type { Pepper } from "../../rules/pepper.ts";
import { eachValue } from "./values.ts";
import type { Window } from "./window.ts";

/** Where a listed token stands in a blob. */
export interface Met {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/**
 * The team's live tokens, by their digests: found with the matcher of the proxy, whole words wherever they stand. What it
 * costs to look does not depend on their number. Tokens known by a foreign hash alone are asked for value by value (values.ts).
 */
export class Inventory {
  private readonly matcher: Matcher;
  private readonly names: string[] = [];
  private readonly slots = new Map<string, number>();

  constructor(pepper: Pepper) {
    this.matcher = new Matcher(pepper);
  }

  get size(): number {
    return this.matcher.tokenCount + this.matcher.hashes.count;
  }

  /** Lists a token under a name (a leak's id, an owner's word), which findings repeat. */
  add(name: string, { digest, anchor, fingerprint, length, mark, hash }: TokenDigest): void {
    const slot = this.slotOf(name);
    if (hash === undefined) this.matcher.add(slot, digest, anchor, fingerprint, length, mark);
    else this.matcher.hashes.add(slot, digest, anchor, hash);
  }

  /** A look at one blob, piece by piece. */
  look(): InventoryLook {
    return new InventoryLook(this.matcher, this.names);
  }

  private slotOf(name: string): number {
    const known = this.slots.get(name);
    if (known !== undefined) return known;
    const slot = this.matcher.openSlot();
    this.matcher.setEnforced(slot, true);
    this.names[slot] = name;
    this.slots.set(name, slot);
    return slot;
  }
}

/** What one blob was found to hold, and has not been asked for. */
export class InventoryLook extends Inspection {
  private readonly matcher: Matcher;
  private readonly names: readonly string[];
  private readonly view = new StreamView();
  private place = 0;
  private met: Met[] = [];

  constructor(matcher: Matcher, names: readonly string[]) {
    super();
    // Whoever wrote the blob does not know the pepper, without which no look-alike costs more than a look.
    this.budget = Number.MAX_SAFE_INTEGER;
    this.matcher = matcher;
    this.names = names;
  }

  override onMatch(slot: number, start: number, end: number): boolean {
    this.met.push({ name: this.names[slot]!, start: this.place + start, end: this.place + end });
    return false;
  }

  /** Looks at the bytes of a window as far as they are new; the blob ends with the last. */
  take(window: Window, isLast: boolean): void {
    const { bytes, base } = window;
    const from = this.place - base;
    const isWhole = isLast && this.place === 0;
    const end = base + bytes.length;
    this.place = base;
    if (isWhole) this.matcher.scanWhole(bytes, 0, bytes.length, this);
    else {
      this.matcher.scanChunk(bytes, from, bytes.length, this.view, this);
      if (isLast) this.finish(end);
    }
    if (this.matcher.hashes.count > 0) this.lookUp(window);
    this.place = end;
  }

  private lookUp(window: Window): void {
    eachValue(window, (start, end) => {
      this.place = window.base + start;
      this.matcher.hashes.look(window.bytes.subarray(start, end), this);
    });
  }

  private finish(end: number): void {
    this.place = end - this.view.length;
    this.matcher.finish(this.view, this);
  }

  /** What begins before `until`, and was not answered before. */
  before(until: number): Met[] {
    const found = this.met.filter(({ start }) => start < until);
    if (found.length > 0) this.met = this.met.filter(({ start }) => start >= until);
    return found;
  }
}
