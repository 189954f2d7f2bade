import type { Command } from "commander";
import { digestToken, type TokenDigest } from "../rules/digest.ts";
import { LineRefusals } from "../rules/linerefused.ts";
import { InputRefused } from "../rules/refusal.ts";
import { screenTexts } from "../rules/screen.ts";
import { isConfiguredName, NAME_REFUSED } from "../rules/source.ts";
import { Token } from "../rules/token.ts";
import { type Flags, loadConfig } from "./config.ts";
import { cliActor, openExisting, openToChange, openToRead } from "./data.ts";
import { ExitCode } from "./exit.ts";
import { attempting, CommandFailed } from "./failure.ts";
import { type TenantFlags, tenantOptions } from "./options.ts";
import { table } from "./table.ts";
import { minute } from "./times.ts";
import { bytesOf, digestLines, lineRefusalsMax } from "./tokenlines.ts";

type InventoryFlags = Flags & TenantFlags & { readonly json?: boolean };

/** `leakgate inventory add | list | remove`: the live tokens that scans and watched sources look for. */
export function registerInventory(program: Command): void {
  const inventory = program
    .command("inventory")
    .description("list live tokens, which scans and watched sources look for; only digests are kept");
  inventoryOptions(
    inventory
      .command("add")
      .description("list live tokens under a name; they come from a file or standard input, one a line")
      .argument("<name>", "whose they are: an owner, a service")
      .option("--tokens-file <file>", "the tokens, one a line; - is standard input"),
  ).action(attempting("list the tokens", add));
  inventoryOptions(inventory.command("list").description("how many tokens are listed, by name")).action(
    attempting("show the inventory", list),
  );
  inventoryOptions(
    inventory
      .command("remove")
      .description("forget the tokens under a name; leaks that were found by them stay")
      .argument("<name>", "such as billing"),
  ).action(attempting("forget the tokens", remove));
}

function inventoryOptions(command: Command): Command {
  return tenantOptions(command).option("--json", "as JSON");
}

async function add(name: string, flags: InventoryFlags & { tokensFile?: string }): Promise<void> {
  if (!isConfiguredName(name)) throw new InputRefused("the name", NAME_REFUSED);
  if (flags.tokensFile === undefined && process.stdin.isTTY)
    throw new CommandFailed("name --tokens-file, or pipe the tokens in, one a line", ExitCode.usage);
  const bytes = await bytesOf(flags.tokensFile ?? "-");
  const { store, pepper } = await openToChange(loadConfig(flags).data, flags.tenant);
  try {
    const tokens: TokenDigest[] = [];
    const refusals = new LineRefusals(lineRefusalsMax);
    await digestLines(bytes, (text, line) => digestToken(Token.parse(text, line), pepper), tokens, refusals);
    refusals.end();
    if (tokens.length === 0) throw new CommandFailed("no token was given; write one a line", ExitCode.usage);
    screenTexts(store, pepper, { name }, tokens);
    const { entry, added } = await store.inventory.add(cliActor(), name, tokens);
    if (flags.json) console.log(JSON.stringify({ ...entry, added }, null, 2));
    else console.log(`${name}: ${added} added, ${entry.tokens} listed. Nothing is blocked by it.`);
  } finally {
    await store.close();
  }
}

async function list(flags: InventoryFlags): Promise<void> {
  const { store } = await openToRead(loadConfig(flags).data, flags.tenant);
  try {
    const entries = store.inventory.list();
    const rows = entries.map(({ name, tokens, addedAt, addedBy }) => [
      name,
      String(tokens),
      minute(addedAt),
      addedBy,
    ]);
    if (flags.json) console.log(JSON.stringify(entries, null, 2));
    else console.log(table(["NAME", "TOKENS", "LAST ADDED", "BY"], rows));
  } finally {
    await store.close();
  }
}

async function remove(name: string, flags: InventoryFlags): Promise<void> {
  const { store } = await openExisting(loadConfig(flags).data, flags.tenant);
  try {
    const { entry } = await store.inventory.remove(cliActor(), name);
    console.log(
      flags.json ? JSON.stringify(entry, null, 2) : `${name}: ${entry.tokens} forgotten; leaks stay`,
    );
  } finally {
    await store.close();
  }
}
