import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { EventLog } from "../rules/events.ts";
import { Pepper, PepperUnusable } from "../rules/pepper.ts";
import { Refusal, StoreAbsent, TenantUnknown } from "../rules/refusal.ts";
import { RulesStore } from "../rules/store.ts";
import { controlFolder, defaultTenant, tenantFolder, tenantPepper } from "../rules/tenants.ts";
import { ExitCode } from "./exit.ts";
import { CommandFailed } from "./failure.ts";

/** The opened data folder. */
export interface Data {
  readonly store: RulesStore;
  readonly pepper: Pepper;
  /** It held no rules before. */
  readonly isNew: boolean;
}

/** Opens a tenant's rules to look; rejects where there is nothing to see. */
export function openToRead(dataDir: string, tenant: string = defaultTenant): Promise<Data> {
  return opened(dataDir, async () => {
    expectTenant(dataDir, tenant);
    const pepper = tenantPepper(dataDir, tenant);
    const store = await RulesStore.open(tenantFolder(dataDir, tenant), pepper.id, { readOnly: true });
    return { pepper, store, isNew: false };
  });
}

/** The same for the store of global keys, in whose journal the tenants stand. */
export function openControl(dataDir: string): Promise<Data> {
  return opened(dataDir, async () => {
    const folder = controlFolder(dataDir);
    if (!holdsRules(folder)) throw new StoreAbsent(folder);
    const pepper = Pepper.load(dataDir);
    return { pepper, store: await RulesStore.open(folder, pepper.id, { readOnly: true }), isNew: false };
  });
}

/** Opens the folder to change it, and makes it where there is none; other tenants than the default must be there. */
export function openToChange(dataDir: string, tenant: string = defaultTenant): Promise<Data> {
  return opened(dataDir, async () => {
    if (tenant !== defaultTenant) expectTenant(dataDir, tenant);
    const isNew = tenant === defaultTenant && !holdsRules(dataDir);
    // Rules without their pepper: a new one would match none of their tokens, and lie where the right one belongs.
    const pepper = isNew ? Pepper.loadOrCreate(dataDir) : tenantPepper(dataDir, tenant);
    return { pepper, store: await RulesStore.open(tenantFolder(dataDir, tenant), pepper.id), isNew };
  });
}

/** The same for the store of global keys. */
export function openControlToChange(dataDir: string): Promise<Data> {
  return opened(dataDir, async () => {
    // The data folder has its pepper and the default tenant's rules before anything else.
    const { store: first, pepper, isNew } = await openToChange(dataDir);
    await first.close();
    return { pepper, store: await RulesStore.open(controlFolder(dataDir), pepper.id), isNew };
  });
}

/** Opens the folder to change what is there; rejects where there is nothing. */
export function openExisting(dataDir: string, tenant: string = defaultTenant): Promise<Data> {
  return opened(dataDir, async () => {
    expectTenant(dataDir, tenant);
    return openToChange(dataDir, tenant);
  });
}

/** A tenant's attempts, to look at. Throws StoreAbsent, TenantUnknown, StoreFailed. */
export function openEvents(dataDir: string, tenant: string = defaultTenant): EventLog {
  expectTenant(dataDir, tenant);
  return EventLog.open(tenantFolder(dataDir, tenant));
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

/** Throws StoreAbsent, TenantUnknown. */
function expectTenant(dataDir: string, tenant: string): void {
  if (holdsRules(tenantFolder(dataDir, tenant))) return;
  throw tenant === defaultTenant ? new StoreAbsent(dataDir) : new TenantUnknown(tenant);
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
