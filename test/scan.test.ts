import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tarOf } from "./archives.ts";
import { type Ended, leakgate } from "./command.ts";
import { git, newRepository } from "./repositories.ts";
import { temporaryFolder } from "./support.ts";

/** Tokens with right checksums, put together so that they stand in no file. */
const [ONE, TWO] = [
  ["ghp", "_madeUpMadeUpMadeUpMadeUpMadeUp", "3eng9z"].join(""),
  ["npm", "_madeUpMadeUpMadeUpMadeUpMadeUp", "3eng9z"].join(""),
];

const PASSWORD = "made-up-password";

let folder: ReturnType<typeof temporaryFolder>;
let repository: string;
const said: Ended[] = [];
beforeAll(() => {
  folder = temporaryFolder();
  repository = newRepository(join(folder.path, "repository"));
  writeFileSync(join(repository, "app.env"), `# settings\nKEY=${ONE}\n`);
  git(repository, "add", "-A");
  git(repository, "commit", "--quiet", "--message", "first");
  git(repository, "rm", "--quiet", "app.env");
  git(repository, "commit", "--quiet", "--message", "away with it");
});
afterAll(() => {
  // Whatever was asked: no token in any answer, and none in the data.
  const data = join(folder.path, "data");
  const files = readdirSync(data, { recursive: true, encoding: "utf8" }).map((name) => join(data, name));
  const kept = files.filter((file) => statSync(file).isFile()).map((file) => readFileSync(file, "latin1"));
  for (const text of [...said.flatMap(({ out, err }) => [out, err]), ...kept])
    for (const secret of [ONE!, TWO!, PASSWORD]) expect(text.includes(secret)).toBe(false);
  folder.remove();
});

async function run(...args: string[]): Promise<Ended> {
  const ended = await leakgate(folder.path, ["scan", ...args]);
  said.push(ended);
  return ended;
}

test("without data a scan is a dry run: it prints what it finds, and leaves nothing behind", async () => {
  const { code, out, err } = await run("repository", "--fail");
  expect(code).toBe(1);
  expect(err).toContain("this is a dry run");
  expect(out).toMatch(
    /^app\.env:2:5 {2}github-token {2}ghp_\*{4}\(40\) {2}certain, risk 8 {2}[0-9a-f]{12} Ann Made-Up/,
  );
  expect(out).toContain("Nothing was registered");
  expect(existsSync(join(folder.path, "data"))).toBe(false);
  const named = await run("repository", "--data", "data");
  expect(named).toMatchObject({ code: 3, out: "" });
});

test("with data it registers, and the next scan looks at what is new", async () => {
  await leakgate(folder.path, ["keys", "create", "--role", "analyst"]);
  expect((await run("repository")).out).toContain("1 leak registered, 1 new sighting, 0 known already.");
  const again = await run("repository", "--fail");
  expect(again.code).toBe(0);
  expect(again.out).toContain("0 findings in 0 texts");
  expect((await run("repository", "--full")).out).toContain(
    "0 leaks registered, 0 new sightings, 1 known already.",
  );
  writeFileSync(join(repository, "-x"), `//registry/:_authToken=${TWO}\n`);
  git(repository, "add", "--", "-x");
  git(repository, "commit", "--quiet", "--message", `oops ${ONE}`);
  const { out } = await run("repository", "--format", "json");
  const lines = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { finding?: object; scanned?: object });
  expect(lines.slice(0, -1)).toMatchObject([
    { finding: { path: expect.stringMatching(/^message of [0-9a-f]{40}$/), line: 1, leak: "leak-1" } },
    { finding: { path: "-x", line: 1, kind: "npm", leak: null, confidence: "certain" } },
  ]);
  expect(lines.at(-1)!.scanned).toMatchObject({
    kind: "git",
    findings: 2,
    taken: { leaks: 1, sightings: 2 },
  });
});

test("what targets are is told from their looks; one that fails does not keep the others", async () => {
  mkdirSync(join(folder.path, "files"));
  writeFileSync(join(folder.path, "files", `${ONE}.txt`), `KEY=${ONE}\n`);
  writeFileSync(join(folder.path, "app.tgz"), gzipSync(tarOf([{ name: "a", bytes: `k ${TWO}` }])));
  writeFileSync(
    join(folder.path, "rules.toml"),
    `[[rules]]\nid = "made-up"\nregex = '''mu-[0-9a-z]{12}'''\nkeywords = ["mu-"]\n`,
  );
  writeFileSync(join(folder.path, "-x"), "a = mu-0a1b2c3d4e5f\n");
  const { code, out, err } = await run(
    ...["--dry-run", "--rules", "rules.toml", "--"],
    ...["files", "ext::sh -c true", "app.tgz", "-x"],
  );
  expect(code).toBe(1);
  expect(err).toContain('could not scan "ext::sh -c true": there is no such file');
  expect(out).toContain("files (folder): 1 finding");
  expect(out).toMatch(/files\/\*{4}(?:\.txt)?:1:5 {2}a token of leak-1/);
  expect(out).toMatch(/app\.tgz!\/a:1:3 {2}a token of leak-2/);
  expect(out).toMatch(/-x:1:5 {2}made-up {2}.*likely, risk 6/);
  expect(out).toContain("-x (archive): 1 finding");
  rmSync(join(folder.path, "files"), { recursive: true });
});

test.each([
  [["nowhere"], 1, "there is no such file"],
  [["--kind", "git", "--dry-run", "--", "--upload-pack=x"], 1, "begins with a hyphen"],
  [[`https://ann:${PASSWORD}@169.254.169.254/a.git`, "--dry-run"], 1, "the address is private"],
  [["--rules", "none.toml", "repository"], 2, "none.toml cannot be read"],
])("%j ends with %i and says why", async (args, code, why) => {
  const ended = await run(...args);
  expect(ended).toMatchObject({ code, out: "" });
  expect(ended.err).toContain(why);
});

test("what is on the web is read by its kind, and what is none says so", async () => {
  const server = createServer((request, response) => response.end(`${request.url}: ${TWO}\n`));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const page = `http://127.0.0.1:${port}/setup`;
    const { code, out } = await run(page, "--kind", "url", "--dry-run", "--fail");
    expect([code, out]).toEqual([1, expect.stringMatching(/setup:1:9 {2}.+ {2}npm_\*{4}\(40\) {2}certain/)]);
    const forge = await run(`http://127.0.0.1:${port}/`, "--kind", "github", "--dry-run");
    expect([forge.code, forge.err]).toEqual([1, expect.stringContaining("the address names no owner")]);
  } finally {
    server.close();
  }
});
