import type { Logger } from "pino";
import type { JournalEntry } from "../rules/journal.ts";
import { type Leak, watchOf } from "../rules/leak.ts";
import type { Matcher } from "../rules/matcher.ts";
import { type RuleMode, type RuleScope, sameScope } from "../rules/rule.ts";
import { pageOf, placeOf, recordBytes, type TokenPage, type TokenRecordView } from "../rules/store/pages.ts";
import type { RulesStore } from "../rules/store.ts";
import { MetTokens } from "./met.ts";

/** What a hit means: the rule in force for the leak whose token was found. */
export interface EnforcedRule {
  readonly leak: string;
  /** Null of a leak that is over and only watched: its mode is then `monitor`, everywhere. */
  readonly rule: string | null;
  readonly mode: RuleMode;
  readonly scope: RuleScope;
}

/** A leak whose tokens are in the matcher, or on their way there. */
interface Loaded {
  readonly leak: string;
  readonly slot: number;
  /** The next record to load. */
  page: number;
  index: number;
  isLoading: boolean;
  /** Tokens found removed before their removal was read in the journal: it must not take out the same token given again. */
  readonly skipped: Set<number>;
  /** Tokens passed by, or taken out, because they were closed or marked false alone. */
  readonly aside: Set<number>;
  /** The revision that put its rule in force while tokens were still missing; 0 when none waits. */
  pendingRevision: number;
}

/** What is left to take out of the matcher after a leak was closed or marked false. */
interface Unload {
  readonly leak: string;
  readonly slot: number;
  /** How far it had been loaded. */
  readonly endPage: number;
  readonly endIndex: number;
  page: number;
  index: number;
}

const POLL_MS = 5;
const ENTRIES_MAX = 1_000;
/** How long a slice of loading may keep the worker from its requests. */
const SLICE_MS = 1.5;
/** Longer where somebody waits for a rule to be in force. */
const URGENT_SLICE_MS = 4;
const LOG_EVERY_MS = 60_000;

/**
 * The worker's copy of what is to be enforced. It follows the journal: every entry names a leak, and the leak is
 * brought to the state the store has now, so that an entry seen twice, or late, does no harm. Whatever happens to
 * the store afterwards, the last good rules stay in force.
 */
export class Policy {
  readonly matcher: Matcher;
  private readonly met: MetTokens;
  private readonly store: RulesStore;
  private readonly logger: Logger;
  private readonly loaded = new Map<string, Loaded>();
  private readonly loads = new Set<Loaded>();
  /** Those of them that a rule waits for. */
  private readonly urgent = new Set<Loaded>();
  private readonly skipping = new Set<Loaded>();
  private readonly unloads: Unload[] = [];
  private readonly rules: (EnforcedRule | null)[] = [];
  private readonly leaks: (string | null)[] = [];
  /** Slots of leaks that have tokens known by their hash alone. */
  private readonly hashSlots = new Set<number>();
  /** The tenant's leak module is on; off, what is loaded stays so, and nothing of it is enforced. */
  private isOn = true;
  private seen = 0;
  private timer: NodeJS.Timeout | null = null;
  private isWorking = false;
  private isClosed = false;
  private loggedAt = Number.NEGATIVE_INFINITY;
  /** Called when `enforcedRevision` may have changed. */
  onProgress: () => void = () => {};
  /** How often what is enforced has grown or changed: bytes inspected at another count may hold a token by now. */
  changeCount = 0;
  /** Called when `changeCount` has grown, in the policy's own turn: it must return at once. */
  onChange: () => void = () => {};

  constructor(store: RulesStore, matcher: Matcher, logger: Logger) {
    this.store = store;
    this.matcher = matcher;
    this.met = new MetTokens(matcher);
    matcher.hashes.onMet = (value) => this.met.add(value);
    this.logger = logger;
  }

  /** The tenant's leak module is on: something may be enforced, and is worth remembering. */
  get isSwitchedOn(): boolean {
    return this.isOn;
  }

  /** Tokens that are loaded, with those known by their hash. */
  get tokenCount(): number {
    return this.matcher.tokenCount - this.met.count + this.matcher.hashes.count;
  }

  /** The rule in force for a slot, or null. */
  ruleAt(slot: number): EnforcedRule | null {
    return this.rules[slot] ?? null;
  }

  /** The rules in force whose leaks have tokens known by their hash alone. */
  *hashRules(): Generator<EnforcedRule> {
    if (!this.isOn) return;
    for (const slot of this.hashSlots) {
      const rule = this.ruleAt(slot);
      if (rule !== null) yield rule;
    }
  }

  /** The leak of a slot, in force or not, or null. */
  leakAt(slot: number): string | null {
    return this.leaks[slot] ?? null;
  }

  /** Every change up to this revision is enforced here. */
  get enforcedRevision(): number {
    let revision = this.seen;
    for (const load of this.urgent) revision = Math.min(revision, load.pendingRevision - 1);
    return revision;
  }

  /** Loads all leaks that count, then follows. Resolves when every rule is in force; rejects if the store cannot be read. */
  async start(): Promise<void> {
    this.seen = this.store.revision();
    this.isOn = this.store.settings().leaksEnabled;
    for (const leak of this.store.leaks()) this.reconcile(leak.id, this.seen);
    while (this.loads.size > 0 && !this.isClosed) {
      this.work(50);
      await turn();
    }
    this.follow();
    this.timer = setInterval(() => this.follow(), POLL_MS);
  }

  close(): void {
    this.isClosed = true;
    if (this.timer !== null) clearInterval(this.timer);
  }

  /** One look at the store: about 2 us where nothing has changed. */
  private follow(): void {
    try {
      const revision = this.store.revision();
      if (revision === this.seen) {
        // What a failed read has stopped goes on.
        this.keepWorking();
        return;
      }
      for (const entry of this.store.entriesAfter(this.seen, ENTRIES_MAX)) {
        this.apply(entry);
        this.seen = entry.revision;
      }
      if (this.seen >= revision) this.forgetSkipped();
    } catch (error) {
      this.tellFailure(error as Error);
    }
    this.onProgress();
    this.keepWorking();
  }

  /** Every removal there was has been read: what is found removed from now on is old. */
  private forgetSkipped(): void {
    for (const load of this.skipping) load.skipped.clear();
    this.skipping.clear();
  }

  private apply(entry: JournalEntry): void {
    if (entry.action === "settings.update") this.switchTo(this.store.settings().leaksEnabled);
    if (!entry.subject.startsWith("leak-")) return;
    if (entry.token !== undefined) this.bringToken(entry.subject, entry.token);
    this.reconcile(entry.subject, entry.revision);
  }

  /** All rules at once: a flag for each leak. */
  private switchTo(isOn: boolean): void {
    if (isOn === this.isOn) return;
    this.isOn = isOn;
    for (const { slot, isLoading } of this.loaded.values()) {
      if (this.rules[slot] !== null) this.matcher.setEnforced(slot, isOn && !isLoading);
    }
    if (isOn) this.changed();
  }

  /** Brings one leak to the state the store has now. */
  private reconcile(id: string, revision: number): void {
    const leak = this.store.leak(id);
    if (leak === null) return;
    const isWanted = leak.status === "opened" || leak.status === "patched" || watchOf(leak) !== null;
    if (!isWanted) {
      this.letGo(id);
      return;
    }
    const load = this.loaded.get(id) ?? this.take(id);
    if (this.hasMore(load)) {
      load.isLoading = true;
      this.loads.add(load);
    }
    this.enforce(load, leak, revision);
  }

  private take(id: string): Loaded {
    const load: Loaded = {
      leak: id,
      slot: this.matcher.openSlot(),
      page: 0,
      index: 0,
      isLoading: false,
      skipped: new Set(),
      aside: new Set(),
      pendingRevision: 0,
    };
    this.loaded.set(id, load);
    this.leaks[load.slot] = id;
    this.rules[load.slot] = null;
    return load;
  }

  /** Whether the store has records that were not looked at yet; a page grows until it is full. */
  private hasMore(load: Loaded): boolean {
    const last = this.store.tokenPageCount(load.leak) - 1;
    return (
      load.page < last || (load.page === last && load.index < this.store.tokenPage(load.leak, last).count)
    );
  }

  /** Sets the flag: one store, whatever the number of tokens. Waits for tokens that are still being loaded. */
  private enforce(load: Loaded, leak: Leak, revision: number): void {
    const rule = this.ruleFor(leak);
    if (rule === null) {
      this.matcher.setEnforced(load.slot, false);
      this.rules[load.slot] = null;
      this.waitNoMore(load);
      return;
    }
    // The same object for as long as nothing changes: an exchange knows by it what it has recorded.
    const known = this.rules[load.slot]!;
    const isNew = !isSame(known, rule);
    if (isNew) this.rules[load.slot] = rule;
    if (load.isLoading && load.pendingRevision === 0) {
      load.pendingRevision = revision;
      this.urgent.add(load);
    }
    // Tokens added to a leak already in force count as they come; a new rule counts all at once.
    if (!load.isLoading) this.matcher.setEnforced(load.slot, this.isOn);
    // Where a first rule waits for its tokens, the change comes with the last of them.
    if (isNew && (known !== null || !load.isLoading)) this.changed();
  }

  private ruleFor(leak: Leak): EnforcedRule | null {
    if (watchOf(leak) !== null) return { leak: leak.id, rule: null, mode: "monitor", scope: {} };
    const rule = leak.status === "patched" ? this.store.ruleOf(leak.id) : null;
    return rule && { leak: leak.id, rule: rule.id, mode: rule.mode, scope: rule.scope };
  }

  private changed(): void {
    this.changeCount++;
    this.onChange();
  }

  private letGo(id: string): void {
    const load = this.loaded.get(id);
    if (load === undefined) return;
    this.matcher.setEnforced(load.slot, false);
    this.rules[load.slot] = null;
    this.loaded.delete(id);
    this.loads.delete(load);
    this.urgent.delete(load);
    const { slot, page, index } = load;
    this.unloads.push({ leak: id, slot, endPage: page, endIndex: index, page: 0, index: 0 });
  }

  /** Brings one token to the state the store has now, where it was looked at already. */
  private bringToken(id: string, number: number): void {
    const load = this.loaded.get(id);
    const token = load === undefined ? null : this.store.token(id, number);
    if (load === undefined || token === null || !isPast(load, number)) return;
    const isAside = load.aside.has(number);
    if (token.removed) {
      load.aside.delete(number);
      if (!load.skipped.delete(number) && !isAside) this.takeOut(load, token);
    } else if (token.alone !== null) {
      if (isAside) return;
      load.aside.add(number);
      this.takeOut(load, token);
    } else if (isAside) {
      load.aside.delete(number);
      this.putIn(load, token);
    }
  }

  private takeOut(load: Loaded, token: TokenRecordView): void {
    if (token.hash !== null) this.matcher.hashes.remove(load.slot, token.digest, token.anchor, token.hash);
    else this.matcher.remove(load.slot, token.digest, token.anchor, token.fingerprint, token.length);
  }

  private putIn(load: Loaded, token: TokenRecordView): void {
    if (token.hash !== null) this.hashSlots.add(load.slot);
    addTo(
      this.matcher,
      load.slot,
      this.store.tokenPage(load.leak, pageOf(token.number)),
      placeOf(token.number),
    );
    this.changed();
  }

  private keepWorking(): void {
    if (this.isWorking || this.isClosed || (this.loads.size === 0 && this.unloads.length === 0)) return;
    this.isWorking = true;
    setImmediate(() => {
      this.isWorking = false;
      if (this.isClosed) return;
      try {
        this.work(SLICE_MS);
      } catch (error) {
        this.tellFailure(error as Error);
        return;
      }
      this.keepWorking();
    });
  }

  private waitNoMore(load: Loaded): void {
    load.pendingRevision = 0;
    this.urgent.delete(load);
  }

  /** One slice of loading or unloading, of as many leaks as it has time for; what a rule waits for comes first. */
  private work(sliceMs: number): void {
    const isUrgent = this.urgent.size > 0;
    const until = performance.now() + (isUrgent ? Math.max(sliceMs, URGENT_SLICE_MS) : sliceMs);
    // Not one leak a slice: to find the first of a set whose head was deleted takes as long as what was deleted.
    for (const load of isUrgent ? this.urgent : this.loads) {
      this.load(load, until);
      if (performance.now() >= until) return;
    }
    if (this.loads.size === 0 && this.unloads.length > 0) this.unload(this.unloads[0]!, until);
  }

  private load(load: Loaded, until: number): void {
    const { matcher, store } = this;
    const last = store.tokenPageCount(load.leak) - 1;
    if (load.page === 0 && load.index === 0) matcher.reserve(store.leak(load.leak)?.tokenCount ?? 0);
    while (load.page <= last) {
      const page = store.tokenPage(load.leak, load.page);
      for (; load.index < page.count; load.index++) {
        const at = load.index;
        if (!page.countsAt(at)) {
          this.passBy(load, page, at);
          continue;
        }
        if (page.hashAt(at) !== null) this.hashSlots.add(load.slot);
        addTo(matcher, load.slot, page, at);
        if ((at & 63) === 63 && performance.now() > until) {
          load.index++;
          return;
        }
      }
      // The last page may still grow: its next record is where loading goes on.
      if (load.page === last) break;
      load.page++;
      load.index = 0;
    }
    load.isLoading = false;
    this.loads.delete(load);
    this.waitNoMore(load);
    if (this.rules[load.slot] !== null) {
      matcher.setEnforced(load.slot, this.isOn);
      this.changed();
    }
    this.onProgress();
  }

  private passBy(load: Loaded, page: TokenPage, at: number): void {
    if (!page.removedAt(at)) load.aside.add(page.numberAt(at));
    else if (this.store.revision() !== this.seen) {
      load.skipped.add(page.numberAt(at));
      this.skipping.add(load);
    }
  }

  private unload(unload: Unload, until: number): void {
    const { matcher, store } = this;
    while (unload.page <= unload.endPage) {
      const isLast = unload.page === unload.endPage;
      const page = isLast && unload.endIndex === 0 ? null : store.tokenPage(unload.leak, unload.page);
      const count = page === null ? 0 : isLast ? unload.endIndex : page.count;
      for (; page !== null && unload.index < count; unload.index++) {
        const at = unload.index;
        removeFrom(matcher, unload.slot, page, at);
        if ((at & 63) === 63 && performance.now() > until) {
          unload.index++;
          return;
        }
      }
      unload.page++;
      unload.index = 0;
    }
    matcher.closeSlot(unload.slot);
    this.hashSlots.delete(unload.slot);
    this.leaks[unload.slot] = null;
    this.unloads.shift();
  }

  private tellFailure(error: Error): void {
    const now = performance.now();
    if (now - this.loggedAt < LOG_EVERY_MS) return;
    this.loggedAt = now;
    this.logger.error({ reason: error.message }, "could not follow the store; the last rules stay in force");
  }
}

function addTo(matcher: Matcher, slot: number, page: TokenPage, at: number): void {
  const hash = page.hashAt(at);
  const anchor = page.anchorAt(at);
  if (hash !== null) {
    matcher.hashes.add(slot, page.digestAt(at), anchor, hash);
    return;
  }
  const { bytes } = page;
  const fingerprint = page.fingerprintAt(at);
  // Signed: a number of 2^31 and more would be boxed on its way.
  matcher.add(slot, bytes, anchor | 0, fingerprint, page.lengthAt(at), page.markAt(at), at * recordBytes);
}

function removeFrom(matcher: Matcher, slot: number, page: TokenPage, at: number): void {
  const hash = page.hashAt(at);
  const anchor = page.anchorAt(at);
  if (hash !== null) {
    matcher.hashes.remove(slot, page.digestAt(at), anchor, hash);
    return;
  }
  const fingerprint = page.fingerprintAt(at);
  matcher.remove(slot, page.bytes, anchor | 0, fingerprint, page.lengthAt(at), at * recordBytes);
}

/** Whether loading has come by the token already; else it is taken as it is once it comes there. */
function isPast({ page, index }: Loaded, number: number): boolean {
  const at = pageOf(number);
  return at < page || (at === page && placeOf(number) < index);
}

function isSame(known: EnforcedRule | null, rule: EnforcedRule): boolean {
  return (
    known !== null &&
    known.rule === rule.rule &&
    known.mode === rule.mode &&
    sameScope(known.scope, rule.scope)
  );
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
