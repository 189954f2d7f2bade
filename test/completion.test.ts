import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { leakgate } from "./command.ts";
import { programOf } from "./programs.ts";
import { temporaryFolder } from "./support.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(() => folder.remove());

async function script(shell: string): Promise<string> {
  const { code, out, err } = await leakgate(folder.path, ["completion", shell]);
  expect([code, err]).toEqual([0, ""]);
  return out;
}

describe.runIf(programOf("bash") !== null)("in bash", () => {
  let file: string;
  beforeAll(async () => {
    file = join(folder.path, "completion.bash");
    writeFileSync(file, await script("bash"));
  });

  /** What bash offers after these words; the last one is the beginning that was typed. */
  function offered(...words: string[]): string[] {
    const program = `source "$0"; COMP_WORDS=(leakgate "$@"); COMP_CWORD=$#; _leakgate; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const out = execFileSync("bash", ["-c", program, file, ...words], { encoding: "utf8" });
    return out.split("\n").filter((line) => line !== "");
  }

  test("is registered for leakgate", () => {
    const out = execFileSync("bash", ["-c", 'source "$0"; complete -p leakgate', file], { encoding: "utf8" });
    expect(out).toContain("-F _leakgate leakgate");
  });

  test("offers every command that help names", async () => {
    const { out } = await leakgate(folder.path, ["help"]);
    const named = [...out.matchAll(/^ {2}([a-z-]+)\b(?: \[| <| {2})/gm)].map(([, name]) => name!);
    expect(named.length).toBeGreaterThan(8);
    expect(offered("").sort()).toEqual(expect.arrayContaining(named.sort()));
    expect(offered("ba")).toEqual(["backup"]);
  });

  test("offers commands below, flags, and the values of flags", () => {
    expect(offered("leaks", "")).toEqual(expect.arrayContaining(["add", "list", "apply", "mark-false"]));
    expect(offered("leaks", "ma")).toEqual(["mark-false"]);
    expect(offered("leaks", "apply", "leak-1", "--mo")).toEqual(["--mode"]);
    expect(offered("leaks", "apply", "leak-1", "--mode", "")).toEqual(["block", "monitor"]);
    expect(offered("leaks", "apply", "--mode", "=", "m")).toEqual(["monitor"]);
    expect(offered("audit", "export", "--format", "")).toEqual(["ndjson", "csv"]);
    expect(offered("findings", "import", "--format", "git")).toEqual([
      "gitleaks",
      "gitleaks-csv",
      "github-alerts",
      "gitlab",
    ]);
    expect(offered("completion", "z")).toEqual(["zsh"]);
    expect(offered("help", "ten")).toEqual(["tenants"]);
  });

  test("offers nothing of its own for a value that it cannot know", () => {
    expect(offered("leaks", "add", "--name", "")).toEqual([]);
    expect(offered("leaks", "add", "--name", "list", "--ri")).toEqual(["--risk"]);
  });
});

test.runIf(programOf("zsh") !== null)("zsh reads its script", async () => {
  const file = join(folder.path, "_leakgate");
  writeFileSync(file, await script("zsh"));
  execFileSync("zsh", ["-n", file]);
});

test.runIf(programOf("fish") !== null)("fish reads its script", async () => {
  const file = join(folder.path, "leakgate.fish");
  writeFileSync(file, await script("fish"));
  execFileSync("fish", ["--no-execute", file]);
});

test("the scripts of all shells know the same commands; another shell is refused", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const text = await script(shell);
    for (const word of ["mark-false", "check-config", "monitor"]) expect(text).toContain(word);
    expect(text).toContain(shell === "fish" ? "-l tokens-file" : "--tokens-file");
  }
  expect(await leakgate(folder.path, ["completion", "powershell"])).toMatchObject({ code: 2, out: "" });
});
