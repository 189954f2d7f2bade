import {
  type AccessKey,
  type AccessKeyRecord,
  checkKeyName,
  type MintedKey,
  publicView,
  type StoredSecret,
  standingOf,
} from "../access.ts";
import type { Facts, JournalAction } from "../journal.ts";
import { InputRefused, KeyRevoked, KeyUnknown } from "../refusal.ts";
import { changedFacts, checkActor, commit, journal } from "./changes.ts";
import { hasKeys, keyByPart, readKey, writeKey } from "./keyring.ts";
import type { By } from "./leakchanges.ts";
import { endSessionsOf } from "./sessions.ts";
import { readHead, type Tables, takeId } from "./tables.ts";

export interface KeyChanged {
  readonly key: AccessKey;
  readonly revision: number;
  /** After this change no administrator's key of the store counts any more. */
  readonly leavesNoAdministrator: boolean;
}

/** The fields to change; absent ones stay. */
export interface KeyPatch {
  readonly name?: string | undefined;
  readonly expiresAt?: number | null | undefined;
  readonly disabled?: boolean | undefined;
}

/** Stores a minted key; with `onlyFirst` it answers null, and stores nothing, when any key exists already. */
export async function createKey(
  tables: Tables,
  by: By,
  minted: MintedKey,
  onlyFirst: boolean,
): Promise<KeyChanged | null> {
  checkActor(by.actor);
  checkExpiry(minted.expiresAt, by.at);
  return commit(tables, () => {
    if (onlyFirst && hasKeys(tables)) return null;
    checkPart(tables, minted.publicPart);
    const { name, role, publicPart, digest, expiresAt } = minted;
    const record: AccessKeyRecord = {
      id: `key-${takeId(tables, "key")}`,
      name,
      role,
      publicPart,
      digest,
      createdAt: by.at,
      createdBy: by.actor,
      revokedAt: null,
      expiresAt,
      disabledAt: null,
      graceUntil: null,
      previous: null,
    };
    return written(tables, by, "key.create", null, record);
  });
}

/** Throws KeyUnknown, KeyRevoked, InputRefused. What already is so is no change. */
export async function updateKey(tables: Tables, by: By, id: string, patch: KeyPatch): Promise<KeyChanged> {
  checkActor(by.actor);
  checkExpiry(patch.expiresAt ?? null, by.at);
  const name = patch.name === undefined ? undefined : checkKeyName(patch.name);
  return commit(tables, () => {
    const before = expectLive(tables, id);
    const disabled = patch.disabled ?? before.disabledAt !== null;
    const after: AccessKeyRecord = {
      ...before,
      name: name ?? before.name,
      expiresAt: patch.expiresAt === undefined ? before.expiresAt : patch.expiresAt,
      disabledAt: disabled ? (before.disabledAt ?? by.at) : null,
    };
    const isSwitch = name === undefined && patch.expiresAt === undefined;
    return written(
      tables,
      by,
      isSwitch ? (disabled ? "key.disable" : "key.enable") : "key.update",
      before,
      after,
    );
  });
}

/**
 * Gives a key a new secret. The one it has is refused at once, or after the grace; one that is still in an earlier
 * grace is refused at once. Throws KeyUnknown, KeyRevoked.
 */
export async function rotateKey(
  tables: Tables,
  by: By,
  id: string,
  secret: StoredSecret,
  graceMs: number,
): Promise<KeyChanged> {
  checkActor(by.actor);
  return commit(tables, () => {
    const before = expectLive(tables, id);
    checkPart(tables, secret.publicPart);
    const after: AccessKeyRecord = {
      ...before,
      publicPart: secret.publicPart,
      digest: secret.digest,
      graceUntil: graceMs > 0 ? by.at + graceMs : null,
      previous: { publicPart: before.publicPart, digest: before.digest },
    };
    return written(tables, by, "key.rotate", before, after);
  });
}

/** Revoking a revoked key changes nothing. Throws KeyUnknown. */
export async function revokeKey(tables: Tables, by: By, id: string): Promise<KeyChanged> {
  checkActor(by.actor);
  return commit(tables, () => {
    const before = expectKey(tables, id);
    const after = { ...before, revokedAt: before.revokedAt ?? by.at };
    return written(tables, by, "key.revoke", before, after);
  });
}

/** What the journal says of a key; absent is null. */
export function keyFacts(key: AccessKeyRecord): Facts {
  return {
    name: key.name,
    role: key.role,
    publicPart: key.publicPart,
    revokedAt: key.revokedAt,
    expiresAt: key.expiresAt,
    disabledAt: key.disabledAt,
    graceUntil: key.graceUntil,
    previousPart: key.previous?.publicPart ?? null,
  };
}

/** Facts without those that are null, as the entry of a new key has them. */
export function withoutNulls(facts: Facts): Facts {
  return Object.fromEntries(Object.entries(facts).filter(([, fact]) => fact !== null));
}

/** Stores the key with its entry, and ends its sessions where they may not go on; only inside a write transaction. */
function written(
  tables: Tables,
  by: By,
  action: JournalAction,
  before: AccessKeyRecord | null,
  after: AccessKeyRecord,
): KeyChanged {
  const facts =
    before === null
      ? { before: null, after: withoutNulls(keyFacts(after)) }
      : changedFacts(keyFacts(before), keyFacts(after));
  const isChange = Object.keys(facts.after).length > 0;
  if (isChange) {
    writeKey(tables, after);
    if (action === "key.rotate" || standingOf(after, by.at) !== "good") endSessionsOf(tables, after.id);
  }
  const revision = isChange
    ? journal(tables, { ...by, action, subject: after.id, ...facts })
    : readHead(tables).revision;
  const leavesNoAdministrator = isAdministrator(after) && !hasAdministrator(tables, by.at);
  return { key: publicView(after), revision, leavesNoAdministrator };
}

function hasAdministrator(tables: Tables, at: number): boolean {
  for (const { value } of tables.keys.getRange({}))
    if (isAdministrator(value) && standingOf(value, at) === "good") return true;
  return false;
}

function isAdministrator({ role }: AccessKey): boolean {
  return role === "administrator" || role === "global_administrator";
}

function expectKey(tables: Tables, id: string): AccessKeyRecord {
  const record = readKey(tables, id);
  if (record === null) throw new KeyUnknown(id);
  return record;
}

function expectLive(tables: Tables, id: string): AccessKeyRecord {
  const record = expectKey(tables, id);
  if (record.revokedAt !== null) throw new KeyRevoked(record.id);
  return record;
}

function checkPart(tables: Tables, publicPart: string): void {
  if (keyByPart(tables, publicPart) !== null) throw new InputRefused("publicPart", "is taken");
}

function checkExpiry(expiresAt: number | null, now: number): void {
  if (expiresAt === null) return;
  if (!Number.isSafeInteger(expiresAt) || expiresAt <= now)
    throw new InputRefused("expiresAt", "is not in the future");
}
