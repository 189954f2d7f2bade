import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tarOf, zipOf } from "../../test/archives.ts";
import { temporaryFolder } from "../../test/support.ts";
import { Detector } from "../detect/detector.ts";
import { ArchiveReader } from "./archive.ts";
import { FolderReader } from "./folder.ts";
import { imageReader, isImage } from "./image.ts";
import { Look, type LookCounts } from "./look.ts";
import { defaultLimits, type Reader, type ScanLimits } from "./source.ts";

/** A token with the right checksum, put together so that it stands in no file. */
const TOKEN = ["ghp", "_madeUpMadeUpMadeUpMadeUpMadeUp", "3eng9z"].join("");
const MIB = 1024 * 1024;

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());
const at = (name: string) => join(folder.path, name);

function written(name: string, bytes: Buffer | string): string {
  writeFileSync(at(name), bytes);
  return at(name);
}

/** What is seen of a source: paths of texts, and sums. */
async function lookAt(
  reader: Reader,
  limits: Partial<ScanLimits> = {},
): Promise<LookCounts & { readonly paths: readonly string[]; readonly left: readonly string[] }> {
  const paths: string[] = [];
  const left: string[] = [];
  const watched: Reader = {
    source: reader.source,
    label: reader.label,
    async *read(options) {
      for await (const piece of reader.read(options)) {
        if (piece.kind === "text") paths.push(piece.place.path!.replace(`${folder.path}/`, ""));
        yield piece;
      }
    },
  };
  const onSkipped = (path: string, why: string) => left.push(`${path}: ${why}`);
  const look = new Look(watched, Detector.of(), { limits: { ...defaultLimits, ...limits }, onSkipped });
  for await (const _ of look.seen());
  return { ...look.counts, paths, left };
}

describe("an archive", () => {
  test("is looked into, with those in it, whatever they are called", async () => {
    const inner = zipOf([{ name: "deep/b.env", bytes: "b" }]);
    const tar = tarOf([
      { name: "a.env", bytes: "a" },
      { name: `${"long/".repeat(40)}name.txt`, bytes: "long" },
      { name: "link", bytes: "", type: "2" },
      { name: "device", bytes: "", type: "3" },
      { name: "lib.jar", bytes: inner },
      { name: "log.gz", bytes: gzipSync("log") },
    ]);
    const expected = ["a.env", `${"long/".repeat(40)}name.txt`, "lib.jar!/deep/b.env", "log.gz!/log"];
    for (const [name, bytes] of [
      ["x.tar", tar],
      ["x.tgz", gzipSync(tar)],
    ] as const)
      expect((await lookAt(new ArchiveReader(written(name, bytes)))).paths).toEqual(
        expected.map((each) => `${name}!/${each}`),
      );
    const zip = written("x.zip", zipOf([{ name: "in.tar", bytes: tar }]));
    expect((await lookAt(new ArchiveReader(zip))).paths).toEqual(
      expected.map((each) => `x.zip!/in.tar!/${each}`),
    );
  });

  test("as the tar of the system writes it is read the same", async () => {
    mkdirSync(at("in"));
    const name = `${"n".repeat(120)}.txt`;
    writeFileSync(join(at("in"), name), "text");
    for (const format of ["pax", "gnu"]) {
      execFileSync("tar", [`--format=${format}`, "-cf", at(`${format}.tar`), "-C", at("in"), name]);
      expect((await lookAt(new ArchiveReader(at(`${format}.tar`)))).paths).toEqual([
        `${format}.tar!/${name}`,
      ]);
    }
  });

  test("names that lead out are only names, and control characters are spelled out where they are told", async () => {
    const path = written("x.zip", zipOf([{ name: "../../etc/\u001b[2Jx", bytes: `t=${TOKEN}\n` }]));
    const { paths, findings } = await lookAt(new ArchiveReader(path));
    expect([paths, findings]).toEqual([["x.zip!/../../etc/\u001b[2Jx"], 1]);
  });

  test.each<[string, () => Buffer, Partial<ScanLimits>, string]>([
    ["a bomb", () => zipOf([{ name: "zeros", bytes: Buffer.alloc(40 * MIB) }]), {}, "x: ratio"],
    [
      "a bomb of entries that overlap",
      () => zipOf([{ name: "zeros", bytes: Buffer.alloc(MIB) }], 100),
      {},
      "x: ratio",
    ],
    ["a bomb of gzip", () => gzipSync(Buffer.alloc(40 * MIB)), {}, "x: ratio"],
    ["a bomb in a bomb", () => gzipSync(gzipSync(Buffer.alloc(60 * MIB))), {}, "x: ratio"],
    [
      "deep nesting",
      () => [1, 2, 3, 4, 5, 6].reduce<Buffer>((bytes) => zipOf([{ name: "x", bytes }]), Buffer.from("text")),
      {},
      "x!/x!/x!/x!/x: too_deep",
    ],
    [
      "more entries than may be",
      () => zipOf(Array.from({ length: 20 }, (_, index) => ({ name: `${index}`, bytes: "x" }))),
      { entriesMax: 10 },
      "x: too_many",
    ],
    ["a zip without its end", () => zipOf([{ name: "a", bytes: "a" }]).subarray(0, -30), {}, "x: unreadable"],
    ["a gzip that breaks off", () => gzipSync(Buffer.from("some text")).subarray(0, -9), {}, "x: unreadable"],
    [
      "a tar that breaks off",
      () => tarOf([{ name: "a", bytes: "a".repeat(600) }]).subarray(0, 900),
      {},
      "x: unreadable",
    ],
    ["xz", () => Buffer.from("fd377a585a000004", "hex"), {}, "x: unsupported"],
  ])("%s is bounded and reported", async (_what, bytes, limits, told) => {
    const { left, bytes: looked } = await lookAt(new ArchiveReader(written("x", bytes())), limits);
    expect(left[0]?.replace("x!/x: unreadable", "x: unreadable")).toBe(told);
    expect(looked).toBeLessThan(17 * MIB);
  });
});

describe("a folder", () => {
  test("gives its files and what archives among them hold; links that lead out, pipes and large files are not read", async () => {
    mkdirSync(at("in/sub"), { recursive: true });
    written("outside.env", `t=${TOKEN}`);
    written("in/a.env", `t=${TOKEN}`);
    written("in/sub/b.zip", zipOf([{ name: "c.env", bytes: `t=${TOKEN}` }]));
    symlinkSync(at("outside.env"), at("in/out"));
    symlinkSync("/", at("in/root"));
    symlinkSync(at("in/a.env"), at("in/within"));
    symlinkSync(at("in"), at("in/sub/loop"));
    execFileSync("mkfifo", [at("in/pipe")]);
    const server = createServer().listen(at("in/socket"));
    written("in/sparse", "");
    truncateSync(at("in/sparse"), 2 * 1024 * MIB);
    const { paths, left, findings } = await lookAt(new FolderReader(at("in")));
    server.close();
    expect([...paths].sort()).toEqual(["in/a.env", "in/sub/b.zip!/c.env"]);
    expect([...left].sort()).toEqual(["out: outside", "root: outside", "sparse: too_large"]);
    expect(findings).toBe(2);
  });

  test("that is not there is a failure, a file is one text", async () => {
    await expect(lookAt(new FolderReader(at("none")))).rejects.toThrow("ENOENT");
    expect((await lookAt(new FolderReader(written("one.txt", "x")))).paths).toEqual(["one.txt"]);
  });
});

describe("an image", () => {
  const layer = gzipSync(
    tarOf([
      { name: "etc/app.env", bytes: `t=${TOKEN}` },
      { name: "etc/.wh.old", bytes: "" },
    ]),
  );
  const digest = createHash("sha256").update(layer).digest("hex");

  test("as docker saves it names layers by their digests", async () => {
    const config = JSON.stringify({ rootfs: { diff_ids: [`sha256:${"a".repeat(64)}`] } });
    const path = written(
      "app.tar",
      tarOf([
        { name: `${"b".repeat(64)}/layer.tar`, bytes: layer },
        { name: `${"c".repeat(64)}.json`, bytes: config },
        {
          name: "manifest.json",
          bytes: JSON.stringify([
            { Config: `${"c".repeat(64)}.json`, Layers: [`${"b".repeat(64)}/layer.tar`] },
          ]),
        },
      ]),
    );
    expect(await isImage(path)).toBe(true);
    const { paths, findings } = await lookAt(imageReader(path));
    expect(paths).toContain(`app.tar!/sha256:${"a".repeat(64)}!/etc/app.env`);
    expect(findings).toBe(1);
  });

  test("in OCI's layout is read as a folder and as a tar", async () => {
    mkdirSync(at("oci/blobs/sha256"), { recursive: true });
    written("oci/oci-layout", "{}");
    written(`oci/blobs/sha256/${digest}`, layer);
    expect((await lookAt(imageReader(at("oci")))).paths).toContain(`oci/sha256:${digest}!/etc/app.env`);
    const tar = written("oci.tar", tarOf([{ name: `blobs/sha256/${digest}`, bytes: layer }]));
    expect((await lookAt(imageReader(tar))).paths).toContain(`oci.tar!/sha256:${digest}!/etc/app.env`);
  });
});
