import type { Actor } from "../../rules/journal.ts";
import type { Tenant } from "../../rules/tenants.ts";
import type { Detector } from "../detect/detector.ts";
import type { Finding } from "../detect/finding.ts";
import {
  type GivenFinding,
  type TakeInOutcome,
  type TakeInServices,
  takeInFindings,
} from "../intake/takein.ts";
import { givenOf } from "./given.ts";
import { Look, type LookCounts, type LookEnd, type LookOptions } from "./look.ts";
import type { Mark, Reader } from "./source.ts";

export interface ScanOptions extends LookOptions {
  /** Of leaks that come of it, 1 to 10; null or left out: as each finding is. */
  readonly risk?: number | null | undefined;
  /**
   * Everything before the mark is stored: whoever keeps it may go on from there. Awaited; a mark that another one follows at
   * once may be left out.
   */
  readonly onMark?: ((mark: Mark) => void | Promise<void>) | undefined;
  /** Each finding as it goes to the intake, with its token in clear. Awaited. */
  readonly onFinding?: ((given: GivenFinding, finding: Finding) => void | Promise<void>) | undefined;
}

/** What became of what was found; see `TakeInOutcome`. */
export type ScanTaken = Omit<TakeInOutcome, "refusals">;

export interface ScanOutcome extends LookCounts {
  readonly end: LookEnd;
  readonly taken: ScanTaken;
  /** The last mark behind which everything is stored; the one given where there was none. */
  readonly mark: Mark | null;
}

/** Findings wait for a whole batch of the intake; so long at most, where the reader gives marks. */
const FLUSH_MS = 5_000;

/**
 * Looks at a source and takes in what it finds there: a leak for each token that nobody knows, a sighting for the others.
 * The same look twice changes nothing. The limits of `Look` hold; memory is that of a batch of findings. No token goes
 * anywhere but into the intake.
 *
 * Rejects with SourceFailed and StoreFailed; what was found before the first is taken in, and marks that were told stay true.
 */
export async function scan(
  services: TakeInServices,
  tenant: Tenant,
  actor: Actor,
  reader: Reader,
  detector: Detector,
  options: ScanOptions = {},
): Promise<ScanOutcome> {
  const look = new Look(reader, detector, options);
  const seen = look.seen();
  const waiting: { readonly after: number; readonly mark: Mark }[] = [];
  const taken = new Taken(tenant.store.revision());
  let mark = options.mark ?? null;
  let given = 0;
  let stored = 0;
  let isOver = false;
  let failure: { readonly error: unknown } | null = null;

  const tellMarks = async () => {
    let last: Mark | null = null;
    while (waiting[0] !== undefined && waiting[0].after <= stored) last = waiting.shift()!.mark;
    if (last === null) return;
    mark = last;
    await options.onMark?.(last);
  };
  async function* part(): AsyncGenerator<GivenFinding> {
    const until = performance.now() + FLUSH_MS;
    for (;;) {
      await tellMarks();
      const next = await seen.next().catch((error: unknown) => {
        // Thrown in here it would cost what the batch holds.
        failure = { error };
        return null;
      });
      if (next === null || next.done === true) {
        isOver = true;
        return;
      }
      if (next.value.kind === "finding") {
        given++;
        const found = givenOf(next.value.finding, next.value.place);
        const finding = { ...found, risk: options.risk ?? found.risk };
        await options.onFinding?.(finding, next.value.finding);
        yield finding;
        continue;
      }
      waiting.push({ after: given, mark: next.value.mark });
      if (given > stored && performance.now() > until) return;
    }
  }

  try {
    while (!isOver) {
      const before = stored;
      const onProgress = ({ findings }: { findings: number }) => {
        stored = before + findings;
      };
      taken.add(await takeInFindings(services, tenant, actor, part(), { onProgress }));
      stored = given;
    }
    await tellMarks();
  } finally {
    await seen.return(undefined);
  }
  if (failure !== null) throw (failure as { readonly error: unknown }).error;
  return { ...look.counts, end: look.end, taken: taken.outcome(), mark };
}

const IDS_MAX = 1_000;

/** What the parts came to together. */
class Taken {
  private readonly counts = { findings: 0, leaks: 0, patched: 0, known: 0, sightings: 0, unchanged: 0 };
  private readonly refused: Record<string, number> = {};
  private readonly ids: string[] = [];
  private revision: number;

  constructor(revision: number) {
    this.revision = revision;
  }

  add({ refused, ids, revision, ...counts }: TakeInOutcome): void {
    for (const name of Object.keys(this.counts) as (keyof typeof this.counts)[])
      this.counts[name] += counts[name];
    for (const [reason, count] of Object.entries(refused))
      this.refused[reason] = (this.refused[reason] ?? 0) + count;
    this.ids.push(...ids.slice(0, IDS_MAX - this.ids.length));
    this.revision = revision;
  }

  outcome(): ScanTaken {
    const { refused, ids, revision } = this;
    return { ...this.counts, refused, ids: ids as ScanTaken["ids"], revision };
  }
}
