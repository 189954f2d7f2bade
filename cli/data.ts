import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { Pepper, PepperUnusable } from "../rules/pepper.ts";
import { Refusal, StoreAbsent } from "../rules/refusal.ts";
import { RulesStore } from "../rules/store.ts";
import { ExitCode } from "./exit.ts";
import { CommandFailed } from "./failure.ts";

/** The opened data folder. */
export interface Data {
  readonly store: RulesStore;
  readonly pepper: Pepper;
  /** It held no rules before. */
  readonly isNew: boolean;
}

/** Opens the folder to look; rejects where there is nothing to see. */
export function openToRead(dataDir: string): Promise<Data> {
  return opened(dataDir, async () => {
    if (!holdsRules(dataDir)) throw new StoreAbsent(dataDir);
    const pepper = Pepper.load(dataDir);
    return { pepper, store: await RulesStore.open(dataDir, pepper.id, { readOnly: true }), isNew: false };
  });
}

/** Opens the folder to change it, and makes it where there is none. */
export function openToChange(dataDir: string): Promise<Data> {
  return opened(dataDir, async () => {
    const isNew = !holdsRules(dataDir);
    // Rules without their pepper: a new one would match none of their tokens, and lie where the right one belongs.
    const pepper = isNew ? Pepper.loadOrCreate(dataDir) : Pepper.load(dataDir);
    return { pepper, store: await RulesStore.open(dataDir, pepper.id), isNew };
  });
}

/** Opens the folder to change what is there; rejects where there is nothing. */
export async function openExisting(dataDir: string): Promise<Data> {
  if (!holdsRules(dataDir)) throw new StoreAbsent(dataDir);
  return openToChange(dataDir);
}

/** Who changes something from the command line, for the journal. */
export function cliActor(): string {
  try {
    return `cli:${userInfo().username}`;
  } catch {
    // In a container the user often has a number and no name.
    return `cli:uid-${process.getuid?.() ?? "unknown"}`;
  }
}

function holdsRules(dataDir: string): boolean {
  return existsSync(join(dataDir, "rules", "data.mdb"));
}

async function opened(dataDir: string, open: () => Promise<Data>): Promise<Data> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof Refusal || error instanceof PepperUnusable) throw error;
    throw new CommandFailed(`${dataDir}: ${(error as Error).message}`, ExitCode.data, error);
  }
}
