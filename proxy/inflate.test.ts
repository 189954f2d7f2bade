import { brotliCompressSync, constants, createGzip, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { type Coding, codingsOf, type InflateLimits, type InflateOutcome, Inflation } from "./inflate.ts";

const LIMITS: InflateLimits = {
  ratioMax: 200,
  ratioBaseBytes: 2 ** 20,
  decodedBytesMax: 2 ** 30,
  ms: 20_000,
};
const TEXT = Buffer.from(
  Array.from({ length: 2_000 }, (_, index) => `made-up line ${(index * 7_919) % 1_009} of a body\n`).join(""),
);

interface Decoded {
  readonly outcome: InflateOutcome;
  readonly bytes: Buffer;
}

/** Hands the pieces over one after the other, and ends with the last unless told not to. */
async function decode(
  codings: readonly Coding[],
  pieces: readonly Buffer[],
  limits = LIMITS,
  onPiece: (bytes: Buffer) => boolean = () => true,
): Promise<Decoded> {
  const inflation = new Inflation(codings, limits);
  const found: Buffer[] = [];
  let outcome: InflateOutcome = "ok";
  for (let index = 0; index < pieces.length && outcome === "ok"; index++) {
    outcome = await new Promise((resolve) => {
      const take = (bytes: Buffer) => {
        found.push(Buffer.from(bytes));
        return onPiece(bytes);
      };
      inflation.write(pieces[index]!, index === pieces.length - 1, take, resolve);
    });
  }
  inflation.close();
  return { outcome, bytes: Buffer.concat(found) };
}

function cut(bytes: Buffer, size: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}

describe("codingsOf", () => {
  test.each<[string, ReturnType<typeof codingsOf>]>([
    ["gzip", ["gzip"]],
    ["GZIP", ["gzip"]],
    ["x-gzip", ["gzip"]],
    [" deflate ", ["deflate"]],
    ["br", ["br"]],
    ["gzip, br", ["br", "gzip"]],
    ["deflate,gzip,br", ["br", "gzip", "deflate"]],
    ["identity", null],
    ["", null],
    [" , ,", null],
    ["identity, gzip, identity", ["gzip"]],
    ["compress", "unknown"],
    ["gzip, exi", "unknown"],
    ["gzip;q=1", "unknown"],
    ["constructor", "unknown"],
    ["gzip, gzip, gzip, gzip", "too_deep"],
  ])("%j", (value, codings) => {
    expect(codingsOf(value, 3)).toEqual(codings);
  });
});

describe("decodes, in pieces of any size,", () => {
  const encoded: [string, readonly Coding[], Buffer][] = [
    ["gzip", ["gzip"], gzipSync(TEXT)],
    ["deflate with its header", ["deflate"], deflateSync(TEXT)],
    ["deflate without", ["deflate"], deflateRawSync(TEXT)],
    ["br", ["br"], brotliCompressSync(TEXT)],
    ["br over gzip", ["br", "gzip"], brotliCompressSync(gzipSync(TEXT))],
    ["gzip over br over deflate", ["gzip", "br", "deflate"], gzipSync(brotliCompressSync(deflateSync(TEXT)))],
    [
      "gzip of several members",
      ["gzip"],
      Buffer.concat([gzipSync(TEXT.subarray(0, 100)), gzipSync(TEXT.subarray(100))]),
    ],
    ["gzip with padding behind it", ["gzip"], Buffer.concat([gzipSync(TEXT), Buffer.alloc(300)])],
  ];
  test.each(encoded)("%s", async (_name, codings, bytes) => {
    for (const size of [bytes.length, 4_096, 97, ...(bytes.length < 8_000 ? [1] : [])]) {
      const decoded = await decode(codings, cut(bytes, size));
      expect(decoded.outcome).toBe("ok");
      expect(decoded.bytes.equals(TEXT)).toBe(true);
    }
  });

  test("an empty body, whatever it is said to be", async () => {
    expect(await decode(["gzip", "br"], [Buffer.alloc(0)])).toEqual({
      outcome: "ok",
      bytes: Buffer.alloc(0),
    });
  });

  test("an empty text", async () => {
    expect((await decode(["gzip", "br"], [gzipSync(brotliCompressSync(""))])).outcome).toBe("ok");
  });
});

test("what a flushed prefix decodes to is handed out before more comes", async () => {
  const gzip = createGzip();
  const pieces: Buffer[] = [];
  gzip.on("data", (piece: Buffer) => pieces.push(piece));
  gzip.write("made-up-token-0001 ");
  await new Promise<void>((resolve) => gzip.flush(constants.Z_SYNC_FLUSH, resolve));
  const inflation = new Inflation(["gzip"], LIMITS);
  let text = "";
  const take = (bytes: Buffer) => {
    text += bytes.toString();
    return true;
  };
  expect(await new Promise((resolve) => inflation.write(Buffer.concat(pieces), false, take, resolve))).toBe(
    "ok",
  );
  expect(text).toBe("made-up-token-0001 ");
  inflation.close();
  gzip.destroy();
});

describe("does not decode", () => {
  const gzip = gzipSync(TEXT);
  test.each<[string, readonly Coding[], Buffer, InflateOutcome]>([
    ["what is cut", ["gzip"], gzip.subarray(0, gzip.length - 9), "truncated"],
    ["what is cut in its header", ["gzip"], gzip.subarray(0, 5), "truncated"],
    ["a single byte of deflate", ["deflate"], Buffer.from([0x78]), "truncated"],
    ["what is cut, in br", ["br"], brotliCompressSync(TEXT).subarray(0, 50), "truncated"],
    ["what is something else", ["gzip"], TEXT, "broken"],
    ["what has something else behind it", ["gzip"], Buffer.concat([gzip, TEXT]), "broken"],
    ["an inner coding that is broken", ["gzip", "br"], gzipSync(gzip), "broken"],
  ])("%s", async (_name, codings, bytes, outcome) => {
    expect((await decode(codings, cut(bytes, 64))).outcome).toBe(outcome);
  });

  test("a bomb: it ends at the ratio, in turns, in bounded memory", async () => {
    const params = { [constants.BROTLI_PARAM_QUALITY]: 1 };
    const bomb = brotliCompressSync(Buffer.alloc(100 * 2 ** 20), { params });
    let turns = 0;
    let isOver = false;
    const count = () => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    count();
    const before = process.memoryUsage.rss();
    const decoded = await decode(["br"], [bomb]);
    isOver = true;
    expect(decoded.outcome).toBe("over_ratio");
    expect(decoded.bytes.length).toBeLessThanOrEqual(bomb.length * LIMITS.ratioMax + LIMITS.ratioBaseBytes);
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 2 ** 20);
    expect(turns).toBeGreaterThan(decoded.bytes.length / 65_536);
  });

  test("a bomb in a bomb: what lies between counts too", async () => {
    const bomb = gzipSync(gzipSync(Buffer.alloc(100 * 2 ** 20)));
    expect((await decode(["gzip", "gzip"], [bomb])).outcome).toBe("over_ratio");
  });

  test("more than is granted, and longer than is granted", async () => {
    const bytes = gzipSync(TEXT);
    expect((await decode(["gzip"], [bytes], { ...LIMITS, decodedBytesMax: 1_000 })).outcome).toBe(
      "over_bytes",
    );
    expect((await decode(["gzip"], [bytes], { ...LIMITS, ms: 0 })).outcome).toBe("over_time");
  });
});

test("stops where the caller says so, and calls nobody once it is closed", async () => {
  let pieces = 0;
  const decoded = await decode(
    ["gzip"],
    [gzipSync(Buffer.alloc(10 * 2 ** 20, "made up"))],
    LIMITS,
    () => ++pieces < 3,
  );
  expect(decoded.outcome).toBe("stopped");
  expect(pieces).toBe(3);
  const inflation = new Inflation(["gzip"], LIMITS);
  let called = 0;
  inflation.write(
    gzipSync(TEXT),
    true,
    () => ++called > 0,
    () => called++,
  );
  inflation.close();
  inflation.close();
  // Another one that is given the same to do is done: the closed one would have been too.
  await decode(["gzip"], [gzipSync(TEXT)]);
  expect(called).toBe(0);
});
