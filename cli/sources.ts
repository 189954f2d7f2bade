import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { type Command, InvalidArgumentError, Option } from "commander";
import { InputRefused, SourceUnknown } from "../rules/refusal.ts";
import { screenTexts } from "../rules/screen.ts";
import { checkSource, type Source, type SourceKind, sourceKinds } from "../rules/source.ts";
import type { GivenCredential } from "../rules/store/sources.ts";
import type { SourceState } from "../rules/store/sourcestates.ts";
import type { RulesStore } from "../rules/store.ts";
import { type Flags, loadConfig } from "./config.ts";
import { cliActor, type Data, openExisting, openToChange, openToRead } from "./data.ts";
import { ExitCode } from "./exit.ts";
import { attempting, CommandFailed } from "./failure.ts";
import { type TenantFlags, tenantOptions, wholeNumber } from "./options.ts";
import { table } from "./table.ts";
import { minute } from "./times.ts";

type SourceFlags = Flags & TenantFlags & { readonly json?: boolean };

interface AddFlags extends SourceFlags {
  readonly schedule: string;
  readonly manual?: boolean;
  readonly credential?: string;
  readonly secretFile?: string;
  readonly risk?: number;
  readonly rules?: string;
  readonly assignments?: boolean;
}

const EXAMPLES = `
Examples:
  $ leakgate sources add git https://git.example/team/app.git --secret-file - < token
  $ leakgate sources add folder /srv/code --schedule @hourly        # within scan.paths of leakgate.yaml
  $ leakgate sources add feed https://pastes.example/new.xml --risk 7
  $ leakgate sources run source-1

The running admin (or serve) looks at them; what it finds are leaks.
`;

/** `leakgate sources add | list | show | run | remove`: what is watched for tokens. */
export function registerSources(program: Command): void {
  const sources = program
    .command("sources")
    .description("watch repositories, sites, packages and folders for tokens");
  sourceOptions(
    sources
      .command("add")
      .description("watch a source; the running admin looks at it now, and then by its schedule")
      .argument("<kind>", sourceKinds.join(", "), kindOf)
      .argument("<address>", "a URL, an absolute path, or the name of a package")
      .option("--schedule <cron>", "five fields in UTC, or @hourly and the like", "0 3 * * *")
      .addOption(new Option("--manual", "without a schedule: only when somebody asks").conflicts("schedule"))
      .option("--credential <name>", "what opens it, of scan.credentials in leakgate.yaml")
      .addOption(
        new Option(
          "--secret-file <file>",
          "what opens it: a token, or user:password; - is standard input",
        ).conflicts("credential"),
      )
      .option("--risk <1..10>", "of leaks that come of it (default: as sure as a finding is)", wholeNumber)
      .option("--rules <name>", "one of scan.rules in leakgate.yaml (default: all of them)")
      .option("--assignments", "values of names that sound secret, too; many are none")
      .addHelpText("after", EXAMPLES),
  ).action(attempting("watch the source", add));
  sourceOptions(sources.command("list").description("list all sources and their states")).action(
    attempting("list the sources", list),
  );
  one(sources, "show", "show a source, its state and its last look").action(
    attempting("show the source", show),
  );
  one(sources, "run", "have the running admin look at a source now").action(
    attempting("look at the source", run),
  );
  one(sources, "remove", "watch a source no longer; its leaks stay").action(
    attempting("remove the source", remove),
  );
}

function sourceOptions(command: Command): Command {
  return tenantOptions(command).option("--json", "as JSON");
}

function one(sources: Command, name: string, description: string): Command {
  return sourceOptions(sources.command(name).description(description).argument("<id>", "such as source-2"));
}

function kindOf(given: string): SourceKind {
  const kind = sourceKinds.find((each) => each === given);
  if (kind === undefined) throw new InvalidArgumentError(`It must be one of ${sourceKinds.join(", ")}.`);
  return kind;
}

async function add(kind: SourceKind, address: string, flags: AddFlags): Promise<void> {
  const { risk = null, rules = null, assignments = false } = flags;
  const settings = loadConfig(flags);
  const schedule = flags.manual ? null : flags.schedule;
  const input = checkSource({
    kind,
    address,
    schedule,
    enabled: true,
    options: { risk, rules, assignments },
  });
  // Cron and the guard are loaded by who needs them.
  const { checkAllowed } = await import("../admin/scan/allowed.ts");
  const isSealed = flags.secretFile !== undefined;
  checkAllowed(settings.scan, input, isSealed ? true : (flags.credential ?? null));
  const secret = isSealed ? await secretIn(flags.secretFile) : null;
  const opened = await openToChange(settings.data, flags.tenant);
  const { store, pepper } = opened;
  try {
    screenTexts(store, pepper, { address: input.address });
    const credential = await credentialOf(opened, secret, flags.credential);
    const { source } = await store.sources.add(
      cliActor(),
      input,
      credential,
      schedule === null ? null : Date.now(),
    );
    if (flags.json) console.log(JSON.stringify(source, null, 2));
    else
      console.log(
        `${source.id}: ${source.kind} ${source.address} is watched\n${nextStep(source, settings.scan)}`,
      );
  } finally {
    await store.close();
  }
}

function nextStep({ id, schedule }: Source, { enabled }: { readonly enabled: boolean }): string {
  if (!enabled) return "Nothing is looked at: scan.enabled is off in the configuration.";
  if (schedule === null) return `It is looked at when somebody asks: leakgate sources run ${id}`;
  return `The running admin looks at it now. How far it is: leakgate sources show ${id}`;
}

/** Never from arguments: those stand in the process list and the shell's history. */
async function secretIn(file = "-"): Promise<string> {
  let read: string;
  try {
    read = file === "-" ? await text(process.stdin) : await readFile(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandFailed(`the file ${file} cannot be read (${code})`, ExitCode.usage, error);
  }
  const secret = read.trim();
  if (!/^[\x20-\x7e]{1,4096}$/.test(secret))
    throw new InputRefused("the secret", "is not one line of at most 4096 ASCII characters");
  return secret;
}

async function credentialOf(
  { pepper }: Data,
  secret: string | null,
  name: string | undefined,
): Promise<GivenCredential | null> {
  if (secret === null) return name === undefined ? null : { kind: "named", name };
  const { Sealer } = await import("../admin/notify/seal.ts");
  const sealer = new Sealer(pepper, "sources");
  return { kind: "sealed", seal: (id) => sealer.seal(id, secret) };
}

async function list(flags: SourceFlags): Promise<void> {
  const { store } = await openToRead(loadConfig(flags).data, flags.tenant);
  try {
    const all = [...everySource(store)].map((source) => ({
      ...source,
      ...store.sources.states.get(source.id),
    }));
    if (flags.json) console.log(JSON.stringify(all.map(withoutMark), null, 2));
    else if (all.length === 0) console.log("nothing is watched; leakgate help sources add tells how");
    else console.log(table(HEADINGS, all.map(row)));
  } finally {
    await store.close();
  }
}

function* everySource(store: RulesStore): Generator<Source> {
  let after: string | undefined;
  do {
    const { sources, next } = store.sources.list({ limit: 1_000, after });
    yield* sources;
    after = next ?? undefined;
  } while (after !== undefined);
}

async function show(id: string, flags: SourceFlags): Promise<void> {
  const { store } = await openToRead(loadConfig(flags).data, flags.tenant);
  try {
    const source = known(store, id);
    const all = { ...source, ...store.sources.states.get(source.id) };
    console.log(flags.json ? JSON.stringify(withoutMark(all), null, 2) : described(all));
  } finally {
    await store.close();
  }
}

async function run(id: string, flags: SourceFlags): Promise<void> {
  const { store } = await openExisting(loadConfig(flags).data, flags.tenant);
  try {
    const source = known(store, id);
    if (!source.enabled) throw new CommandFailed(`${source.id} is switched off`, ExitCode.usage);
    const state = await store.sources.states.write(source, { nextRunAt: Date.now(), isPaused: false });
    if (flags.json) console.log(JSON.stringify(withoutMark({ ...source, ...state! }), null, 2));
    else
      console.log(
        `${source.id}: the running admin looks at it now. How far it is: leakgate sources show ${source.id}`,
      );
  } finally {
    await store.close();
  }
}

async function remove(id: string, flags: SourceFlags): Promise<void> {
  const { store } = await openExisting(loadConfig(flags).data, flags.tenant);
  try {
    const { source } = await store.sources.remove(cliActor(), id);
    console.log(
      flags.json ? JSON.stringify(source, null, 2) : `${source.id}: watched no longer; its leaks stay`,
    );
  } finally {
    await store.close();
  }
}

function known(store: RulesStore, id: string): Source {
  const source = store.sources.get(id);
  if (source === null || source.removedAt !== null) throw new SourceUnknown(id);
  return source;
}

type Known = Source & SourceState;

/** How far a reader has come is its own business, and may be long. */
function withoutMark({ mark: _, ...rest }: Known): object {
  return rest;
}

const HEADINGS = ["ID", "KIND", "STATE", "LAST LOOK", "NEXT LOOK", "TOKENS", "SCHEDULE", "ADDRESS"];

function row(source: Known): string[] {
  const { id, kind, lastRunAt, nextRunAt, last, schedule, address } = source;
  const [before, next] = [lastRunAt, nextRunAt].map((at) => (at === null ? "-" : minute(at)));
  const tokens = last === null ? "-" : String(last.findings);
  return [id, kind, stateOf(source), before!, next!, tokens, schedule ?? "by hand", address];
}

function stateOf({ enabled, runningSince, isPaused, failures, schedule }: Known): string {
  if (runningSince !== null) return "looking";
  if (!enabled) return "off";
  if (isPaused) return "paused";
  if (failures > 0) return `failing (${failures})`;
  return schedule === null ? "by hand" : "waiting";
}

function described(source: Known): string {
  const { id, kind, address, schedule, credential, last, lastError, lastRunAt, lastOkAt, nextRunAt } = source;
  const lines = [
    `${id}: ${kind} ${address}`,
    `state: ${stateOf(source)}`,
    `schedule: ${schedule ?? "by hand"}`,
    `credential: ${credential === null ? "none" : credential.kind === "named" ? credential.name : "sealed"}`,
    `last look: ${lastRunAt === null ? "never" : `${minute(lastRunAt)} UTC`}`,
    `last that went well: ${lastOkAt === null ? "never" : `${minute(lastOkAt)} UTC`}`,
    `next look: ${nextRunAt === null ? "not by itself" : `${minute(nextRunAt)} UTC`}`,
  ];
  if (lastError !== null) lines.push(`why it failed: ${lastError}`);
  if (last !== null) {
    const { texts, bytes, findings, leaks, skipped, end } = last;
    lines.push(`found: ${findings} tokens in ${texts} texts (${bytes} bytes), ${leaks} leaks registered`);
    const parts = Object.entries(skipped).map(([why, count]) => `${count} ${why}`);
    if (parts.length > 0) lines.push(`left out: ${parts.join(", ")}`);
    if (end !== "whole") lines.push(`it ended at its limit (${end}), before the source did`);
  }
  return lines.join("\n");
}
