import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { EventLog } from "./events.ts";
import type { Actor } from "./journal.ts";
import { Pepper } from "./pepper.ts";
import { InputRefused, TenantTaken, TenantUnknown } from "./refusal.ts";
import { RulesStore } from "./store.ts";

/** The tenant that is always there: the data folder itself. Who needs no tenants knows of no other. */
export const defaultTenant = "default";
export const tenantNameCharsMax = 32;

/** Names are folders: lower-case letters, digits and hyphens, none at either end. */
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;

export function isTenantName(name: string): boolean {
  return NAME.test(name);
}

/** One tenant's data, apart from all others': its own pepper, leaks, rules, keys, journal and events. */
export interface Tenant {
  readonly name: string;
  readonly pepper: Pepper;
  readonly store: RulesStore;
  readonly events: EventLog;
}

/** Where a tenant's data lies: `<data>` itself, or `<data>/tenants/<name>`. Throws InputRefused for what is no name. */
export function tenantFolder(dataDir: string, name: string): string {
  if (!isTenantName(name))
    throw new InputRefused("tenant", `is not 1 to ${tenantNameCharsMax} of a-z, 0-9 and - (not at an end)`);
  return name === defaultTenant ? dataDir : join(dataDir, "tenants", name);
}

/** Where the keys of global roles and the journal of tenants lie. */
export function controlFolder(dataDir: string): string {
  return join(dataDir, "control");
}

/** All tenants of a data folder, the default one first, the others by name. */
export function tenantNames(dataDir: string): string[] {
  const folder = join(dataDir, "tenants");
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const isTenant = (name: string) =>
    isTenantName(name) && name !== defaultTenant && existsSync(join(folder, name, "rules", "data.mdb"));
  return [defaultTenant, ...names.filter(isTenant).sort()];
}

/**
 * A tenant's pepper: a file of its own where its folder has one (a tenant that came from elsewhere), else derived from
 * the deployment's (HKDF, RFC 5869), so that the same token in two tenants has digests that nobody can link, and there
 * is one secret to keep. Throws PepperUnusable, InputRefused.
 */
export function tenantPepper(dataDir: string, name: string, env: NodeJS.ProcessEnv = process.env): Pepper {
  const folder = tenantFolder(dataDir, name);
  const root = () => Pepper.load(dataDir, env);
  if (name === defaultTenant) return root();
  if (existsSync(join(folder, "pepper"))) return Pepper.load(folder, {});
  return Pepper.fromBytes(root().derive(`tenant ${name}`, 32));
}

/**
 * The tenants of one data folder, opened to change them: what the admin works with. Those that another process makes
 * are found when they are asked for.
 */
export class Tenants {
  /** Holds the keys of global roles, and says in its journal who made which tenant. */
  readonly control: RulesStore;
  readonly controlPepper: Pepper;
  private readonly dataDir: string;
  private readonly open = new Map<string, Promise<Tenant>>();
  private readonly ready = new Map<string, Tenant>();

  private constructor(dataDir: string, controlPepper: Pepper, control: RulesStore) {
    this.dataDir = dataDir;
    this.controlPepper = controlPepper;
    this.control = control;
  }

  /** Opens all there are; makes the folder where it is absent. Rejects with the refusals of the stores and peppers. */
  static async open(dataDir: string): Promise<Tenants> {
    const pepper = Pepper.loadOrCreate(dataDir);
    const first = await openTenant(dataDir, defaultTenant);
    const control = await RulesStore.open(controlFolder(dataDir), pepper.id);
    const tenants = new Tenants(dataDir, pepper, control);
    tenants.take(first);
    try {
      await tenants.findNew();
    } catch (error) {
      await tenants.close();
      throw error;
    }
    return tenants;
  }

  /** Those that are open now, the default one first. */
  get all(): readonly Tenant[] {
    return [...this.ready.values()];
  }

  get default(): Tenant {
    return this.ready.get(defaultTenant)!;
  }

  /** The tenant, or null. Rejects with the refusals of its store. */
  async get(name: string): Promise<Tenant | null> {
    const known = this.ready.get(name);
    if (known !== undefined) return known;
    await this.findNew();
    return this.ready.get(name) ?? null;
  }

  /** Rejects with TenantUnknown. */
  async expect(name: string): Promise<Tenant> {
    const tenant = await this.get(name);
    if (tenant === null) throw new TenantUnknown(name);
    return tenant;
  }

  /** Makes a tenant; in the control journal first. Rejects with InputRefused, TenantTaken, StoreFailed. */
  async create(actor: Actor, name: string): Promise<Tenant> {
    tenantFolder(this.dataDir, name);
    if ((await this.get(name)) !== null) throw new TenantTaken(name);
    await this.control.note(actor, "tenant.create", `tenant ${name}`, { name });
    return this.openOnce(name);
  }

  /** Opens what other processes made meanwhile. */
  async findNew(): Promise<void> {
    for (const name of tenantNames(this.dataDir)) if (!this.ready.has(name)) await this.openOnce(name);
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.open.values());
    const closes = this.all.map(({ store, events }) => Promise.all([events.close(), store.close()]));
    await Promise.all([...closes, this.control.close()]);
  }

  private openOnce(name: string): Promise<Tenant> {
    const known = this.open.get(name);
    if (known !== undefined) return known;
    const opening = openTenant(this.dataDir, name).then(
      (tenant) => this.take(tenant),
      (error) => {
        this.open.delete(name);
        throw error;
      },
    );
    this.open.set(name, opening);
    return opening;
  }

  private take(tenant: Tenant): Tenant {
    this.ready.set(tenant.name, tenant);
    return tenant;
  }
}

async function openTenant(dataDir: string, name: string): Promise<Tenant> {
  const folder = tenantFolder(dataDir, name);
  const pepper = tenantPepper(dataDir, name);
  const store = await RulesStore.open(folder, pepper.id);
  return { name, pepper, store, events: EventLog.open(folder) };
}
