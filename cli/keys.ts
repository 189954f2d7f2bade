import { type Command, Option } from "commander";
import { type AccessKey, mintKey, type Role, roles } from "../rules/access.ts";
import { type Flags, loadConfig } from "./config.ts";
import { cliActor, type Data, openToChange, openToRead } from "./data.ts";
import { attempting } from "./failure.ts";
import { configOptions } from "./options.ts";
import { table } from "./table.ts";

/** `leakgate keys create | list | revoke`: the API keys of people and programs. */
export function registerKeys(program: Command): void {
  const keys = program.command("keys").description("make, list and revoke keys of the admin API");
  configOptions(
    keys
      .command("create")
      .description("make a key and print it, alone, on standard output; it is shown this once")
      .addOption(
        new Option("--role <role>", "an analyst may look, an administrator may change")
          .choices(roles)
          .makeOptionMandatory(),
      )
      .option("--name <name>", "whose key it is"),
  ).action(attempting("create the key", createKey));
  configOptions(
    keys.command("list").description("list all keys, the revoked ones too").option("--json", "as JSON"),
  ).action(attempting("list the keys", listKeys));
  configOptions(
    keys.command("revoke").description("revoke a key at once, by its id").argument("<id>", "such as key-2"),
  ).action(attempting("revoke the key", revokeKey));
}

async function createKey(flags: Flags & { role: Role; name?: string }): Promise<void> {
  const { data } = loadConfig(flags);
  const { store, pepper, isNew } = await openToChange(data);
  if (isNew) console.error(`made the data folder ${data}`);
  try {
    const { clear, record } = mintKey(pepper, flags.role, flags.name ?? `made by ${cliActor()}`);
    const { key } = await store.createKey(cliActor(), record);
    console.log(clear);
    console.error(
      `${key.id}: ${key.role}, "${key.name}". Shown this once and kept nowhere: store it safely.`,
    );
  } finally {
    await store.close();
  }
}

async function listKeys(flags: Flags & { json?: boolean }): Promise<void> {
  const { store } = await openToRead(loadConfig(flags).data);
  try {
    const keys = store.keys();
    console.log(flags.json ? JSON.stringify(keys, null, 2) : table(HEADINGS, keys.map(row)));
  } finally {
    await store.close();
  }
}

async function revokeKey(id: string, flags: Flags): Promise<void> {
  const { store } = await openToChange(loadConfig(flags).data);
  try {
    const { key } = await store.revokeKey(cliActor(), id);
    console.log(`${key.id}: revoked, "${key.name}" is refused from now on`);
  } finally {
    await store.close();
  }
}

/** An administrator's key in clear where the folder holds no key yet, else null; of several at once, one makes it. */
export async function makeFirstKey({ store, pepper }: Data): Promise<string | null> {
  const { clear, record } = mintKey(pepper, "administrator", "first start");
  return (await store.createFirstKey("system", record)) === null ? null : clear;
}

const HEADINGS = ["ID", "ROLE", "BEGINS", "NAME", "MADE", "BY", "REVOKED"];

function row(key: AccessKey): string[] {
  const revoked = key.revokedAt === null ? "" : day(key.revokedAt);
  return [key.id, key.role, `lgk_${key.publicPart}`, key.name, day(key.createdAt), key.createdBy, revoked];
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 16).replace("T", " ");
}
