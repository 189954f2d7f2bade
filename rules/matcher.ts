import { timingSafeEqual } from "node:crypto";
import { digestBytes, keyed } from "./digest.ts";
import { Hashes } from "./hashes.ts";
import {
  BitFilter,
  DIGEST_BYTES,
  OpenIndex,
  PAGE,
  PAIR_PAGE_BYTES,
  PairPage,
  pageOf,
  placeIn,
  TOKEN_PAGE_BYTES,
  TokenPage,
} from "./matcher/columns.ts";
import { type Inspection, Scan, type ScanOutcome, type StreamView } from "./matcher/inspection.ts";
import {
  ANCHOR_BYTES,
  anchorAt,
  type Keyed,
  markAt,
  multiply,
  NO_BYTE,
  reduce,
  rolled,
  WINDOW_BYTES,
} from "./matcher/keyed.ts";
import { BYTE_CLASS, LEAST_MAX, leastSolid, SOLID, sieve } from "./matcher/sieve.ts";
import type { Pepper } from "./pepper.ts";

export { Inspection, Scan, type ScanOutcome, StreamView, worse } from "./matcher/inspection.ts";
export { ANY_SIGN, Sign } from "./matcher/sieve.ts";

const HMAC_COST = 256;
const NONE = -1;
/** No stretch of bytes is as long. */
const SHORTEST_NONE = 0x7fff_ffff;
/** Where one token's ending was met, more may follow: sums are made so many bytes ahead. */
const SUMS_AHEAD = 64;

/**
 * All loaded tokens in memory, searchable in one pass over bytes at a cost that does not grow with their number
 * (design section 3). Only the tokens of slots whose flag is on are reported.
 *
 * anchor filter -> pairs (anchor, length, mark) -> fingerprint filter -> tokens -> HMAC, `timingSafeEqual`.
 */
export class Matcher {
  /** Bytes of the longest and of the shortest token loaded since the matcher was last empty. */
  longest = 0;
  shortest = SHORTEST_NONE;
  tokenCount = 0;
  /** The signs of spellings (see Sign) that the bytes of the last scan show, where it came to their end. */
  signs = 0;
  /** The tokens that are known by their hash alone. They share the slots, and are searched for apart. */
  readonly hashes: Hashes;
  private readonly pepper: Pepper;
  private readonly keyed: Keyed;
  // Rule slots: one per leak.
  private flags = new Uint8Array(64);
  private readonly freeSlots: number[] = [];
  private slotCount = 0;
  // Tokens and pairs, in pages.
  private readonly tokens: TokenPage[] = [];
  private tokenEnd = 0;
  private freeToken = 0;
  private readonly pairs: PairPage[] = [];
  private pairEnd = 0;
  private pairCount = 0;
  private freePair = 0;
  private readonly pairIndex = new OpenIndex((pair) =>
    pairHash(this.pairs[pageOf(pair)]!.anchor[placeIn(pair)]!),
  );
  private readonly tokenIndex = new OpenIndex((token) => {
    const page = this.tokens[pageOf(token)]!;
    return tokenHash(page.fingerprint[placeIn(token)]!, page.pair[placeIn(token)]!);
  });
  private readonly anchorFilter = new BitFilter(16);
  private readonly fingerprintFilter = new BitFilter(8);
  // The work window: what is kept of a stream's past, then new bytes; and prefix sums over it, made when asked for.
  private readonly window = sieve.window;
  private readonly sums = new Float64Array(WINDOW_BYTES + 5);
  private readonly ends = sieve.ends;
  private readonly anchors = sieve.anchors;
  private sumsFrom = 0;
  private sumsTo = -1;
  private windowEnd = 0;

  constructor(pepper: Pepper) {
    this.pepper = pepper;
    this.keyed = keyed(pepper);
    this.hashes = new Hashes(pepper, (slot) => this.flags[slot] === 1);
  }

  /** Bytes of all typed arrays that grow with the tokens. */
  get memoryBytes(): number {
    return (
      this.tokens.length * TOKEN_PAGE_BYTES +
      this.pairs.length * PAIR_PAGE_BYTES +
      4 * (this.pairIndex.places.length + this.tokenIndex.places.length) +
      4 * (this.anchorFilter.words.length + this.fingerprintFilter.words.length) +
      this.flags.length
    );
  }

  /** A rule slot, its flag off. */
  openSlot(): number {
    const slot = this.freeSlots.pop() ?? this.slotCount++;
    if (slot === this.flags.length) {
      const grown = new Uint8Array(slot * 2);
      grown.set(this.flags);
      this.flags = grown;
    }
    this.flags[slot] = 0;
    return slot;
  }

  /** Gives a slot back; call it only once no token has it. */
  closeSlot(slot: number): void {
    this.flags[slot] = 0;
    this.freeSlots.push(slot);
  }

  /** The flag: all tokens of the slot are enforced, or none, from the next byte on. */
  setEnforced(slot: number, on: boolean): void {
    this.flags[slot] = on ? 1 : 0;
  }

  /** Makes room for so many more tokens at once, so that loading them does not grow the tables step by step. */
  reserve(tokens: number): void {
    this.pairIndex.reserve(tokens);
    this.tokenIndex.reserve(tokens);
    if (this.anchorFilter.isSmallFor(this.pairCount + tokens)) this.refillAnchors(this.pairCount + tokens);
    if (this.fingerprintFilter.isSmallFor(this.tokenIndex.count + tokens))
      this.refillFingerprints(this.tokenIndex.count + tokens);
  }

  /**
   * Loads a token for a slot; of its digest, which stands at `from` of the bytes, the first 128 bits are kept. The same
   * token may be loaded for many slots. `mark` is 0 where it is not known.
   */
  add(
    slot: number,
    digest: Uint8Array,
    anchor: number,
    fingerprint: number,
    length: number,
    mark: number,
    from = 0,
  ): void {
    const pair = this.pairFor(anchor | 0, length, mark);
    const token = this.newToken();
    const page = this.tokens[pageOf(token)]!;
    const at = placeIn(token);
    page.pair[at] = pair;
    page.fingerprint[at] = fingerprint;
    page.slot[at] = slot;
    const kept = page.digest;
    for (let index = 0, to = at * DIGEST_BYTES; index < DIGEST_BYTES; index++)
      kept[to + index] = digest[from + index]!;
    const head = this.headOf(fingerprint, pair);
    page.next[at] = head + 1;
    if (head === NONE) this.tokenIndex.insert(token, tokenHash(fingerprint, pair));
    else this.tokenIndex.replace(head, token);
    this.pairs[pageOf(pair)]!.count[placeIn(pair)]!++;
    this.tokenCount++;
    if (length > this.longest) this.longest = length;
    if (length < this.shortest) this.shortest = length;
    if (head === NONE) this.addToFilter(fingerprint, pair);
  }

  /** Loads a token that is at hand in clear, at least 6 bytes; answers its digest in hex, and how to unload it. */
  addClear(slot: number, bytes: Uint8Array): { readonly digest: string; unload(): void } {
    const { digest, anchor, fingerprint, length, mark } = digestBytes(bytes, this.pepper);
    this.add(slot, digest, anchor, fingerprint, length, mark);
    return {
      digest: digest.toString("hex"),
      unload: () => this.remove(slot, digest, anchor, fingerprint, length),
    };
  }

  /** Unloads a token of a slot, whose digest stands at `from` of the bytes; answers whether it was loaded. */
  remove(
    slot: number,
    digest: Uint8Array,
    anchor: number,
    fingerprint: number,
    length: number,
    from = 0,
  ): boolean {
    const pair = this.findPair(anchor | 0, length);
    if (pair === NONE) return false;
    const head = this.headOf(fingerprint, pair);
    let before = NONE;
    let token = head;
    while (token !== NONE && !this.isToken(token, slot, digest, from)) {
      before = token;
      token = this.tokens[pageOf(token)]!.next[placeIn(token)]! - 1;
      if (token < 0) return false;
    }
    if (token === NONE) return false;
    const page = this.tokens[pageOf(token)]!;
    const next = page.next[placeIn(token)]!;
    if (before !== NONE) this.tokens[pageOf(before)]!.next[placeIn(before)] = next;
    else if (next === 0) this.tokenIndex.remove(token);
    else this.tokenIndex.replace(token, next - 1);
    page.digest.fill(0, placeIn(token) * DIGEST_BYTES, (placeIn(token) + 1) * DIGEST_BYTES);
    page.next[placeIn(token)] = this.freeToken;
    this.freeToken = token + 1;
    this.tokenCount--;
    this.releasePair(pair);
    if (this.tokenCount === 0) {
      this.longest = 0;
      this.shortest = SHORTEST_NONE;
    }
    return true;
  }

  /** Scans `bytes[from, to)`, which end there for certain. */
  scanWhole(bytes: Uint8Array, from: number, to: number, inspection: Inspection): ScanOutcome {
    if (this.tokenCount === 0) return Scan.clear;
    return this.scan(bytes, from, to, null, inspection);
  }

  /** Scans the next chunk of a stream. A token that ends exactly at its end is only `tentative`. */
  scanChunk(
    bytes: Uint8Array,
    from: number,
    to: number,
    view: StreamView,
    inspection: Inspection,
  ): ScanOutcome {
    if (this.tokenCount === 0) view.length = 0;
    if (from === to || this.tokenCount === 0) return Scan.clear;
    return this.scan(bytes, from, to, view, inspection);
  }

  /** The stream has ended: what was tentative is a match. */
  finish(view: StreamView, inspection: Inspection): ScanOutcome {
    this.window.set(view.bytes.subarray(0, view.length));
    this.sumsTo = -1;
    this.windowEnd = view.length;
    return view.length < ANCHOR_BYTES ? Scan.clear : this.look(view.length, view.length, inspection, true);
  }

  /**
   * Scans the places of `bytes[from, to)` that the other scans pass over, because a word character follows: in binary
   * formats the next field begins right behind a text. Whoever takes the matches looks whether the text ends there.
   */
  scanEmbedded(bytes: Uint8Array, from: number, to: number, inspection: Inspection): ScanOutcome {
    const keep = this.longest + 1;
    let kept = 0;
    for (let at = from; at < to && this.tokenCount > 0; ) {
      const taken = Math.min(to - at, WINDOW_BYTES - kept);
      this.window.set(bytes.subarray(at, at + taken), kept);
      const end = kept + taken;
      this.sumsTo = -1;
      this.windowEnd = end;
      const outcome = this.scanWithinWords(kept, end, at - kept, inspection);
      if (outcome !== Scan.clear) return outcome;
      at += taken;
      kept = Math.min(keep, end);
      this.window.copyWithin(0, end - kept, end);
    }
    return Scan.clear;
  }

  private scanWithinWords(from: number, to: number, offset: number, inspection: Inspection): ScanOutcome {
    const { window, ends, anchors } = this;
    const { words } = this.keyed;
    const { words: filter, shift } = this.anchorFilter;
    let count = 0;
    let solid = 0;
    let anchor = 0;
    const start = Math.max(0, from - ANCHOR_BYTES);
    for (let end = start; end < to; end++) {
      const byte = window[end]!;
      const mayEnd = end >= from && (BYTE_CLASS[byte]! & 1) === 0 && solid >= SOLID * ANCHOR_BYTES;
      const bit = anchor >>> shift;
      if (mayEnd && (filter[bit >>> 5]! & (1 << (bit & 31))) !== 0) {
        anchors[count] = anchor;
        ends[count++] = end;
      }
      solid = (solid + SOLID) & BYTE_CLASS[byte]!;
      anchor = rolled(
        words,
        anchor,
        byte,
        end - ANCHOR_BYTES >= start ? window[end - ANCHOR_BYTES]! : NO_BYTE,
      );
    }
    return this.probe(count, offset, inspection, true);
  }

  private scan(
    bytes: Uint8Array,
    from: number,
    to: number,
    view: StreamView | null,
    inspection: Inspection,
  ): ScanOutcome {
    const { window } = this;
    const keep = this.longest + 1;
    const least = leastSolid(this.shortest, LEAST_MAX);
    let kept = 0;
    this.signs = 0;
    sieve.use(this.keyed.words);
    if (view !== null && view.length > 0) {
      kept = Math.min(view.length, keep);
      window.set(view.bytes.subarray(view.length - kept, view.length));
    }
    let at = from;
    for (;;) {
      const taken = Math.min(to - at, WINDOW_BYTES - kept);
      window.set(bytes.subarray(at, at + taken), kept);
      const end = kept + taken;
      this.sumsTo = -1;
      this.windowEnd = end;
      const outcome = this.probe(sieve.note(kept, end, least), at - kept, inspection, true);
      this.signs |= sieve.signs();
      if (outcome !== Scan.clear) return outcome;
      at += taken;
      if (at === to) {
        const last = end < ANCHOR_BYTES ? Scan.clear : this.look(end, at, inspection, view === null);
        if (view !== null) keepPast(view, window, end, keep);
        return last;
      }
      kept = Math.min(keep, end);
      window.copyWithin(0, end - kept, end);
    }
  }

  /** The same for one place, the end of the bytes at hand. */
  private look(end: number, reported: number, inspection: Inspection, isReal: boolean): ScanOutcome {
    this.ends[0] = end;
    this.anchors[0] = anchorAt(this.keyed.words, this.window, end);
    return this.probe(1, reported - end, inspection, isReal);
  }

  /**
   * Which tokens end at the first `count` places of `ends`? Asks the filter, then the pairs with the anchor; goes no further
   * than the first place with an outcome. `offset` makes a place of the window one of the bytes scanned; `isReal`
   * is false where the next byte is not known yet. One loop for all places: a call for each of a flood of known
   * endings cost as much again as its look-ups (bench/matcher.ts, floods).
   */
  private probe(count: number, offset: number, inspection: Inspection, isReal: boolean): ScanOutcome {
    const { window, ends, anchors, pairs } = this;
    const { words: keys } = this.keyed;
    const { words, shift } = this.anchorFilter;
    const { places, shift: placeShift } = this.pairIndex;
    const { budget } = inspection;
    const mask = places.length - 1;
    let { spent } = inspection;
    for (let index = 0; index < count; index++) {
      const anchor = anchors[index]!;
      const bit = anchor >>> shift;
      if ((words[bit >>> 5]! & (1 << (bit & 31))) === 0) continue;
      const end = ends[index]!;
      let outcome: ScanOutcome = Scan.clear;
      let looked = 0;
      for (let at = pairHash(anchor) >>> placeShift; ; at = (at + 1) & mask) {
        const place = places[at]!;
        if (place === 0) break;
        if (++spent > budget) {
          inspection.spent = spent;
          return this.exhaust(inspection, looked || place);
        }
        const page = pairs[pageOf(place - 1)]!;
        const row = placeIn(place - 1);
        if (page.anchor[row] !== anchor) continue;
        looked = place;
        const start = end - page.length[row]!;
        if (start < 0) continue;
        const mark = page.mark[row]!;
        if (mark !== 0 && mark !== markAt(keys, window, start)) continue;
        inspection.spent = spent;
        const found = this.settle(place - 1, start, end, offset + end, inspection, isReal);
        spent = inspection.spent;
        if (found === Scan.exhausted) return found;
        if (found > outcome) outcome = found;
      }
      if (outcome === Scan.clear) continue;
      inspection.spent = spent;
      return outcome;
    }
    inspection.spent = spent;
    return Scan.clear;
  }

  /** Is the stretch, which has the anchor, length and mark of a pair, one of its tokens? */
  private settle(
    pair: number,
    start: number,
    end: number,
    reported: number,
    inspection: Inspection,
    isReal: boolean,
  ): ScanOutcome {
    const fingerprint = this.fingerprintAt(start, end);
    if (!this.fingerprintFilter.has(filterHash(tokenHash(fingerprint, pair)))) return Scan.clear;
    const head = this.findToken(fingerprint, pair);
    return head === NONE ? Scan.clear : this.verify(head, start, end, reported, inspection, isReal);
  }

  /** Digests the stretch once and compares it with every token of the chain. */
  private verify(
    head: number,
    start: number,
    end: number,
    reported: number,
    inspection: Inspection,
    isReal: boolean,
  ): ScanOutcome {
    let isEnforced = false;
    let known = NONE;
    for (let token = head; token >= 0; token = this.nextOf(token)) {
      inspection.spent++;
      if (this.flags[this.slotOf(token)] === 1 || inspection.withUnenforced) isEnforced = true;
      if (inspection.isVerified(token)) known = token;
    }
    if (!isEnforced) return Scan.clear;
    let digest: Uint8Array;
    if (known !== NONE) {
      digest = this.digestAt(known);
    } else {
      inspection.spent += HMAC_COST;
      if (inspection.spent > inspection.budget) {
        return this.exhaust(inspection, this.tokens[pageOf(head)]!.pair[placeIn(head)]! + 1);
      }
      digest = this.pepper.digestOf(this.window.subarray(start, end)).subarray(0, DIGEST_BYTES);
    }
    let outcome: ScanOutcome = Scan.clear;
    // No early return: the time taken must not depend on which entry matched.
    for (let token = head; token >= 0; token = this.nextOf(token)) {
      if (!timingSafeEqual(digest, this.digestAt(token))) continue;
      inspection.remember(token);
      const slot = this.slotOf(token);
      if (this.flags[slot] === 0 && !inspection.withUnenforced) continue;
      if (!isReal) outcome = Scan.tentative;
      else if (inspection.onMatch(slot, reported - (end - start), reported)) outcome = Scan.stopped;
    }
    return outcome;
  }

  /** The fingerprint of a stretch of the window, in constant time from prefix sums. */
  private fingerprintAt(start: number, end: number): number {
    if (this.sumsTo < 0) {
      // No token that ends here or later starts before.
      this.sumsFrom = Math.max(0, end - this.longest);
      this.sumsTo = this.sumsFrom;
      this.sums[this.sumsFrom] = 0;
    }
    if (this.sumsTo < end) this.sumUp(Math.min(end + SUMS_AHEAD, this.windowEnd));
    return multiply(reduce(this.sums[end]! - this.sums[start]!), this.keyed.powers[WINDOW_BYTES - start]!);
  }

  /** Four bytes a step, so that only one addition in four waits for the one before (bench/matcher.ts, look-alikes). */
  private sumUp(to: number): void {
    const { sums, window } = this;
    const { powers } = this.keyed;
    let at = this.sumsTo;
    let sum = sums[at]!;
    for (; at < to; at += 4) {
      const first = window[at]! * powers[at]!;
      const second = first + window[at + 1]! * powers[at + 1]!;
      const third = window[at + 2]! * powers[at + 2]!;
      const fourth = third + window[at + 3]! * powers[at + 3]!;
      sums[at + 1] = sum + first;
      sums[at + 2] = sum + second;
      sums[at + 3] = sum + (second + third);
      sum += second + fourth;
      sums[at + 4] = sum;
    }
    this.sumsTo = at;
  }

  /** Names the leak whose endings asked for the work; runs at most once for a request. */
  private exhaust(inspection: Inspection, place: number): ScanOutcome {
    for (let token = 0; token < this.tokenEnd && place > 0; token++) {
      const page = this.tokens[pageOf(token)]!;
      if (page.pair[placeIn(token)] !== place - 1) continue;
      inspection.costliestSlot = page.slot[placeIn(token)]!;
      break;
    }
    return Scan.exhausted;
  }

  private digestAt(token: number): Uint8Array {
    const at = placeIn(token) * DIGEST_BYTES;
    return this.tokens[pageOf(token)]!.digest.subarray(at, at + DIGEST_BYTES);
  }

  private slotOf(token: number): number {
    return this.tokens[pageOf(token)]!.slot[placeIn(token)]!;
  }

  private nextOf(token: number): number {
    return this.tokens[pageOf(token)]!.next[placeIn(token)]! - 1;
  }

  private isToken(token: number, slot: number, digest: Uint8Array, from: number): boolean {
    const page = this.tokens[pageOf(token)]!;
    const at = placeIn(token);
    if (page.slot[at] !== slot) return false;
    for (let index = 0; index < DIGEST_BYTES; index++)
      if (page.digest[at * DIGEST_BYTES + index] !== digest[from + index]) return false;
    return true;
  }

  private findPair(anchor: number, length: number): number {
    const { places, shift } = this.pairIndex;
    const { pairs } = this;
    const mask = places.length - 1;
    for (let at = pairHash(anchor) >>> shift; ; at = (at + 1) & mask) {
      const place = places[at]!;
      if (place === 0) return NONE;
      const page = pairs[pageOf(place - 1)]!;
      const row = placeIn(place - 1);
      if (page.anchor[row] === anchor && page.length[row] === length) return place - 1;
    }
  }

  /** The head of the chain with this pair and fingerprint, or NONE. */
  private headOf(fingerprint: number, pair: number): number {
    const { places, shift } = this.tokenIndex;
    const { tokens } = this;
    const mask = places.length - 1;
    for (let at = tokenHash(fingerprint, pair) >>> shift; ; at = (at + 1) & mask) {
      const place = places[at]!;
      if (place === 0) return NONE;
      const page = tokens[pageOf(place - 1)]!;
      const row = placeIn(place - 1);
      if (page.fingerprint[row] === fingerprint && page.pair[row] === pair) return place - 1;
    }
  }

  /**
   * The same for what a request carries. It looks on to the end of the run of entries: those put in late stand far
   * from where their hash leads, and the number of looks must not tell which entry it was (bench:timing).
   */
  private findToken(fingerprint: number, pair: number): number {
    const { places, shift } = this.tokenIndex;
    const { tokens } = this;
    const mask = places.length - 1;
    let found = NONE;
    for (let at = tokenHash(fingerprint, pair) >>> shift; ; at = (at + 1) & mask) {
      const place = places[at]!;
      if (place === 0) return found;
      const page = tokens[pageOf(place - 1)]!;
      const row = placeIn(place - 1);
      if (page.fingerprint[row] === fingerprint && page.pair[row] === pair) found = place - 1;
    }
  }

  private newToken(): number {
    if (this.freeToken > 0) {
      const token = this.freeToken - 1;
      this.freeToken = this.tokens[pageOf(token)]!.next[placeIn(token)]!;
      return token;
    }
    if (this.tokenEnd === this.tokens.length * PAGE) this.tokens.push(new TokenPage());
    return this.tokenEnd++;
  }

  /** The pair of a token to be loaded: one that tokens of several marks share has none. */
  private pairFor(anchor: number, length: number, mark: number): number {
    const known = this.findPair(anchor, length);
    if (known === NONE) return this.newPair(anchor, length, mark);
    const page = this.pairs[pageOf(known)]!;
    if (page.mark[placeIn(known)] !== mark) page.mark[placeIn(known)] = 0;
    return known;
  }

  private newPair(anchor: number, length: number, mark: number): number {
    let pair = this.pairEnd;
    if (this.freePair > 0) {
      pair = this.freePair - 1;
      this.freePair = this.pairs[pageOf(pair)]!.count[placeIn(pair)]!;
    } else {
      if (this.pairEnd === this.pairs.length * PAGE) this.pairs.push(new PairPage());
      this.pairEnd++;
    }
    const page = this.pairs[pageOf(pair)]!;
    page.anchor[placeIn(pair)] = anchor;
    page.length[placeIn(pair)] = length;
    page.mark[placeIn(pair)] = mark;
    page.count[placeIn(pair)] = 0;
    this.pairIndex.insert(pair, pairHash(anchor));
    this.pairCount++;
    this.anchorFilter.add(anchor);
    if (this.anchorFilter.isWorn(this.pairCount)) this.refillAnchors(this.pairCount);
    return pair;
  }

  private refillAnchors(entries: number): void {
    this.anchorFilter.reset(entries);
    for (const place of this.pairIndex.places) {
      if (place !== 0) this.anchorFilter.add(this.pairs[pageOf(place - 1)]!.anchor[placeIn(place - 1)]!);
    }
  }

  private releasePair(pair: number): void {
    const page = this.pairs[pageOf(pair)]!;
    if (--page.count[placeIn(pair)]! > 0) return;
    this.pairIndex.remove(pair);
    this.pairCount--;
    page.count[placeIn(pair)] = this.freePair;
    this.freePair = pair + 1;
  }

  private addToFilter(fingerprint: number, pair: number): void {
    this.fingerprintFilter.add(filterHash(tokenHash(fingerprint, pair)));
    if (this.fingerprintFilter.isWorn(this.tokenIndex.count)) this.refillFingerprints(this.tokenIndex.count);
  }

  private refillFingerprints(entries: number): void {
    this.fingerprintFilter.reset(entries);
    for (const place of this.tokenIndex.places) {
      if (place === 0) continue;
      const page = this.tokens[pageOf(place - 1)]!;
      const at = placeIn(place - 1);
      this.fingerprintFilter.add(filterHash(tokenHash(page.fingerprint[at]!, page.pair[at]!)));
    }
  }
}

function keepPast(view: StreamView, window: Uint8Array, end: number, keep: number): void {
  const length = Math.min(keep, end);
  if (view.bytes.length < length) view.bytes = new Uint8Array(keep);
  view.bytes.set(window.subarray(end - length, end));
  view.length = length;
}

// Multiplicative hashing (Knuth, vol. 3, 6.4): the top bits are the ones to use. Signed, as anchors are in here:
// a number of 2^31 and more would be boxed wherever it is handed on.
function pairHash(anchor: number): number {
  return Math.imul(anchor, 0x9e37_79b1);
}

function tokenHash(fingerprint: number, pair: number): number {
  return Math.imul(fingerprint ^ Math.imul(pair, 0x85eb_ca6b), 0x9e37_79b1);
}

function filterHash(hash: number): number {
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b_3c6d);
}
