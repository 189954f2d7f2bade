import { type Coding, QUICK } from "./codings.ts";
import type { Spelling } from "./judge.ts";
import { PLACES } from "./places.ts";
import { Random } from "./random.ts";
import { byLength, FRAMINGS } from "./request.ts";
import { KINDS, type TokenKind } from "./tokens.ts";

/** One generated way to write a request: the same for every token that it is asked for. */
export interface Plan {
  /** Place, layers and codings: what a failure is filed under. */
  readonly name: string;
  readonly spell: Spelling;
}

/** Content codings are stacked so often: most bodies travel as they are. */
const DEPTHS = [0, 0, 0, 1, 1, 2];

/** Draws a place, the layers around the token, the codings of the body and its framing. */
export function plan(seed: number): Plan {
  const draw = new Random(seed);
  const place = draw.pick(PLACES);
  const stack = draw.pick(place.stacks);
  const codings = Array.from({ length: draw.pick(DEPTHS) }, () => draw.pick(QUICK));
  const framing = draw.pick(FRAMINGS);
  const inner = draw.below(2 ** 32);
  const spell: Spelling = (token) => {
    // Begun anew for each token, so that twins differ in their token only.
    const random = new Random(inner);
    const text = stack.reduce((written, layer) => layer.write(written, random), token);
    const request = place.request(text, random);
    if (request.body === null) return request;
    const body = codings.reduce((bytes, coding) => coding.encode(bytes), request.body);
    const field = ["Content-Encoding", codings.map((coding) => coding.field).join(", ")] as const;
    const fields = codings.length === 0 ? request.fields : [...request.fields, field];
    // Trailers need chunks.
    const isChunked = request.trailers.length > 0 && framing === byLength;
    return { ...request, body, fields, framing: isChunked ? request.framing : framing };
  };
  const names = stack.map((layer) => layer.name);
  return { name: [place.name, ...names, ...bodyNames(codings, spell)].join(" / "), spell };
}

function bodyNames(codings: readonly Coding[], spell: Spelling): string[] {
  return spell("made-up").body === null ? [] : codings.map(({ name }) => name);
}

const ALPHABETS = [
  "abcdefghijklmnopqrstuvwxyz0123456789",
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
] as const;

/** The known kinds of token, and made-up ones of many lengths. */
export function drawTokens(random: Random, count: number): TokenKind[] {
  const drawn = Array.from({ length: count }, (_, index): TokenKind => {
    const alphabet = random.pick(ALPHABETS);
    const length = random.chance(0.1) ? 100 + random.below(400) : 12 + random.below(50);
    let text = "made-up-";
    while (text.length < 8 + length) text += alphabet[random.below(alphabet.length)];
    text += index.toString(36).padStart(2, "0");
    return { name: `drawn ${index}`, text, signed: text.length };
  });
  return [...KINDS, ...drawn];
}

/** The token with one character changed, anywhere. */
export function changedAnywhere({ text, signed }: TokenKind, random: Random): string {
  const at = random.below(signed);
  const other = text[at] === "m" ? "n" : "m";
  return text.slice(0, at) + other + text.slice(at + 1);
}
