import type { Random } from "../spellings/random.ts";
import * as spell from "../spellings/spell.ts";

/** Inputs stay smaller than this: what matters at length is repeated, not long. */
const INPUT_BYTES_MAX = 48 * 1024;

/** Bytes that mean something to a parser, a decoder or a proxy. */
const WORDS: readonly string[] = [
  "\r\n",
  "\r\n\r\n",
  "\n",
  "\r",
  "\0",
  " ",
  "\t",
  ":",
  "0\r\n\r\n",
  "1\r\n",
  "ffffffff\r\n",
  "10000000000000000\r\n",
  ";a=b",
  ";",
  "HTTP/1.0",
  "HTTP/1.1",
  "HTTP/2.0",
  "GET / HTTP/1.1\r\nHost: api\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: api\r\nContent-Length: 3\r\n\r\nabc",
  "Host: api\r\n",
  "Content-Length: 5\r\n",
  "Content-Length: 0\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer_Encoding: chunked\r\n",
  "Transfer-Encoding: gzip, chunked\r\n",
  "Expect: 100-continue\r\n",
  "Connection: close\r\n",
  "Connection: keep-alive, X-Key\r\n",
  "Connection: Upgrade\r\nUpgrade: websocket\r\n",
  "TE: trailers\r\n",
  "Content-Encoding: gzip\r\n",
  "Content-Encoding: br\r\n",
  "Content-Encoding: deflate\r\n",
  "Content-Encoding: gzip, gzip\r\n",
  "Content-Type: application/json\r\n",
  "Content-Type: application/x-www-form-urlencoded\r\n",
  "Content-Type: multipart/form-data; boundary=b\r\n",
  "Authorization: Basic ",
  "Cookie: ",
  "%",
  "%25",
  "%00",
  "%u0041",
  "\\u",
  "\\u00",
  "\\",
  '\\"',
  '"',
  "&#",
  "&#x41;",
  "<![CDATA[",
  "]]>",
  "=\r\n",
  "==",
  "\x1f\x8b\x08\0",
  "\xff\xfe",
  "\xfe\xff",
  "\xef\xbb\xbf",
];

const SPELLINGS = [
  (text: string) => text,
  (text: string) => `${text}x`,
  spell.percentMixed,
  spell.percentTwice,
  spell.jsonMixed,
  spell.base64,
  spell.base64Url,
  spell.entityMixed,
];

type Mutation = (input: Buffer, random: Random, others: readonly Buffer[]) => Buffer;

const splice = (input: Buffer, at: number, removed: number, added: Buffer | string) =>
  Buffer.concat([
    input.subarray(0, at),
    typeof added === "string" ? Buffer.from(added, "latin1") : added,
    input.subarray(at + removed),
  ]);
const place = (input: Buffer, random: Random) => random.below(input.length + 1);
const span = (input: Buffer, random: Random) => {
  const from = place(input, random);
  return input.subarray(from, from + 1 + random.below(random.chance(0.8) ? 16 : 512));
};

function mutations(tokens: readonly string[]): readonly Mutation[] {
  return [
    (input, random) => {
      const copy = Buffer.from(input);
      if (copy.length > 0) copy[random.below(copy.length)]! ^= 1 << random.below(8);
      return copy;
    },
    (input, random) => splice(input, place(input, random), 1, Buffer.from([random.below(256)])),
    (input, random) => splice(input, place(input, random), random.below(12), ""),
    (input, random) => splice(input, place(input, random), 0, span(input, random)),
    (input, random) => splice(input, place(input, random), 0, random.pick(WORDS)),
    (input, random) => splice(input, place(input, random), random.below(8), random.pick(WORDS)),
    (input, random) => splice(input, place(input, random), 0, random.pick(SPELLINGS)(random.pick(tokens))),
    (input, random, others) => splice(input, place(input, random), 0, span(random.pick(others), random)),
    (input, random, others) => {
      const other = random.pick(others);
      return Buffer.concat([input.subarray(0, place(input, random)), other.subarray(place(other, random))]);
    },
    (input, random, others) => Buffer.concat([input, random.pick(others)]),
    (input, random) => {
      const piece = span(input, random);
      return splice(input, place(input, random), 0, Buffer.concat(Array(1 + random.below(60)).fill(piece)));
    },
    (input, random) => input.subarray(0, place(input, random)),
    otherNumber,
    otherLine,
  ];
}

/** Changes a number: lengths and chunk sizes are what smuggling is made of. */
function otherNumber(input: Buffer, random: Random): Buffer {
  const text = input.toString("latin1");
  const numbers = [...text.matchAll(/[0-9]+/g)];
  if (numbers.length === 0) return input;
  const { 0: found, index } = random.pick(numbers);
  const value = Number(found);
  const others = [
    value + 1,
    value - 1,
    value * 2,
    0,
    `+${found}`,
    `0x${found}`,
    `${found} `,
    `0${found}`,
    "-1",
  ];
  return splice(input, index, found.length, String(random.pick(others)));
}

/** Takes a line to another place, or says it again there. */
function otherLine(input: Buffer, random: Random): Buffer {
  const lines = input.toString("latin1").split("\r\n");
  const line = random.pick(lines);
  if (random.chance(0.5)) lines.splice(lines.indexOf(line), 1);
  lines.splice(random.below(lines.length + 1), 0, line);
  return Buffer.from(lines.join("\r\n"), "latin1");
}

/** Draws an input of the corpus and changes it, mostly a little. */
export class Mutator {
  private readonly mutations: readonly Mutation[];
  private readonly random: Random;

  constructor(tokens: readonly string[], random: Random) {
    this.mutations = mutations(tokens);
    this.random = random;
  }

  next(corpus: readonly Buffer[]): Buffer {
    const { random } = this;
    let input = random.pick(corpus);
    const rounds = random.chance(0.05) ? 0 : 1 << random.below(4);
    for (let round = 0; round < rounds; round++) input = random.pick(this.mutations)(input, random, corpus);
    if (random.chance(0.6)) input = repaired(input);
    return input.subarray(0, INPUT_BYTES_MAX);
  }
}

/** Says the true length of what follows the first head, so that changed bodies arrive. */
function repaired(input: Buffer): Buffer {
  const end = input.indexOf("\r\n\r\n");
  const length = /\r\nContent-Length: ([0-9]+)/.exec(input.toString("latin1"));
  if (end < 0 || length === null || length.index > end) return input;
  const at = length.index + length[0].length - length[1]!.length;
  return splice(input, at, length[1]!.length, String(input.length - end - 4));
}
