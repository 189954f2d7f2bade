import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestToken, type TokenDigest } from "./digest.ts";
import { Keyed, multiply, PRIME, reduce, WINDOW_BYTES } from "./matcher/keyed.ts";
import { Inspection, Matcher, Scan, type ScanOutcome, StreamView } from "./matcher.ts";
import { Pepper } from "./pepper.ts";
import { Token } from "./token.ts";

const pepper = Pepper.fromBytes(Buffer.alloc(32, "made-up pepper"));

class Found extends Inspection {
  readonly matches: { slot: number; start: number; end: number }[] = [];
  readonly stops: boolean;
  constructor(stops = false, budget = 1_000_000_000) {
    super();
    this.stops = stops;
    this.budget = budget;
  }
  override onMatch(slot: number, start: number, end: number): boolean {
    this.matches.push({ slot, start, end });
    return this.stops;
  }
}

const digest = (text: string): TokenDigest => digestToken(Token.parse(text), pepper);

function load(matcher: Matcher, slot: number, ...texts: string[]): void {
  for (const text of texts) {
    const { digest: bytes, anchor, fingerprint, length, mark } = digest(text);
    matcher.add(slot, bytes, anchor, fingerprint, length, mark);
  }
}

function unload(matcher: Matcher, slot: number, text: string): boolean {
  const { digest: bytes, anchor, fingerprint, length } = digest(text);
  return matcher.remove(slot, bytes, anchor, fingerprint, length);
}

function enforced(...texts: string[]): Matcher {
  const matcher = new Matcher(pepper);
  const slot = matcher.openSlot();
  load(matcher, slot, ...texts);
  matcher.setEnforced(slot, true);
  return matcher;
}

function ends(matcher: Matcher, text: string): number[] {
  const found = new Found();
  const bytes = Buffer.from(text, "latin1");
  expect(matcher.scanWhole(bytes, 0, bytes.length, found)).toBe(Scan.clear);
  return found.matches.map((match) => match.end).sort((a, b) => a - b);
}

/** Every place where one of the tokens ends and no word character follows: what a search over clear text would find. */
function oracle(tokens: readonly string[], text: string): number[] {
  const found: number[] = [];
  for (const token of new Set(tokens)) {
    for (let at = text.indexOf(token); at >= 0; at = text.indexOf(token, at + 1)) {
      const end = at + token.length;
      if (end === text.length || !/[A-Za-z0-9_-]/.test(text[end]!)) found.push(end);
    }
  }
  return found.sort((a, b) => a - b);
}

describe("arithmetic", () => {
  test("is exact", () => {
    const residue = fc.integer({ min: 0, max: PRIME - 1 });
    fc.assert(
      fc.property(
        residue,
        residue,
        (a, b) => BigInt(multiply(a, b)) === (BigInt(a) * BigInt(b)) % BigInt(PRIME),
      ),
      { numRuns: 20_000 },
    );
    for (const [a, b] of [
      [PRIME - 1, PRIME - 1],
      [PRIME - 1, 1],
      [0, 5],
      [46_341, 46_341],
    ] as const) {
      expect(BigInt(multiply(a, b))).toBe((BigInt(a) * BigInt(b)) % BigInt(PRIME));
    }
    fc.assert(
      fc.property(fc.maxSafeNat(), (sum) => BigInt(reduce(sum)) === BigInt(sum) % BigInt(PRIME)),
      { numRuns: 20_000 },
    );
  });

  test("a window of the largest bytes stays below 2^53", () => {
    const { powers } = new Keyed(pepper);
    let sum = 0;
    for (let at = 0; at < WINDOW_BYTES; at++) sum += 255 * powers[at]!;
    expect(sum).toBeLessThan(Number.MAX_SAFE_INTEGER);
  });
});

describe("whole bytes", () => {
  test("tokens with one ending and one length are found, whatever they begin with", () => {
    const [first, second] = ["aa-made-up-shared-ending", "zz-made-up-shared-ending"];
    const matcher = enforced(first);
    expect(ends(matcher, `${second} ${first}`)).toEqual([49]);
    const slot = matcher.openSlot();
    load(matcher, slot, second);
    matcher.setEnforced(slot, true);
    expect(ends(matcher, `${second} ${first}`)).toEqual([24, 49]);
    unload(matcher, slot, second);
    expect(ends(matcher, `${second} ${first}`)).toEqual([49]);
  });

  test("within words tokens are found only by the scan for embedded ones", () => {
    const token = "made-up-token-0001";
    const matcher = enforced(token, "made-up/other~token!");
    const embedded = (text: string): number[] => {
      const found = new Found();
      const bytes = Buffer.from(text, "latin1");
      expect(matcher.scanEmbedded(bytes, 0, bytes.length, found)).toBe(Scan.clear);
      return found.matches.map((match) => match.end);
    };
    expect(embedded(`${token}R`)).toEqual([18]);
    expect(embedded(`x${token}-${token}_`)).toEqual([19, 38]);
    expect(embedded(`\u0012made-up/other~token!Z`)).toEqual([21]);
    for (const text of [token, `${token}.`, `${token}\0`, token.slice(0, -1), "made-up-token-0002R"])
      expect(embedded(text)).toEqual([]);
    // Far behind the first window, and over its border.
    for (const before of [WINDOW_BYTES - 30, WINDOW_BYTES - 9, WINDOW_BYTES, 3 * WINDOW_BYTES + 5])
      expect(embedded(`${"\0".repeat(before)}${token}R`)).toEqual([before + 18]);
  });

  test("a token whose beginning is not known is found", () => {
    const matcher = new Matcher(pepper);
    const slot = matcher.openSlot();
    const made = digest("made-up-token-0001");
    matcher.add(slot, made.digest, made.anchor, made.fingerprint, made.length, 0);
    matcher.setEnforced(slot, true);
    expect(ends(matcher, "x made-up-token-0001")).toEqual([20]);
  });

  test("a token is found wherever it stands, and only where it ends", () => {
    const matcher = enforced("made-up-token-0001");
    expect(ends(matcher, "x made-up-token-0001")).toEqual([20]);
    expect(ends(matcher, "/botmade-up-token-0001/x")).toEqual([22]);
    expect(ends(matcher, "made-up-token-0001made-up-token-0001.")).toEqual([36]);
    for (const rest of ["x", "Z", "0", "_", "-"])
      expect(ends(matcher, `made-up-token-0001${rest}`)).toEqual([]);
    for (const rest of [".", " ", "\0", "=", "%", "\xff", '"', "\r"])
      expect(ends(matcher, `made-up-token-0001${rest}x`)).toEqual([18]);
  });

  test("look-alikes pass", () => {
    const token = "made-up-token-0123456789-0123456789-0123456789";
    const matcher = enforced(token);
    for (let at = 0; at < token.length; at++) {
      expect(ends(matcher, `${token.slice(0, at)}#${token.slice(at + 1)}`)).toEqual([]);
      if (at + 32 < token.length) {
        const swapped = [...token];
        [swapped[at], swapped[at + 32]] = [swapped[at + 32]!, swapped[at]!];
        if (swapped.join("") !== token) expect(ends(matcher, swapped.join(""))).toEqual([]);
      }
      if (at > 0) expect(ends(matcher, token.slice(at))).toEqual([]);
    }
  });

  test("agrees with a search over clear text", () => {
    const letters = fc.constantFrom("a", "b", "-", ".", "=", "\xe9");
    const token = fc
      .string({ unit: letters, minLength: 6, maxLength: 14 })
      .filter((text) => !text.includes("...") && !text.includes("\xe9"));
    fc.assert(
      fc.property(
        fc.array(token, { minLength: 1, maxLength: 8 }),
        fc.array(fc.oneof(token, fc.string({ unit: letters, maxLength: 20 })), { maxLength: 12 }),
        fc.nat(7),
        (tokens, words, pick) => {
          const text = words.join("") + tokens[pick % tokens.length] + words.join(".");
          expect(ends(enforced(...new Set(tokens)), text)).toEqual(oracle(tokens, text));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test("long tokens across many windows", () => {
    const tokens = [6, 7, 40, 999, 4096].map((length) =>
      randomBytes(length).toString("hex").slice(0, length),
    );
    const matcher = enforced(...tokens);
    for (const before of [0, 1, 4095, 12_287, 16_383, 16_384, 40_000]) {
      for (const token of tokens) {
        const text = `${"z ".repeat(before).slice(0, before)}${token} tail`;
        expect(ends(matcher, text)).toEqual([before + token.length]);
      }
    }
  });
});

describe("streams", () => {
  function stream(matcher: Matcher, chunks: readonly string[]): { ends: number[]; outcomes: ScanOutcome[] } {
    const found = new Found();
    const view = new StreamView();
    const outcomes: ScanOutcome[] = [];
    let before = 0;
    const at: number[] = [];
    for (const chunk of chunks) {
      const bytes = Buffer.from(chunk, "latin1");
      const seen = found.matches.length;
      outcomes.push(matcher.scanChunk(bytes, 0, bytes.length, view, found));
      for (const match of found.matches.slice(seen)) at.push(before + match.end);
      before += chunk.length;
    }
    const seen = found.matches.length;
    outcomes.push(matcher.finish(view, found));
    for (const _ of found.matches.slice(seen)) at.push(before);
    return { ends: at.sort((a, b) => a - b), outcomes };
  }

  test("a border at every byte changes nothing", () => {
    const token = "made-up-token-0001";
    const matcher = enforced(token, "another-made-up-token");
    const text = `{"a":"${token}","b":"another-made-up-tokens"}`;
    for (let at = 0; at <= text.length; at++) {
      expect(stream(matcher, [text.slice(0, at), text.slice(at)]).ends).toEqual(oracle([token], text));
    }
    expect(stream(matcher, [...text]).ends).toEqual(oracle([token], text));
  });

  test("the end of a chunk is tentative until the next byte, or the end, decides", () => {
    const matcher = enforced("made-up-token-0001");
    expect(stream(matcher, ["x made-up-token-0001", "x"])).toEqual({
      ends: [],
      outcomes: [Scan.tentative, Scan.clear, Scan.clear],
    });
    expect(stream(matcher, ["x made-up-token-0001", "", " "]).ends).toEqual([20]);
    expect(stream(matcher, ["x made-up-token-0001"])).toEqual({
      ends: [20],
      outcomes: [Scan.tentative, Scan.clear],
    });
  });

  test("agrees with the whole, however it is cut", () => {
    const tokens = ["made-up-token-0001", "0001-made-up", "token=", randomBytes(300).toString("hex")];
    const matcher = enforced(...tokens);
    const piece = fc.constantFrom(...tokens, "x", ".", "token", "made-up-", " ", "q".repeat(5000));
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 20 }),
        fc.array(fc.nat(600), { maxLength: 12 }),
        (pieces, cuts) => {
          const text = pieces.join("");
          const chunks: string[] = [];
          let at = 0;
          for (const cut of cuts) {
            chunks.push(text.slice(at, at + cut));
            at += cut;
          }
          chunks.push(text.slice(at));
          expect(stream(matcher, chunks).ends).toEqual(oracle(tokens, text));
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("slots", () => {
  test("only what is enforced is found; every slot that holds the token is told", () => {
    const matcher = new Matcher(pepper);
    const [one, two, three] = [matcher.openSlot(), matcher.openSlot(), matcher.openSlot()];
    for (const slot of [one, two, three]) load(matcher, slot, "made-up-token-0001");
    expect(ends(matcher, "made-up-token-0001")).toEqual([]);
    matcher.setEnforced(one, true);
    matcher.setEnforced(three, true);
    const found = new Found(true);
    expect(matcher.scanWhole(Buffer.from("made-up-token-0001"), 0, 18, found)).toBe(Scan.stopped);
    expect(found.matches.map((match) => match.slot).sort()).toEqual([one, three]);
    expect(unload(matcher, one, "made-up-token-0001")).toBe(true);
    expect(unload(matcher, one, "made-up-token-0001")).toBe(false);
    expect(ends(matcher, "made-up-token-0001")).toEqual([18]);
    matcher.setEnforced(three, false);
    expect(ends(matcher, "made-up-token-0001")).toEqual([]);
  });

  test("agrees with a model while tokens come and go", () => {
    const texts = Array.from(
      { length: 12 },
      (_, index) => `made-up-${index % 3}-same-ending${"s".repeat(index % 4)}`,
    );
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ slot: fc.nat(3), text: fc.nat(11), action: fc.constantFrom("add", "remove", "flag") }),
          { maxLength: 60 },
        ),
        (steps) => {
          const matcher = new Matcher(pepper);
          const slots = [0, 1, 2, 3].map(() => ({
            slot: matcher.openSlot(),
            on: false,
            holds: new Set<string>(),
          }));
          for (const step of steps) {
            const slot = slots[step.slot]!;
            const text = texts[step.text]!;
            if (step.action === "add" && !slot.holds.has(text)) {
              load(matcher, slot.slot, text);
              slot.holds.add(text);
            } else if (step.action === "remove") {
              expect(unload(matcher, slot.slot, text)).toBe(slot.holds.delete(text));
            } else if (step.action === "flag") {
              slot.on = !slot.on;
              matcher.setEnforced(slot.slot, slot.on);
            }
          }
          for (const text of texts) {
            const isBlocked = slots.some((slot) => slot.on && slot.holds.has(text));
            expect(ends(matcher, `${text} `).length > 0).toBe(isBlocked);
          }
          expect(matcher.tokenCount).toBe(slots.reduce((sum, slot) => sum + slot.holds.size, 0));
        },
      ),
      { numRuns: 300 },
    );
  });

  test("100,000 tokens: all found, at most 80 bytes each; half unloaded, the rest still found", () => {
    const matcher = new Matcher(pepper);
    const [one, two] = [matcher.openSlot(), matcher.openSlot()];
    const name = (index: number) => `made-up-token-${index.toString(36).padStart(8, "0")}`;
    for (let index = 0; index < 100_000; index++) load(matcher, index % 2 === 0 ? one : two, name(index));
    matcher.setEnforced(one, true);
    matcher.setEnforced(two, true);
    expect(matcher.memoryBytes / 100_000).toBeLessThanOrEqual(80);
    const every = (step: number) => Array.from({ length: 1_000 }, (_, index) => name(index * step)).join(" ");
    expect(ends(matcher, every(99))).toHaveLength(1_000);
    let unloaded = 0;
    for (let index = 0; index < 100_000; index += 2) if (unload(matcher, one, name(index))) unloaded++;
    expect(unloaded).toBe(50_000);
    expect(ends(matcher, every(99))).toHaveLength(500);
    expect(matcher.tokenCount).toBe(50_000);
    // Some seconds of digesting, and a busy machine.
  }, 120_000);
});

describe("the work budget", () => {
  test("a flood of endings is cut off, and the slot that caused it is named", () => {
    const matcher = new Matcher(pepper);
    const [quiet, loud] = [matcher.openSlot(), matcher.openSlot()];
    load(matcher, quiet, "made-up-quiet-token");
    load(matcher, loud, ...Array.from({ length: 200 }, (_, index) => `made-up-${"x".repeat(index)}ending`));
    matcher.setEnforced(quiet, true);
    matcher.setEnforced(loud, true);
    const flood = Buffer.from("another-ending ".repeat(2_000));
    const found = new Found(false, flood.length * 4 + 1_000);
    expect(matcher.scanWhole(flood, 0, flood.length, found)).toBe(Scan.exhausted);
    expect(found.costliestSlot).toBe(loud);
    expect(matcher.scanWhole(flood, 0, flood.length, found)).toBe(Scan.exhausted);
  });

  test("a token verified once is not digested again", () => {
    const matcher = enforced("made-up-token-0001");
    const text = Buffer.from("made-up-token-0001 ".repeat(100));
    const found = new Found();
    matcher.scanWhole(text, 0, text.length, found);
    expect(found.matches).toHaveLength(100);
    expect(found.spent).toBeLessThan(256 * 3);
  });
});
