import type { FileHandle } from "node:fs/promises";
import { checkGrounds, type Grounds } from "../decision.ts";
import type { TokenDigest } from "../digest.ts";
import { checkLeakInput, type Decision, type LeakId, type LeakInput, type LeakStatus } from "../leak.ts";
import { InputRefused } from "../refusal.ts";
import { normalizeScope, type RuleScope } from "../rule.ts";
import type { RulesStore } from "../store.ts";
import { commentCharsMax } from "../text.ts";
import { readExport } from "./check.ts";
import { digestOf, type End, type LeakRecord } from "./records.ts";
import { TransferPepper, TransferRefused } from "./refusals.ts";

export interface ImportOptions {
  readonly actor: string;
  readonly pepperId: string;
  /** Checks and counts, and changes nothing. */
  readonly dryRun?: boolean;
  /** Registers leaks as opened, whatever was decided of them elsewhere. */
  readonly asOpened?: boolean;
  /** Told how many tokens were read, of how many; of nobody knows how many while the file is checked. */
  readonly progress?: (tokens: number, total?: number) => void;
}

/** What became of one leak of the file. */
export interface Taken {
  /** As it is called in the file. */
  readonly from: string;
  readonly name: string;
  /** As it is called here; null in a dry run. */
  readonly leak: LeakId | null;
  readonly status: LeakStatus;
  readonly tokens: number;
  /** `known`: it was imported, or registered here, before. `completed`: an import that was cut short is whole now. */
  readonly outcome: "new" | "known" | "completed";
}

export interface Imported {
  readonly leaks: readonly Taken[];
  /** Tokens in the file. */
  readonly tokens: number;
}

/** Tokens in memory at a time, and in one change. */
const BATCH = 50_000;

/** What stands in the other store for a decision here. Nothing was decided of an opened leak. */
const decisionFor: Readonly<Record<Exclude<LeakStatus, "opened">, Decision>> = {
  patched: "vpatch",
  closed: "close",
  marked_false: "mark_false",
};

/**
 * Takes the leaks of an export into a store with the same pepper. The whole file is checked before anything is changed;
 * a leak that the store knows by its origin is passed over, so the same file twice changes nothing; one that was cut
 * short is gone on with. A patched leak is enforced once all its tokens are in. Rejects with TransferRefused,
 * TransferPepper, and the refusals of the store.
 */
export async function importLeaks(
  store: RulesStore,
  file: FileHandle,
  options: ImportOptions,
): Promise<Imported> {
  const { counts, end } = await check(file, options);
  const taker = new Taker(store, counts, options, end.tokens);
  if (!options.dryRun) {
    await readExport(file, {
      leak: (leak) => taker.begin(leak),
      token: (token) => taker.add(digestOf(token)),
    });
    await taker.finish();
  }
  return { leaks: options.dryRun ? taker.foreseen() : taker.taken, tokens: end.tokens };
}

interface Counted {
  readonly leak: LeakRecord;
  tokens: number;
}

/** The first pass: every line, and the pepper. */
async function check(
  file: FileHandle,
  { pepperId, progress }: ImportOptions,
): Promise<{ counts: Counted[]; end: End }> {
  const counts: Counted[] = [];
  let tokens = 0;
  const end = await readExport(file, {
    header: ({ pepper }) => {
      if (pepper !== pepperId) throw new TransferPepper(pepper, pepperId);
    },
    leak: (leak, line) => {
      checkTakable(leak, line);
      counts.push({ leak, tokens: 0 });
    },
    token: () => {
      counts[counts.length - 1]!.tokens++;
      if (++tokens % 10_000 === 0) progress?.(tokens);
    },
  });
  return { counts, end };
}

/** What the store would refuse of a leak is said before anything is stored. Throws TransferRefused. */
function checkTakable(leak: LeakRecord, line: number): void {
  try {
    checkLeakInput(inputOf(leak));
    if (leak.rule !== null) normalizeScope(scopeOf(leak));
    if (leak.status !== "opened" && leak.decided !== null)
      checkGrounds(decisionFor[leak.status], groundsOf(leak.decided));
  } catch (error) {
    if (error instanceof InputRefused) throw new TransferRefused(line, error.message);
    throw error;
  }
}

function scopeOf({ rule }: LeakRecord): RuleScope {
  const { hosts = [], methods = [] } = rule?.scope ?? {};
  return { hosts, methods };
}

/** The second pass: one leak after the other, its tokens in batches. */
class Taker {
  readonly taken: Taken[] = [];
  private readonly store: RulesStore;
  private readonly counts: readonly Counted[];
  private readonly options: ImportOptions;
  private readonly total: number;
  private current: LeakRecord | null = null;
  private here: LeakId | null = null;
  private outcome: Taken["outcome"] = "new";
  private batch: TokenDigest[] = [];
  private seen = 0;

  constructor(store: RulesStore, counts: readonly Counted[], options: ImportOptions, total: number) {
    this.store = store;
    this.counts = counts;
    this.options = options;
    this.total = total;
  }

  async begin(leak: LeakRecord): Promise<void> {
    await this.finish();
    this.current = leak;
    const state = this.store.importState(leak.origin);
    this.here = state?.leak ?? null;
    this.outcome = outcomeOf(state);
  }

  add(token: TokenDigest): void | Promise<void> {
    if (++this.seen % 10_000 === 0) this.options.progress?.(this.seen, this.total);
    if (this.outcome === "known") return;
    this.batch.push(token);
    if (this.batch.length >= BATCH) return this.flush();
  }

  /** Ends the leak under way. */
  async finish(): Promise<void> {
    const { current: leak } = this;
    if (leak === null) return;
    if (this.outcome !== "known") {
      if (this.batch.length > 0 || this.here === null) await this.flush();
      if (!this.options.asOpened) await this.decide(leak);
      await this.store.endImport(leak.origin, this.here!);
    }
    const { tokens } = this.counts[this.taken.length]!;
    const { id: from, name } = leak;
    const status = this.store.leak(this.here!)?.status ?? "opened";
    this.taken.push({ from, name, leak: this.here, status, tokens, outcome: this.outcome });
    this.current = null;
  }

  /** What a dry run can tell. */
  foreseen(): Taken[] {
    return this.counts.map(({ leak, tokens }) => {
      const state = this.store.importState(leak.origin);
      const { id: from, name } = leak;
      const status = this.options.asOpened ? "opened" : leak.status;
      return { from, name, leak: state?.leak ?? null, status, tokens, outcome: outcomeOf(state) };
    });
  }

  private async flush(): Promise<void> {
    const { actor } = this.options;
    const leak = this.current!;
    const tokens = this.batch;
    this.batch = [];
    if (this.here !== null) {
      await this.store.addTokens(actor, this.here, tokens);
      return;
    }
    const { origin } = leak;
    this.here = (await this.store.beginImport(actor, origin, { ...inputOf(leak), tokens })).leak.id;
  }

  private async decide(leak: LeakRecord): Promise<void> {
    const { status, rule, decided } = leak;
    const current = this.store.leak(this.here!)!.status;
    if (status === "opened" || status === current) return;
    const wish = rule === null ? {} : { mode: rule.mode, scope: scopeOf(leak) };
    const grounds = decided === null ? {} : groundsOf(decided);
    await this.store.decide(this.options.actor, this.here!, decisionFor[status], { ...wish, ...grounds });
  }
}

function outcomeOf(state: { readonly isComplete: boolean } | null): Taken["outcome"] {
  if (state === null) return "new";
  return state.isComplete ? "known" : "completed";
}

function inputOf(leak: LeakRecord): LeakInput {
  const { name, description, risk, source, sourceUrl, sourceAuthor, sourceAt } = leak;
  const { target, assignee, notApplicable } = leak;
  return {
    name,
    description,
    risk,
    source,
    sourceUrl,
    sourceAuthor,
    sourceAt,
    target,
    assignee,
    notApplicable,
  };
}

/** Who decided it there, and why, for the history here. */
function groundsOf({ by, at, reason, comment = "" }: NonNullable<LeakRecord["decided"]>): Grounds {
  const said = `decided by ${by} at ${new Date(at).toISOString()}${comment === "" ? "" : `: ${comment}`}`;
  // Not through the middle of a character.
  return { comment: said.slice(0, commentCharsMax).replace(/[\uD800-\uDBFF]$/, ""), reason };
}
