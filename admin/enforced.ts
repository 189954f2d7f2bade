import type { Runtime } from "../rules/runtime.ts";

const POLL_MS = 2;

/** How far each live worker is, compared with a revision. */
export interface Enforcement {
  readonly revision: number;
  readonly enforced: boolean;
  readonly workers: readonly {
    readonly worker: number;
    readonly revision: number;
    readonly enforced: boolean;
  }[];
}

export function enforcementOf(runtime: Runtime, revision: number): Enforcement {
  const workers = runtime
    .workers(Date.now())
    .filter((report) => report.alive)
    .map((report) => ({
      worker: report.worker,
      revision: report.revision,
      enforced: report.revision >= revision,
    }));
  return { revision, enforced: workers.length > 0 && workers.every((each) => each.enforced), workers };
}

/** Resolves when all live workers enforce the revision, or after `withinMs` with how far they are. */
export async function awaitEnforced(
  runtime: Runtime,
  revision: number,
  withinMs: number,
): Promise<Enforcement> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const enforcement = enforcementOf(runtime, revision);
    if (enforcement.enforced || performance.now() >= deadline) return enforcement;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
