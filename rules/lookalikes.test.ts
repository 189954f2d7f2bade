import { describe, expect, test } from "vitest";
import { isThorough } from "../test/thorough.ts";
import { digestToken } from "./digest.ts";
import { Inspection, Matcher, Scan } from "./matcher.ts";
import { Pepper } from "./pepper.ts";
import { Token } from "./token.ts";

/** How many look-alikes a run shows to the matcher, at least. */
const PROBES_MIN = isThorough ? 1_000_000 : 250_000;
const BATCH_BYTES = 1024 * 1024;
const WORD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
/** What stands between two probes: none of these is in a token. */
const SEPARATORS = ' "\n&,;';

const pepper = Pepper.fromBytes(Buffer.alloc(32, "made-up pepper"));
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Tokens that are hard to tell apart: of one beginning, of one ending, of one length, made of few different bytes. */
const TOKENS: readonly string[] = [
  "mad3up",
  "Sh0rt7",
  "aaaaaa",
  "made-up_Opaque-Tok_en-01",
  "ghp_MadeUpMadeUpMadeUpMadeUpMadeUp000001",
  "1234567890:AAmade-up_telegram_token_0000000001",
  "bWFkZS11cA/bWFkZS+11cC90b2tlbg==",
  "0123456789abcdef0123456789abcdef",
  `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub: "made-up", name: "Made Up" })}`,
  `made-up-${"x".repeat(92)}`,
  `made-up-${Array.from({ length: 60 }, (_, index) => `${index}_`).join("")}end`,
  ...Array.from(
    { length: 60 },
    (_, index) => `made-up-one-beginning-${String(index * 7919).padStart(6, "0")}`,
  ),
  ...Array.from({ length: 60 }, (_, index) => `${String(index * 7919).padStart(6, "0")}-made-up-one-ending`),
  ...Array.from({ length: 60 }, (_, index) => `made-up-${"ab".repeat((index % 20) + 1)}-${index}-one-ending`),
];
const known = new Set(TOKENS);
/** Whose look-alikes are shown: of the sixties that are made alike every sixth is enough, unless there is time. */
const SHOWN = TOKENS.filter((_, index) => isThorough || index < 11 || index % 6 === 0);

class Found extends Inspection {
  count = 0;
  override budget = Number.MAX_SAFE_INTEGER;
  override onMatch(): boolean {
    this.count++;
    return false;
  }
}

/** Shows probes to a matcher, a megabyte at a time. */
class Probes {
  readonly found = new Found();
  count = 0;
  private readonly matcher: Matcher;
  private readonly batch = Buffer.alloc(BATCH_BYTES);
  private at = 0;

  constructor(matcher: Matcher) {
    this.matcher = matcher;
  }

  show(text: string): void {
    if (this.at + text.length + 1 > BATCH_BYTES) this.scan();
    this.at += this.batch.latin1Write(text, this.at);
    this.batch[this.at++] = SEPARATORS.charCodeAt(this.count++ % SEPARATORS.length);
  }

  scan(): void {
    expect(this.matcher.scanWhole(this.batch, 0, this.at, this.found)).toBe(Scan.clear);
    this.at = 0;
  }
}

function enforced(): Matcher {
  const matcher = new Matcher(pepper);
  const slot = matcher.openSlot();
  for (const text of TOKENS) {
    const { digest, anchor, fingerprint, length, mark } = digestToken(Token.parse(text), pepper);
    matcher.add(slot, digest, anchor, fingerprint, length, mark);
  }
  matcher.setEnforced(slot, true);
  return matcher;
}

/** One character changed, at every place, to each of the 64 word characters and to some others. */
function* changes(token: string): Generator<string> {
  for (let at = 0; at < token.length; at++) {
    for (const character of `${WORD}./+=:~é`) yield token.slice(0, at) + character + token.slice(at + 1);
  }
}

/** Cut short at every place, from both sides; one character left out, or said twice. */
function* cuts(token: string): Generator<string> {
  for (let at = 1; at < token.length; at++) {
    yield token.slice(0, at);
    yield token.slice(at);
    yield token.slice(0, at) + token.slice(at + 1);
    // At its beginning this would be a token after one more character, which does not hide it.
    if (token[at] !== token[0]) yield token.slice(0, at) + token[at] + token.slice(at);
  }
}

/** More word characters after it: one of each, two, and the whole token again. */
function* extensions(token: string): Generator<string> {
  for (const character of WORD) yield token + character;
  for (const first of WORD) for (const second of "aZ0_-") yield token + first + second;
  for (const other of TOKENS) if (/^\w/.test(other)) yield `${token}_${other}_`;
}

/** Two bytes swapped; two bytes changed so that their sum stays. */
function* swaps(token: string): Generator<string> {
  for (let left = 0; left < token.length; left++) {
    for (let right = left + 1; right < token.length; right++) {
      const [a, b] = [token[left]!, token[right]!];
      const around = (first: string, second: string) =>
        token.slice(0, left) + first + token.slice(left + 1, right) + second + token.slice(right + 1);
      if (a !== b) yield around(b, a);
      const up = String.fromCharCode(a.charCodeAt(0) + 1);
      const down = String.fromCharCode(b.charCodeAt(0) - 1);
      if (WORD.includes(up) && WORD.includes(down)) yield around(up, down);
    }
  }
}

/** The beginning of one token with the ending of another, at every place. */
function* mixtures(token: string): Generator<string> {
  for (const other of TOKENS) {
    for (let at = 1; at < Math.min(token.length, other.length); at++)
      yield token.slice(0, at) + other.slice(at);
  }
}

const FAMILIES = { changes, cuts, extensions, swaps, mixtures };

/** Whether a search over clear text would find a token: then the probe is no look-alike. */
function holdsToken(probe: string): boolean {
  if (known.has(probe)) return true;
  for (const token of TOKENS) {
    if (probe.length <= token.length) continue;
    for (let at = probe.indexOf(token); at >= 0; at = probe.indexOf(token, at + 1)) {
      const next = probe[at + token.length];
      if (next === undefined || !WORD.includes(next)) return true;
    }
  }
  return false;
}

describe("a token is told from what looks like it", () => {
  test(`${PROBES_MIN} look-alikes, and no false match`, () => {
    const probes = new Probes(enforced());
    const counts: Record<string, number> = {};
    for (const [name, family] of Object.entries(FAMILIES)) {
      const before = probes.count;
      for (const token of SHOWN) {
        for (const probe of family(token)) if (!holdsToken(probe)) probes.show(probe);
      }
      probes.scan();
      counts[name] = probes.count - before;
      expect({ family: name, matches: probes.found.count }).toEqual({ family: name, matches: 0 });
    }
    expect(probes.count, JSON.stringify(counts)).toBeGreaterThanOrEqual(PROBES_MIN);
  });

  test("the same probes, with the tokens among them, are matched as often as the tokens stand there", () => {
    const probes = new Probes(enforced());
    for (const token of SHOWN) {
      for (const probe of extensions(token)) if (!holdsToken(probe)) probes.show(probe);
      probes.show(token);
      probes.show(`x${token}`);
    }
    probes.scan();
    expect(probes.found.count).toBe(SHOWN.length * 2);
  });
});
