import { type FileHandle, open } from "node:fs/promises";
import type { Command } from "commander";
import { type Imported, importLeaks, type Taken } from "../rules/transfer/take.ts";
import { exportLeaks } from "../rules/transfer.ts";
import { type Flags, loadConfig } from "./config.ts";
import { cliActor, openExisting, openToRead } from "./data.ts";
import { ExitCode } from "./exit.ts";
import { attempting, CommandFailed } from "./failure.ts";
import { type TenantFlags, tenantOptions } from "./options.ts";
import { Output } from "./output.ts";
import { Progress } from "./progress.ts";
import { table } from "./table.ts";
import { version } from "./version.ts";

type ExportFlags = Flags & TenantFlags & { readonly leak?: string[]; readonly history?: boolean };
type ImportFlags = Flags &
  TenantFlags & { readonly dryRun?: boolean; readonly asOpened?: boolean; readonly json?: boolean };

/** `leakgate export` and `leakgate import`: leaks on their way between data folders with the same pepper. */
export function registerTransfer(program: Command): void {
  tenantOptions(
    program
      .command("export")
      .description("write leaks, their rules and the digests of their tokens to standard output (NDJSON)")
      .option("--leak <list>", "only these, with commas: leak-1,leak-7", (text: string) => text.split(","))
      .option("--history", "the entries of the journal too, to read; an import passes over them"),
  ).action(attempting("export the leaks", writeOut));
  tenantOptions(
    program
      .command("import")
      .description(
        "take in what leakgate export wrote, under the same pepper; what is known already stays as it is",
      )
      .argument("<file>", "the whole of it is checked before anything is taken in")
      .option("--dry-run", "check and count, and change nothing")
      .option("--as-opened", "whatever was decided of them elsewhere")
      .option("--json", "answer as JSON"),
  ).action(attempting("import the leaks", takeIn));
}

async function writeOut({ leak, history, ...flags }: ExportFlags): Promise<void> {
  const { store, pepper } = await openToRead(loadConfig(flags).data, flags.tenant);
  const progress = new Progress("tokens written");
  try {
    const output = new Output();
    const lines = exportLeaks(store, {
      version,
      tenant: flags.tenant,
      pepperId: pepper.id,
      leaks: leak,
      withHistory: history ?? false,
      progress: (tokens) => progress.show(tokens),
    });
    for (const line of lines) await output.line(line);
    await output.flush();
  } finally {
    progress.clear();
    await store.close();
  }
}

async function takeIn(path: string, { dryRun, asOpened, json, ...flags }: ImportFlags): Promise<void> {
  const settings = loadConfig(flags);
  const file = await regularFile(path);
  try {
    const opening = dryRun ? openToRead : openExisting;
    const { store, pepper } = await opening(settings.data, flags.tenant);
    const progress = new Progress("tokens read");
    try {
      const imported = await importLeaks(store, file, {
        actor: `${cliActor()} (import)`,
        pepperId: pepper.id,
        dryRun: dryRun ?? false,
        asOpened: asOpened ?? false,
        progress: (tokens, total) => progress.show(tokens, total),
      }).finally(() => progress.clear());
      console.log(json ? JSON.stringify(imported, null, 2) : asText(imported, dryRun ?? false));
    } finally {
      await store.close();
    }
  } finally {
    await file.close();
  }
}

/** It is read twice: to check it, and to take it in. */
async function regularFile(path: string): Promise<FileHandle> {
  let file: FileHandle;
  try {
    file = await open(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandFailed(`the file ${path} cannot be read (${code})`, ExitCode.usage, error);
  }
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new CommandFailed(`${path} is no file; it is read twice, so a pipe will not do`, ExitCode.usage);
}

const OUTCOMES: Readonly<Record<Taken["outcome"], string>> = {
  new: "new",
  known: "known already",
  completed: "completed",
};

function asText({ leaks, tokens }: Imported, isDry: boolean): string {
  const rows = leaks.map((each) => [
    each.from,
    each.leak ?? "-",
    OUTCOMES[each.outcome],
    each.status,
    String(each.tokens),
    each.name,
  ]);
  const fresh = leaks.filter(({ outcome }) => outcome !== "known").length;
  const counts = `${fresh} of ${leaks.length} leaks, of ${tokens} tokens in the file`;
  const said = isDry ? `would take in ${counts}; nothing was changed` : `took in ${counts}`;
  return `${table(["THERE", "HERE", "", "STATUS", "TOKENS", "NAME"], rows)}\n${said}`;
}
