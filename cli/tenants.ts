import { type Command, Option } from "commander";
import { defaultTenant, Tenants, tenantFolder, tenantNames } from "../rules/tenants.ts";
import { type Flags, loadConfig } from "./config.ts";
import { cliActor, openExisting, openToRead } from "./data.ts";
import { ExitCode } from "./exit.ts";
import { attempting, CommandFailed } from "./failure.ts";
import { configOptions, wholeNumber } from "./options.ts";
import { table } from "./table.ts";

type SetFlags = Flags & {
  readonly leaks?: "on" | "off";
  readonly high?: number;
  readonly medium?: number;
};

/** `leakgate tenants create | list | set`: whose data is kept apart. */
export function registerTenants(program: Command): void {
  const tenants = program
    .command("tenants")
    .description("make, list and set up tenants, whose data are kept apart");
  configOptions(
    tenants
      .command("create")
      .description("make a tenant, with a pepper, rules, keys, journal and events of its own")
      .argument("<name>", "1 to 32 of a-z, 0-9 and -"),
  ).action(attempting("create the tenant", create));
  configOptions(
    tenants.command("list").description("list all tenants and what they hold").option("--json", "as JSON"),
  ).action(attempting("list the tenants", list));
  configOptions(
    tenants
      .command("set")
      .description("change what a tenant may set for itself")
      .argument("<name>", "such as default")
      .addOption(
        new Option("--leaks <state>", "the leak module; off, nothing of the tenant is enforced").choices([
          "on",
          "off",
        ]),
      )
      .option("--high <risk>", "from this risk on a leak is of high risk", wholeNumber)
      .option("--medium <risk>", "from this risk on it is of medium risk", wholeNumber),
  ).action(attempting("set the tenant up", set));
}

async function set(name: string, flags: SetFlags): Promise<void> {
  const { leaks, high, medium } = flags;
  if (leaks === undefined && high === undefined && medium === undefined)
    throw new CommandFailed("name what to set: --leaks, --high or --medium", ExitCode.usage);
  const { store } = await openExisting(loadConfig(flags).data, name);
  try {
    const leaksEnabled = leaks === undefined ? undefined : leaks === "on";
    const { settings } = await store.updateSettings(cliActor(), { leaksEnabled, levels: { high, medium } });
    const { levels } = settings;
    const state = settings.leaksEnabled ? "on" : "off";
    console.log(
      `${name}: the leak module is ${state}; high from ${levels.high}, medium from ${levels.medium}`,
    );
  } finally {
    await store.close();
  }
}

async function create(name: string, flags: Flags): Promise<void> {
  const { data } = loadConfig(flags);
  // What is no name makes no data folder either.
  tenantFolder(data, name);
  const tenants = await Tenants.open(data);
  try {
    await tenants.create(cliActor(), name);
  } finally {
    await tenants.close();
  }
  console.log(`${name}: made. Its first key: leakgate keys create --tenant ${name} --role administrator`);
}

interface Held {
  readonly name: string;
  readonly pepper: string;
  readonly revision: number;
  readonly leaks: number;
  readonly patched: number;
  readonly tokens: number;
  /** Whether anything of it is enforced. */
  readonly leaksEnabled: boolean;
}

async function list(flags: Flags & { json?: boolean }): Promise<void> {
  const { data } = loadConfig(flags);
  const all: Held[] = [];
  for (const name of tenantNames(data)) all.push(await heldBy(data, name));
  if (flags.json) console.log(JSON.stringify(all, null, 2));
  else console.log(table(HEADINGS, all.map(row)));
}

async function heldBy(data: string, name: string): Promise<Held> {
  const { store, pepper } = await openToRead(data, name);
  try {
    const { leaks, tokens, byStatus } = store.counts();
    const { leaksEnabled } = store.settings();
    const held = { name, pepper: pepper.id, revision: store.revision(), leaks, tokens, leaksEnabled };
    return { ...held, patched: byStatus.patched };
  } finally {
    await store.close();
  }
}

const HEADINGS = ["TENANT", "LEAKS", "PATCHED", "TOKENS", "REVISION", "MODULE", "PEPPER"];

function row({ name, leaks, patched, tokens, revision, leaksEnabled, pepper }: Held): string[] {
  const shown = name === defaultTenant ? `${name} (the data folder itself)` : name;
  return [shown, ...[leaks, patched, tokens, revision].map(String), leaksEnabled ? "on" : "off", pepper];
}
