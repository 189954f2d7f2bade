import { standingOf } from "../access.ts";
import type { Facts } from "../journal.ts";
import { KeyUnknown, SessionUnknown } from "../refusal.ts";
import { isSameOwner, type Session, type SessionId, type SessionOwner } from "../session.ts";
import { checkActor, commit, journal } from "./changes.ts";
import { readKey } from "./keyring.ts";
import type { By } from "./leakchanges.ts";
import { type Tables, takeId } from "./tables.ts";

/** Sessions of one key or person; a further one ends the oldest. */
const SESSIONS_PER_OWNER = 32;

/** What a sign-in is made of. */
export interface SessionDraft {
  /** See `mintSession`. */
  readonly digest: string;
  readonly owner: SessionOwner;
  /** Never beyond the key's own end. */
  readonly expiresAt: number;
  /** How long a session may rest; those that rest longer are cleared away. */
  readonly idleMs: number;
  /** The session that the same browser had, which ends. */
  readonly replaces: SessionId | null;
}

/** Throws KeyUnknown where the key does not count any more. */
export function startSession(tables: Tables, by: By, draft: SessionDraft): Promise<Session> {
  checkActor(by.actor);
  return commit(tables, () => {
    const { owner, digest, expiresAt } = draft;
    const key = owner.kind === "key" ? readKey(tables, owner.key) : null;
    if (owner.kind === "key" && (key === null || standingOf(key, by.at) !== "good"))
      throw new KeyUnknown(owner.key);
    const ends = makeRoom(tables, by.at, draft);
    const session: Session = {
      id: `session-${takeId(tables, "session")}`,
      owner,
      from: by.from ?? "",
      createdAt: by.at,
      lastSeenAt: by.at,
      expiresAt: Math.min(expiresAt, key?.expiresAt ?? expiresAt),
    };
    tables.sessions.put(digest, session);
    const after = { ...sessionFacts(session), ...(ends.length === 0 ? {} : { ends }) };
    journal(tables, { ...by, action: "session.start", subject: session.id, before: null, after });
    return session;
  });
}

/** `session.end`: signed out; `session.revoke`: by somebody else or from elsewhere. Throws SessionUnknown. */
export function endSession(
  tables: Tables,
  by: By,
  id: string,
  action: "session.end" | "session.revoke",
): Promise<Session> {
  checkActor(by.actor);
  return commit(tables, () => {
    for (const { key, value } of tables.sessions.getRange({})) {
      if (value.id !== id) continue;
      tables.sessions.remove(key);
      const facts = { before: { endedAt: null }, after: { endedAt: by.at } };
      journal(tables, { ...by, action, subject: value.id, ...facts });
      return value;
    }
    throw new SessionUnknown(id);
  });
}

/** What changes a key so that it must be shown again ends its sessions; only inside a write transaction. */
export function endSessionsOf(tables: Tables, key: string): void {
  for (const { key: digest, value } of [...tables.sessions.getRange({})])
    if (value.owner.kind === "key" && value.owner.key === key) tables.sessions.remove(digest);
}

/** Remembers that a session was used; one that ended meanwhile stays ended. No change of the rules, so not in the journal. */
export function noteSeen(tables: Tables, digest: string, at: number): Promise<void> {
  return commit(tables, () => {
    const session = tables.sessions.get(digest);
    if (session !== undefined) tables.sessions.put(digest, { ...session, lastSeenAt: at });
  });
}

/** Those that have not ended by a decision; oldest first. The caller looks at the times. */
export function listSessions(tables: Tables): Session[] {
  const numberOf = ({ id }: Session) => Number(id.slice("session-".length));
  return [...tables.sessions.getRange({}).map(({ value }) => value)].sort(
    (a, b) => numberOf(a) - numberOf(b),
  );
}

/** What the journal says of a sign-in. */
export function sessionFacts({ owner, expiresAt }: Session): Facts {
  if (owner.kind === "key") return { key: owner.key, expiresAt };
  return { subject: owner.subject, name: owner.name, role: owner.role, expiresAt };
}

/** Clears away what is over by itself; answers which sessions end for the new one's sake. */
function makeRoom(tables: Tables, at: number, { owner, idleMs, replaces }: SessionDraft): SessionId[] {
  const ends: SessionId[] = [];
  const own: [digest: string, session: Session][] = [];
  for (const { key, value } of [...tables.sessions.getRange({})]) {
    // Last seen is exact to a minute only.
    if (value.expiresAt <= at || value.lastSeenAt + idleMs + 60_000 <= at) tables.sessions.remove(key);
    else if (value.id === replaces) {
      tables.sessions.remove(key);
      ends.push(value.id);
    } else if (isSameOwner(value.owner, owner)) own.push([key, value]);
  }
  own.sort(([, a], [, b]) => byAge(a, b));
  for (const [digest, session] of own.slice(0, Math.max(0, own.length - SESSIONS_PER_OWNER + 1))) {
    tables.sessions.remove(digest);
    ends.push(session.id);
  }
  return ends;
}

function byAge(one: Session, other: Session): number {
  const numbers = [one, other].map(({ id }) => Number(id.slice("session-".length)));
  return numbers[0]! - numbers[1]!;
}
