import { setTimeout as pause } from "node:timers/promises";
import type { Runtime } from "../rules/runtime.ts";

/** Most changes are enforced within a few milliseconds; who lags longer is asked less often. */
const POLL_MS = 1;
const POLL_LATER_MS = 5;
const POLL_LATER_AFTER_MS = 50;

/** How far each live worker is, compared with a revision. */
export interface Enforcement {
  readonly revision: number;
  /** Every live worker enforces the revision, and there is one. */
  readonly enforced: boolean;
  readonly workers: readonly {
    readonly worker: number;
    readonly revision: number;
    readonly enforced: boolean;
  }[];
  /** The workers that do not enforce it yet. */
  readonly lagging: readonly number[];
  readonly detail: string;
}

/** How it stands now, with the workers that take the tenant's requests. */
export function enforcementOf(runtime: Runtime, tenant: string, revision: number): Enforcement {
  const workers = runtime.workers(Date.now()).flatMap(({ alive, worker, tenants }) => {
    const report = alive ? tenants[tenant] : undefined;
    if (report === undefined) return [];
    return [{ worker, revision: report.revision, enforced: report.revision >= revision }];
  });
  const lagging = workers.filter((each) => !each.enforced).map((each) => each.worker);
  const enforced = workers.length > 0 && lagging.length === 0;
  return { revision, enforced, workers, lagging, detail: detailOf(workers.length, lagging) };
}

/**
 * Resolves when all live workers enforce the revision, or after `withinMs`, or when `closing` aborts, with how far
 * they are. At once where no worker is alive: one that starts loads the newest revision before it listens.
 */
export async function awaitEnforced(
  runtime: Runtime,
  tenant: string,
  revision: number,
  withinMs: number,
  closing: AbortSignal,
): Promise<Enforcement> {
  const began = performance.now();
  for (;;) {
    const enforcement = enforcementOf(runtime, tenant, revision);
    const waitedMs = performance.now() - began;
    const isOver = enforcement.enforced || enforcement.workers.length === 0 || closing.aborted;
    if (isOver || waitedMs >= withinMs) return enforcement;
    await pause(waitedMs < POLL_LATER_AFTER_MS ? POLL_MS : POLL_LATER_MS);
  }
}

function detailOf(live: number, lagging: readonly number[]): string {
  if (live === 0)
    return "No worker takes this tenant's requests; one that starts enforces the change before it does.";
  if (lagging.length === 0) return "Every live worker enforces the change.";
  return `Not enforced yet by worker ${lagging.join(", ")}.`;
}
