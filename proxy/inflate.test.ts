import * as zlib from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { hasZstd } from "./inflate/decoder.ts";
import { type Coding, codingsOf, type InflateLimits, type InflateOutcome, Inflation } from "./inflate.ts";

const MiB = 1024 * 1024;
const WIDE: InflateLimits = {
  depthMax: 4,
  ratioMax: 1e9,
  ratioBaseBytes: 1e9,
  decodedBytesMax: 1e12,
  ms: 600_000,
};

const open = new Set<Inflation>();
afterEach(() => {
  for (const inflation of open) inflation.close();
  open.clear();
});

function inflationOf(codings: readonly Coding[], limits = WIDE, now?: () => number): Inflation {
  const inflation = new Inflation(codings, limits, now);
  open.add(inflation);
  return inflation;
}

type OnPiece = (bytes: Buffer) => boolean;

function write(inflation: Inflation, piece: Buffer, isLast: boolean, onPiece: OnPiece) {
  return new Promise<InflateOutcome>((resolve) => inflation.write(piece, isLast, onPiece, resolve));
}

interface Decoded {
  readonly outcome: InflateOutcome;
  readonly text: string;
  readonly trailing: boolean;
}

/** Feeds a body in pieces of `step` bytes, the last one told as such, until an outcome other than `ok`. */
async function decode(
  codings: readonly Coding[],
  body: Buffer,
  step = 4096,
  limits = WIDE,
): Promise<Decoded> {
  const inflation = inflationOf(codings, limits);
  const parts: Buffer[] = [];
  const keep = (bytes: Buffer) => parts.push(Buffer.from(bytes)) > 0;
  let outcome: InflateOutcome = "ok";
  let at = 0;
  do {
    const piece = body.subarray(at, at + step);
    at += step;
    outcome = await write(inflation, piece, at >= body.length, keep);
  } while (outcome === "ok" && at < body.length);
  return { outcome, text: Buffer.concat(parts).toString("latin1"), trailing: inflation.trailing };
}

/** Text that compresses, but not to nothing. */
const text = Array.from({ length: 900 }, (_, row) => `{"row":${row},"mix":${(row * 7919) % 1009}}`).join(
  "\n",
);
const bytes = Buffer.from(text);
const whole = { outcome: "ok", text, trailing: false };

const { zstdCompressSync } = zlib as { zstdCompressSync?: (bytes: Buffer) => Buffer };
const ENCODE: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: (input) => zlib.gzipSync(input),
  deflate: (input) => zlib.deflateSync(input),
  "raw deflate": (input) => zlib.deflateRawSync(input),
  br: (input) => zlib.brotliCompressSync(input, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } }),
  zstd: (input) => zstdCompressSync!(input),
};
/** Raw deflate of stored blocks of 10,000 bytes, and an empty one of the other kind at the end. */
function stored(input: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < input.length; at += 10_000) {
    const block = input.subarray(at, at + 10_000);
    const head = Buffer.alloc(5);
    head.writeUInt16LE(block.length, 1);
    head.writeUInt16LE(0xffff - block.length, 3);
    parts.push(head, block);
  }
  return Buffer.concat([...parts, Buffer.from([3, 0])]);
}

const codingOf = (name: string) => (name === "raw deflate" ? "deflate" : name) as Coding;
const names = ["gzip", "deflate", "raw deflate", "br", ...(hasZstd ? ["zstd"] : [])];

describe("codingsOf", () => {
  const zstd = hasZstd ? ["zstd"] : "unknown";
  test.each<[string, readonly string[] | string | null]>([
    ["gzip", ["gzip"]],
    ["x-gzip", ["gzip"]],
    ["GZip", ["gzip"]],
    ["X-GZIP", ["gzip"]],
    ["deflate", ["deflate"]],
    ["br", ["br"]],
    ["BR", ["br"]],
    ["zstd", zstd],
    ["  gzip\t", ["gzip"]],
    ["gzip, br", ["br", "gzip"]],
    ["br,gzip", ["gzip", "br"]],
    ["br \t,\t gzip", ["gzip", "br"]],
    ["deflate, gzip, br", ["br", "gzip", "deflate"]],
    ["gzip, gzip, gzip", ["gzip", "gzip", "gzip"]],
    ["gzip, gzip, gzip, gzip", "too_deep"],
    ["foo, gzip, gzip, gzip", "too_deep"],
    ["", null],
    [" ", null],
    [",", null],
    [", ,,", null],
    ["identity", null],
    ["Identity, identity", null],
    ["identity, gzip, identity", ["gzip"]],
    [",gzip,", ["gzip"]],
    ["identity, identity, identity, identity, br", ["br"]],
    ["compress", "unknown"],
    ["x-compress", "unknown"],
    ["exi", "unknown"],
    ["dcb", "unknown"],
    ["dcz", "unknown"],
    ["pack200-gzip", "unknown"],
    ["aes128gcm", "unknown"],
    ["gzip;q=1", "unknown"],
    ['"gzip"', "unknown"],
    ["gzip br", "unknown"],
    ["*", "unknown"],
    ["gzip, foo", "unknown"],
    ["foo, gzip", "unknown"],
    ["constructor", "unknown"],
  ])("%j: %j", (value, codings) => {
    expect(codingsOf(value, 3)).toEqual(codings);
  });

  test("a depth of 0 allows none", () => {
    expect(codingsOf("gzip", 0)).toBe("too_deep");
    expect(codingsOf("identity", 0)).toBe(null);
  });
});

describe.each(names)("%s", (name) => {
  const coding = codingOf(name);
  const encoded = ENCODE[name]!(bytes);

  test.each([1, 7, 4096, 1 << 20])("comes back whole in pieces of %i bytes", async (step) => {
    expect(await decode([coding], encoded, step)).toEqual(whole);
  });

  test("of nothing is nothing, and so is an empty body", async () => {
    const nothing = { outcome: "ok", text: "", trailing: false };
    expect(await decode([coding], ENCODE[name]!(Buffer.alloc(0)), 1)).toEqual(nothing);
    expect(await decode([coding], Buffer.alloc(0))).toEqual(nothing);
  });

  test("empty pieces change nothing, in the midst and at the end", async () => {
    const inflation = inflationOf([coding]);
    let got = "";
    const onPiece = (piece: Buffer) => {
      got += piece.toString("latin1");
      return true;
    };
    const empty = Buffer.alloc(0);
    for (const piece of [empty, encoded.subarray(0, 40), empty, empty, encoded.subarray(40), empty])
      expect(await write(inflation, piece, false, onPiece)).toBe("ok");
    expect(got).toBe(text);
    expect(await write(inflation, empty, true, onPiece)).toBe("ok");
    expect(got).toBe(text);
  });

  test.each([1, 50, 4096])(
    "cut short is truncated, what was there is handed out; pieces of %i",
    async (step) => {
      for (const length of [1, 2, 3, 5, 11, encoded.length >> 1, encoded.length - 1]) {
        const answer = await decode([coding], encoded.subarray(0, length), step);
        expect(answer.outcome).toBe("truncated");
        expect(text.startsWith(answer.text)).toBe(true);
        const isBlockwise = name === "zstd";
        if (length > 500 && !isBlockwise) expect(answer.text.length).toBeGreaterThan(text.length / 3);
      }
    },
  );

  test.each([1, 4096])("bytes after the end are passed over and told; pieces of %i", async (step) => {
    const answer = await decode([coding], Buffer.concat([encoded, Buffer.from("}trailing")]), step);
    // To a decoder of zstd, what follows a frame is a frame or an error.
    if (name === "zstd") expect(answer).toMatchObject({ outcome: "broken", text });
    else expect(answer).toEqual({ ...whole, trailing: true });
  });

  test("a corrupted byte ends in an outcome, never in an error, and what came before it is whole", async () => {
    const outcomes = new Set<InflateOutcome>();
    for (let at = 0; at < encoded.length; at += 13) {
      const corrupted = Buffer.from(encoded);
      corrupted[at]! ^= 0x55;
      const { outcome } = await decode([coding], corrupted, 512);
      outcomes.add(outcome);
    }
    expect([...outcomes].filter((outcome) => !["ok", "broken", "truncated"].includes(outcome))).toEqual([]);
    expect(outcomes).toContain("broken");
  });

  test("onPiece stops it, and it stays stopped", async () => {
    const inflation = inflationOf([coding]);
    expect(await write(inflation, encoded, true, () => false)).toBe("stopped");
    expect(await write(inflation, encoded, true, () => true)).toBe("stopped");
  });
});

test.skipIf(hasZstd)("zstd is unknown: this Node has none (22.15 and 23.8 have it)", () => {
  expect(codingsOf("zstd", 3)).toBe("unknown");
});

test.skipIf(!hasZstd)(
  "zstd frames follow each other, skippable ones among them (RFC 8878 section 3.1)",
  async () => {
    const frame = ENCODE.zstd!(bytes);
    const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    for (const step of [1, 100, 1 << 20])
      expect(
        await decode(["zstd"], Buffer.concat([skippable, frame, skippable, frame, skippable]), step),
      ).toEqual({
        ...whole,
        text: text + text,
      });
  },
);

describe("decoded bytes appear as early as zlib has them", () => {
  const { Z_SYNC_FLUSH, Z_FULL_FLUSH, BROTLI_OPERATION_FLUSH } = zlib.constants;
  const flushed = async (stream: zlib.Gzip | zlib.BrotliCompress, kind: number) => {
    const parts: Buffer[] = [];
    stream.on("data", (part: Buffer) => parts.push(part));
    stream.write(bytes.subarray(0, 300));
    await new Promise<void>((resolve) => stream.flush(kind, () => resolve()));
    stream.write(bytes.subarray(300, 700));
    await new Promise<void>((resolve) => stream.flush(kind, () => resolve()));
    await new Promise<void>((resolve) => stream.end(() => resolve()));
    if (!stream.readableEnded) await new Promise((resolve) => stream.on("end", resolve));
    return Buffer.concat(parts);
  };
  test.each<[string, Coding, () => zlib.Gzip | zlib.BrotliCompress, number, (prefix: Buffer) => Buffer]>([
    [
      "gzip",
      "gzip",
      () => zlib.createGzip(),
      Z_SYNC_FLUSH,
      (prefix) => zlib.gunzipSync(prefix, { finishFlush: Z_SYNC_FLUSH }),
    ],
    [
      "gzip, stored",
      "gzip",
      () => zlib.createGzip({ level: 0 }),
      Z_FULL_FLUSH,
      (prefix) => zlib.gunzipSync(prefix, { finishFlush: Z_SYNC_FLUSH }),
    ],
    [
      "deflate",
      "deflate",
      () => zlib.createDeflate({ strategy: zlib.constants.Z_FIXED }),
      Z_SYNC_FLUSH,
      (prefix) => zlib.inflateSync(prefix, { finishFlush: Z_SYNC_FLUSH }),
    ],
    [
      "raw deflate",
      "deflate",
      () => zlib.createDeflateRaw(),
      Z_SYNC_FLUSH,
      (prefix) => zlib.inflateRawSync(prefix, { finishFlush: Z_SYNC_FLUSH }),
    ],
    [
      "br",
      "br",
      () => zlib.createBrotliCompress(),
      BROTLI_OPERATION_FLUSH,
      (prefix) => zlib.brotliDecompressSync(prefix, { finishFlush: BROTLI_OPERATION_FLUSH }),
    ],
  ])("%s", async (_, coding, compressor, flush, oracle) => {
    const encoded = await flushed(compressor(), flush);
    const inflation = inflationOf([coding]);
    let got = 0;
    for (let at = 0; at < encoded.length; at++) {
      await write(inflation, encoded.subarray(at, at + 1), false, (piece) => {
        got += piece.length;
        return true;
      });
      expect([at, got]).toEqual([at, oracle(encoded.subarray(0, at + 1)).length]);
    }
    expect(got).toBe(700);
  });
});

describe("stacked codings", () => {
  test.each<[readonly string[]]>([
    [["br", "gzip"]],
    [["gzip", "br"]],
    [["gzip", "gzip", "gzip"]],
    [["deflate", "raw deflate", "br", "gzip"]],
  ])("%j, in the order to undo them", async (stack) => {
    let encoded = bytes;
    for (const name of [...stack].reverse()) encoded = ENCODE[name]!(encoded) as Buffer<ArrayBuffer>;
    const codings = stack.map(codingOf);
    for (const step of [1, 7, 4096]) expect(await decode(codings, encoded, step)).toEqual(whole);
    expect((await decode(codings, encoded.subarray(0, -1))).outcome).toBe("truncated");
    expect(await decode(codings, Buffer.alloc(0))).toEqual({ ...whole, text: "" });
  });

  test("more than a chunk comes through whole and in order", async () => {
    const large = Buffer.concat(Array.from({ length: 200 }, () => bytes));
    const encoded = zlib.gzipSync(zlib.deflateRawSync(large, { level: 0 }));
    for (const step of [5_000, 1 << 24]) {
      const answer = await decode(["gzip", "deflate"], encoded, step);
      expect(answer.outcome).toBe("ok");
      expect(answer.text === large.toString("latin1")).toBe(true);
    }
  });

  test("a fault in the outer coding comes after what the inner one still has", async () => {
    const large = Buffer.concat(Array.from({ length: 20 }, () => bytes));
    const outer = stored(stored(large));
    // The thirtieth block's length no longer agrees with its complement (RFC 1951 section 3.2.4).
    outer[29 * 10_005 + 1]! ^= 1;
    const answer = await decode(["deflate", "deflate"], outer, 1 << 24);
    expect(answer.outcome).toBe("broken");
    expect(answer.text.length).toBeGreaterThan(64 * 1024);
    expect(large.toString("latin1").startsWith(answer.text)).toBe(true);
  });
});

describe("gzip members", () => {
  const member = (input: string) => zlib.gzipSync(Buffer.from(input));
  const cases: [string, Buffer[], Partial<Decoded>][] = [
    ["two", [member("one,"), member("two")], { text: "one,two", trailing: false }],
    ["an empty one between", [member("a"), member(""), member("b")], { text: "ab", trailing: false }],
    ["zero padding after", [member("a"), Buffer.alloc(512)], { text: "a", trailing: true }],
    ["a member after padding", [member("a"), Buffer.alloc(9), member("b")], { text: "ab", trailing: true }],
    ["garbage after", [member("a"), Buffer.from("xyz")], { text: "a", trailing: true }],
    ["garbage that starts like one", [member("a"), Buffer.from("\x1fxyz")], { text: "a", trailing: true }],
    ["no member after garbage", [member("a"), Buffer.from("x"), member("b")], { text: "a", trailing: true }],
    ["garbage after padding", [member("a"), Buffer.from("\0\0x")], { text: "a", trailing: true }],
  ];
  test.each(cases)("%s", async (_, parts, expected) => {
    for (const step of [1, 7, 4096])
      expect(await decode(["gzip"], Buffer.concat(parts), step)).toEqual({ outcome: "ok", ...expected });
  });

  test("a second one cut short is truncated", async () => {
    const body = Buffer.concat([member("one,"), member("two")]);
    for (const step of [1, 4096])
      expect(await decode(["gzip"], body.subarray(0, -9), step)).toMatchObject({
        outcome: "truncated",
        text: "one,two",
      });
  });

  test("each costs as much as many decoded bytes", async () => {
    const limits = { ...WIDE, decodedBytesMax: MiB };
    const body = Buffer.concat(Array.from({ length: 3_000 }, () => member("")));
    expect((await decode(["gzip"], body, 1 << 20, limits)).outcome).toBe("over_bytes");
  });

  test.each(Array.from({ length: 32 }, (_, flags) => flags))("a header with flags %i", async (flags) => {
    const raw = zlib.deflateRawSync(Buffer.from("hello"));
    const parts = [Buffer.from([0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 255])];
    if (flags & 4) parts.push(Buffer.from([0x2c, 0x01]), Buffer.alloc(300, 7));
    if (flags & 8) parts.push(Buffer.from("name.json\0"));
    if (flags & 16) parts.push(Buffer.from("a comment\0"));
    if (flags & 2) parts.push(Buffer.from([0, 0]));
    const body = Buffer.concat([...parts, raw, Buffer.from([0x86, 0xa6, 0x10, 0x36, 5, 0, 0, 0])]);
    for (const step of [1, 7, 4096])
      expect(await decode(["gzip"], body, step)).toEqual({ outcome: "ok", text: "hello", trailing: false });
  });

  test("an FEXTRA of length 0", async () => {
    const head = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 3, 0, 0]);
    const body = Buffer.concat([head, zlib.deflateRawSync(Buffer.from("hello")), Buffer.alloc(8)]);
    expect(await decode(["gzip"], body, 1)).toMatchObject({ outcome: "ok", text: "hello" });
  });

  test("a wrong checksum loses no byte: a server that ignores it would have had them all", async () => {
    const body = zlib.gzipSync(bytes);
    body[body.length - 8]! ^= 1;
    expect((await decode(["gzip"], body, 1 << 20)).text).toBe(text);
  });

  test.each([
    ["text", Buffer.from("plain text")],
    ["zlib's format", zlib.deflateSync(bytes)],
    ["another method", Buffer.from([0x1f, 0x8b, 7, 0, 0, 0])],
  ])("%s is broken", async (_, body) => {
    expect(await decode(["gzip"], body, 1)).toEqual({ outcome: "broken", text: "", trailing: false });
  });
});

describe("deflate", () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9])("level %i, each window, zlib's format and raw", async (level) => {
    for (let windowBits = 9; windowBits <= 15; windowBits++) {
      expect(await decode(["deflate"], zlib.deflateSync(bytes, { level, windowBits }))).toEqual(whole);
      expect(await decode(["deflate"], zlib.deflateRawSync(bytes, { level, windowBits }))).toEqual(whole);
    }
  });

  test("a stored block whose unused bits look like zlib's first byte is raw", async () => {
    const raw = zlib.deflateRawSync(Buffer.from("hello"), { level: 0 });
    const body = Buffer.concat([Buffer.from([0x78, 5, 0, 250, 255]), Buffer.from("hello"), raw]);
    for (const step of [1, 3, 4096])
      expect(await decode(["deflate"], body, step)).toMatchObject({ outcome: "ok", text: "hellohello" });
  });

  test("a body that is both is broken: servers would differ", async () => {
    const length = 0x0101;
    const body = Buffer.concat([
      Buffer.from([0x78, length & 255, length >> 8, ~length & 255, (~length >> 8) & 255]),
      Buffer.alloc(length, "a"),
      Buffer.from([3, 0]),
    ]);
    expect(zlib.inflateRawSync(body).length).toBe(length);
    for (const step of [1, 4096]) expect((await decode(["deflate"], body, step)).outcome).toBe("broken");
  });
});

describe("budgets", () => {
  /** Zeros in segments that end on a byte (Z_FULL_FLUSH), so that one made once can follow itself. */
  function bomb(mebibytes: number): Buffer {
    const { Z_FULL_FLUSH } = zlib.constants;
    const segment = zlib.deflateRawSync(Buffer.alloc(16 * MiB), { finishFlush: Z_FULL_FLUSH, level: 9 });
    return Buffer.concat([
      Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]),
      ...Array.from({ length: mebibytes / 16 }, () => segment),
      Buffer.from([3, 0]),
      Buffer.alloc(8),
    ]);
  }

  interface Course {
    readonly outcome: InflateOutcome;
    readonly decodedBytes: number;
    readonly pieces: number;
    readonly turns: number;
    readonly grownMiB: number;
    readonly longestPauseMs: number;
  }

  async function course(
    codings: readonly Coding[],
    body: Buffer,
    step: number,
    limits: InflateLimits,
  ): Promise<Course> {
    const inflation = inflationOf(codings, limits);
    const before = process.memoryUsage.rss();
    let [decodedBytes, pieces, turns, peak, longestPauseMs, isOver] = [0, 0, 0, before, 0, false];
    let last = performance.now();
    const turn = () => {
      turns++;
      longestPauseMs = Math.max(longestPauseMs, performance.now() - last);
      last = performance.now();
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    const onPiece = (piece: Buffer) => {
      decodedBytes += piece.length;
      if (pieces++ % 64 === 0) peak = Math.max(peak, process.memoryUsage.rss());
      return true;
    };
    let outcome: InflateOutcome = "ok";
    for (let at = 0; at < body.length && outcome === "ok"; at += step)
      outcome = await write(inflation, body.subarray(at, at + step), at + step >= body.length, onPiece);
    isOver = true;
    return { outcome, decodedBytes, pieces, turns, grownMiB: (peak - before) / MiB, longestPauseMs };
  }

  const gibibyte = bomb(1024);

  test("a bomb of 1 GiB in 1 MB stops at the ratio", async () => {
    expect(gibibyte.length).toBeLessThan(1.2 * MiB);
    const limits = { ...WIDE, ratioMax: 100, ratioBaseBytes: MiB };
    for (const step of [4096, 64 * 1024, gibibyte.length]) {
      const run = await course(["gzip"], gibibyte, step, limits);
      expect(run.outcome).toBe("over_ratio");
      expect(run.decodedBytes).toBeLessThanOrEqual(MiB + 100 * step);
      expect(run.grownMiB).toBeLessThan(64);
    }
  });

  test("let through, it takes bounded memory and a turn of the event loop for each chunk", async () => {
    const run = await course(["gzip"], gibibyte, gibibyte.length, { ...WIDE, decodedBytesMax: 512 * MiB });
    expect(run.outcome).toBe("over_bytes");
    expect(run.decodedBytes).toBe(512 * MiB);
    expect(run.grownMiB).toBeLessThan(64);
    expect(run.pieces).toBe((512 * MiB) / (64 * 1024));
    expect(run.turns).toBeGreaterThan(run.pieces * 0.9);
  });

  test("what lies between stacked codings counts too", async () => {
    const twice = zlib.gzipSync(gibibyte);
    expect(twice.length).toBeLessThan(64 * 1024);
    const run = await course(["gzip", "gzip"], twice, twice.length, {
      ...WIDE,
      ratioMax: 1000,
      ratioBaseBytes: MiB,
    });
    expect(run.outcome).toBe("over_ratio");
    expect(run.decodedBytes).toBeLessThanOrEqual(MiB + 1000 * twice.length);
    expect(run.grownMiB).toBeLessThan(64);
    // The inner coding yields nothing; the outer one's bytes are work all the same.
    const hollow = zlib.gzipSync(
      Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3]), Buffer.alloc(4 * MiB, "n")]),
    );
    expect(
      (await course(["gzip", "gzip"], hollow, hollow.length, { ...WIDE, decodedBytesMax: MiB })).outcome,
    ).toBe("over_bytes");
  });

  test("a brotli bomb", async () => {
    const body = zlib.brotliCompressSync(Buffer.alloc(64 * MiB), {
      params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1, [zlib.constants.BROTLI_PARAM_LGWIN]: 22 },
    });
    const limits = { ...WIDE, ratioMax: 100, ratioBaseBytes: 4 * MiB };
    const run = await course(["br"], body, 4096, limits);
    expect(run.outcome).toBe("over_ratio");
    const through = await course(["br"], body, 4096, { ...WIDE, decodedBytesMax: 48 * MiB });
    expect(through.outcome).toBe("over_bytes");
    expect(through.grownMiB).toBeLessThan(64);
    expect(through.turns).toBeGreaterThan(through.pieces * 0.9);
  });

  test("decoded bytes are exact: the limit passes, one more does not", async () => {
    const body = zlib.gzipSync(bytes);
    const limits = (decodedBytesMax: number) => ({ ...WIDE, decodedBytesMax });
    expect((await decode(["gzip"], body, 4096, limits(bytes.length))).outcome).toBe("ok");
    expect((await decode(["gzip"], body, 4096, limits(bytes.length - 1))).outcome).toBe("over_bytes");
  });

  test("time counts while a piece is decoded, not between pieces, and stays spent", async () => {
    let clock = 0;
    const inflation = inflationOf(["gzip"], { ...WIDE, ms: 100 }, () => clock);
    const body = zlib.gzipSync(bytes, { level: 0 });
    const slow = () => {
      clock += 30;
      return true;
    };
    for (let at = 0; at < 3000; at += 1000) {
      expect(await write(inflation, body.subarray(at, at + 1000), false, slow)).toBe("ok");
      clock += 10_000;
    }
    expect(await write(inflation, body.subarray(3000, 4000), false, slow)).toBe("ok");
    expect(await write(inflation, body.subarray(4000, 5000), false, slow)).toBe("over_time");
    expect(await write(inflation, body.subarray(5000), true, slow)).toBe("over_time");
  });
});

describe("calls", () => {
  const body = zlib.gzipSync(Buffer.alloc(MiB, "abc"));
  const settled = () => new Promise((resolve) => setTimeout(resolve, 50));

  test.each([
    ["with a piece in the thread pool", body],
    ["with an outcome on its way", Buffer.from("not gzip")],
    ["with a header byte", body.subarray(0, 1)],
  ])("close %s: no callback is called any more", async (_, piece) => {
    const inflation = inflationOf(["gzip"]);
    let calls = 0;
    const count = () => ++calls > 0;
    inflation.write(piece, false, count, count);
    inflation.close();
    inflation.close();
    inflation.write(piece, true, count, count);
    await settled();
    expect(calls).toBe(0);
  });

  test("close within onPiece and within done", async () => {
    for (const answer of [true, false]) {
      const inflation = inflationOf(["gzip"]);
      let calls = 0;
      const onPiece = () => {
        calls++;
        inflation.close();
        return answer;
      };
      inflation.write(body, true, onPiece, () => calls++);
      await settled();
      expect(calls).toBe(1);
    }
    const inflation = inflationOf(["gzip"]);
    await new Promise<void>((resolve) => {
      const done = () => {
        inflation.close();
        resolve();
      };
      inflation.write(body, true, () => true, done);
    });
  });

  test("done comes once, never within write; a write within done goes on", async () => {
    const inflation = inflationOf(["gzip"]);
    const seen: string[] = [];
    await new Promise<void>((resolve) => {
      const second = () => seen.push("second") && resolve();
      const first = () => {
        seen.push("first");
        inflation.write(body.subarray(1), true, () => true, second);
      };
      inflation.write(body.subarray(0, 1), false, () => true, first);
      seen.push("written");
    });
    await settled();
    expect(seen).toEqual(["written", "first", "second"]);
  });

  test("a write before the one before is done is refused", () => {
    const inflation = inflationOf(["gzip"]);
    const pass = () => true;
    inflation.write(body, false, pass, pass);
    expect(() => inflation.write(body, false, pass, pass)).toThrow("could not decode a piece");
  });

  test("many at once get their own bytes", async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => {
        const name = names[index % names.length]!;
        return decode([codingOf(name)], ENCODE[name]!(Buffer.from(`${index}${text}`)), 100 + index);
      }),
    );
    for (const [index, answer] of answers.entries()) expect(answer.text === `${index}${text}`).toBe(true);
  });
});
