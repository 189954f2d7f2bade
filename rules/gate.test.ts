import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Gate } from "./gate.ts";
import { StoreFailed } from "./refusal.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "leakgate-gate-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Another process inside the gate of the folder; answers once it is in. */
async function occupy(how: "share" | "alone"): Promise<{ leave(): Promise<void> }> {
  const module = fileURLToPath(new URL("../dist/rules/gate.js", import.meta.url));
  const script = `import { Gate } from ${JSON.stringify(module)};
    await Gate.of(process.argv[1]).${how}(() => (console.log("in"), new Promise(() => setInterval(() => {}, 1000))));`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, folder], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  return {
    leave: async () => {
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

/** The gate's answer, or "waits" where none came for a while: that something does not happen shows only in time. */
async function outcomeOf(pass: Promise<string>): Promise<string> {
  return Promise.race([pass, new Promise<string>((resolve) => setTimeout(resolve, 150, "waits"))]);
}

test("is one for a folder, for its owner alone", () => {
  expect(Gate.of(folder)).toBe(Gate.of(`${folder}/.`));
  for (const name of ["gate.turn", "gate.hold"])
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
});

test("answers what the work answers, and rejects alone what throws", async () => {
  const gate = Gate.of(folder);
  const failing = gate.share(() => {
    throw new Error("made up");
  });
  const passing = gate.share(async () => 7);
  await expect(failing).rejects.toThrow("made up");
  expect(await passing).toBe(7);
});

test("lets in together what was asked for meanwhile, and the next group only when all of it is out", async () => {
  const gate = Gate.of(folder);
  const seen: string[] = [];
  const work = (name: string) => async () => {
    seen.push(`${name} in`);
    await turn();
    seen.push(`${name} out`);
  };
  const passes = [gate.share(work("a")), gate.alone(work("b"))];
  await turn();
  passes.push(gate.share(work("c")));
  await Promise.all(passes);
  expect(seen).toEqual(["a in", "b in", "a out", "b out", "c in", "c out"]);
});

test("commits of several processes share it; who opens waits for them, and they for who opens", async () => {
  const gate = Gate.of(folder);
  const committing = await occupy("share");
  expect(await gate.share(() => "passed")).toBe("passed");
  const opening = gate.alone(() => "opened");
  expect(await outcomeOf(opening)).toBe("waits");
  await committing.leave();
  expect(await opening).toBe("opened");

  const opener = await occupy("alone");
  const commit = gate.share(() => "committed");
  expect(await outcomeOf(commit)).toBe("waits");
  await opener.leave();
  expect(await commit).toBe("committed");
});

test("names what it could not open", () => {
  rmSync(folder, { recursive: true });
  expect(() => Gate.of(join("/dev/null", "folder"))).toThrow(StoreFailed);
  expect(existsSync(folder)).toBe(false);
});
