import type { FileHandle } from "node:fs/promises";
import type { TokenDigest } from "../digest.ts";
import type { LeakId, LeakStatus } from "../leak.ts";
import type { RulesStore } from "../store.ts";
import { readExport } from "./check.ts";
import { checkTakable, decisionOf, inputOf } from "./decided.ts";
import { digestOf, type End, type LeakRecord, type TokenRecord } from "./records.ts";
import { TransferPepper } from "./refusals.ts";

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
      token: (token) => taker.add(token),
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
      checkTakable(leak, line, Date.now());
      counts.push({ leak, tokens: 0 });
    },
    token: () => {
      counts[counts.length - 1]!.tokens++;
      if (++tokens % 10_000 === 0) progress?.(tokens);
    },
  });
  return { counts, end };
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
  /** Digests, in base64; people close few. */
  private closedAlone = new Set<string>();
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
    this.closedAlone = new Set();
  }

  add(token: TokenRecord): void | Promise<void> {
    if (++this.seen % 10_000 === 0) this.options.progress?.(this.seen, this.total);
    if (this.outcome === "known") return;
    this.batch.push(digestOf(token, !this.options.asOpened));
    if (token.alone === "closed") this.closedAlone.add(token.digest);
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
    this.here = (
      await this.store.beginImport(actor, origin, { ...inputOf(leak), tokens, warnings: leak.warnings })
    ).leak.id;
  }

  private async decide(leak: LeakRecord): Promise<void> {
    const { store, options } = this;
    const here = this.here!;
    await this.closeAlone();
    const decided = decisionOf(leak, Date.now());
    if (decided === null) return;
    if (store.leak(here)!.status !== leak.status)
      await store.decide(options.actor, here, decided.decision, decided.options);
    if (decided.watch !== null) await store.watch(options.actor, here, decided.watch);
  }

  /** Before the leak is decided: of one that is over, no token is decided alone. */
  private async closeAlone(): Promise<void> {
    const { store, closedAlone } = this;
    const here = this.here!;
    for (let number = 0; closedAlone.size > 0 && number < store.tokenPageCount(here); number++) {
      const page = store.tokenPage(here, number);
      const numbers: number[] = [];
      for (let place = 0; place < page.count; place++) {
        const isOpen = !page.removedAt(place) && page.aloneAt(place) === null;
        if (isOpen && closedAlone.has(page.digestAt(place).toString("base64")))
          numbers.push(page.numberAt(place));
      }
      for (const each of numbers) await store.decideToken(this.options.actor, here, each, "close");
    }
  }
}

function outcomeOf(state: { readonly isComplete: boolean } | null): Taken["outcome"] {
  if (state === null) return "new";
  return state.isComplete ? "known" : "completed";
}
