import { type Command, Option } from "commander";
import {
  type AccessKey,
  isGlobal,
  mintKey,
  mintSecret,
  type Role,
  roles,
  standingOf,
} from "../rules/access.ts";
import type { KeyChanged, KeyPatch } from "../rules/store/keychanges.ts";
import type { ListedKey } from "../rules/store/keyring.ts";
import type { RulesStore } from "../rules/store.ts";
import { type Flags, loadConfig } from "./config.ts";
import {
  cliActor,
  type Data,
  openControl,
  openControlToChange,
  openExisting,
  openToChange,
  openToRead,
} from "./data.ts";
import { attempting } from "./failure.ts";
import { type TenantFlags, tenantOptions } from "./options.ts";
import { table } from "./table.ts";
import { minute, span, timeToCome } from "./times.ts";

type KeyFlags = Flags & TenantFlags & { readonly json?: boolean };
/** `global`: the keys of global roles, which are no tenant's. */
type OneKeyFlags = KeyFlags & { readonly global?: boolean };

/** `leakgate keys create | list | revoke | disable | enable | rotate`: the API keys of people and programs. */
export function registerKeys(program: Command): void {
  const keys = program.command("keys").description("make, list and look after keys of the admin API");
  keyOptions(
    keys
      .command("create")
      .description("make a key and print it, alone, on standard output; it is shown this once")
      .addOption(
        new Option(
          "--role <role>",
          "an analyst may look, an administrator may change; global ones in all tenants",
        )
          .choices(roles)
          .makeOptionMandatory(),
      )
      .option("--name <name>", "whose key it is")
      .option("--expires <when>", "a time, or as 90d from now; it is refused from then on", timeToCome),
  ).action(attempting("create the key", createKey));
  globalOptions(keys.command("list").description("list all keys, the revoked ones too")).action(
    attempting("list the keys", listKeys),
  );
  oneKey(keys, "revoke", "revoke a key, at once and for good").action(
    attempting("revoke the key", (id: string, flags: OneKeyFlags) =>
      changeKey(flags, (store) => store.revokeKey(cliActor(), id), "revoked, refused from now on"),
    ),
  );
  oneKey(keys, "disable", "switch a key off; its sessions end").action(
    attempting("disable the key", switching({ disabled: true }, "disabled, refused until it is enabled")),
  );
  oneKey(keys, "enable", "switch a key on again").action(
    attempting("enable the key", switching({ disabled: false }, "enabled")),
  );
  oneKey(keys, "rotate", "give a key a new secret and print it, alone; it is shown this once")
    .option("--grace <time>", "how long the old secret still counts, as 24h (default: not at all)", span)
    .action(attempting("rotate the key", rotateKey));
}

function keyOptions(command: Command): Command {
  return tenantOptions(command).option("--json", "as JSON");
}

function globalOptions(command: Command): Command {
  return keyOptions(command).option("--global", "the keys of global roles, which are no tenant's");
}

function oneKey(keys: Command, name: string, description: string): Command {
  return globalOptions(keys.command(name).description(description).argument("<id>", "such as key-2"));
}

async function createKey(flags: KeyFlags & { role: Role; name?: string; expires?: number }): Promise<void> {
  const { data } = loadConfig(flags);
  const { store, pepper, isNew } = isGlobal(flags.role)
    ? await openControlToChange(data)
    : await openToChange(data, flags.tenant);
  if (isNew) console.error(`made the data folder ${data}`);
  try {
    const name = flags.name ?? `made by ${cliActor()}`;
    const { clear, record } = mintKey(pepper, flags.role, name, flags.expires ?? null);
    const { key } = await store.createKey(cliActor(), record);
    show(flags, key, clear);
  } finally {
    await store.close();
  }
}

async function rotateKey(id: string, flags: OneKeyFlags & { grace?: number }): Promise<void> {
  const { store, pepper } = await openOne(flags);
  try {
    const { clear, secret } = mintSecret(pepper);
    const { key } = await store.rotateKey(cliActor(), id, secret, flags.grace ?? 0);
    show(flags, key, clear);
    if (key.graceUntil !== null && !flags.json)
      console.error(`The old secret counts until ${minute(key.graceUntil)} UTC.`);
  } finally {
    await store.close();
  }
}

/** The clear key goes to standard output alone, and nowhere else. */
function show({ json }: KeyFlags, key: AccessKey, clear: string): void {
  console.log(json ? JSON.stringify({ ...key, key: clear }, null, 2) : clear);
  console.error(`${key.id}: ${key.role}, "${key.name}". Shown this once and kept nowhere: store it safely.`);
}

async function listKeys(flags: OneKeyFlags): Promise<void> {
  const { data } = loadConfig(flags);
  const { store } = flags.global ? await openControl(data) : await openToRead(data, flags.tenant);
  try {
    const keys = store.keys();
    console.log(flags.json ? JSON.stringify(keys, null, 2) : table(HEADINGS, keys.map(row)));
  } finally {
    await store.close();
  }
}

function switching(patch: KeyPatch, said: string) {
  return (id: string, flags: OneKeyFlags) =>
    changeKey(flags, (store) => store.updateKey(cliActor(), id, patch), said);
}

async function changeKey(
  flags: OneKeyFlags,
  change: (store: RulesStore) => Promise<KeyChanged>,
  said: string,
): Promise<void> {
  const { store } = await openOne(flags);
  try {
    const { key, leavesNoAdministrator } = await change(store);
    console.log(flags.json ? JSON.stringify(key, null, 2) : `${key.id}: "${key.name}" is ${said}`);
    if (leavesNoAdministrator) console.error("warning: no administrator's key is left that counts");
  } finally {
    await store.close();
  }
}

function openOne(flags: OneKeyFlags): Promise<Data> {
  const { data } = loadConfig(flags);
  return flags.global ? openControlToChange(data) : openExisting(data, flags.tenant);
}

/** An administrator's key in clear where the folder holds no key yet, else null; of several at once, one makes it. */
export async function makeFirstKey({ store, pepper }: Data): Promise<string | null> {
  const { clear, record } = mintKey(pepper, "administrator", "first start");
  return (await store.createFirstKey("system", record)) === null ? null : clear;
}

const HEADINGS = ["ID", "ROLE", "BEGINS", "NAME", "MADE", "BY", "LAST USED", "EXPIRES", "STATE"];

function row(key: ListedKey): string[] {
  const { id, role, publicPart, name, createdAt, createdBy, lastUsedAt, expiresAt } = key;
  const [used, expires] = [lastUsedAt, expiresAt].map((at) => (at === null ? "never" : minute(at)));
  return [id, role, `lgk_${publicPart}`, name, minute(createdAt), createdBy, used!, expires!, stateOf(key)];
}

function stateOf(key: ListedKey): string {
  const since = key.revokedAt ?? key.disabledAt;
  const standing = standingOf(key, Date.now());
  return since === null ? standing : `${standing} ${minute(since)}`;
}
