import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { authenticate } from "../rules/access.ts";
import { Pepper } from "../rules/pepper.ts";
import { RulesStore } from "../rules/store.ts";
import { temporaryFolder, until } from "./support.ts";
import { isThorough } from "./thorough.ts";

const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));

let folder: ReturnType<typeof temporaryFolder>;
let data: string;
beforeAll(() => {
  folder = temporaryFolder();
});
beforeEach(() => {
  data = join(folder.path, "data");
  rmSync(data, { recursive: true, force: true });
});
afterAll(() => folder.remove());

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `leakgate` in the temporary folder, with these tokens (or other bytes) on standard input. */
function leakgate(
  args: readonly string[],
  input: string | Buffer = "",
  env: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("LEAKGATE_"));
  return new Promise((resolve) => {
    const options = { cwd: folder.path, env: { ...Object.fromEntries(own), ...env } };
    const child = execFile(process.execPath, [main, ...args], options, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err });
    });
    // A command that refuses early does not read its input.
    child.stdin!.on("error", () => {});
    child.stdin!.end(input);
  });
}

/** The same with `--data`. */
function onData(args: readonly string[], input: string | Buffer = ""): Promise<Ended> {
  return leakgate([...args, "--data", data], input);
}

async function withStore<T>(look: (store: RulesStore, pepper: Pepper) => T): Promise<T> {
  const pepper = Pepper.load(data);
  const store = await RulesStore.open(data, pepper.id, { readOnly: true });
  try {
    return look(store, pepper);
  } finally {
    await store.close();
  }
}

/** All bytes of all files in the data folder. */
function allBytes(): Buffer {
  const files = readdirSync(data, { recursive: true, encoding: "utf8" }).map((name) => join(data, name));
  return Buffer.concat(files.filter((file) => statSync(file).isFile()).map((file) => readFileSync(file)));
}

describe("leakgate", () => {
  test("help tells commands, variables, files and exit codes", async () => {
    const { code, out } = await leakgate(["help"]);
    expect(code).toBe(0);
    for (const word of [
      "serve",
      "keys",
      "leaks",
      "check-config",
      "LEAKGATE_UPSTREAM",
      "<data>/pepper",
      "Exit codes",
    ])
      expect(out).toContain(word);
  });

  test("the version is the package's", async () => {
    const file = readFileSync(new URL("../package.json", import.meta.url), "utf8");
    expect((await leakgate(["--version"])).out.trim()).toBe(
      (JSON.parse(file) as { version: string }).version,
    );
  });

  test.each([
    [[], "Usage"],
    [["srve"], "unknown command"],
    [["keys", "create"], "--role"],
    [["keys", "create", "--role", "boss"], "administrator, analyst"],
    [["leaks", "add", "--name", "x"], "--risk"],
    [["leaks", "add", "--name", "x", "--risk", "high"], "whole number"],
    [["check-config", "--what"], "unknown option"],
  ])("a wrong command line ends with 2 and says why: %j", async (args, why) => {
    const { code, out, err } = await leakgate(args);
    expect(code).toBe(2);
    expect(err).toContain(why);
    expect(out).toBe("");
    expect(existsSync(data)).toBe(false);
  });
});

describe("leakgate keys", () => {
  test("create prints the key alone; it works, is not stored in clear, and the folder is closed to others", async () => {
    const { code, out, err } = await onData(["keys", "create", "--role", "administrator", "--name", "Ann"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^lgk_[0-9A-Za-z_]+\n$/);
    expect(err).toContain("key-1: administrator");
    const key = out.trim();
    expect(err).not.toContain(key);
    expect(await withStore((store, pepper) => authenticate(store, pepper, key, Date.now()))).toMatchObject({
      role: "administrator",
    });
    expect(allBytes().includes(key)).toBe(false);
    expect(statSync(data).mode & 0o777).toBe(0o700);
    expect(statSync(join(data, "pepper")).mode & 0o777).toBe(0o600);
  });

  test("a revoked key is refused, and listed as revoked", async () => {
    const key = (await onData(["keys", "create", "--role", "analyst", "--name", "Ann"])).out.trim();
    expect((await onData(["keys", "revoke", "key-1"])).code).toBe(0);
    expect(await withStore((store, pepper) => authenticate(store, pepper, key, Date.now()))).toBeNull();
    const listed = JSON.parse((await onData(["keys", "list", "--json"])).out) as object[];
    expect(listed).toMatchObject([
      { id: "key-1", role: "analyst", name: "Ann", revokedAt: expect.any(Number) },
    ]);
    const { out } = await onData(["keys", "list"]);
    expect(out).toContain("Ann");
    expect(out).not.toContain(key);
  });

  test("a key that is not there, a folder that is not there", async () => {
    const absent = await onData(["keys", "list"]);
    expect(absent).toMatchObject({ code: 3, out: "" });
    expect(existsSync(data)).toBe(false);
    await onData(["keys", "create", "--role", "analyst"]);
    expect(await onData(["keys", "revoke", "key-7"])).toMatchObject({ code: 1, out: "" });
  });

  test("a lost or wrong pepper is said so, and no new one takes its place", async () => {
    await onData(["keys", "create", "--role", "analyst"]);
    const pepper = join(data, "pepper");
    const right = readFileSync(pepper);
    rmSync(pepper);
    for (const args of [
      ["keys", "create", "--role", "analyst"],
      ["keys", "list"],
    ]) {
      const { code, err } = await onData(args);
      expect(code).toBe(3);
      expect(err).toMatch(/^leakgate: could not .*pepper.*\n$/);
      expect(existsSync(pepper)).toBe(false);
    }
    writeFileSync(pepper, "0".repeat(64), { mode: 0o600 });
    expect(await onData(["keys", "list"])).toMatchObject({ code: 3 });
    writeFileSync(pepper, right, { mode: 0o600 });
    expect(await onData(["keys", "list"])).toMatchObject({ code: 0 });
  });

  test("a data folder that cannot be one", async () => {
    writeFileSync(data, "a file");
    const { code, err } = await onData(["keys", "create", "--role", "analyst"]);
    expect(code).toBe(3);
    expect(err.trim().split("\n")).toHaveLength(1);
    expect((await onData(["keys", "create", "--role", "analyst", "--verbose"])).err).toContain("    at ");
  });
});

describe("leakgate leaks add", () => {
  const tokens = ["made-up-token-0001", "made-up-token-0002", "ghp_madeUpMadeUpMadeUpMadeUpMadeUpMade01"];
  const add = ["leaks", "add", "--name", "Build log", "--risk", "6"];

  test("tokens from standard input and from a file; registered, not applied", async () => {
    const piped = await onData(add, `${tokens.join("\n")}\n\n${tokens[0]}\n`);
    expect(piped).toMatchObject({
      code: 0,
      out: expect.stringContaining('leak-1: registered "Build log" with 3 tokens'),
    });
    expect(piped.out).toContain("leaks/leak-1/vpatch");
    const file = join(folder.path, "tokens.txt");
    writeFileSync(file, tokens.join("\r\n"));
    expect(await onData([...add, "--tokens-file", file])).toMatchObject({ code: 0 });
    await withStore((store) => {
      expect(store.leak("leak-1")).toMatchObject({
        status: "opened",
        tokenCount: 3,
        risk: 6,
        source: "custom",
      });
      expect(store.leak("leak-2")).toMatchObject({ status: "opened", tokenCount: 3 });
      expect(store.history("leak-1", 10)[0]!.actor).toMatch(/^cli:/);
    });
  });

  test("hashes from a file, beside tokens from standard input or alone", async () => {
    const hex = "0123456789ABCDEF".repeat(4);
    const file = join(folder.path, "hashes.txt");
    writeFileSync(file, `sha256:${hex}\nSHA1:${hex.slice(24)}\n\nsha256:${hex.toLowerCase()}\n`);
    const hashes = ["--hashes-file", file];
    expect((await onData([...add, ...hashes])).out).toContain("with 2 tokens (of 3 lines");
    const both = await onData([...add, ...hashes, "--tokens-file", "-"], tokens.join("\n"));
    expect(both.out).toContain("with 5 tokens");
    const piped = await onData([...add, "--hashes-file", "-", "--json"], `sha1:${hex.slice(24)}`);
    expect(JSON.parse(piped.out)).toMatchObject({ leak: { tokenCount: 1 } });
    await withStore((store) =>
      expect(store.token("leak-1", 1)).toMatchObject({ kind: "sha256", hash: "sha256", length: 0 }),
    );
    expect(allBytes().includes(Buffer.from(hex, "hex"))).toBe(false);
  });

  test.each([
    [["--hashes-file", "-"], "made-up-token-0001\n", "line 1: the hash names no algorithm"],
    [["--hashes-file", "-"], "", "no token"],
    [["--hashes-file", "-", "--tokens-file", "-"], "made-up-token-0001\n", "one list"],
    [["--hashes-file", "not-there.txt"], "made-up-token-0001\n", "not-there.txt"],
  ])("refuses %j of list %#", async (args, input, why) => {
    const { code, err } = await onData([...add, ...args], input);
    expect(code).toBe(2);
    expect(err).toContain(why);
    expect(err).not.toContain("made-up");
    if (existsSync(data)) expect(await withStore((store) => store.counts())).toMatchObject({ leaks: 0 });
  });

  test("--apply blocks at once; --json answers leak and rule", async () => {
    const { out } = await onData([...add, "--apply", "--json"], tokens.join("\n"));
    expect(JSON.parse(out)).toMatchObject({
      leak: { id: "leak-1", status: "patched", rule: "rule-1", tokenCount: 3 },
      rule: { id: "rule-1", mode: "block" },
      revision: 2,
    });
  });

  // What else is refused of a list, lines.test.ts and rules/token.test.ts say.
  test.each([
    ["made-up-token-0001\n\nshort\n", "line 3: the token is shorter than 6 bytes"],
    [Buffer.from("made-up-token-0001\r\n", "utf16le"), "line 1"],
    ["\n\n", "no token"],
  ])("refuses list %# and registers nothing of it", async (input, why) => {
    const { code, out, err } = await onData(add, input);
    expect(code).toBe(2);
    expect(out).toBe("");
    expect(err).toContain(why);
    expect(err).not.toContain("made-up");
    expect(await withStore((store) => store.counts())).toMatchObject({ leaks: 0, tokens: 0 });
  });

  test("names each line of the lists that it refuses, and registers nothing of them", async () => {
    const list = join(folder.path, "hashes.txt");
    writeFileSync(list, "sha1:00\n");
    const input = "made-up-token-0001\nshort\n\nmade-up token\n";
    const { code, out, err } = await onData([...add, "--tokens-file", "-", "--hashes-file", list], input);
    expect([code, out]).toEqual([2, ""]);
    expect(err.trim().split("\n").slice(-4)).toEqual([
      "line 2: the token is shorter than 6 bytes",
      "line 4: the token holds white space",
      "line 1: a SHA-1 hash has 40 hexadecimal digits",
      "leakgate: could not register the leak: 3 lines are refused",
    ]);
    expect(err).not.toContain("made-up");
    expect(await withStore((store) => store.counts())).toMatchObject({ leaks: 0, tokens: 0 });
  });

  test.each([
    [["--name", "x", "--risk", "11"], "risk"],
    [["--name", "x", "--risk", "1", "--tokens-file", "not-there.txt"], "not-there.txt"],
    [["--name", "x", "--risk", "1", "made-up-token-0001"], "too many arguments"],
    [["--name", "x", "--risk", "1", "--token=made-up-token-0001"], "unknown option"],
  ])("refuses %j before it touches the folder", async (args, why) => {
    const { code, err } = await onData(["leaks", "add", ...args], "made-up-token-0001\n");
    expect(code).toBe(2);
    expect(err).toContain(why);
    expect(err).not.toContain("made-up");
    expect(existsSync(data)).toBe(false);
  });

  test("no clear token is in any output or file, in no common spelling", async () => {
    const token = "canaryToken-5f0c1a7e9b";
    const ended = [
      await onData(add, token),
      await onData([...add, "--apply", "--json"], token),
      await onData([...add, "--verbose"], `${token}\nshort`),
      await onData(["keys", "list", "--verbose"]),
    ];
    const output = ended.map(({ out, err }) => out + err).join("");
    const files = allBytes();
    const spellings = [
      token,
      Buffer.from(token).toString("base64").replace(/=+$/, ""),
      Buffer.from(token).toString("base64url"),
      Buffer.from(token).toString("hex"),
      encodeURIComponent(token).replaceAll("-", "%2D"),
      Buffer.from(token, "utf16le"),
    ];
    for (const spelling of spellings) {
      expect(files.includes(spelling)).toBe(false);
      expect(output.includes(String(spelling))).toBe(false);
    }
  });

  const many = isThorough ? 100_000 : 20_000;
  test(`${many} tokens, while another command writes too`, async () => {
    const lines = Array.from({ length: many }, (_, index) => `made-up-token-${index}`).join("\n");
    const [large, small] = await Promise.all([onData(add, lines), onData(add, tokens.join("\n"))]);
    expect([large.code, small.code]).toEqual([0, 0]);
    expect(await withStore((store) => store.counts())).toMatchObject({ leaks: 2, tokens: many + 3 });
  });
});

describe("leakgate check-config", () => {
  const file = () => join(folder.path, "leakgate.yaml");
  beforeEach(() => rmSync(file(), { force: true }));
  afterAll(() => rmSync(file(), { force: true }));

  test("ok without a file, with a file, and with what it prints", async () => {
    expect(await leakgate(["check-config"])).toMatchObject({ code: 0, out: "ok\n", err: "" });
    writeFileSync(file(), "upstream: http://127.0.0.1:3000\nlisten: '[::1]:8090'\nworkers: 2\n");
    const printed = await leakgate(["check-config", "--print"]);
    expect(printed.out).toContain("http://127.0.0.1:3000");
    writeFileSync(file(), printed.out);
    expect(await leakgate(["check-config", "--print"])).toEqual(printed);
  });

  test("lists every problem with its line, and every other command refuses the same file", async () => {
    writeFileSync(file(), "# mine\nupstrem: http://127.0.0.1:3000\nlimits:\n  headBytes: 1\n");
    const problems = [
      'leakgate.yaml:2: unknown key "upstrem" (did you mean "upstream"?)',
      "leakgate.yaml:4: limits.headBytes: must be at least 256",
      "leakgate: could not go on: the configuration has 2 problems",
    ];
    for (const args of [
      ["check-config"],
      ["serve"],
      ["proxy"],
      ["admin"],
      ["keys", "create", "--role", "analyst"],
    ]) {
      const { code, out, err } = await leakgate(args);
      expect([code, out, err.trim().split("\n")]).toEqual([2, "", problems]);
    }
    expect(existsSync(join(folder.path, "data"))).toBe(false);
  });

  test("a file that is named must be there", async () => {
    expect(await leakgate(["check-config", "--config", "other.yaml"])).toMatchObject({ code: 2 });
    const fromVariable = await leakgate(["check-config"], "", { LEAKGATE_CONFIG: "other.yaml" });
    expect(fromVariable).toMatchObject({
      code: 2,
      err: expect.stringContaining("other.yaml: could not be read"),
    });
  });

  test("variables are checked by name and by value", async () => {
    const { code, err } = await leakgate(["check-config"], "", {
      LEAKGATE_LISTN: ":1",
      LEAKGATE_WORKERS: "0",
    });
    expect(code).toBe(2);
    expect(err).toContain("LEAKGATE_LISTN: ");
    expect(err).toContain("LEAKGATE_WORKERS: must be at least 1");
  });

  test("a flag stands above the variable that the file lost to", async () => {
    writeFileSync(file(), "listen: 127.0.0.1:1001\n");
    const env = { LEAKGATE_LISTEN: "127.0.0.1:1002" };
    expect((await leakgate(["check-config", "--print"], "", env)).out).toContain("listen: 127.0.0.1:1002");
    const flagged = await leakgate(["check-config", "--print", "--listen", ":1003"], "", env);
    expect(flagged.out).toContain("listen: 127.0.0.1:1003");
  });

  test("a proxy alone needs an upstream", async () => {
    expect(await leakgate(["proxy"])).toMatchObject({ code: 2, err: expect.stringContaining("--upstream") });
  });
});

describe("leakgate admin", () => {
  /** Starts the admin on a free port; resolves with what it printed once that holds its address. */
  async function start(
    listen: string,
  ): Promise<{ child: ChildProcess; out: string; ended: Promise<number | null> }> {
    const child = spawn(process.execPath, [main, "admin", "--data", data, "--admin", listen], {
      cwd: folder.path,
    });
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    let out = "";
    child.stdout.on("data", (chunk) => {
      out += chunk;
    });
    await until("the admin listens", () => /at http:.*\n/.test(out) || child.exitCode !== null);
    return { child, out, ended };
  }

  test("prints one key at the first start and none at the second; answers; stops on SIGTERM with 0", async () => {
    const first = await start("127.0.0.1:0");
    const key = /lgk_\S+/.exec(first.out)![0];
    const url = /http:\S+(?=\.)/.exec(first.out)![0];
    const answer = await fetch(`${url}/leaks`, { headers: { authorization: `Bearer ${key}` } });
    expect(answer.status).toBe(200);
    expect((await onData(["leaks", "add", "--name", "x", "--risk", "3"], "made-up-token-0001")).code).toBe(0);
    const listed = await fetch(`${url}/leaks`, { headers: { authorization: `Bearer ${key}` } });
    expect(await listed.json()).toMatchObject({ leaks: [{ id: "leak-1", tokenCount: 1 }] });
    const { host } = new URL(url);
    expect(await onData(["admin", "--admin", host])).toMatchObject({ code: 4, out: "" });
    first.child.kill("SIGTERM");
    expect(await first.ended).toBe(0);
    const second = await start("127.0.0.1:0");
    expect(second.out).not.toContain("lgk_");
    second.child.kill("SIGINT");
    expect(await second.ended).toBe(0);
  });
});
