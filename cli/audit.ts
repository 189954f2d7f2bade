import { type Command, Option } from "commander";
import {
  type ChangeFilter,
  changeCsv,
  changesBackwards,
  changesCsvHead,
  changesForwards,
  isAsked,
  READ_A_TURN,
} from "../rules/changes.ts";
import { canonicalJson, emptyJournal, type JournalEntry, type JournalVerdict } from "../rules/journal.ts";
import { type Flags, loadConfig } from "./config.ts";
import { type Data, openControl, openToRead } from "./data.ts";
import { ExitCode } from "./exit.ts";
import { attempting, CommandFailed } from "./failure.ts";
import { type TenantFlags, tenantOptions, wholeNumber } from "./options.ts";
import { Output } from "./output.ts";
import { Progress } from "./progress.ts";
import { table } from "./table.ts";
import { minute, time } from "./times.ts";

/** Whose journal: a tenant's, or that of the tenants themselves. */
type JournalFlags = Flags & TenantFlags & { readonly control?: boolean };
type ListFlags = JournalFlags & ChangeFilter & { readonly limit: number; readonly json?: boolean };
type ExportFlags = JournalFlags & ChangeFilter & { readonly format: "ndjson" | "csv" };
type VerifyFlags = JournalFlags & { readonly head?: string; readonly json?: boolean };

/** `leakgate audit verify | list | export`: the journal, in which every change stands with who made it. */
export function registerAudit(program: Command): void {
  const audit = program.command("audit").description("verify, list and export the journal of all changes");
  journalOptions(
    audit
      .command("verify")
      .description("verify the chain of the journal, and that everything stored is what the journal says")
      .option("--head <hash>", "the hash that an earlier verification printed; it must still be in the chain")
      .option("--json", "as JSON"),
  ).action(attempting("verify the journal", verify));
  journalOptions(
    filterOptions(audit.command("list").description("list changes, the newest first"))
      .option("--limit <n>", "how many at most", wholeNumber, 50)
      .option("--json", "as JSON"),
  ).action(attempting("list the journal", list));
  journalOptions(
    filterOptions(
      audit.command("export").description("write all changes to standard output, oldest first"),
    ).addOption(
      new Option("--format <format>", "ndjson keeps what verifying takes")
        .choices(["ndjson", "csv"])
        .default("ndjson"),
    ),
  ).action(attempting("export the journal", exportAll));
}

function journalOptions(command: Command): Command {
  return tenantOptions(command).option("--control", "the journal of tenants and global keys instead");
}

function openJournal({ tenant, control, ...flags }: JournalFlags): Promise<Data> {
  const { data } = loadConfig(flags);
  return control ? openControl(data) : openToRead(data, tenant);
}

function filterOptions(command: Command): Command {
  return command
    .option("--from <time>", "from this time on: 2026-11-24, 2026-11-24T12:00:00Z, or 24h ago as 24h", time)
    .option("--to <time>", "before this time", time)
    .option("--subject <id>", "of one leak or key, such as leak-1")
    .option("--action <name>", "of one kind: leak.close, or leak for all of leaks")
    .option("--actor <text>", "by those whose name holds this text");
}

async function verify({ head: kept, json, ...flags }: VerifyFlags): Promise<void> {
  if (kept !== undefined && !/^[0-9a-f]{64}$/.test(kept))
    throw new CommandFailed("--head is no hash of 64 hexadecimal digits", ExitCode.usage);
  const { store } = await openJournal(flags);
  try {
    const progress = new Progress("entries verified");
    let newest = emptyJournal;
    let keptAt = kept === emptyJournal.hash ? 0 : null;
    const verdict = await store.audit(({ revision, hash }, total) => {
      newest = { revision, hash };
      if (hash === kept) keptAt = revision;
      if (revision % READ_A_TURN === 0) progress.show(revision, total);
    });
    progress.clear();
    const isCut = verdict.ok && kept !== undefined && keptAt === null;
    const ok = verdict.ok && !isCut;
    if (json) console.log(JSON.stringify({ ...verdict, ok, head: newest, keptAt }, null, 2));
    if (!verdict.ok) throw new CommandFailed(brokenText(verdict), ExitCode.failed);
    if (isCut)
      throw new CommandFailed(
        `it no longer holds the entry ${kept}: it was cut off or replaced`,
        ExitCode.failed,
      );
    if (json) return;
    console.log(
      `ok: ${verdict.entries} ${verdict.entries === 1 ? "entry" : "entries"}, and everything stored is what they say`,
    );
    if (keptAt !== null) console.log(`the entry named by --head is revision ${keptAt}`);
    console.log(`head ${newest.hash}`);
  } finally {
    await store.close();
  }
}

function brokenText({ revision, why, entry }: Extract<JournalVerdict, { ok: false }>): string {
  if (entry === undefined) return `the journal holds, but what is stored is not what it says: ${why}`;
  const mark =
    entry === null
      ? ""
      : ` (${new Date(entry.at).toISOString()}, ${entry.actor}, ${entry.action} ${entry.subject}, as it says now)`;
  return `it is broken at revision ${revision}${mark}: ${why}`;
}

async function list(flags: ListFlags): Promise<void> {
  const { store } = await openJournal(flags);
  try {
    const found: JournalEntry[] = [];
    for (const entry of changesBackwards(store, flags.subject)) {
      if (found.length === flags.limit) break;
      if (isAsked(flags, entry)) found.push(entry);
    }
    if (flags.json) console.log(JSON.stringify(found, null, 2));
    else console.log(table(HEADINGS, found.map(row)));
  } finally {
    await store.close();
  }
}

async function exportAll(flags: ExportFlags): Promise<void> {
  const { store } = await openJournal(flags);
  try {
    const output = new Output();
    if (flags.format === "csv") await output.line(changesCsvHead);
    for (const entries of changesForwards(store)) {
      for (const entry of entries)
        if (isAsked(flags, entry))
          await output.line(flags.format === "csv" ? changeCsv(entry) : canonicalJson(entry));
    }
    await output.flush();
  } finally {
    await store.close();
  }
}

const HEADINGS = ["REVISION", "WHEN", "WHO", "FROM", "WHAT", "OF", "CHANGED"];

function row(entry: JournalEntry): string[] {
  const changed = Object.entries(entry.after)
    .filter(([field]) => field !== "version")
    .map(([field, value]) => `${field}=${typeof value === "string" ? value : canonicalJson(value)}`)
    .concat(entry.reason === undefined ? [] : [entry.reason])
    .concat(entry.comment === undefined ? [] : [JSON.stringify(entry.comment)])
    .join(" ");
  const shown = changed.length > 80 ? `${changed.slice(0, 79)}\u2026` : changed;
  return [
    String(entry.revision),
    minute(entry.at),
    entry.actor,
    entry.from ?? "",
    entry.action,
    entry.subject,
    shown,
  ];
}
