import type { Command } from "commander";
import { defaultTenant, Tenants, tenantFolder, tenantNames } from "../rules/tenants.ts";
import { type Flags, loadConfig } from "./config.ts";
import { cliActor, openToRead } from "./data.ts";
import { attempting } from "./failure.ts";
import { configOptions } from "./options.ts";
import { table } from "./table.ts";

/** `leakgate tenants create | list`: whose data is kept apart. */
export function registerTenants(program: Command): void {
  const tenants = program.command("tenants").description("make and list tenants, whose data are kept apart");
  configOptions(
    tenants
      .command("create")
      .description("make a tenant, with a pepper, rules, keys, journal and events of its own")
      .argument("<name>", "1 to 32 of a-z, 0-9 and -"),
  ).action(attempting("create the tenant", create));
  configOptions(
    tenants.command("list").description("list all tenants and what they hold").option("--json", "as JSON"),
  ).action(attempting("list the tenants", list));
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
    return { name, pepper: pepper.id, revision: store.revision(), leaks, patched: byStatus.patched, tokens };
  } finally {
    await store.close();
  }
}

const HEADINGS = ["TENANT", "LEAKS", "PATCHED", "TOKENS", "REVISION", "PEPPER"];

function row({ name, leaks, patched, tokens, revision, pepper }: Held): string[] {
  const shown = name === defaultTenant ? `${name} (the data folder itself)` : name;
  return [shown, ...[leaks, patched, tokens, revision].map(String), pepper];
}
