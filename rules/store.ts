import {
  type AccessKey,
  type AccessKeyRecord,
  type MintedKey,
  publicView,
  type StoredSecret,
} from "./access.ts";
import type { Grounds } from "./decision.ts";
import type { TokenDigest } from "./digest.ts";
import type { Finding, TakenIn } from "./finding.ts";
import type { FalsePositiveDraft, FalsePositiveRule } from "./intake.ts";
import {
  type Actor,
  type Facts,
  type JournalAction,
  type JournalEntry,
  type JournalHead,
  type JournalVerdict,
  type Origin,
  verifyJournal,
} from "./journal.ts";
import type { Decision, Leak, LeakId, LeakInput } from "./leak.ts";
import type { Rule } from "./rule.ts";
import type { Session } from "./session.ts";
import type { Settings, SettingsPatch } from "./settings.ts";
import { type AttemptsKnown, attemptsOf, attemptsUntil, takeAttempts } from "./store/attempts.ts";
import { auditTables, journalRecords } from "./store/audit.ts";
import { type BulkOutcome, decideMany, type Selection, select } from "./store/bulk.ts";
import { expectLeak, note } from "./store/changes.ts";
import { type CommentList, type CommentQuery, comment, listComments } from "./store/comments.ts";
import { type Counts, readCounts } from "./store/counters.ts";
import * as decisions from "./store/decisions.ts";
import { type Due, dueBy } from "./store/due.ts";
import { type Duplicate, duplicatesOf } from "./store/duplicates.ts";
import { holdersOf } from "./store/holders.ts";
import { Hooks } from "./store/hooks.ts";
import * as importChanges from "./store/importchanges.ts";
import { addIntakeRule, type IntakeChanged, readIntake, removeIntakeRule } from "./store/intakechanges.ts";
import { InventoryTokens } from "./store/inventory.ts";
import { KeptAnswers } from "./store/kept.ts";
import {
  createKey,
  type KeyChanged,
  type KeyPatch,
  revokeKey,
  rotateKey,
  updateKey,
} from "./store/keychanges.ts";
import { keyByPart, type ListedKey, lastUse, listKeys, noteUse, readKey } from "./store/keyring.ts";
import * as leakChanges from "./store/leakchanges.ts";
import { type LeakList, type LeakQuery, listLeaks } from "./store/listing.ts";
import { Outbox } from "./store/outbox.ts";
import { pageOf, pagesFor, placeOf, TokenPage, type TokenRecordView } from "./store/pages.ts";
import { Policies } from "./store/policychanges.ts";
import { listRules, type RuleList, type RuleQuery, readRule, ruleOf } from "./store/rulebook.ts";
import { endSession, listSessions, noteSeen, type SessionDraft, startSession } from "./store/sessions.ts";
import { readSettings, type SettingsChanged, updateSettings } from "./store/settingschanges.ts";
import { Sightings } from "./store/sightings.ts";
import { Sources } from "./store/sources.ts";
import { numberOf, openTables, readHead, type StoredLeak, type Tables } from "./store/tables.ts";
import { foretell, type Standing, standingOf, takeIn } from "./store/takein.ts";
import * as tokenChanges from "./store/tokenchanges.ts";
import { Told } from "./store/told.ts";

export interface StoreOptions {
  /** Never makes or changes anything; the way workers open it. */
  readonly readOnly?: boolean;
  /** The clock, in milliseconds since 1970. */
  readonly now?: () => number;
}

/**
 * Leaks, rules, access keys and their journal, in the LMDB environment `<data>/rules`. Any number of processes may
 * have it open and change it. Every change is one transaction, resolves once it survives a power cut, and answers
 * the revision it made. Reads are synchronous; all reads of one turn of the event loop see the same state, unless
 * `revision()` or `head()` is called in between: those look at the newest.
 */
export class RulesStore {
  readonly readOnly: boolean;
  /** Calls of the API that may come twice. */
  readonly kept: KeptAnswers;
  /** Destinations of notifications. */
  readonly hooks: Hooks;
  /** Messages to them. */
  readonly outbox: Outbox;
  /** What they were told of. */
  readonly told: Told;
  /** Where tokens were seen. */
  readonly sightings: Sightings;
  /** What people decided beforehand of what comes in. */
  readonly policies: Policies;
  /** What is watched. */
  readonly sources: Sources;
  /** The team's live tokens. */
  readonly inventory: InventoryTokens;
  readonly #tables: Tables;
  readonly #now: () => number;

  private constructor(tables: Tables, options: StoreOptions) {
    this.readOnly = options.readOnly ?? false;
    this.#tables = tables;
    this.#now = options.now ?? Date.now;
    this.kept = new KeptAnswers(tables, this.#now);
    const look = () => this.#tables;
    const change = () => this.#writable();
    this.hooks = new Hooks(look, change, (actor) => this.#by(actor));
    this.outbox = new Outbox(look, change, this.#now);
    this.told = new Told(look);
    this.sightings = new Sightings(look);
    this.policies = new Policies(look, change, (actor) => this.#by(actor));
    this.sources = new Sources(look, change, (actor) => this.#by(actor));
    this.inventory = new InventoryTokens(look, change, (actor) => this.#by(actor));
  }

  /**
   * Rejects with StoreAbsent (read-only, nothing there yet), PepperMismatch, SchemaTooNew, StoreFailed. Where one process
   * opens several handles (tests do), the first must be a writer: they share its environment.
   */
  static async open(dataDir: string, pepperId: string, options: StoreOptions = {}): Promise<RulesStore> {
    return new RulesStore(await openTables(dataDir, pepperId, options.readOnly ?? false), options);
  }

  /** The newest committed revision, of any process; 0 before the first change. Costs about a microsecond. */
  revision(): number {
    return this.head().revision;
  }

  /** The newest revision with the hash of its entry. */
  head(): JournalHead {
    this.#tables.root.resetReadTxn();
    return readHead(this.#tables);
  }

  /** At most `limit` entries after a revision, oldest first. */
  entriesAfter(revision: number, limit: number): JournalEntry[] {
    const range = this.#tables.journal.getRange({ start: revision + 1, limit });
    return [...range.map(({ value }) => JSON.parse(value) as JournalEntry)];
  }

  /** At most `limit` entries before a revision, newest first. */
  entriesBefore(revision: number, limit: number): JournalEntry[] {
    const range = this.#tables.journal.getRange({ start: revision - 1, reverse: true, limit });
    return [...range.map(({ value }) => JSON.parse(value) as JournalEntry)];
  }

  /** The newest entries of a leak or access key, newest first; `before` a revision for the next page. */
  history(subject: string, limit: number, before = Number.MAX_SAFE_INTEGER): JournalEntry[] {
    const range = { start: [subject, before - 1], end: [subject], reverse: true, limit };
    const revisions = [...this.#tables.history.getKeys(range)].map((key) => (key as [string, number])[1]);
    return revisions.map(
      (revision) => JSON.parse(this.#tables.journal.get(revision) ?? "null") as JournalEntry,
    );
  }

  leak(id: string): Leak | null {
    return this.#stored(id)?.leak ?? null;
  }

  /** All leaks in the order of registration; read in small pieces, so it may be walked over many turns. */
  *leaks(): Generator<Leak> {
    for (let seq = 1; ; ) {
      const batch = [...this.#tables.leaks.getRange({ start: seq, limit: 200 })];
      for (const { value } of batch) yield value.leak;
      if (batch.length < 200) return;
      seq = (batch[batch.length - 1].key as number) + 1;
    }
  }

  /** Throws CursorInvalid, InputRefused (limit). */
  listLeaks(query: LeakQuery = {}): LeakList {
    return listLeaks(this.#tables, query);
  }

  /** The rules of the intake, in the order of their numbers; those taken away only with `removed`. */
  falsePositiveRules(removed = false): FalsePositiveRule[] {
    return readIntake(this.#tables).filter((rule) => removed || rule.removedAt === null);
  }

  /** Throws InputRefused. */
  addFalsePositiveRule(actor: Actor, draft: FalsePositiveDraft): Promise<IntakeChanged> {
    return addIntakeRule(this.#writable(), this.#by(actor), draft);
  }

  /** Throws FalsePositiveRuleUnknown. */
  removeFalsePositiveRule(actor: Actor, id: string): Promise<IntakeChanged> {
    return removeIntakeRule(this.#writable(), this.#by(actor), id);
  }

  settings(): Settings {
    return readSettings(this.#tables);
  }

  /** Throws InputRefused, VersionConflict. */
  updateSettings(actor: Actor, patch: SettingsPatch, ifVersion?: number): Promise<SettingsChanged> {
    return updateSettings(this.#writable(), this.#by(actor), patch, ifVersion);
  }

  counts(): Counts {
    return readCounts(this.#tables);
  }

  /** The rule in force for a leak. */
  ruleOf(leakId: string): Rule | null {
    const leak = this.leak(leakId);
    return leak && ruleOf(this.#tables, leak);
  }

  /** A rule by its id; one that is no longer in force has `removedAt`. */
  rule(id: string): Rule | null {
    return readRule(this.#tables, id);
  }

  /** The rules in force, in the order of their numbers. Throws CursorInvalid, InputRefused (limit). */
  rules(query: RuleQuery = {}): RuleList {
    return listRules(this.#tables, query);
  }

  /** How many pages the tokens of a leak fill; 0 for an unknown leak. */
  tokenPageCount(leakId: string): number {
    return pagesFor(this.#stored(leakId)?.tokensEver ?? 0);
  }

  /** Page 0 upwards, removed tokens included. Throws LeakUnknown, and RangeError for a page that is not there. */
  tokenPage(leakId: string, page: number): TokenPage {
    const stored = expectLeak(this.#tables, leakId);
    const bytes = this.#tables.tokens.get([stored.leak.seq, page]);
    if (bytes === undefined) throw new RangeError(`leak ${leakId} has no page ${page} of tokens`);
    return new TokenPage(bytes, page, stored.kinds);
  }

  /** One token, removed or not, by its number; null when there never was one. */
  token(leakId: string, number: number): TokenRecordView | null {
    const stored = this.#stored(leakId);
    if (!stored || !Number.isInteger(number) || number < 1 || number > stored.tokensEver) return null;
    return this.tokenPage(leakId, pageOf(number)).at(placeOf(number));
  }

  /** Registers a leak as opened, its tokens each once. Throws InputRefused. */
  register(
    actor: Actor,
    input: LeakInput & { readonly tokens: readonly TokenDigest[] },
  ): Promise<leakChanges.Registered> {
    return leakChanges.register(this.#writable(), this.#by(actor), input);
  }

  /** The entry by which a leak came into this store; null for an unknown one. */
  registration(leakId: string): JournalEntry | null {
    return importChanges.registration(this.#tables, leakId);
  }

  /** What a leak that was registered elsewhere, or here, is in this store. */
  importState(origin: Origin): importChanges.ImportState | null {
    return importChanges.importState(this.#tables, origin);
  }

  /** Makes a leak of what was registered elsewhere. Throws InputRefused. */
  beginImport(actor: Actor, origin: Origin, input: importChanges.ImportedLeak): Promise<leakChanges.Changed> {
    return importChanges.beginImport(this.#writable(), this.#by(actor), origin, input);
  }

  /** Once all of it is in; no entry of its own, as it changes no leak. */
  endImport(origin: Origin, leak: LeakId): Promise<void> {
    return importChanges.endImport(this.#writable(), origin, leak);
  }

  /**
   * Takes in what sources found, some hundred findings in a transaction, and decides for each token: one that is opened
   * or patched, or is false and nothing else, has a sighting more; one that is closed, or that nobody knows, makes a
   * leak, opened, which a policy may patch at once. What was seen before changes nothing. A finding outside its limits
   * is refused alone. What was taken in stays so, whatever happens to the rest.
   */
  takeIn(actor: Actor, findings: readonly Finding[]): Promise<TakenIn> {
    return takeIn(this.#writable(), this.#by(actor), findings);
  }

  /** What taking these in would come to: leaks, known tokens and refusals, as far as that can be told; changes nothing. */
  foretell(findings: readonly Finding[]): TakenIn {
    return foretell(this.#tables, this.#now(), findings);
  }

  /** Adds what the leak does not hold yet. Throws LeakUnknown, VersionConflict, InputRefused. */
  addTokens(
    actor: Actor,
    leakId: string,
    tokens: readonly TokenDigest[],
    ifVersion?: number,
  ): Promise<tokenChanges.TokensAdded> {
    return tokenChanges.addTokens(this.#writable(), this.#by(actor), leakId, tokens, ifVersion);
  }

  /** Throws LeakUnknown, VersionConflict, TokenUnknown. */
  removeToken(
    actor: Actor,
    leakId: string,
    number: number,
    ifVersion?: number,
  ): Promise<leakChanges.Changed> {
    return tokenChanges.removeToken(this.#writable(), this.#by(actor), leakId, number, ifVersion);
  }

  /** A person's decision about one token alone. Throws LeakUnknown, VersionConflict, TokenUnknown, DecisionRefused, InputRefused. */
  decideToken(
    actor: Actor,
    leakId: string,
    number: number,
    decision: tokenChanges.TokenDecision,
    options: Grounds & { readonly ifVersion?: number | undefined } = {},
  ): Promise<leakChanges.Changed> {
    return tokenChanges.decideToken(this.#writable(), this.#by(actor), leakId, number, decision, options);
  }

  /** Throws LeakUnknown, VersionConflict, InputRefused. */
  updateLeak(
    actor: Actor,
    leakId: string,
    patch: leakChanges.LeakPatch,
    ifVersion?: number,
  ): Promise<leakChanges.Changed> {
    return leakChanges.updateLeak(this.#writable(), this.#by(actor), leakId, patch, ifVersion);
  }

  /** A person's decision. Throws LeakUnknown, VersionConflict, DecisionRefused, InputRefused (scope). */
  decide(
    actor: Actor,
    leakId: string,
    decision: Decision,
    options: decisions.DecideOptions = {},
  ): Promise<leakChanges.Changed> {
    return decisions.decide(this.#writable(), this.#by(actor), leakId, decision, options);
  }

  /** The leaks that a bulk decision would be about. Gives way to other work while it looks. */
  select(query: LeakQuery): Promise<Selection> {
    return select(this.#tables, query);
  }

  /** A person's decision about many leaks. Rejects with InputRefused before anything is decided. */
  decideMany(
    actor: Actor,
    leakIds: readonly string[],
    decision: Decision,
    options: Omit<decisions.DecideOptions, "ifVersion"> = {},
  ): Promise<BulkOutcome> {
    return decideMany(this.#writable(), this.#by(actor), leakIds, decision, options);
  }

  /** Watches a leak that is over, or no longer. Throws LeakUnknown, VersionConflict, DecisionRefused, InputRefused. */
  watch(actor: Actor, leakId: string, options: decisions.WatchOptions): Promise<leakChanges.Changed> {
    return decisions.watch(this.#writable(), this.#by(actor), leakId, options);
  }

  /** What people chose to end by now, the earliest first, at most `limit`. */
  due(limit: number): Due[] {
    this.#tables.root.resetReadTxn();
    return dueBy(this.#tables, this.#now(), limit);
  }

  /** Ends what is due; null where that is so already. Throws LeakUnknown. */
  expire(due: Due): Promise<leakChanges.Changed | null> {
    return decisions.expire(this.#writable(), this.#now(), due);
  }

  /** Other leaks that hold some of the same tokens. */
  duplicates(leakId: string): Duplicate[] {
    const stored = this.#stored(leakId);
    return stored === null ? [] : duplicatesOf(this.#tables, stored.leak.seq);
  }

  /** The leaks that hold this token now. */
  leaksHolding(digest: Uint8Array): LeakId[] {
    return holdersOf(this.#tables, digest).map(({ seq }): LeakId => `leak-${seq}`);
  }

  /** The same, each with what was decided of the token there. */
  standings(digest: Uint8Array): { readonly leak: LeakId; readonly standing: Standing }[] {
    return holdersOf(this.#tables, digest).map((holder) => ({
      leak: `leak-${holder.seq}`,
      standing: standingOf(this.#tables, holder),
    }));
  }

  /** Whether a token ever came of which only a hash is known. */
  hasHashes(): boolean {
    return this.#tables.meta.get("hashes") === true;
  }

  /** When a token of a leak expires (ms), or null where nobody knows. */
  expiryOf(leak: Leak, number: number): number | null {
    return this.#tables.expiries.get([leak.seq, number]) ?? null;
  }

  /** Whether a token stays blocked once this leak lets go of it: another patched leak enforces it. */
  staysBlocked(leakId: string, digest: Uint8Array): boolean {
    return holdersOf(this.#tables, digest).some(({ seq, number }) => {
      const other = this.#tables.leaks.get(seq)?.leak;
      if (other?.id === leakId || other?.status !== "patched") return false;
      return other.tokensClosed + other.tokensFalse === 0 || this.token(other.id, number)?.alone === null;
    });
  }

  /** Attempts that were taken in, of a leak. */
  attempts(leakId: string): AttemptsKnown | null {
    return attemptsOf(this.#tables, leakId);
  }

  /** Events before this time (ms) were taken in. */
  attemptsUntil(): number {
    this.#tables.root.resetReadTxn();
    return attemptsUntil(this.#tables);
  }

  /** Takes in the attempts between two times, by leak; false where another process was faster. */
  takeAttempts(from: number, until: number, byLeak: ReadonlyMap<string, AttemptsKnown>): Promise<boolean> {
    return takeAttempts(this.#writable(), from, until, byLeak);
  }

  /** Throws LeakUnknown, InputRefused. */
  comment(actor: Actor, leakId: string, text: string): Promise<JournalEntry> {
    return comment(this.#writable(), this.#by(actor), leakId, text);
  }

  /** What was said of a leak, newest first. Throws LeakUnknown, CursorInvalid, InputRefused (limit). */
  comments(leakId: string, query: CommentQuery = {}): CommentList {
    return listComments(this.#tables, leakId, query);
  }

  /** Stores a key made by mintKey. */
  async createKey(actor: Actor, minted: MintedKey): Promise<KeyChanged> {
    const created = await createKey(this.#writable(), this.#by(actor), minted, false);
    return created as KeyChanged;
  }

  /** Stores the key only when there is none yet, of any process; null otherwise. */
  createFirstKey(actor: Actor, minted: MintedKey): Promise<KeyChanged | null> {
    return createKey(this.#writable(), this.#by(actor), minted, true);
  }

  /** Throws KeyUnknown. */
  revokeKey(actor: Actor, keyId: string): Promise<KeyChanged> {
    return revokeKey(this.#writable(), this.#by(actor), keyId);
  }

  /** Writes an entry of its own into the journal, for what lies outside of this store. */
  note(actor: Actor, action: JournalAction, subject: string, after: Facts): Promise<number> {
    return note(this.#writable(), { ...this.#by(actor), action, subject, before: null, after });
  }

  /** Renames, disables or enables a key, or moves its end. Throws KeyUnknown, KeyRevoked, InputRefused. */
  updateKey(actor: Actor, keyId: string, patch: KeyPatch): Promise<KeyChanged> {
    return updateKey(this.#writable(), this.#by(actor), keyId, patch);
  }

  /** Gives a key a secret made by mintSecret; the old one counts for `graceMs` more. Throws KeyUnknown, KeyRevoked. */
  rotateKey(actor: Actor, keyId: string, secret: StoredSecret, graceMs: number): Promise<KeyChanged> {
    return rotateKey(this.#writable(), this.#by(actor), keyId, secret, graceMs);
  }

  /** Remembers when a key was used; once a minute is enough. Rejects with what the disk says. */
  noteUse(keyId: string, at: number): Promise<void> {
    return noteUse(this.#writable(), keyId, at);
  }

  /** All access keys, the revoked ones too. */
  keys(): ListedKey[] {
    return listKeys(this.#tables);
  }

  key(id: string): AccessKey | null {
    const record = readKey(this.#tables, id);
    return record && publicView(record);
  }

  /** When a key was last used, exact to a minute; null: never. */
  lastUse(keyId: string): number | null {
    return lastUse(this.#tables, keyId);
  }

  /** A sign-in. Throws KeyUnknown where its key does not count any more. */
  startSession(actor: Actor, draft: SessionDraft): Promise<Session> {
    return startSession(this.#writable(), this.#by(actor), draft);
  }

  /** Signed out. Throws SessionUnknown. */
  endSession(actor: Actor, id: string): Promise<Session> {
    return endSession(this.#writable(), this.#by(actor), id, "session.end");
  }

  /** Ended by somebody else, or from elsewhere. Throws SessionUnknown. */
  revokeSession(actor: Actor, id: string): Promise<Session> {
    return endSession(this.#writable(), this.#by(actor), id, "session.revoke");
  }

  /** Remembers when a session was used; once a minute is enough. */
  noteSeen(digest: string, at: number): Promise<void> {
    return noteSeen(this.#writable(), digest, at);
  }

  /** By the digest of its secret, see session.ts. The caller looks at the times, and at its key. */
  session(digest: string): Session | null {
    return this.#tables.sessions.get(digest) ?? null;
  }

  /** Oldest first; those that are over by themselves may be among them. */
  sessions(): Session[] {
    return listSessions(this.#tables);
  }

  /** For `authenticate` in access.ts. */
  keyByPublicPart(publicPart: string): AccessKeyRecord | null {
    return keyByPart(this.#tables, publicPart);
  }

  /** Verifies the chain of the journal alone; gives way to other work between its pieces. */
  verifyChain(onEntry?: (entry: JournalEntry, total: number) => void): Promise<JournalVerdict> {
    return verifyJournal(journalRecords(this.#tables, this), onEntry);
  }

  /**
   * Verifies the journal, entry by entry, and that everything else in the store is what it says. Holds the thread while it compares
   * (about a second for 100,000 leaks): for the command line and for tests.
   */
  async audit(onEntry?: (entry: JournalEntry, total: number) => void): Promise<JournalVerdict> {
    const verdict = await this.verifyChain(onEntry);
    return verdict.ok ? auditTables(this.#tables, this) : verdict;
  }

  /** Waits for the changes under way. */
  async close(): Promise<void> {
    const { gate, root } = this.#tables;
    await gate.alone(() => root.close());
  }

  #stored(id: string): StoredLeak | null {
    const seq = numberOf("leak", id);
    return seq === null ? null : (this.#tables.leaks.get(seq) ?? null);
  }

  #by(actor: Actor): leakChanges.By {
    const at = this.#now();
    return typeof actor === "string" ? { actor, at } : { ...actor, at };
  }

  #writable(): Tables {
    if (this.readOnly) throw new Error("this handle of the rules was opened read-only");
    return this.#tables;
  }
}
