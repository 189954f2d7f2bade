import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestAdmin } from "./admin.ts";
import { leakgate } from "./command.ts";
import { temporaryFolder } from "./support.ts";

/* `leakgate findings import`, beside an admin that works on the same folder. */

let admin: TestAdmin;
let folder: ReturnType<typeof temporaryFolder>;
beforeAll(async () => {
  folder = temporaryFolder();
  admin = await TestAdmin.start();
});
afterAll(async () => {
  await admin.stop();
  folder.remove();
});

const importing = (args: readonly string[], input = "") =>
  leakgate(folder.path, ["findings", "import", ...args, "--data", admin.data], { input });
const written = (name: string, text: string) => {
  const path = join(folder.path, name);
  writeFileSync(path, text);
  return path;
};
const finding = (Secret: string, StartLine = 1) => ({
  RuleID: "made-up",
  Secret,
  File: "made-up/.env",
  StartLine,
});

test("a report is counted, taken in, and changes nothing the second time", async () => {
  const secrets = ["made-up-token-0001", "made-up-token-0002", "REDACTED", "ghp_madeUp"];
  const report = written("gitleaks.json", JSON.stringify(secrets.map((each) => finding(each))));
  const dry = await importing([report, "--dry-run"]);
  expect(dry).toMatchObject({ code: 0, err: "" });
  expect(dry.out).toContain("new leaks       2 at most");
  expect((await admin.call("GET", "/api/v1/leaks")).body).toMatchObject({ leaks: [] });

  const first = await importing([report, "--risk", "8"]);
  expect(first).toMatchObject({ code: 0, err: "" });
  expect(first.out.trimEnd().split("\n")).toEqual([
    "read 4 findings of gitleaks (gitleaks)",
    "new leaks       2",
    "known tokens    0",
    "sightings       2",
    "unchanged       0",
    "refused         2: redacted 1, looks_truncated 1",
    "Tokens that seem cut off would never be met; look at the source, or say --truncated take.",
  ]);
  const { body } = await admin.call("GET", "/api/v1/leaks");
  expect(body).toMatchObject({
    leaks: [{ source: "gitleaks", risk: 8 }, { name: "made-up token in made-up/.env" }],
  });

  const again = await importing(["-", "--json"], JSON.stringify(secrets.map((each) => finding(each))));
  expect(JSON.parse(again.out)).toMatchObject({
    leaks: 0,
    known: 2,
    unchanged: 2,
    refused: { redacted: 1, looks_truncated: 1 },
    refusals: [{ finding: 3 }, { finding: 4, reason: "looks_truncated" }],
  });
  expect(first.out + dry.out + again.out).not.toMatch(/made-up-token|ghp_madeUp/);
});

test("where a report breaks off, what stood before is in, and the command fails", async () => {
  const broken = await importing([
    written("broken.json", `[${JSON.stringify(finding("made-up-token-0003"))}, {"RuleID"`),
  ]);
  expect(broken.code).toBe(1);
  expect(broken.out).toContain("new leaks       1");
  expect(broken.err).toMatch(/the report ends at byte \d+, before its end; what stood before it is in/);
});

test("a CSV by its columns, under a source of its own; what cannot be done is said", async () => {
  const csv = written("made-up.csv", "secret,where\nmade-up-token-0004,made-up/ci.yml\n");
  const mapped = await importing([csv, "--map", "token=secret,path=where", "--source", "nightly"]);
  expect(mapped.out).toContain("read 1 findings of nightly (csv)");
  expect((await admin.call("GET", "/api/v1/leaks?source=nightly")).body).toMatchObject({
    leaks: [{ name: "Token in made-up/ci.yml" }],
  });
  const refusals = [
    [[csv], "say in map which of them holds the token"],
    [[csv, "--source", "Not A Word"], "source is not 1 to 32"],
    [[join(folder.path, "absent")], "cannot be read (ENOENT)"],
  ] as const;
  for (const [args, why] of refusals) {
    const refused = await importing(args);
    expect([refused.code, refused.out]).toEqual([2, ""]);
    expect(refused.err).toContain(why);
  }
});
