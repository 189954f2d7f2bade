import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Inspection, Matcher, Scan } from "./matcher.ts";
import { Pepper } from "./pepper.ts";
import { digestHash, type HashAlgorithm, parseTokenHash } from "./tokenhash.ts";

const pepper = Pepper.fromBytes(Buffer.alloc(32, "made-up pepper"));

class Found extends Inspection {
  override readonly withUnenforced: boolean;
  readonly slots: number[] = [];
  readonly stops: boolean;
  constructor(stops = false, withUnenforced = false) {
    super();
    this.stops = stops;
    this.withUnenforced = withUnenforced;
  }
  override onMatch(slot: number): boolean {
    this.slots.push(slot);
    return this.stops;
  }
}

const digested = (text: string, algorithm: HashAlgorithm) =>
  digestHash(parseTokenHash(`${algorithm}:${createHash(algorithm).update(text).digest("hex")}`), pepper);

function add(matcher: Matcher, slot: number, text: string, algorithm: HashAlgorithm = "sha256"): void {
  const { digest, anchor } = digested(text, algorithm);
  matcher.hashes.add(slot, digest, anchor, algorithm);
}

function remove(matcher: Matcher, slot: number, text: string, algorithm: HashAlgorithm = "sha256"): boolean {
  const { digest, anchor } = digested(text, algorithm);
  return matcher.hashes.remove(slot, digest, anchor, algorithm);
}

function slotsOf(matcher: Matcher, text: string, found = new Found()): number[] {
  expect(matcher.hashes.look(Buffer.from(text), found)).toBe(Scan.clear);
  return found.slots.toSorted((a, b) => a - b);
}

function opened(matcher: Matcher): number {
  const slot = matcher.openSlot();
  matcher.setEnforced(slot, true);
  return slot;
}

describe("looking", () => {
  test.each<HashAlgorithm>(["sha256", "sha1"])("knows the value of a %s hash, and no other", (algorithm) => {
    const matcher = new Matcher(pepper);
    const slot = opened(matcher);
    add(matcher, slot, "made-up-token-0001", algorithm);
    expect(slotsOf(matcher, "made-up-token-0001")).toEqual([slot]);
    for (const text of ["made-up-token-0002", "made-up-token-000", "made-up-token-00011", "", "x"])
      expect(slotsOf(matcher, text)).toEqual([]);
  });

  test("a hash itself is no value that matches, nor is a token of the matcher a hash", () => {
    const matcher = new Matcher(pepper);
    const slot = opened(matcher);
    add(matcher, slot, "made-up-token-0001");
    const hex = createHash("sha256").update("made-up-token-0001").digest();
    expect(slotsOf(matcher, hex.toString("hex"))).toEqual([]);
    matcher.addClear(slot, Buffer.from("made-up-token-0002"));
    expect(slotsOf(matcher, "made-up-token-0002")).toEqual([]);
  });

  test("tells only of enforced slots, or of all where that is asked for; stops where it is told to", () => {
    const matcher = new Matcher(pepper);
    const [first, second] = [opened(matcher), matcher.openSlot()];
    for (const slot of [first, second]) add(matcher, slot, "made-up-token-0001");
    expect(slotsOf(matcher, "made-up-token-0001")).toEqual([first]);
    expect(slotsOf(matcher, "made-up-token-0001", new Found(false, true))).toEqual([first, second]);
    matcher.setEnforced(second, true);
    expect(slotsOf(matcher, "made-up-token-0001")).toEqual([first, second]);
    const stopping = new Found(true);
    expect(matcher.hashes.look(Buffer.from("made-up-token-0001"), stopping)).toBe(Scan.stopped);
    // No early return.
    expect(stopping.slots).toHaveLength(2);
  });

  test("says which value was met, enforced or not", () => {
    const matcher = new Matcher(pepper);
    const met: string[] = [];
    matcher.hashes.onMet = (value) => met.push(Buffer.from(value).toString());
    add(matcher, matcher.openSlot(), "made-up-token-0001");
    for (const text of ["made-up-token-0001", "made-up-token-0002"]) slotsOf(matcher, text);
    expect(met).toEqual(["made-up-token-0001"]);
  });
});

describe("loading", () => {
  test("removes what was loaded for a slot, once for each time", () => {
    const matcher = new Matcher(pepper);
    const [first, second] = [opened(matcher), opened(matcher)];
    add(matcher, first, "made-up-token-0001");
    add(matcher, second, "made-up-token-0001");
    expect(remove(matcher, first, "made-up-token-0002")).toBe(false);
    expect(remove(matcher, first, "made-up-token-0001", "sha1")).toBe(false);
    expect(remove(matcher, first, "made-up-token-0001")).toBe(true);
    expect(remove(matcher, first, "made-up-token-0001")).toBe(false);
    expect(slotsOf(matcher, "made-up-token-0001")).toEqual([second]);
    expect(remove(matcher, second, "made-up-token-0001")).toBe(true);
    expect(matcher.hashes.count).toBe(0);
    expect(slotsOf(matcher, "made-up-token-0001")).toEqual([]);
  });

  test("any changes leave what a plain list would hold", () => {
    const change = fc.record({
      adds: fc.boolean(),
      slot: fc.nat(2),
      name: fc.nat(5),
      algorithm: fc.constantFrom<HashAlgorithm>("sha256", "sha1"),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const matcher = new Matcher(pepper);
        const slots = [opened(matcher), opened(matcher), opened(matcher)];
        const expected: { slot: number; text: string; algorithm: HashAlgorithm }[] = [];
        for (const { adds, slot: place, name, algorithm } of changes) {
          const [slot, text] = [slots[place]!, `made-up-token-000${name}`];
          const known = expected.findIndex(
            (entry) => entry.slot === slot && entry.text === text && entry.algorithm === algorithm,
          );
          if (adds) {
            add(matcher, slot, text, algorithm);
            expected.push({ slot, text, algorithm });
          } else {
            expect(remove(matcher, slot, text, algorithm)).toBe(known >= 0);
            if (known >= 0) expected.splice(known, 1);
          }
        }
        expect(matcher.hashes.count).toBe(expected.length);
        for (let name = 0; name <= 5; name++) {
          const text = `made-up-token-000${name}`;
          const held = expected.filter((entry) => entry.text === text).map(({ slot }) => slot);
          expect(slotsOf(matcher, text)).toEqual(held.toSorted((a, b) => a - b));
        }
      }),
      { numRuns: 200 },
    );
  });

  test("40,000 of them take at most 40 bytes each beyond the last page, and give their places back", () => {
    const matcher = new Matcher(pepper);
    const slot = opened(matcher);
    const count = 40_000;
    const digestAt = (index: number) => {
      const digest = Buffer.alloc(32, 7);
      digest.writeUInt32LE(index);
      return digest;
    };
    const anchorAt = (index: number) => Math.imul(index, 0x85eb_ca6b) >>> 0;
    for (let index = 0; index < count; index++)
      matcher.hashes.add(slot, digestAt(index), anchorAt(index), "sha256");
    expect(matcher.hashes.memoryBytes).toBeLessThanOrEqual((count + 16_384) * 40);
    add(matcher, slot, "made-up-token-0001");
    expect(slotsOf(matcher, "made-up-token-0001")).toEqual([slot]);
    const { memoryBytes } = matcher.hashes;
    for (let index = 0; index < count; index++)
      expect(matcher.hashes.remove(slot, digestAt(index), anchorAt(index), "sha256")).toBe(true);
    for (let index = 0; index < count; index++)
      matcher.hashes.add(slot, digestAt(index), anchorAt(index), "sha256");
    expect(matcher.hashes.memoryBytes).toBe(memoryBytes);
    expect(slotsOf(matcher, "made-up-token-0001")).toEqual([slot]);
  });
});
