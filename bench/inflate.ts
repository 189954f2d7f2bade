import { randomBytes } from "node:crypto";
import * as zlib from "node:zlib";
import { type Coding, type InflateLimits, Inflation } from "../proxy/inflate.ts";
import { Inspection, Matcher, Scan, StreamView } from "../rules/matcher.ts";
import { Pepper } from "../rules/pepper.ts";

/**
 * Micro-benchmark of content codings: `npm run bench:inflate`.
 *
 * MB/s of decoded JSON, alone and scanned against 100,000 tokens, by wall time and by processor time of this process,
 * thread pool included; what a small body costs, and a further gzip member. The best and the median of several rounds.
 */
const ROUNDS = 7;
const DECODED_BYTES = 16 * 1024 * 1024;
const UNLIMITED: InflateLimits = {
  depthMax: 4,
  ratioMax: 1e9,
  ratioBaseBytes: 1e9,
  decodedBytesMax: 1e12,
  ms: 600_000,
};

class Passing extends Inspection {
  override budget = 1_000_000_000;
  override onMatch(): boolean {
    return true;
  }
}

interface Case {
  readonly name: string;
  readonly codings: readonly Coding[];
  readonly body: Buffer;
  readonly pieceBytes: number;
  readonly isScanned: boolean;
  /** Bodies decoded in one round, one after the other. */
  readonly repeats: number;
}

interface Figure {
  readonly wallUs: number;
  readonly cpuUs: number;
}

function json(bytes: number): Buffer {
  const rows: string[] = [];
  for (let index = 0, length = 0; length < bytes; index++) {
    const row = JSON.stringify({
      id: index,
      name: `customer number ${index}`,
      session: randomBytes(12).toString("base64url"),
      total: index * 1.25,
      tags: ["new", "gold"],
      note: "called twice, wants an offer by the end of the week",
    });
    rows.push(row);
    length += row.length + 1;
  }
  return Buffer.from(`[${rows.join(",")}]`).subarray(0, bytes);
}

/** Tokens at random (only their digests count): anchor, fingerprint and digest as a real one would have. */
function load(count: number): Matcher {
  const matcher = new Matcher(Pepper.fromBytes(randomBytes(32)));
  const slot = matcher.openSlot();
  for (let index = 0; index < count; index++)
    matcher.add(
      slot,
      randomBytes(16),
      Math.floor(Math.random() * 2 ** 32),
      Math.floor(Math.random() * 2_147_475_439),
      20 + (index % 60),
      1 + (index % 255),
    );
  matcher.setEnforced(slot, true);
  return matcher;
}

function decode(matcher: Matcher, { codings, body, pieceBytes, isScanned }: Case): Promise<void> {
  const inflation = new Inflation(codings, UNLIMITED);
  const view = new StreamView();
  const passing = new Passing();
  const onPiece = (bytes: Buffer) =>
    !isScanned || matcher.scanChunk(bytes, 0, bytes.length, view, passing) !== Scan.exhausted;
  return new Promise((resolve, reject) => {
    let at = 0;
    const next = () => {
      const piece = body.subarray(at, at + pieceBytes);
      at += pieceBytes;
      inflation.write(piece, at >= body.length, onPiece, (outcome) => {
        if (outcome !== "ok") reject(new Error(`the body was to be decoded, the outcome is ${outcome}`));
        else if (at < body.length) next();
        else resolve();
      });
    };
    next();
  });
}

async function measure(matcher: Matcher, each: Case): Promise<Figure> {
  const before = process.cpuUsage();
  const began = performance.now();
  for (let repeat = 0; repeat < each.repeats; repeat++) await decode(matcher, each);
  const wallUs = ((performance.now() - began) * 1000) / each.repeats;
  const used = process.cpuUsage(before);
  return { wallUs, cpuUs: (used.user + used.system) / each.repeats };
}

const best = (values: readonly number[]) => Math.min(...values);
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

async function main(): Promise<void> {
  const matcher = load(100_000);
  const plain = json(DECODED_BYTES);
  const gzip = zlib.gzipSync(plain);
  const br = zlib.brotliCompressSync(plain, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } });
  const { zstdCompressSync } = zlib as { zstdCompressSync?: (bytes: Buffer) => Buffer };
  const large = (
    name: string,
    codings: readonly Coding[],
    body: Buffer,
    isScanned: boolean,
    pieceBytes = 65_536,
  ) => ({
    name,
    codings,
    body,
    pieceBytes,
    isScanned,
    repeats: 1,
  });
  const throughput: Case[] = [
    large("gzip", ["gzip"], gzip, false),
    large("gzip, scanned", ["gzip"], gzip, true),
    large("gzip, scanned, pieces of 4 KiB", ["gzip"], gzip, true, 4096),
    large("deflate, scanned", ["deflate"], zlib.deflateSync(plain), true),
    large("br, scanned", ["br"], br, true),
    large("gzip of gzip, scanned", ["gzip", "gzip"], zlib.gzipSync(gzip), true),
    large("gzip of zeros (a bomb)", ["gzip"], zlib.gzipSync(Buffer.alloc(DECODED_BYTES)), true),
    ...(zstdCompressSync === undefined
      ? []
      : [large("zstd, scanned", ["zstd"], zstdCompressSync(plain), true)]),
  ];
  const member = zlib.gzipSync(Buffer.from("x"));
  const members = (count: number): Case => ({
    name: `${count} gzip member${count > 1 ? "s" : ""} of ${member.length} bytes`,
    codings: ["gzip"],
    body: Buffer.concat(Array.from({ length: count }, () => member)),
    pieceBytes: 65_536,
    isScanned: true,
    repeats: 1000 / count,
  });
  const small: Case[] = [
    members(1),
    members(1000),
    {
      ...large("gzip of 2,000 bytes", ["gzip"], zlib.gzipSync(plain.subarray(0, 2000)), true),
      repeats: 1000,
    },
  ];
  const cases = [...throughput, ...small];
  const figures = new Map<Case, Figure[]>(cases.map((each) => [each, []]));
  for (let round = -1; round < ROUNDS; round++)
    for (const each of cases) {
      const figure = await measure(matcher, each);
      if (round >= 0) figures.get(each)!.push(figure);
    }
  console.log(`node ${process.version}; ${DECODED_BYTES} bytes of JSON, 100,000 tokens; best (median)\n`);
  console.log("                                     MB/s by wall     MB/s by processor");
  for (const each of throughput) {
    const rate = (us: readonly number[]) =>
      `${(DECODED_BYTES / best(us)).toFixed(0)} (${(DECODED_BYTES / median(us)).toFixed(0)})`.padEnd(17);
    const walls = figures.get(each)!.map(({ wallUs }) => wallUs);
    const cpus = figures.get(each)!.map(({ cpuUs }) => cpuUs);
    console.log(`  ${each.name.padEnd(34)} ${rate(walls)}${rate(cpus)}`);
  }
  console.log("\n                                     us by wall       us by processor");
  for (const each of small) {
    const time = (us: readonly number[]) => `${best(us).toFixed(0)} (${median(us).toFixed(0)})`.padEnd(17);
    const walls = figures.get(each)!.map(({ wallUs }) => wallUs);
    const cpus = figures.get(each)!.map(({ cpuUs }) => cpuUs);
    console.log(`  ${each.name.padEnd(34)} ${time(walls)}${time(cpus)}`);
  }
}

await main();
