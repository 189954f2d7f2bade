import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { leakgate } from "./command.ts";
import { temporaryFolder } from "./support.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeAll(() => {
  folder = temporaryFolder();
  mkdirSync(join(folder.path, "code"));
  const scan = { paths: [join(folder.path, "code")] };
  writeFileSync(join(folder.path, "leakgate.yaml"), JSON.stringify({ scan }));
});
afterAll(() => folder.remove());

const run = (args: string[], input?: string) =>
  leakgate(folder.path, args, input === undefined ? {} : { input });

test("sources are added, listed, shown, run and removed without a running gateway", async () => {
  const code = join(folder.path, "code");
  const added = await run(["sources", "add", "folder", code, "--risk", "7"]);
  expect(added).toMatchObject({
    code: 0,
    out: expect.stringContaining(`source-1: folder ${code} is watched`),
  });
  const git = [
    "sources",
    "add",
    "git",
    "https://git.example/a.git",
    "--manual",
    "--secret-file",
    "-",
    "--json",
  ];
  const sealed = await run(git, "made-up-secret\n");
  expect(JSON.parse(sealed.out)).toMatchObject({
    id: "source-2",
    credential: { kind: "sealed" },
    schedule: null,
  });
  expect(sealed.out + sealed.err).not.toContain("made-up-secret");
  expect((await run(["sources", "list"])).out).toMatch(
    /^source-1 +folder +waiting +- +\S+ \S+ +- +0 3 \* \* \* .*\nsource-2 +git +by hand /m,
  );
  expect((await run(["sources", "run", "source-2"])).code).toBe(0);
  const shown = JSON.parse((await run(["sources", "show", "source-2", "--json"])).out) as {
    nextRunAt: number;
  };
  expect(shown.nextRunAt).toBeLessThanOrEqual(Date.now());
  expect((await run(["sources", "remove", "source-2"])).out).toBe(
    "source-2: watched no longer; its leaks stay\n",
  );
  expect((await run(["sources", "show", "source-2"])).code).not.toBe(0);
  expect((await run(["sources", "add", "folder", "/etc"])).err).toContain("scan.paths");
});

test("the inventory takes tokens from standard input and says how many it has", async () => {
  const added = await run(["inventory", "add", "billing"], "made-up-token-0001\nmade-up-token-0002\n");
  expect(added).toMatchObject({ code: 0, out: "billing: 2 added, 2 listed. Nothing is blocked by it.\n" });
  expect((await run(["inventory", "list"])).out).toMatch(/^billing +2 /m);
  expect((await run(["inventory", "remove", "billing"])).out).toBe("billing: 2 forgotten; leaks stay\n");
  expect((await run(["inventory", "add", "Billing!"], "made-up-token-0001\n")).code).toBe(2);
});
