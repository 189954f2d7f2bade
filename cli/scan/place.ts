import { hash, randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Inventory } from "../../admin/detect/inventory.ts";
import type { TakeInServices } from "../../admin/intake/takein.ts";
import { registeredTokens } from "../../admin/scan/registered.ts";
import type { Mark } from "../../admin/scan/source.ts";
import { EventLog } from "../../rules/events.ts";
import { Pepper } from "../../rules/pepper.ts";
import { Runtime } from "../../rules/runtime.ts";
import { type Tenant, tenantFolder } from "../../rules/tenants.ts";
import type { Settings } from "../config.ts";
import { openExisting, openToRead } from "../data.ts";

/** Where a scan registers what it finds: a tenant, or, in a dry run, nowhere. To be closed. */
export interface ScanPlace {
  readonly pepper: Pepper;
  /** Whether a leak holds the token. */
  readonly isRegistered: (digest: Buffer) => boolean;
  /** Null in a dry run. */
  readonly intake: { readonly tenant: Tenant; readonly services: TakeInServices } | null;
  /** The registered tokens; null where there is no data. */
  readonly inventory: Inventory | null;
  /** For copies and marks. */
  readonly cache: string;
  close(): Promise<void>;
}

/** Opens the tenant's data to register there. Rejects as `openExisting`. */
export async function placeIn(settings: Settings, tenant: string, closing: AbortSignal): Promise<ScanPlace> {
  const { data } = settings;
  const { store, pepper } = await openExisting(data, tenant);
  const events = EventLog.open(tenantFolder(data, tenant));
  const runtime = await Runtime.open(data);
  const opened = { name: tenant, pepper, store, events };
  return {
    pepper,
    isRegistered: (digest) => store.leaksHolding(digest).length > 0,
    intake: { tenant: opened, services: { runtime, closing, config: settings.admin } },
    inventory: await registeredTokens(opened),
    cache: join(data, "cache"),
    close: async () => {
      await Promise.all([events.close(), runtime.close()]);
      await store.close();
    },
  };
}

/** For a dry run: the registered tokens are known where there are any, and nothing is left behind. */
export async function placeOfDryRun(data: string | null, tenant: string): Promise<ScanPlace> {
  const opened = data === null ? null : await openToRead(data, tenant);
  const cache = mkdtempSync(join(tmpdir(), "leakgate-scan-"));
  return {
    pepper: opened?.pepper ?? Pepper.fromBytes(randomBytes(32)),
    isRegistered: (digest) => opened !== null && opened.store.leaksHolding(digest).length > 0,
    intake: null,
    inventory: opened === null ? null : await registeredTokens(opened),
    cache,
    close: async () => {
      rmSync(cache, { recursive: true, force: true });
      await opened?.store.close();
    },
  };
}

/** Where the look before this one ended, at the same target with the same rules. */
export class KeptMark {
  private readonly file: string;
  private readonly folder: string;

  /** `by` is all that makes another look of it. */
  constructor(cache: string, by: readonly string[]) {
    this.folder = join(cache, "marks");
    this.file = join(this.folder, `${hash("sha256", JSON.stringify(by), "hex").slice(0, 32)}.json`);
  }

  /** Null where there is none, or none that can be read: then everything is looked at. */
  read(): Mark | null {
    try {
      return existsSync(this.file) ? (JSON.parse(readFileSync(this.file, "utf8")) as Mark) : null;
    } catch {
      return null;
    }
  }

  forget(): void {
    rmSync(this.file, { force: true });
  }

  async write(mark: Mark): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await writeFile(`${this.file}.new`, JSON.stringify(mark), { mode: 0o600 });
    await rename(`${this.file}.new`, this.file);
  }
}
