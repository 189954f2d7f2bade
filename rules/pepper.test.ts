import { execFile } from "node:child_process";
import { webcrypto } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { inspect, promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Pepper } from "./pepper.ts";

const BUILT = pathToFileURL(join(import.meta.dirname, "../dist/rules/pepper.js")).href;
const SECRET = "made-up-pepper-made-up-pepper-made-up";

let folder: string;
let data: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leakgate-pepper-"));
  data = join(folder, "data");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text: string, mode = 0o600): string {
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

function mode(path: string): number {
  return statSync(path).mode & 0o777;
}

describe("the first start", () => {
  test("makes folder and pepper, closed to others; later starts load the same", () => {
    const made = Pepper.loadOrCreate(data, {});
    expect([mode(data), mode(join(data, "pepper"))]).toEqual([0o700, 0o600]);
    expect(readFileSync(join(data, "pepper"), "latin1")).toMatch(/^[0-9a-f]{64}\n$/);
    expect(Pepper.loadOrCreate(data, {}).id).toBe(made.id);
    expect(Pepper.load(data, {}).id).toBe(made.id);
    expect(readdirSync(data)).toEqual(["pepper"]);
  });

  test("no two peppers are alike", () => {
    expect(Pepper.loadOrCreate(data, {}).id).not.toBe(Pepper.loadOrCreate(join(folder, "other"), {}).id);
  });

  test("of several processes at once one wins, and all load its pepper", async () => {
    const source = `
      import { Pepper } from ${JSON.stringify(BUILT)};
      console.log(Pepper.loadOrCreate(${JSON.stringify(data)}, {}).id);`;
    const starts = Array.from({ length: 4 }, () =>
      promisify(execFile)(process.execPath, ["--input-type=module", "-e", source]),
    );
    const ids = (await Promise.all(starts)).map(({ stdout }) => stdout.trim());
    expect(new Set(ids)).toEqual(new Set([Pepper.load(data, {}).id]));
    expect(readdirSync(data)).toEqual(["pepper"]);
  });

  test("beside rules whose pepper is lost none is made: it would match none of their digests", () => {
    mkdirSync(join(data, "rules"), { recursive: true });
    write(join(data, "rules", "data.mdb"), "rules");
    expect(() => Pepper.loadOrCreate(data, {})).toThrow(/could not read the pepper .*ENOENT/);
    expect(readdirSync(data)).toEqual(["rules"]);
  });

  test("to load makes nothing", () => {
    expect(() => Pepper.load(data, {})).toThrow(/could not read the pepper .*ENOENT/);
    expect(existsSync(data)).toBe(false);
  });
});

describe("a pepper that cannot be used is refused and left as it is", () => {
  test.each([0o640, 0o604, 0o660, 0o644, 0o601])("others may touch it: mode %i", (open) => {
    Pepper.loadOrCreate(data, {});
    const path = join(data, "pepper");
    const before = readFileSync(path);
    chmodSync(path, open);
    expect(() => Pepper.load(data, {})).toThrow(/chmod 600/);
    expect(() => Pepper.loadOrCreate(data, {})).toThrow(/chmod 600/);
    expect(readFileSync(path)).toEqual(before);
  });

  test.each(["", "\n", SECRET.slice(0, 31), `${SECRET.slice(0, 31)}  \n`])("too short: %j", (text) => {
    Pepper.loadOrCreate(data, {});
    write(join(data, "pepper"), text);
    const message = messageOf(() => Pepper.loadOrCreate(data, {}));
    expect(message).toMatch(/shorter than 32 bytes/);
    if (text.trim() !== "") expect(message).not.toContain(text.trim());
    expect(readFileSync(join(data, "pepper"), "latin1")).toBe(text);
  });

  test("the least and blanks around it are taken", () => {
    Pepper.loadOrCreate(data, {});
    write(join(data, "pepper"), SECRET.slice(0, 32));
    const { id } = Pepper.load(data, {});
    write(join(data, "pepper"), ` ${SECRET.slice(0, 32)}\r\n`);
    expect(Pepper.load(data, {}).id).toBe(id);
    expect(Pepper.fromBytes(Buffer.from(SECRET.slice(0, 32))).id).toBe(id);
    expect(() => Pepper.fromBytes(Buffer.alloc(31))).toThrow(/shorter/);
  });
});

describe("LEAKGATE_PEPPER_FILE", () => {
  test("takes the place of the one in the folder, which is not made", () => {
    const env = { LEAKGATE_PEPPER_FILE: write(join(folder, "mounted"), SECRET) };
    expect(Pepper.loadOrCreate(data, env).id).toBe(Pepper.fromBytes(Buffer.from(SECRET)).id);
    expect([mode(data), readdirSync(data)]).toEqual([0o700, []]);
  });

  test("may have the modes that an orchestrator gives it", () => {
    const env = { LEAKGATE_PEPPER_FILE: write(join(folder, "mounted"), SECRET, 0o444) };
    expect(() => Pepper.load(data, env)).not.toThrow();
  });

  test("absent or short: refused, and none is made in its place", () => {
    const env = { LEAKGATE_PEPPER_FILE: join(folder, "mounted") };
    expect(() => Pepper.loadOrCreate(data, env)).toThrow(/ENOENT/);
    expect(existsSync(join(data, "pepper"))).toBe(false);
    write(join(folder, "mounted"), "short");
    expect(() => Pepper.loadOrCreate(data, env)).toThrow(/shorter/);
  });
});

describe("what it gives", () => {
  const pepper = Pepper.fromBytes(Buffer.from(SECRET));

  test("digests that depend on every byte of token and pepper", () => {
    const other = Pepper.fromBytes(Buffer.from(SECRET.replace("made", "mode")));
    const digests = [pepper, other].flatMap((each) =>
      ["made-up-token-0001", "made-up-token-0002"].map((token) =>
        each.digestOf(Buffer.from(token)).toString("hex"),
      ),
    );
    expect(new Set(digests).size).toBe(4);
    expect(digests[0]).toBe(pepper.digestOf(Buffer.from("made-up-token-0001")).toString("hex"));
    expect(digests[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(pepper.id).toMatch(/^[0-9a-f]{16}$/);
    expect(pepper.id).not.toBe(other.id);
  });

  test("keys of their own for each purpose", () => {
    expect(pepper.derive("one", 32)).toEqual(pepper.derive("one", 32));
    expect(pepper.derive("one", 32)).not.toEqual(pepper.derive("two", 32));
    expect(pepper.derive("id", 8).toString("hex")).toBe(pepper.id);
  });

  test("nothing of the secret when it prints", () => {
    const printed = inspect(pepper, { showHidden: true, depth: 9 }) + JSON.stringify(pepper);
    expect(printed).not.toContain(SECRET.slice(0, 8));
    expect(printed).not.toContain(Buffer.from(SECRET).toString("hex").slice(0, 16));
  });
});

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("it was taken");
}

test("digests are HMAC-SHA-256 under a derived key, whatever their length", async () => {
  const pepper = Pepper.fromBytes(Buffer.from(SECRET));
  const { subtle } = webcrypto;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await subtle.importKey("raw", pepper.derive("digest", 32), algorithm, false, ["sign"]);
  for (const length of [0, 6, 55, 56, 64, 119, 4_096, 4_097, 3, 0]) {
    const bytes = Buffer.alloc(length, `made-up-${length}`);
    const known = Buffer.from(await subtle.sign("HMAC", key, bytes));
    expect(pepper.digestOf(bytes)).toEqual(known);
  }
});
