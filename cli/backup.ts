import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import type { Manifest } from "../rules/backup/manifest.ts";
import { restore } from "../rules/backup/restore.ts";
import { backUp } from "../rules/backup.ts";
import { defaultTenant } from "../rules/tenants.ts";
import { type Flags, loadConfig } from "./config.ts";
import { attempting } from "./failure.ts";
import { configOptions } from "./options.ts";
import { Progress } from "./progress.ts";
import { holdFolder } from "./single.ts";
import { table } from "./table.ts";
import { version } from "./version.ts";

type BackupFlags = Flags & {
  readonly withEvents?: boolean;
  readonly withPepper?: boolean;
  readonly json?: boolean;
};
type RestoreFlags = Flags & { readonly force?: boolean; readonly pepper?: string; readonly json?: boolean };

/** `leakgate backup` and `leakgate restore`: all tenants of a data folder, while the gateway runs. */
export function registerBackup(program: Command): void {
  configOptions(
    program
      .command("backup")
      .description(
        "copy the data of all tenants into a new folder, while the gateway runs, and verify the copy",
      )
      .argument("<folder>", "made new; holds manifest.json beside the copies")
      .option("--with-events", "the attempts too")
      .option("--with-pepper", "the pepper too: whoever has it and the digests can try tokens against them")
      .option("--json", "print the manifest"),
  ).action(attempting("make the backup", make));
  configOptions(
    program
      .command("restore")
      .description("verify a backup and make a data folder of it; the gateway must be stopped")
      .argument("<folder>", "what leakgate backup made")
      .option("--force", "move what the data folder holds aside, into before-restore-TIME in it")
      .option("--pepper <file>", "the pepper, where neither the backup nor the data folder holds it")
      .option("--json", "print the manifest"),
  ).action(attempting("restore the backup", takeBack));
}

async function make(folder: string, { withEvents, withPepper, json, ...flags }: BackupFlags): Promise<void> {
  const { data } = loadConfig(flags);
  const progress = new Progress();
  const pepperFile = withPepper ? (process.env.LEAKGATE_PEPPER_FILE ?? join(data, "pepper")) : null;
  const manifest = await backUp(data, folder, {
    version,
    withEvents: withEvents ?? false,
    pepperFile,
    progress: (what) => progress.say(what),
  }).finally(() => progress.clear());
  if (withPepper)
    console.error(
      `the pepper lies in ${folder}: keep this backup as secret as the pepper, and apart from others`,
    );
  console.log(
    json ? JSON.stringify(manifest, null, 2) : `${folder}: made and verified\n${contents(manifest)}`,
  );
}

async function takeBack(folder: string, { force, pepper, json, ...flags }: RestoreFlags): Promise<void> {
  const { data } = loadConfig(flags);
  const isNew = mkdirSync(data, { recursive: true, mode: 0o700 }) !== undefined;
  const held = await holdFolder(resolve(data));
  let isDone = false;
  const progress = new Progress();
  try {
    const { manifest, aside } = await restore(folder, data, {
      force: force ?? false,
      pepperFile: pepper ?? null,
      progress: (what) => progress.say(what),
    }).finally(() => progress.clear());
    isDone = true;
    if (aside !== null) console.error(`what ${data} held lies in ${aside} now`);
    console.log(
      json ? JSON.stringify(manifest, null, 2) : `${data}: restored and verified\n${contents(manifest)}`,
    );
  } finally {
    await new Promise((resume) => held.close(resume));
    if (isNew && !isDone) rmSync(data, { recursive: true, force: true });
  }
}

function contents({ stores, files, madeAt, version: madeBy }: Manifest): string {
  const rows = stores.map(({ folder, revision, head, pepper, audited }) => [
    folder === "" ? defaultTenant : folder.replace(/^tenants\//, ""),
    String(revision),
    `${head.slice(0, 16)}\u2026`,
    pepper,
    audited ? "yes" : "no: older schema",
  ]);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const size = `${files.length} files, ${(bytes / 2 ** 20).toFixed(1)} MiB, made ${madeAt} by ${madeBy}`;
  return `${table(["TENANT", "REVISION", "HEAD", "PEPPER", "AUDITED"], rows)}\n${size}`;
}
