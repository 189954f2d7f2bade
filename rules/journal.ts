import { hash } from "node:crypto";

export type JournalAction =
  | "leak.register"
  | "leak.import"
  | "leak.update"
  | "leak.vpatch"
  | "leak.close"
  | "leak.mark_false"
  | "leak.reopen"
  | "leak.expire"
  | "leak.watch"
  | "leak.comment"
  | "leak.sighted"
  | "tokens.add"
  | "token.remove"
  | "token.close"
  | "token.mark_false"
  | "token.reopen"
  | "key.create"
  | "key.update"
  | "key.disable"
  | "key.enable"
  | "key.rotate"
  | "key.revoke"
  | "settings.update"
  | "intake.create"
  | "intake.remove"
  | "policy.create"
  | "policy.update"
  | "policy.remove"
  | "source.create"
  | "source.update"
  | "source.remove"
  | "inventory.add"
  | "inventory.remove"
  | "session.start"
  | "session.end"
  | "session.revoke"
  | "tenant.create"
  | "hook.create"
  | "hook.update"
  | "hook.delete"
  | "hook.rotate"
  | "hook.test";

/** One change: who, when, what, and the hash of the change before it. Holds no token, no digest, no secret. */
export interface JournalEntry {
  readonly revision: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** `key-3 (name)`, `oidc:subject (name)`, `cli:user`, `policy-2 (by key-3 (name))`, `source-4 (git)` or `system`. */
  readonly actor: string;
  /** The address from which the change was asked for, as the admin saw it. */
  readonly from?: string;
  readonly action: JournalAction;
  /** The id of the leak, access key, session, hook or source; `inventory NAME`. */
  readonly subject: string;
  /** The fields that changed, before (null: the subject was not there) and after. */
  readonly before: Facts | null;
  readonly after: Facts;
  /** Why, in a word of `reasonsOf` (decision.ts), and in a person's own. */
  readonly reason?: string | undefined;
  readonly comment?: string | undefined;
  /** `token.remove` and decisions about one token: its number. */
  readonly token?: number;
  /**
   * `leak.register`, `tokens.add`: the numbers given to the new tokens, `first` to `first + count - 1`; the last
   * `falseCount` of them are registered as false, by so many tokens for each rule of the intake.
   */
  readonly tokens?: {
    readonly first: number;
    readonly count: number;
    readonly falseCount?: number | undefined;
    readonly caught?: { readonly [rule: string]: number } | undefined;
  };
  /** `leak.vpatch`: the policy of the intake by which it was decided beforehand. */
  readonly policy?: string;
  /** What a time box ended: the revision of the decision that had it. */
  readonly decided?: number;
  /** `leak.import`: the leak as it was called where it was registered, and the hash of that entry. */
  readonly origin?: Origin;
  readonly previousHash: string;
  /** SHA-256 (hex) over the canonical JSON of all the other fields. */
  readonly hash: string;
}

/** Who asks for a change: the name for the journal, and from which address where there is one. */
export type Actor = string | { readonly actor: string; readonly from: string };

/** Where a leak was registered: told apart by the hash of that entry, which is no other's anywhere. */
export interface Origin {
  readonly leak: string;
  readonly hash: string;
}

/** Plain values as they are written to the journal. */
export type Facts = { readonly [field: string]: Json };
export type Json = string | number | boolean | null | readonly Json[] | { readonly [field: string]: Json };

/** An entry before it has its place in the chain. */
export type EntryDraft = Omit<JournalEntry, "revision" | "previousHash" | "hash">;

/** The newest entry's place in the chain; revision 0 is the empty journal. */
export interface JournalHead {
  readonly revision: number;
  readonly hash: string;
}

export const emptyJournal: JournalHead = { revision: 0, hash: "0".repeat(64) };

/** JSON in one spelling: keys sorted, no blanks, absent fields left out (RFC 8785 for the values used here). */
export function canonicalJson(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  // Every change passes here twice: plain strings take a third of the time of mapped entries.
  const fields = value as Readonly<Record<string, unknown>>;
  let text = "";
  for (const key of Object.keys(fields).sort()) {
    const field = fields[key];
    if (field !== undefined)
      text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${canonicalJson(field)}`;
  }
  return `{${text}}`;
}

/** The entry that follows `head`. */
export function sealEntry(draft: EntryDraft, head: JournalHead): JournalEntry {
  const open = { ...draft, revision: head.revision + 1, previousHash: head.hash };
  return { ...open, hash: hashOf(open) };
}

/** Why `entry` cannot be the one that follows `head`, or null when it is. */
export function chainBreak(entry: JournalEntry, head: JournalHead): string | null {
  const { hash, ...rest } = entry;
  if (entry.revision !== head.revision + 1) return `revision ${head.revision + 1} is missing`;
  if (entry.previousHash !== head.hash) return "the entry before it was changed or replaced";
  if (hash !== hashOf(rest)) return "the entry was changed after it was written";
  return null;
}

/** What replaying needs of a store. */
export interface JournalSource {
  head(): JournalHead;
  entriesAfter(revision: number, limit: number): JournalEntry[];
}

/** What verification needs of a store: the entries as they lie there, under their keys. */
export interface JournalRecords {
  head(): JournalHead;
  recordsAfter(revision: number, limit: number): JournalRecord[];
}

export interface JournalRecord {
  readonly revision: number;
  readonly text: string;
}

export type JournalVerdict =
  | { readonly ok: true; readonly entries: number }
  | {
      readonly ok: false;
      readonly revision: number;
      readonly why: string;
      /** What the broken entry says of itself, null where it is gone or cannot be read; absent where the chain holds. */
      readonly entry?: EntryMark | null;
    };

export type EntryMark = Pick<JournalEntry, "at" | "actor" | "action" | "subject">;

/**
 * Walks the chain from the first entry to the newest and names the first broken one. Gives way to other work
 * between batches. A journal cut off at its end *and* given a matching head cannot be told from an older one:
 * keep the newest hash elsewhere to notice that.
 */
export async function verifyJournal(
  source: JournalRecords,
  onEntry: (entry: JournalEntry, total: number) => void = () => {},
): Promise<JournalVerdict> {
  const newest = source.head();
  let head = emptyJournal;
  while (head.revision < newest.revision) {
    const records = source.recordsAfter(head.revision, 500);
    const revision = head.revision + 1;
    if (records.length === 0) return { ok: false, revision, why: missing(revision), entry: null };
    for (const record of records) {
      const checked = checkRecord(record, head, newest);
      if (!checked.ok) return { ...checked, revision: head.revision + 1 };
      head = { revision: checked.entry.revision, hash: checked.entry.hash };
      onEntry(checked.entry, newest.revision);
      if (head.revision === newest.revision) break;
    }
    await new Promise((resume) => setImmediate(resume));
  }
  return { ok: true, entries: newest.revision };
}

type Checked =
  | { readonly ok: true; readonly entry: JournalEntry }
  | { readonly ok: false; readonly why: string; readonly entry: EntryMark | null };

function checkRecord(record: JournalRecord, head: JournalHead, newest: JournalHead): Checked {
  const expected = head.revision + 1;
  if (record.revision !== expected) return { ok: false, why: missing(expected), entry: null };
  const entry = readEntry(record.text);
  if (entry === null) return { ok: false, why: "the entry cannot be read", entry: null };
  const { at, actor, action, subject } = entry;
  const mark = { at, actor, action, subject };
  if (entry.revision !== expected)
    return { ok: false, why: `revision ${entry.revision} stands in its place`, entry: mark };
  const why = chainBreak(entry, head);
  if (why !== null) return { ok: false, why, entry: mark };
  if (expected === newest.revision && entry.hash !== newest.hash)
    return { ok: false, why: "it is not the entry that was written last", entry: mark };
  return { ok: true, entry };
}

/** Null for what is not the one spelling of an entry. */
function readEntry(text: string): JournalEntry | null {
  try {
    const entry = JSON.parse(text) as JournalEntry | null;
    return typeof entry === "object" && entry !== null && canonicalJson(entry) === text ? entry : null;
  } catch {
    return null;
  }
}

function missing(revision: number): string {
  return `revision ${revision} is missing`;
}

function hashOf(entry: object): string {
  return hash("sha256", canonicalJson(entry), "hex");
}
