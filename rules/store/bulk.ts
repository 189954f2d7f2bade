import { createHash } from "node:crypto";
import type { Decision, LeakId, LeakStatus } from "../leak.ts";
import { Refusal } from "../refusal.ts";
import { normalizeScope } from "../rule.ts";
import { type By, checkActor, commit } from "./changes.ts";
import { checkOptions, type DecideOptions, decideInside } from "./decisions.ts";
import { type LeakQuery, listLeaks, listLimitMax } from "./listing.ts";
import { readHead, type Tables } from "./tables.ts";

/** Leaks decided in one transaction: some ten milliseconds, then others have their turn. */
const SLICE = 100;
/** Refusals that are named; how many there are in all is counted. */
export const refusalsMax = 1_000;

/** The leaks that a filter names, at one moment. */
export interface Selection {
  readonly ids: readonly LeakId[];
  readonly byStatus: Readonly<Record<LeakStatus, number>>;
  /** SHA-256 (hex) over ids and versions: the same for as long as the same leaks are as they were. */
  readonly digest: string;
}

export interface BulkOutcome {
  /** Leaks that were decided, and that already were as wished. */
  readonly decided: number;
  readonly unchanged: number;
  readonly refused: number;
  /** The first of those that could not be, and why. */
  readonly refusals: readonly { readonly leak: string; readonly detail: string }[];
  /** The newest change. */
  readonly revision: number;
}

/** Looks through all leaks page by page, and gives way to other work between. Throws InputRefused, CursorInvalid. */
export async function select(tables: Tables, query: LeakQuery): Promise<Selection> {
  const ids: LeakId[] = [];
  const byStatus: Record<LeakStatus, number> = { opened: 0, patched: 0, closed: 0, marked_false: 0 };
  const hash = createHash("sha256");
  let after: string | undefined;
  do {
    tables.root.resetReadTxn();
    // By their numbers: what is decided meanwhile moves nothing.
    const page = listLeaks(tables, {
      ...query,
      sort: "created",
      descending: false,
      limit: listLimitMax,
      after,
    });
    for (const { id, version, status } of page.leaks) {
      byStatus[status]++;
      ids.push(id);
      hash.update(`${id} ${version}\n`);
    }
    after = page.next ?? undefined;
    await new Promise((resume) => setImmediate(resume));
  } while (after !== undefined);
  return { ids, byStatus, digest: hash.digest("hex") };
}

/** Decides leak by leak, a transaction for each slice: what was decided stays so, whatever happens to the rest. */
export async function decideMany(
  tables: Tables,
  by: By,
  ids: readonly string[],
  decision: Decision,
  options: Omit<DecideOptions, "ifVersion">,
): Promise<BulkOutcome> {
  checkActor(by.actor);
  const checked = checkOptions(decision, options, by.at);
  if (options.scope !== undefined) normalizeScope(options.scope);
  let decided = 0;
  let unchanged = 0;
  const refused: { leak: string; detail: string }[] = [];
  let revision = readHead(tables).revision;
  for (let from = 0; from < ids.length; from += SLICE) {
    const slice = ids.slice(from, from + SLICE);
    const outcome = await commit(tables, () => decideSlice(tables, by, slice, decision, checked));
    decided += outcome.decided;
    unchanged += outcome.unchanged;
    refused.push(...outcome.refused);
    ({ revision } = outcome);
  }
  return { decided, unchanged, refused: refused.length, refusals: refused.slice(0, refusalsMax), revision };
}

function decideSlice(
  tables: Tables,
  by: By,
  ids: readonly string[],
  decision: Decision,
  options: DecideOptions,
) {
  let decided = 0;
  let unchanged = 0;
  const refused: { leak: string; detail: string }[] = [];
  for (const id of ids) {
    const before = readHead(tables).revision;
    try {
      const { revision } = decideInside(tables, by, id, decision, options);
      if (revision > before) decided++;
      else unchanged++;
    } catch (error) {
      // Both are thrown before anything of the leak is written.
      const isOne = error instanceof Refusal && /^(?:DecisionRefused|LeakUnknown)$/.test(error.code);
      if (!isOne) throw error;
      refused.push({ leak: id, detail: (error as Refusal).message });
    }
  }
  return { decided, unchanged, refused, revision: readHead(tables).revision };
}
