import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { digestTokens } from "../../rules/digest.ts";
import { Runtime } from "../../rules/runtime.ts";
import { type Tenant, Tenants } from "../../rules/tenants.ts";
import { temporaryFolder } from "../../test/support.ts";
import { commonSchema } from "../config.ts";
import { Detector } from "../detect/detector.ts";
import type { TakeInServices } from "../intake/takein.ts";
import { registeredTokens } from "./registered.ts";
import { type ScanOptions, type ScanOutcome, scan } from "./scan.ts";
import { type Mark, type Piece, type Reader, type ReadOptions, SourceFailed } from "./source.ts";

/** A token with the right checksum, put together so that it stands in no file. */
const TOKEN = ["ghp", "_madeUpMadeUpMadeUpMadeUpMadeUp", "3eng9z"].join("");
const LINE = Buffer.from(`first line\n  token = "${TOKEN}"\n`);

let folder: ReturnType<typeof temporaryFolder>;
let tenants: Tenants;
let tenant: Tenant;
let services: TakeInServices;
let runtime: Runtime;
beforeEach(async () => {
  folder = temporaryFolder();
  tenants = await Tenants.open(folder.path);
  tenant = tenants.default;
  runtime = await Runtime.open(folder.path);
  const common = commonSchema.parse({});
  services = { runtime, closing: new AbortController().signal, config: { common } };
});
afterEach(async () => {
  await Promise.all([runtime.close(), tenants.close()]);
  folder.remove();
});

function readerOf(read: (options: ReadOptions) => AsyncGenerator<Piece>): Reader {
  return { source: "scanner", label: "a made-up source", read };
}

function text(path: string, bytes: Buffer | AsyncIterable<Buffer> = LINE, more: object = {}): Piece {
  return { kind: "text", path, place: { source: "scanner", path, ...more }, bytes };
}

function run(
  read: (options: ReadOptions) => AsyncGenerator<Piece>,
  options: ScanOptions = {},
  detector = Detector.of(),
): Promise<ScanOutcome> {
  return scan(services, tenant, "test", readerOf(read), detector, options);
}

const sightings = (leak: string) => tenant.store.sightings.list(leak).sightings;

describe("a scan", () => {
  test("makes one leak of a token, whatever the places, and the same again changes nothing", async () => {
    const read = async function* () {
      for (let place = 1; place <= 10; place++) yield text(`src/${place}.env`);
    };
    const first = await run(read);
    expect(first).toMatchObject({ texts: 10, findings: 10, skipped: {}, end: "whole", mark: null });
    expect(first.taken).toMatchObject({ leaks: 1, sightings: 10, refused: {} });
    expect(tenant.store.leak("leak-1")).toMatchObject({ status: "opened", risk: 8, source: "scanner" });
    expect((await run(read)).taken).toMatchObject({ leaks: 0, sightings: 0, unchanged: 10 });
  });

  test("tells where a token stands, cleaned of what a terminal would obey, with the line in the address", async () => {
    const url = "https://github.com/acme/app/blob/c0ffee/a.env";
    await run(async function* () {
      yield text(`a\u001b[31m/${"x".repeat(2_000)}/b\n.env`, LINE, {
        url,
        commit: "c0ffee",
        author: "Ann\u0007 <ann@example.com>",
        seenAt: 1_767_000_000_000,
      });
    });
    const [seen] = sightings("leak-1");
    expect(seen).toMatchObject({
      line: 2,
      url: `${url}#L2`,
      commit: "c0ffee",
      author: "Ann\\x07 <ann@example.com>",
      seenAt: 1_767_000_000_000,
    });
    expect(seen!.path).toMatch(/^\.\.\.x+\/b\\x0a\.env$/);
    expect(seen!.path).toHaveLength(1_024);
  });

  test("finds the tokens of all leaks again, whatever they look like", async () => {
    const tokens = await digestTokens(["plain-made-up-0001", "plain-made-up-0002"], tenant.pepper);
    await tenant.store.register("test", { name: "old", description: "", risk: 5, source: "custom", tokens });
    const inventory = await registeredTokens(tenant);
    const { taken } = await run(
      async function* () {
        yield text("a.txt", Buffer.from("x = plain-made-up-0002;"));
      },
      {},
      Detector.of({ inventory }),
    );
    expect(taken).toMatchObject({ leaks: 0, known: 1, sightings: 1 });
  });

  test("tells a mark once all before it is stored", async () => {
    const told: [Mark, number][] = [];
    const outcome = await run(
      async function* () {
        yield { kind: "mark", mark: { at: 0 } };
        yield text("a.env");
        yield { kind: "mark", mark: { at: 1 } };
        yield text("b.env", Buffer.from("nothing"));
        yield { kind: "mark", mark: { at: 2 } };
      },
      { onMark: (mark) => void told.push([mark, tenant.store.counts().leaks]) },
    );
    expect(told).toEqual([
      [{ at: 0 }, 0],
      [{ at: 2 }, 1],
    ]);
    expect(outcome.mark).toEqual({ at: 2 });
  });

  test("of a source that fails keeps what was found before", async () => {
    const marks: Mark[] = [];
    const failing = run(
      async function* () {
        yield text("a.env");
        yield { kind: "mark", mark: { at: 1 } };
        throw new SourceFailed("it is gone", { retryAfterMs: 1_000 });
      },
      { onMark: (mark) => void marks.push(mark) },
    );
    await expect(failing).rejects.toMatchObject({ message: "it is gone", retryAfterMs: 1_000 });
    expect(tenant.store.counts().leaks).toBe(1);
    expect(marks).toEqual([{ at: 1 }]);
  });

  test("looks at what came of a stream that breaks off", async () => {
    const { skipped, taken } = await run(async function* () {
      yield text("a.env", breaking());
    });
    expect([skipped, taken.leaks]).toEqual([{ unreadable: 1 }, 1]);
  });
});

async function* breaking(): AsyncGenerator<Buffer> {
  yield LINE;
  throw Object.assign(new Error("broken"), { code: "EIO" });
}

async function* endless(): AsyncGenerator<Buffer> {
  for (;;) yield Buffer.alloc(64 * 1024, "x ");
}

const never = () => new Promise<never>(() => {});

describe("whatever the reader does", () => {
  test("a text that never ends is cut, and what comes after it is looked at", async () => {
    const outcome = await run(
      async function* () {
        yield text("endless", endless());
        yield text("a.env");
      },
      { limits: { textBytesMax: 1_000_000 } },
    );
    expect(outcome).toMatchObject({ texts: 2, bytes: 1_000_000 + LINE.length, skipped: { too_large: 1 } });
    expect(outcome.taken.leaks).toBe(1);
  });

  test.each<[string, ScanOptions["limits"]]>([
    ["texts", { entriesMax: 100 }],
    ["bytes", { bytesMax: 100 * LINE.length }],
  ])("%s without end come to an end", async (_what, limits) => {
    let isOver = false;
    const { texts, end, skipped } = await run(
      async function* () {
        try {
          for (;;) yield text("a.env");
        } finally {
          isOver = true;
        }
      },
      { limits },
    );
    expect([texts, end, skipped, isOver]).toEqual([100, "limit", { too_many: 1 }, true]);
  });

  test.each<[string, () => Piece | Promise<Piece>]>([
    ["a reader", never],
    ["a stream", () => text("b.env", { [Symbol.asyncIterator]: () => ({ next: never }) })],
  ])("%s that hangs ends with the time, and on demand; what was found is kept", async (_what, piece) => {
    const read = async function* () {
      yield text("a.env");
      yield await piece();
    };
    const timed = await run(read, { limits: { timeMs: 200 } });
    expect([timed.end, timed.skipped, timed.taken.leaks]).toEqual(["time", { time: 1 }, 1]);
    const stop = new AbortController();
    const stopped = run(read, { signal: stop.signal, onProgress: () => stop.abort() });
    expect(await stopped).toMatchObject({ end: "stopped", texts: 1, skipped: {} });
  });
});
