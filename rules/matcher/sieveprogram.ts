import { ANCHOR_BYTES, WINDOW_BYTES } from "./keyed.ts";
import { type Code, choose, get, i32, i64, Kind, moduleOf, repeatWhile, set, v128, when } from "./wasm.ts";

// The program of the sieve: one pass over the window, 64 bytes a step, in WebAssembly with SIMD. A byte is looked up by
// its halves in two tables of 16, whose bits meet in the byte's kind (Mula & Lemire 2018); 64 kinds become a word of 64
// bits, and where a token may end is told for all of them together.

/** Where in its memory things lie: the window, the ends noted, what signs the bytes show, the keyed words, the anchors. */
export const SIEVE_WINDOW_BYTES = WINDOW_BYTES + 128;
export const ENDS_AT = SIEVE_WINDOW_BYTES;
export const SIGNS_AT = ENDS_AT + 2 * WINDOW_BYTES + 128;
export const WORDS_AT = SIGNS_AT + 128;
export const ANCHORS_AT = WORDS_AT + 4 * 256;
/** A run of bytes without a gap is counted no further. */
export const LEAST_MAX = 63;

/** What the bytes show, as bits: bytes that spellings begin with, and a full step of letters of base64. */
export const Sign = { percent: 1, backslash: 2, nul: 4, markup: 8, letters: 16 } as const;

/** The kinds, as bits; the first five together are the word characters. */
const Of = { word: 0x1f, plusOrSlash: 0x20, percent: 0x40, backslash: 0x80 } as const;
/** The bits of each high half, and the low halves that share a bit: digits, two rows of letters, `_`, `-`, ... */
const ROWS: readonly { readonly bit: number; readonly high: number[]; readonly low: number[] }[] = [
  { bit: 1, high: [3], low: range(0, 9) },
  { bit: 2, high: [4, 6], low: range(1, 15) },
  { bit: 4, high: [5, 7], low: range(0, 10) },
  { bit: 8, high: [5], low: [15] },
  { bit: 16, high: [2], low: [13] },
  { bit: Of.plusOrSlash, high: [2], low: [11, 15] },
  { bit: Of.percent, high: [2], low: [5] },
  { bit: Of.backslash, high: [5], low: [12] },
];
const HIGH = table("high");
const LOW = table("low");

const [FROM, TO, FREE, LEAST] = [0, 1, 2, 3];
const [BASE, COUNT, HAS_LETTERS, END] = [4, 5, 6, 7];
const [OTHERS, GAPS, CLOSED, ENDS] = [8, 9, 10, 11];
const STEPS = [12, 13, 14, 15, 16, 17];
const [BYTES, KINDS, SEEN, SMALLEST, MARKUP] = [18, 19, 20, 21, 22];
const LOCALS = [
  ...new Array<number>(4).fill(Kind.i32),
  ...new Array<number>(4 + STEPS.length).fill(Kind.i64),
  ...new Array<number>(5).fill(Kind.v128),
];

/**
 * `note(from, to, free, least)` notes every place in `[from, to)` of the window before which `least` bytes stand that are
 * neither blank nor control, and at which no word character does, with its anchor; none before `free`. It answers their number.
 */
export const SIEVE_MODULE = moduleOf("note", 4, LOCALS, [
  ...set(BASE, get(FROM)),
  ...set(SMALLEST, v128.all(0xff)),
  // What the last step reads beyond the end must leave no signs.
  ...[0, 1, 2, 3].flatMap((index) => v128.store(16 * index, get(TO), v128.all(0xff))),
  ...steps(),
  ...repeatWhile(
    i32.lessThan(get(BASE), get(TO)),
    set(OTHERS, i64.value(0n)),
    set(GAPS, i64.value(0n)),
    ...[0, 1, 2, 3].map(quarter),
    // A gap closes the `least` places behind it: one place, then two, four, ...
    set(CLOSED, i64.shiftLeft(get(GAPS), i64.value(1n))),
    ...STEPS.map((step) => set(CLOSED, i64.or(get(CLOSED), i64.shiftLeft(get(CLOSED), get(step))))),
    set(ENDS, i64.and(get(OTHERS), i64.xor(get(CLOSED), i64.value(-1n)))),
    // And those before `free`, which the last gap of the steps before closes.
    when(
      i32.lessThan(get(BASE), get(FREE)),
      set(ENDS, i64.and(get(ENDS), bitsFrom(i32.subtract(get(FREE), get(BASE))))),
    ),
    when(
      i64.notEqual(get(GAPS), i64.value(0n)),
      set(
        FREE,
        i32.add(
          i32.add(get(BASE), get(LEAST)),
          i32.fromI64(i64.subtract(i64.value(64n), i64.leadingZeros(get(GAPS)))),
        ),
      ),
    ),
    when(
      i32.lessThan(i32.subtract(get(TO), get(BASE)), i32.value(64)),
      set(ENDS, i64.and(get(ENDS), i64.xor(bitsFrom(i32.subtract(get(TO), get(BASE))), i64.value(-1n)))),
    ),
    repeatWhile(
      i64.notEqual(get(ENDS), i64.value(0n)),
      set(END, i32.add(get(BASE), i32.fromI64(i64.trailingZeros(get(ENDS))))),
      i32.store16(ENDS_AT, i32.shiftLeft(get(COUNT), i32.value(1)), get(END)),
      i32.store(ANCHORS_AT, i32.shiftLeft(get(COUNT), i32.value(2)), anchor()),
      set(COUNT, i32.add(get(COUNT), i32.value(1))),
      set(ENDS, i64.and(get(ENDS), i64.subtract(get(ENDS), i64.value(1n)))),
    ),
    set(BASE, i32.add(get(BASE), i32.value(64))),
  ),
  ...i32.store(SIGNS_AT, i32.value(0), signs()),
  ...get(COUNT),
]);

/** Sixteen bytes: their bits of OTHERS and GAPS, and what signs they show. */
function quarter(index: number): Code {
  const shift = i64.value(BigInt(16 * index));
  const bitsOf = (bytes: Code) => i64.shiftLeft(i64.fromI32(v128.topBits(bytes)), shift);
  const isGap = v128.or(v128.atMost(get(BYTES), v128.all(0x20)), v128.equal(get(BYTES), v128.all(0x7f)));
  const isWord = v128.and(get(KINDS), v128.all(Of.word));
  const isLetter = v128.and(get(KINDS), v128.all(Of.word | Of.plusOrSlash));
  const is = (letter: string) => v128.equal(get(BYTES), v128.all(letter.charCodeAt(0)));
  return [
    ...set(BYTES, v128.load(16 * index, get(BASE))),
    ...set(
      KINDS,
      v128.and(
        v128.lookUp(v128.value(LOW), v128.and(get(BYTES), v128.all(15))),
        v128.lookUp(v128.value(HIGH), v128.shiftRight(get(BYTES), i32.value(4))),
      ),
    ),
    ...set(OTHERS, i64.or(get(OTHERS), bitsOf(v128.equal(isWord, v128.all(0))))),
    ...set(GAPS, i64.or(get(GAPS), bitsOf(isGap))),
    ...set(SEEN, v128.or(get(SEEN), get(KINDS))),
    ...set(SMALLEST, v128.least(get(SMALLEST), get(BYTES))),
    ...set(MARKUP, v128.or(get(MARKUP), v128.or(is("&"), v128.or(is("<"), is(">"))))),
    ...set(HAS_LETTERS, i32.or(get(HAS_LETTERS), v128.areAllSet(isLetter))),
  ];
}

/** The anchor of the six bytes before END, as `anchorAt` makes it. */
function anchor(): Code {
  const first = i32.subtract(get(END), i32.value(ANCHOR_BYTES));
  return range(0, ANCHOR_BYTES - 1)
    .map((index) => {
      const word = i32.load(WORDS_AT, i32.shiftLeft(i32.load8(index, first), i32.value(2)));
      return i32.rotateLeft(word, i32.value(5 * (ANCHOR_BYTES - 1 - index)));
    })
    .reduce((all, each) => i32.xor(all, each));
}

/** How far each step smears the gaps: 1, 2, 4, ..., and the last ones what is left of `least`. */
function steps(): Code {
  let code: Code = [];
  for (const [index, step] of STEPS.entries()) {
    const width = 1 << index;
    const left = i32.subtract(get(LEAST), i32.value(width));
    const isWhole = i32.lessThan(left, i32.value(width));
    const some = choose(left, i32.value(width), isWhole);
    const none = i32.lessThan(left, i32.value(0));
    code = [...code, ...set(step, i64.fromI32(choose(i32.value(0), some, none)))];
  }
  return code;
}

/** Ones from bit `from` on; none where that is 64 or more. */
function bitsFrom(from: Code): Code {
  return choose(
    i64.shiftLeft(i64.value(-1n), i64.fromI32(from)),
    i64.value(0n),
    i32.lessThan(from, i32.value(64)),
  );
}

function signs(): Code {
  const bit = (sign: number, isSeen: Code) => choose(i32.value(sign), i32.value(0), isSeen);
  const saw = (kind: number) => v128.hasAny(v128.and(get(SEEN), v128.all(kind)));
  return [
    bit(Sign.percent, saw(Of.percent)),
    bit(Sign.backslash, saw(Of.backslash)),
    bit(Sign.nul, v128.hasAny(v128.equal(get(SMALLEST), v128.all(0)))),
    bit(Sign.markup, v128.hasAny(get(MARKUP))),
    bit(Sign.letters, get(HAS_LETTERS)),
  ].reduce((all, each) => i32.or(all, each));
}

function table(half: "high" | "low"): number[] {
  return range(0, 15).map((value) =>
    ROWS.reduce((bits, row) => (row[half].includes(value) ? bits | row.bit : bits), 0),
  );
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
