import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Database, open } from "lmdb";

/** What a worker says of itself, every second and whenever it enforces a newer revision. */
export interface WorkerReport {
  readonly worker: number;
  readonly pid: number;
  readonly startedAt: number;
  readonly heartbeatAt: number;
  /** Every change up to this one is enforced. */
  readonly revision: number;
  /** Takes requests. */
  readonly ready: boolean;
  readonly tokens: number;
  readonly counters: Readonly<Record<string, number>>;
}

/** A report that is older comes from a worker that hangs or is gone. */
const ALIVE_MS = 3_000;

/**
 * `<data>/runtime`: where workers leave their reports, whoever started them. Never synced: it says nothing that
 * outlives the processes.
 */
export class Runtime {
  private readonly database: Database<WorkerReport, number>;

  private constructor(database: Database<WorkerReport, number>) {
    this.database = database;
  }

  static open(dataDir: string): Runtime {
    const path = join(dataDir, "runtime");
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return new Runtime(
      open<WorkerReport, number>({ path, noSync: true, maxReaders: 512, eventTurnBatching: false }),
    );
  }

  /** Resolves when other processes see it. */
  async publish(report: WorkerReport): Promise<void> {
    await this.database.put(report.worker, report);
  }

  /** All reports, by worker; `alive` where the heartbeat is fresh and the process exists. */
  workers(now: number): (WorkerReport & { readonly alive: boolean })[] {
    this.database.resetReadTxn();
    return Array.from(this.database.getRange(), ({ value }) => ({
      ...value,
      alive: now - value.heartbeatAt < ALIVE_MS && exists(value.pid),
    }));
  }

  async forget(worker: number): Promise<void> {
    await this.database.remove(worker);
  }

  async close(): Promise<void> {
    await this.database.close();
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
