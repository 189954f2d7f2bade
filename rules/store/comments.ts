import type { JournalEntry } from "../journal.ts";
import { InputRefused } from "../refusal.ts";
import { checkProse, commentCharsMax } from "../text.ts";
import { checkActor, commented, commit, expectLeak, journal } from "./changes.ts";
import { decodeCursor, encodeCursor } from "./cursor.ts";
import type { By } from "./leakchanges.ts";
import { checkLimit } from "./listing.ts";
import type { Tables } from "./tables.ts";

export interface CommentQuery {
  /** 1 to 1000, default 50. */
  readonly limit?: number | undefined;
  readonly after?: string | undefined;
}

export interface CommentList {
  /** The entries that hold a comment, newest first: comments alone, and those of decisions. */
  readonly entries: JournalEntry[];
  readonly next: string | null;
}

/** Adds a comment; the leak's version stays, since nothing of the leak changes. Throws LeakUnknown, InputRefused. */
export async function comment(tables: Tables, by: By, id: string, text: string): Promise<JournalEntry> {
  checkActor(by.actor);
  const checked = checkProse("comment", text, commentCharsMax);
  if (checked === "") throw new InputRefused("comment", "is empty");
  return commit(tables, () => {
    const { leak } = expectLeak(tables, id);
    const draft = { ...by, action: "leak.comment" as const, subject: leak.id, before: null, after: {} };
    const revision = journal(tables, { ...draft, comment: checked });
    return JSON.parse(tables.journal.get(revision) as string) as JournalEntry;
  });
}

/** Throws LeakUnknown, CursorInvalid, InputRefused (limit). */
export function listComments(tables: Tables, id: string, query: CommentQuery): CommentList {
  const { leak } = expectLeak(tables, id);
  const limit = checkLimit(query.limit);
  const scope = `comments.${leak.id}`;
  const start =
    query.after === undefined ? Number.MAX_SAFE_INTEGER : decodeCursor(scope, query.after).seq - 1;
  const range = {
    start: [commented, leak.id, start],
    end: [commented, leak.id],
    reverse: true,
    limit: limit + 1,
  };
  const revisions = [...tables.index.getKeys(range)].map((key) => (key as [string, string, number])[2]);
  const entries = revisions
    .slice(0, limit)
    .map((revision) => JSON.parse(tables.journal.get(revision) as string) as JournalEntry);
  const last = entries[entries.length - 1];
  const isEnd = revisions.length <= limit || last === undefined;
  return { entries, next: isEnd ? null : encodeCursor(scope, { value: 0, seq: last.revision }) };
}
