import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { whole } from "./options.ts";

const main = fileURLToPath(new URL("../cli/main.js", import.meta.url));
/**
 * Says at the end of a command what it took: its own memory at most, in KiB, and processor time in microseconds. What is
 * mapped of the store's file is not its own: the system takes that back when it wants to.
 */
const USAGE = `data:text/javascript,import { readFileSync } from "node:fs";
let ownKib = 0;
const look = () => {
  ownKib = Math.max(ownKib, Number(/RssAnon:\\s+([0-9]+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]));
};
setInterval(look, 100).unref();
process.on("exit", () => {
  look();
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  process.stderr.write("usage " + JSON.stringify([ownKib, userCPUTime + systemCPUTime]));
});`;

/**
 * How long `leakgate findings import` takes for a gitleaks report, and how much memory and processor time: as new leaks, then the same report
 * again. Needs Linux.
 *
 *   node dist/bench/import.js [--findings 100000]
 */
async function run(): Promise<void> {
  const { values } = parseArgs({ options: { findings: { type: "string" } } });
  const findings = whole("findings", values.findings, 100_000, 1, 10_000_000);
  const folder = mkdtempSync(join(tmpdir(), "leakgate-import-"));
  try {
    const report = join(folder, "gitleaks.json");
    await write(report, findings);
    console.log(
      `${findings} findings in a gitleaks report of ${(statSync(report).size / 1e6).toFixed(0)} MB`,
    );
    for (const round of ["new", "again"]) {
      const from = performance.now();
      const { leaks, unchanged, usage } = await importReport(report, join(folder, "data"));
      const seconds = ((performance.now() - from) / 1000).toFixed(1);
      const [ownKib, cpuUs] = usage;
      console.log(
        `${round}: ${seconds} s, ${(cpuUs / 1e6).toFixed(1)} s of processor, ` +
          `${((ownKib * 1024) / 1e6).toFixed(0)} MB of its own at most, ${leaks} leaks, ${unchanged} unchanged`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function write(path: string, findings: number): Promise<void> {
  const file = createWriteStream(path);
  for (let i = 0; i < findings; i++) {
    const entry = JSON.stringify(findingOf(i), null, 1);
    if (!file.write(`${i === 0 ? "[" : ","}\n${entry}`)) await once(file, "drain");
  }
  file.end("\n]\n");
  await once(file, "finish");
}

function findingOf(i: number) {
  const Secret = `made-up-token-${i}-kq83hs`;
  const [File, StartLine, Commit] = [`src/module${i % 977}/file${i}.ts`, (i % 100) + 1, `0123abcdef${i}`];
  return {
    RuleID: "generic-api-key",
    Description: "Detected a Generic API Key, potentially exposing access to various services.",
    StartLine,
    EndLine: StartLine,
    StartColumn: 12,
    EndColumn: 50,
    Match: `apiKey = "${Secret}"`,
    Secret,
    File,
    SymlinkFile: "",
    Commit,
    Link: `https://git.example/app/blob/${Commit}/${File}#L${StartLine}`,
    Entropy: 4.1,
    Author: "made-up author",
    Email: "made-up@mail.example",
    Date: "2026-01-02T03:04:05Z",
    Message: "made-up message",
    Tags: [],
    Fingerprint: `${Commit}:${File}:generic-api-key:${StartLine}`,
  };
}

interface Imported {
  readonly leaks: number;
  readonly unchanged: number;
  readonly usage: readonly [ownKib: number, cpuUs: number];
}

async function importReport(report: string, data: string): Promise<Imported> {
  const args = ["--import", USAGE, main, "findings", "import", report, "--data", data, "--json"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  const [code] = (await once(child, "close")) as [number];
  if (code !== 0) throw new Error(`the import ended with ${code}: ${err}`);
  const usage = JSON.parse(err.slice(err.lastIndexOf("usage ") + 6)) as Imported["usage"];
  return { ...(JSON.parse(out) as Omit<Imported, "usage">), usage };
}

await run();
