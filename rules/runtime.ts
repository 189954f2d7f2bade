import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Database, Key } from "lmdb";
import { ensureSpace, openEnvironment } from "./environment.ts";
import { Gate } from "./gate.ts";
import { type HuntAnswer, type HuntRequest, huntLimits } from "./hunt.ts";

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
/** What is left of a hunt whose asker is gone. */
const HUNT_MS = 60_000;
/** Reports lie under the worker's number; texts come after all numbers. */
const HUNTS = "hunt ";
const ANSWERS = "answer ";

/**
 * `<data>/runtime`: where workers leave their reports, whoever started them, and find what they are asked. Never synced:
 * it says nothing that outlives the processes. What the machine left half written when it stopped is therefore never
 * opened: each boot of it has a folder of its own.
 */
export class Runtime {
  private readonly folder: string;
  private readonly gate: Gate;
  private readonly database: Database<unknown, Key>;
  private isOpen = true;

  private constructor(folder: string, gate: Gate, database: Database<unknown, Key>) {
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
    const database = await gate.alone(() => openEnvironment<unknown, Key>(path, "never", SPARE_BYTES));
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
    const reports = this.database.getRange({ end: "" }).map(({ value }) => value as WorkerReport);
    return Array.from(reports, (report) => ({
      ...report,
      alive: now - report.heartbeatAt < ALIVE_MS && exists(report.pid),
    }));
  }

  /**
   * Asks the workers; resolves when they can see it. Resolves with false where too many hunts are open. Whoever asks
   * ends the hunt.
   */
  async ask(request: HuntRequest): Promise<boolean> {
    for (const { id, askedAt } of this.hunts())
      if (request.askedAt - askedAt > HUNT_MS) await this.endHunt(id);
    const strays = this.under<HuntAnswer>(ANSWERS).filter(
      (each) => request.askedAt - each.answeredAt > HUNT_MS,
    );
    for (const { hunt } of strays) await this.endHunt(hunt);
    if (this.hunts().length >= huntLimits.open) return false;
    await this.attempt(() => this.database.put(HUNTS + request.id, request));
    return true;
  }

  /** What is asked at this moment; a few microseconds where that is nothing. */
  hunts(): HuntRequest[] {
    return this.under<HuntRequest>(HUNTS);
  }

  /** Never rejects: an answer that could not be stored is one that is missing. */
  async answer(answer: HuntAnswer): Promise<void> {
    await this.attempt(() => this.database.put(`${ANSWERS}${answer.hunt} ${answer.worker}`, answer));
  }

  answersTo(hunt: string): HuntAnswer[] {
    return this.under<HuntAnswer>(`${ANSWERS}${hunt} `);
  }

  /** Takes the question and its answers away; never rejects. */
  async endHunt(hunt: string): Promise<void> {
    await this.attempt(() => this.database.remove(HUNTS + hunt));
    for (const { worker } of this.answersTo(hunt))
      await this.attempt(() => this.database.remove(`${ANSWERS}${hunt} ${worker}`));
  }

  /** Takes the report away; never rejects. */
  async forget(worker: number): Promise<void> {
    await this.attempt(() => this.database.remove(worker));
  }

  async close(): Promise<void> {
    this.isOpen = false;
    await this.gate.alone(() => this.database.close());
  }

  private under<T>(start: string): T[] {
    if (!this.isOpen) return [];
    this.database.resetReadTxn();
    return Array.from(this.database.getRange({ start, end: `${start}~` }), ({ value }) => value as T);
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
