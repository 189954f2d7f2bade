import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Database } from "lmdb";
import { ensureSpace, openEnvironment } from "./environment.ts";
import { Gate } from "./gate.ts";

/** What a worker says of itself, every second and whenever it enforces a newer revision. */
export interface WorkerReport {
  readonly worker: number;
  readonly pid: number;
  readonly startedAt: number;
  readonly heartbeatAt: number;
  /** Takes requests. */
  readonly ready: boolean;
  /** By name, those whose requests it takes. */
  readonly tenants: Readonly<Record<string, TenantReport>>;
  readonly counters: Readonly<Record<string, number>>;
}

/** How far a worker is with one tenant. */
export interface TenantReport {
  /** Every change up to this one is enforced. */
  readonly revision: number;
  readonly tokens: number;
  /** By leak: how often its tokens were what spent a request's work budget. */
  readonly budgetExhausted: Readonly<Record<string, number>>;
}

/** A report that is older comes from a worker that hangs or is gone. */
const ALIVE_MS = 3_000;
const SPARE_BYTES = 2 ** 20;

/**
 * `<data>/runtime`: where workers leave their reports, whoever started them. Never synced: it says nothing that
 * outlives the processes. What the machine left half written when it stopped is therefore never opened: each boot of
 * it has a folder of its own.
 */
export class Runtime {
  private readonly folder: string;
  private readonly gate: Gate;
  private readonly database: Database<WorkerReport, number>;
  private isOpen = true;

  private constructor(folder: string, gate: Gate, database: Database<WorkerReport, number>) {
    this.folder = folder;
    this.gate = gate;
    this.database = database;
  }

  /** Makes the folder where it is absent. Rejects with StoreFailed. */
  static async open(dataDir: string): Promise<Runtime> {
    const folder = join(dataDir, "runtime");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const boot = bootId();
    for (const name of readdirSync(folder))
      if (name !== boot) rmSync(join(folder, name), { recursive: true, force: true });
    const path = join(folder, boot);
    const gate = Gate.of(path);
    const database = await gate.alone(() =>
      openEnvironment<WorkerReport, number>(path, "never", SPARE_BYTES),
    );
    return new Runtime(folder, gate, database);
  }

  /**
   * Resolves when other processes see it. Never rejects: a report that could not be stored shows as a heartbeat that
   * stays out, and the worker has better to do.
   */
  async publish(report: WorkerReport): Promise<void> {
    await this.attempt(() => this.database.put(report.worker, report));
  }

  /** All reports, by worker; `alive` where the heartbeat is fresh and the process exists. */
  workers(now: number): (WorkerReport & { readonly alive: boolean })[] {
    this.database.resetReadTxn();
    return Array.from(this.database.getRange(), ({ value }) => ({
      ...value,
      alive: now - value.heartbeatAt < ALIVE_MS && exists(value.pid),
    }));
  }

  /** Takes the report away; never rejects. */
  async forget(worker: number): Promise<void> {
    await this.attempt(() => this.database.remove(worker));
  }

  async close(): Promise<void> {
    this.isOpen = false;
    await this.gate.alone(() => this.database.close());
  }

  private async attempt(write: () => Promise<boolean>): Promise<void> {
    if (!this.isOpen) return;
    try {
      ensureSpace(this.folder, SPARE_BYTES);
      await this.gate.share(write);
    } catch (error) {
      // lmdb-js tells the reason in a second promise, whose rejection must not stay unheard.
      (error as { commitError?: Promise<unknown> }).commitError?.catch(() => {});
    }
  }
}

/** Linux says which boot this is; elsewhere a folder outlives the machine's stop. */
function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  } catch {
    return "current";
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It exists and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
