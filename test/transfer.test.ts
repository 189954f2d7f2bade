import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { digestTokens } from "../rules/digest.ts";
import type { Origin } from "../rules/journal.ts";
import type { Leak } from "../rules/leak.ts";
import { Pepper } from "../rules/pepper.ts";
import { RulesStore } from "../rules/store.ts";
import { digestHashes } from "../rules/tokenhash.ts";
import { importLeaks } from "../rules/transfer/take.ts";
import { type Ended, leakgate } from "./command.ts";
import { temporaryFolder } from "./support.ts";
import { isThorough } from "./thorough.ts";

/** Long after the tests. */
const until = Date.UTC(2126, 0, 1);
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
const madeUpJwt = `${part({ alg: "HS256" })}.${part({ sub: "made up", exp: until / 1_000 })}.madeUpSignature`;

let folder: ReturnType<typeof temporaryFolder>;
let source: string;
let target: string;
let file: string;
let pepper: Pepper;
let whole: string;
beforeAll(async () => {
  folder = temporaryFolder();
  source = join(folder.path, "source");
  target = join(folder.path, "target");
  file = join(folder.path, "leaks.ndjson");
  pepper = Pepper.loadOrCreate(source);
  const store = await RulesStore.open(source, pepper.id);
  const sha256 = `sha256:${"0123456789abcdef".repeat(4)}`;
  for (const [name, texts] of [
    ["patched", ["made-up-token-0001", "made-up-token-0002", "made-up-token-0003"]],
    ["closed", ["made-up-token-0001"]],
    ["false", ["ghp_madeUpMadeUpMadeUpMadeUpMadeUpMade01"]],
    ["opened", [madeUpJwt]],
  ] as const) {
    const tokens = [...(await digestTokens(texts, pepper)), ...(await digestHashes([sha256], pepper))];
    await store.register("key-1 (Ann)", { name, description: "made up", risk: 7, source: "github", tokens });
  }
  await store.removeToken("key-1 (Ann)", "leak-1", 2);
  await store.decideToken("key-1 (Ann)", "leak-1", 1, "mark_false");
  await store.decideToken("key-1 (Ann)", "leak-4", 1, "close");
  const scope = { hosts: ["api.example"], methods: ["POST"] };
  await store.decide("key-1 (Ann)", "leak-1", "vpatch", { mode: "monitor", scope, until });
  await store.decide("key-1 (Ann)", "leak-2", "close", { reason: "revoked", comment: "gone\nfor good" });
  await store.decide("key-1 (Ann)", "leak-3", "mark_false");
  await store.watch("key-1 (Ann)", "leak-3", { on: true });
  await store.close();
  whole = await exported();
});
beforeEach(async () => {
  mkdirSync(target, { mode: 0o700 });
  cpSync(join(source, "pepper"), join(target, "pepper"));
  const store = await RulesStore.open(target, pepper.id);
  const tokens = await digestTokens(["made-up-token-0009"], pepper);
  await store.register("test", { name: "before", description: "", risk: 1, source: "custom", tokens });
  await store.close();
});
afterEach(() => rmSync(target, { recursive: true }));
afterAll(() => folder.remove());

function run(...args: string[]): Promise<Ended> {
  return leakgate(folder.path, args);
}

async function exported(...args: string[]): Promise<string> {
  const { out } = await run("export", "--data", source, ...args);
  writeFileSync(file, out);
  return out;
}

function take(...args: string[]): Promise<Ended> {
  return run("import", file, "--data", target, ...args);
}

async function within<T>(data: string, look: (store: RulesStore) => T | Promise<T>): Promise<T> {
  const store = await RulesStore.open(data, pepper.id);
  try {
    return await look(store);
  } finally {
    await store.close();
  }
}

function neverSo(): never {
  throw new Error("it was taken");
}

function tokensOf(store: RulesStore, id: string): unknown[] {
  const tokens = [];
  for (let number = 1; store.token(id, number) !== null; number++) {
    const { addedAt: _, removedTime: __, number: ___, ...token } = store.token(id, number)!;
    if (!token.removed) tokens.push(token);
  }
  return tokens.sort((a, b) => Buffer.compare(a.digest, b.digest));
}

describe("leakgate export", () => {
  test("writes digests and never a token, and the same each time", async () => {
    const lines = (await exported()).trimEnd().split("\n");
    expect(lines).toHaveLength(1 + 4 + 9 + 1);
    const header = { leakgateExport: 1, tenant: "default", pepper: pepper.id };
    expect(JSON.parse(lines[0]!)).toMatchObject(header);
    expect(JSON.parse(lines[1]!)).toMatchObject({ leak: { id: "leak-1", rule: { mode: "monitor" } } });
    expect(JSON.parse(lines.at(-1)!)).toMatchObject({ end: { leaks: 4, tokens: 9 } });
    for (const clear of ["made-up-token", "madeUpMadeUp", "0123456789abcdef0123"])
      expect(lines.join("\n")).not.toContain(clear);
    expect((await exported()).split("\n").slice(1, -2)).toEqual(lines.slice(1, -1));
  });

  test("of some leaks, with their history; an unknown one is said before anything is written", async () => {
    const some = await exported("--leak", "leak-2,leak-4", "--history");
    const records = some
      .trimEnd()
      .split("\n")
      .map((line) => Object.keys(JSON.parse(line) as object)[0]);
    expect(records.filter((kind) => kind === "leak")).toHaveLength(2);
    expect(records.filter((kind) => kind === "history")).toHaveLength(4);
    expect(await take("--dry-run")).toMatchObject({ code: 0 });
    expect(await run("export", "--data", source, "--leak", "leak-1,leak-9")).toMatchObject({
      code: 1,
      out: "",
    });
  });
});

describe("leakgate import", () => {
  test("brings leaks, tokens, rules and decisions; the journal says who and from where", async () => {
    await exported();
    const { code, out, err } = await take();
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(/leak-1 +leak-2 +new +patched +3 +patched\n/);
    expect(out).toContain("took in 4 of 4 leaks, of 9 tokens");
    await within(target, async (there) => {
      const [before, ...taken] = [...there.leaks()];
      expect(before).toMatchObject({ id: "leak-1", name: "before" });
      expect(taken.map(({ status }) => status)).toEqual(["patched", "closed", "marked_false", "opened"]);
      const scope = { hosts: ["api.example"], methods: ["POST"] };
      expect(there.ruleOf("leak-2")).toMatchObject({ id: "rule-1", mode: "monitor", scope });
      expect(there.registration("leak-2")).toMatchObject({
        action: "leak.import",
        actor: expect.stringMatching(/^cli:.* \(import\)$/),
        origin: { leak: "leak-1", hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
      });
      const [closing] = there.history("leak-3", 1);
      expect(closing).toMatchObject({
        action: "leak.close",
        reason: "revoked",
        comment: expect.stringMatching(/^decided by key-1 \(Ann\) at 20.*: gone\nfor good$/),
      });
      expect(there.leak("leak-2")).toMatchObject({ timeBox: { until }, tokensFalse: 1, warnings: {} });
      expect(there.leak("leak-4")).toMatchObject({ watch: { until: null } });
      expect(there.leak("leak-5")).toMatchObject({ tokensClosed: 1 });
      expect(there.expiryOf(there.leak("leak-5")!, 1)).toBe(until);
      expect(await there.audit()).toMatchObject({ ok: true });
      await within(source, (here) => {
        for (const { seq } of taken as Leak[])
          expect(tokensOf(there, `leak-${seq}`)).toEqual(tokensOf(here, `leak-${seq - 1}`));
      });
    });
  });

  test("twice changes nothing, whatever was decided meanwhile; nor does an export's own folder", async () => {
    await exported();
    const dry = await take("--dry-run");
    expect(dry.out).toContain("would take in 4 of 4 leaks, of 9 tokens in the file; nothing was changed");
    expect(dry.out).toMatch(/leak-1 +- +new/);
    expect(await within(target, (store) => store.revision())).toBe(1);
    await take();
    await within(target, (store) => store.decide("test", "leak-2", "close"));
    const before = await within(target, (store) => store.head());
    const again = await take();
    expect(again.out).toMatch(/leak-1 +leak-2 +known already +closed/);
    expect(again.out).toContain("took in 0 of 4 leaks");
    expect(await within(target, (store) => store.head())).toEqual(before);
    expect((await run("import", file, "--data", source)).out).toMatch(/leak-1 +leak-1 +known already/);
    const back = await run("export", "--data", target, "--leak", "leak-2");
    writeFileSync(file, back.out);
    expect((await run("import", file, "--data", source)).out).toMatch(/leak-2 +leak-1 +known already/);
  });

  test("--as-opened decides nothing, and --json maps the ids", async () => {
    await exported();
    const { leaks } = JSON.parse((await take("--as-opened", "--json")).out) as { leaks: object[] };
    expect(leaks).toMatchObject([
      { from: "leak-1", leak: "leak-2", outcome: "new", status: "opened", tokens: 3 },
      { from: "leak-2", leak: "leak-3" },
      { from: "leak-3", leak: "leak-4" },
      { from: "leak-4", leak: "leak-5" },
    ]);
  });

  test("goes on with one that was cut short", async () => {
    const lines = (await exported()).split("\n");
    const leak = JSON.parse(lines[1]!) as { leak: { origin: Origin } };
    await within(target, async (store) => {
      const tokens = await digestTokens(["made-up-token-0001"], pepper);
      const facts = { name: "patched", description: "made up", risk: 7, source: "github" };
      await store.beginImport("test", leak.leak.origin, { ...facts, tokens, warnings: {} });
    });
    const { out } = await take();
    expect(out).toMatch(/leak-1 +leak-2 +completed +patched/);
    await within(target, (store) => {
      expect(store.counts()).toMatchObject({ leaks: 5 });
      expect(store.leak("leak-2")).toMatchObject({ status: "patched", tokenCount: 3 });
    });
  });

  test("refuses another pepper, naming both, and takes nothing in", async () => {
    await exported();
    const other = join(folder.path, "other");
    expect((await run("keys", "create", "--role", "analyst", "--data", other)).code).toBe(0);
    const refused = await run("import", file, "--data", other);
    expect(refused).toMatchObject({ code: 3, out: "" });
    expect(refused.err).toContain(pepper.id);
    expect(refused.err).toContain(Pepper.load(other, {}).id);
    expect(await run("import", file, "--data", join(folder.path, "absent"))).toMatchObject({ code: 3 });
  });

  const at = (line: number, change: (text: string) => string) => (text: string) =>
    text
      .split("\n")
      .map((each, index) => (index === line - 1 ? change(each) : each))
      .join("\n");

  test.each<[string, (text: string) => string, string]>([
    ["is no export", at(1, () => '{"name":"x"}'), "line 1: it does not begin as an export"],
    ["is of a newer format", at(1, (line) => line.replace(":1,", ":2,")), "line 1: it has format 2"],
    ["holds a line that is no JSON", at(4, () => "made-up-token-0001"), "line 4: it is no JSON"],
    [
      "holds a digest cut short",
      at(3, (line) => line.replace(/digest":"..../, 'digest":"')),
      "line 3: it is no record: token.digest",
    ],
    [
      "holds a field too many",
      at(3, (line) => line.replace('"mark"', '"clear":"made-up-token-0001","mark"')),
      "line 3: it is no record",
    ],
    [
      "names a status there is not",
      at(2, (line) => line.replace('"status":"patched"', '"status":"fixed"')),
      "line 2: it is no record",
    ],
    [
      "names a reason there is not",
      at(6, (line) => line.replace('"revoked"', '"tired"')),
      "line 6: reason is none of revoked",
    ],
    [
      "scopes a rule to no host",
      at(2, (line) => line.replace('"api.example"', '"not a host"')),
      "line 2: scope.hosts[0] is not a valid entry",
    ],
    ["holds an empty line", at(6, () => ""), "line 6: it is no JSON"],
    [
      "names one leak twice",
      (text) => text.replace(text.split("\n")[5]!, text.split("\n")[1]!),
      "line 6: the same leak stands before it already",
    ],
    [
      "was cut off",
      (text) => text.split("\n").slice(0, 9).join("\n"),
      "line 10: the file ends before its last line",
    ],
    [
      "lacks a token",
      (text) =>
        text
          .split("\n")
          .filter((_, i) => i !== 3)
          .join("\n"),
      "it counts 4 leaks and 9 tokens, not 4 and 8",
    ],
    ["was changed", at(2, (line) => line.replace('"risk":7', '"risk":1')), "are not those that were written"],
    ["goes on after its end", (text) => `${text}{"leak":{}}\n`, "nothing may follow the end"],
    ["is empty", () => "", "line 1: the file ends before its last line"],
  ])("refuses a file that %s, and takes nothing of it in", async (_what, change, why) => {
    writeFileSync(file, change(whole));
    await within(target, async (store) => {
      const handle = await open(file);
      const taking = importLeaks(store, handle, { actor: "test", pepperId: pepper.id });
      const { code, message } = (await taking.then(neverSo, (error) => error)) as {
        code: string;
        message: string;
      };
      await handle.close();
      expect([code, message]).toEqual(["TransferRefused", expect.stringContaining(why)]);
      expect(message).not.toContain("made-up");
      expect(store.revision()).toBe(1);
    });
  });

  test("such a file ends the command with 2, and the line is named", async () => {
    writeFileSync(file, whole.split("\n").slice(0, 9).join("\n"));
    const { code, out, err } = await take();
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain("could not import the leaks: line 10: the file ends before its last line");
    expect(await within(target, (store) => store.revision())).toBe(1);
  });

  test("refuses what is no file", async () => {
    expect(await run("import", folder.path, "--data", target)).toMatchObject({ code: 2 });
    expect(await run("import", "not-there", "--data", target)).toMatchObject({ code: 2 });
  });
});

/** So many tokens are taken in with one change. */
const BATCH = 50_000;
const MANY = isThorough ? 120_000 : 60_000;
test(`a leak of ${MANY} tokens is taken in with little in memory, and enforced all at once`, async () => {
  const large = join(folder.path, "large");
  const tokens = await digestTokens(
    Array.from({ length: MANY }, (_, index) => `made-up-token-${index}`),
    pepper,
  );
  const big = await RulesStore.open(large, pepper.id);
  const facts = { name: "many", description: "", risk: 5, source: "custom" };
  await big.register("test", { ...facts, tokens });
  await big.decide("test", "leak-1", "vpatch");
  await big.close();
  cpSync(join(source, "pepper"), join(large, "pepper"));
  const out = (await run("export", "--data", large)).out;
  writeFileSync(file, out);
  await within(target, async (store) => {
    const handle = await open(file);
    let highest = 0;
    const progress = () => {
      highest = Math.max(highest, store.leak("leak-2")?.status === "patched" ? 1 : 0);
    };
    const options = { actor: "test", pepperId: pepper.id, progress };
    const { leaks } = await importLeaks(store, handle, options);
    await handle.close();
    expect(highest).toBe(0);
    expect(leaks).toMatchObject([{ leak: "leak-2", status: "patched", tokens: MANY }]);
    expect(store.leak("leak-2")).toMatchObject({ tokenCount: MANY });
    expect(store.history("leak-2", 10).map(({ action }) => action)).toEqual([
      "leak.vpatch",
      ...Array<string>(Math.ceil(MANY / BATCH) - 1).fill("tokens.add"),
      "leak.import",
    ]);
    expect(await store.audit()).toMatchObject({ ok: true });
  });
  expect(readFileSync(file, "utf8")).toContain(`"tokens":${MANY}`);
});
