import { timingSafeEqual } from "node:crypto";
import { keyed } from "./digest.ts";
import { DIGEST_BYTES, OpenIndex, PAGE, pageOf, placeIn } from "./matcher/columns.ts";
import { type Inspection, Scan, type ScanOutcome, worse } from "./matcher/inspection.ts";
import { anchorAt } from "./matcher/keyed.ts";
import type { Pepper } from "./pepper.ts";
import { type HashAlgorithm, HashForm } from "./tokenhash.ts";

const NONE = -1;

/** One page of each column: 28 bytes a hash. */
class HashPage {
  /** Signed. */
  readonly anchor = new Int32Array(PAGE);
  readonly slot = new Uint32Array(PAGE);
  /** The next hash + 1 with the same anchor, or the next free one; 0 ends the chain. */
  readonly next = new Uint32Array(PAGE);
  readonly digest = new Uint8Array(PAGE * DIGEST_BYTES);
}
const HASH_PAGE_BYTES = PAGE * (12 + DIGEST_BYTES);

/**
 * The tokens of which only a hash is known: asked for whole values, since a hash tells nothing of where in a text its
 * token might stand. At most 40 bytes a hash, in pages of 16,384. A value costs one hash of each algorithm in use (a
 * few tenths of a microsecond) and a look into the index by the keyed anchor of that hash; only one whose anchor is
 * loaded costs an HMAC (about 4 us), whatever the number of hashes.
 */
export class Hashes {
  count = 0;
  /** Called with the bytes of each value that is one of these tokens, enforced or not. */
  onMet: (value: Uint8Array) => void = () => {};
  private readonly pepper: Pepper;
  private readonly words: Int32Array;
  private readonly isEnforced: (slot: number) => boolean;
  private readonly forms = { sha256: new HashForm("sha256"), sha1: new HashForm("sha1") };
  private readonly counts = { sha256: 0, sha1: 0 };
  private readonly pages: HashPage[] = [];
  private end = 0;
  private free = 0;
  private readonly index = new OpenIndex((entry) =>
    anchorHash(this.pages[pageOf(entry)]!.anchor[placeIn(entry)]!),
  );

  constructor(pepper: Pepper, isEnforced: (slot: number) => boolean) {
    this.pepper = pepper;
    this.words = keyed(pepper).words;
    this.isEnforced = isEnforced;
  }

  get memoryBytes(): number {
    return this.pages.length * HASH_PAGE_BYTES + 4 * this.index.places.length;
  }

  /** Loads a hash for a slot. The same hash may be loaded for many slots. */
  add(slot: number, digest: Uint8Array, anchor: number, algorithm: HashAlgorithm): void {
    const head = this.find(anchor | 0);
    const entry = this.newEntry();
    const page = this.pages[pageOf(entry)]!;
    const at = placeIn(entry);
    page.anchor[at] = anchor;
    page.slot[at] = slot;
    page.next[at] = head + 1;
    page.digest.set(digest.subarray(0, DIGEST_BYTES), at * DIGEST_BYTES);
    if (head === NONE) this.index.insert(entry, anchorHash(anchor));
    else this.index.replace(head, entry);
    this.counts[algorithm]++;
    this.count++;
  }

  /** Unloads a hash of a slot; answers whether it was loaded. */
  remove(slot: number, digest: Uint8Array, anchor: number, algorithm: HashAlgorithm): boolean {
    let before = NONE;
    let entry = this.find(anchor | 0);
    while (entry !== NONE && !(this.slotOf(entry) === slot && this.isDigest(entry, digest))) {
      before = entry;
      entry = this.nextOf(entry);
    }
    if (entry === NONE) return false;
    const page = this.pages[pageOf(entry)]!;
    const at = placeIn(entry);
    const next = page.next[at]!;
    if (before !== NONE) this.pages[pageOf(before)]!.next[placeIn(before)] = next;
    else if (next === 0) this.index.remove(entry);
    else this.index.replace(entry, next - 1);
    page.digest.fill(0, at * DIGEST_BYTES, (at + 1) * DIGEST_BYTES);
    page.next[at] = this.free;
    this.free = entry + 1;
    this.counts[algorithm]--;
    this.count--;
    return true;
  }

  /** Whether the whole value is one of these tokens: tells `inspection` of each enforced slot that holds it. */
  look(value: Uint8Array, inspection: Inspection): ScanOutcome {
    let outcome: ScanOutcome = Scan.clear;
    if (this.counts.sha256 > 0) outcome = this.lookBy("sha256", value, inspection);
    return this.counts.sha1 > 0 ? worse(outcome, this.lookBy("sha1", value, inspection)) : outcome;
  }

  private lookBy(algorithm: HashAlgorithm, value: Uint8Array, inspection: Inspection): ScanOutcome {
    const form = this.forms[algorithm];
    form.setHashOf(value);
    const head = this.find(anchorAt(this.words, form.bytes, form.bytes.length));
    if (head === NONE) return Scan.clear;
    const digest = this.pepper.digestOf(form.bytes);
    let outcome: ScanOutcome = Scan.clear;
    let isMet = false;
    // No early return: the time taken must not depend on which entry matched.
    for (let entry = head; entry !== NONE; entry = this.nextOf(entry)) {
      if (!this.isDigest(entry, digest)) continue;
      isMet = true;
      const slot = this.slotOf(entry);
      if (!this.isEnforced(slot) && !inspection.withUnenforced) continue;
      if (inspection.onMatch(slot, 0, value.length)) outcome = Scan.stopped;
    }
    if (isMet) this.onMet(value);
    return outcome;
  }

  /** The head of the chain with this anchor (signed), or NONE. */
  private find(anchor: number): number {
    const { places, shift } = this.index;
    const mask = places.length - 1;
    for (let at = anchorHash(anchor) >>> shift; places[at] !== 0; at = (at + 1) & mask) {
      const entry = places[at]! - 1;
      if (this.pages[pageOf(entry)]!.anchor[placeIn(entry)] === anchor) return entry;
    }
    return NONE;
  }

  private isDigest(entry: number, digest: Uint8Array): boolean {
    const start = placeIn(entry) * DIGEST_BYTES;
    const known = this.pages[pageOf(entry)]!.digest.subarray(start, start + DIGEST_BYTES);
    return timingSafeEqual(known, digest.subarray(0, DIGEST_BYTES));
  }

  private slotOf(entry: number): number {
    return this.pages[pageOf(entry)]!.slot[placeIn(entry)]!;
  }

  private nextOf(entry: number): number {
    return this.pages[pageOf(entry)]!.next[placeIn(entry)]! - 1;
  }

  private newEntry(): number {
    if (this.free > 0) {
      const entry = this.free - 1;
      this.free = this.nextOf(entry) + 1;
      return entry;
    }
    if (this.end === this.pages.length * PAGE) this.pages.push(new HashPage());
    return this.end++;
  }
}

/** Multiplicative hashing (Knuth, vol. 3, 6.4): the top bits are the ones to use. */
function anchorHash(anchor: number): number {
  return Math.imul(anchor, 0x9e37_79b1);
}
