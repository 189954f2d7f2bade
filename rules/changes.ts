import { csvRecord } from "./csv.ts";
import { canonicalJson, type JournalAction, type JournalEntry } from "./journal.ts";
import type { RulesStore } from "./store.ts";

/** Which entries of the journal to look at; a field left out matches all. Times in ms, `from` inclusive, `to` exclusive. */
export interface ChangeFilter {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  /** The id of a leak, key, session or destination. */
  readonly subject?: string | undefined;
  /** Text in the actor's name, upper and lower case alike. */
  readonly actor?: string | undefined;
  /** An action, or its first word: `leak.close`, `leak`. */
  readonly action?: string | undefined;
}

/** Entries read in one turn of the event loop. */
export const READ_A_TURN = 500;

/** Entries before a revision, newest first, read in small pieces. */
export function* changesBackwards(
  store: RulesStore,
  subject: string | undefined,
  before = store.head().revision + 1,
): Generator<JournalEntry> {
  for (let until = before; ; ) {
    const entries =
      subject === undefined
        ? store.entriesBefore(until, READ_A_TURN)
        : store.history(subject, READ_A_TURN, until);
    yield* entries;
    if (entries.length < READ_A_TURN) return;
    until = entries[entries.length - 1]!.revision;
  }
}

/** All entries there are now, oldest first, a piece at a time. */
export function* changesForwards(store: RulesStore): Generator<JournalEntry[]> {
  const { revision: newest } = store.head();
  for (let done = 0; done < newest; ) {
    const entries = store.entriesAfter(done, Math.min(READ_A_TURN, newest - done));
    if (entries.length === 0) return;
    yield entries;
    done = entries[entries.length - 1]!.revision;
  }
}

export function isAsked({ from, to, subject, actor, action }: ChangeFilter, entry: JournalEntry): boolean {
  if (from !== undefined && entry.at < from) return false;
  if (to !== undefined && entry.at >= to) return false;
  if (subject !== undefined && entry.subject !== subject) return false;
  if (action !== undefined && !isOf(action, entry.action)) return false;
  return actor === undefined || entry.actor.toLowerCase().includes(actor.toLowerCase());
}

function isOf(asked: string, action: JournalAction): boolean {
  return action === asked || action.startsWith(`${asked}.`);
}

const columns = [
  "revision",
  "at",
  "actor",
  "from",
  "action",
  "subject",
  "before",
  "after",
  "reason",
  "comment",
  "token",
  "tokens",
  "previousHash",
  "hash",
] as const satisfies readonly (keyof JournalEntry)[];

export const changesCsvHead = csvRecord(columns);

/** An entry as a record of CSV: times in ISO 8601, facts as canonical JSON. */
export function changeCsv(entry: JournalEntry): string {
  return csvRecord(columns.map((column) => cellOf(entry, column)));
}

function cellOf(entry: JournalEntry, column: (typeof columns)[number]): string | number | null {
  if (column === "at") return new Date(entry.at).toISOString();
  const value = entry[column] ?? null;
  return value === null || typeof value !== "object" ? value : canonicalJson(value);
}
